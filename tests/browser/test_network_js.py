"""The engine of the page, `network.js`, computes what Python does: texts of `generate`, logits, shares, surgery."""

import base64
import json

import numpy as np
import pytest
import torch
from lab import NEEDED

from charrnn_helpers import Vocabulary, generate, load_checkpoint
from charrnn_helpers.base.quantised import from_int8, to_int8
from charrnn_helpers.measures import in_mind_of_states, mean_states, states_along
from charrnn_helpers.measures.minds import CUES, words_of
from charrnn_helpers.networks import CELLS
from charrnn_helpers.panels.in_browser import data_address, portable
from charrnn_helpers.sampling import logits_after, next_distribution
from charrnn_helpers.text import write_stories
from charrnn_helpers.training import find_checkpoint

pytestmark = NEEDED
PROMPT = "the cat sat; the log"
WAYS = [(1, None, None), (0.8, None, None), (0.9, 9, None), (1.2, None, 0.9), (0.7, 12, 0.85), (2, 6, 0.99)]
LOAD = """async addresses => {
    window.engine = Object.assign({}, ...await Promise.all(addresses.map(address => import(address))));
    window.load = ([spec, coded, shift]) => {  // the bytes at an odd place in memory, if there is a shift
        const bytes = Uint8Array.from(atob(coded), char => char.charCodeAt(0));
        const room = new Uint8Array(bytes.length + shift);
        room.set(bytes, shift);
        return engine.loadNetworks(JSON.parse(spec), shift ? room.subarray(shift) : room.buffer);
    };
}"""


@pytest.fixture(scope="module")
def ask(browser):
    """`ask("(models, more) => …", networks, vocab, more)`: what the engine says of these networks."""
    page = browser.new_page()
    page.evaluate(LOAD, [data_address(name) for name in ("network.js", "ribbon.js", "prompt.js", "analyses.js")])

    def ask(question, networks=(), vocab=None, more=None, shift=0, packed=None):
        if packed is None:
            spec, content = portable([(model, 0) for model in networks], vocab or Vocabulary("a"))
            packed = [json.dumps(spec), base64.b64encode(content).decode(), shift]
        return page.evaluate(f"([packed, more]) => ({question})(load(packed), more)", [packed, more])

    yield ask
    page.close()


@pytest.fixture(params=[{"num_layers": 1}, {"num_layers": 2}, {"embedding_size": None}], ids=str)
def network(request, make_model):
    """Both cells, with one layer and two, and with one-hot rows."""
    return make_model(**{"num_layers": 2, **request.param}, hidden_size=9)


def test_random_numbers_are_those_of_torch(ask):
    cases = [(seed, n) for seed in (0, 1, 20260715, 2**31, 2**32 - 1, 2**40 + 5) for n in (1, 3, 700)]
    found = ask("(_, cases) => cases.map(([seed, n]) => [...engine.uniforms(seed, n)])", more=cases)
    for (seed, n), numbers in zip(cases, found, strict=True):
        generator = torch.Generator().manual_seed(seed)
        assert numbers == torch.rand(n, generator=generator, dtype=torch.float64).tolist()


def test_the_distribution_is_that_of_next_distribution_with_equals_and_at_its_ends(ask):
    rows = torch.randn(5, 30, generator=torch.Generator().manual_seed(0)).double()
    rows = [*rows.tolist(), [0.0] * 8, [-1e9, *[1e9] * 3]]
    ways = [*WAYS, (1, 1, None), (1e-300, None, None), (1, 3, 0.5), (5, None, 1e-9), (1, None, 1.0), (1, None, 0.5)]
    question = "(_, [rows, ways]) => rows.map(row => ways.map(way => [...engine.distribution(row, ...way)]))"
    for row, found in zip(rows, ask(question, more=[rows, ways]), strict=True):
        for way, p in zip(ways, found, strict=True):
            expected = next_distribution(
                torch.tensor(row, dtype=torch.float64), way[0], way[1] and min(way[1], len(row)), way[2]
            )
            assert p == pytest.approx(expected.tolist(), abs=1e-14)
            assert [one > 0 for one in p] == (expected > 0).tolist()


WRITE = """([model], [prompt, length, cases]) => cases.map(([seed, [temperature, topK, topP]]) =>
    model.write({ prompt, seed, length, temperature, topK, topP }).text)"""


def texts_of_generate(model, vocab, prompt, length, cases):
    return [generate(model, vocab, prompt, length, *way, seed=seed) for seed, way in cases]


CASES = [(seed, WAYS[seed % len(WAYS)]) for seed in range(12)]


def test_texts_of_the_bundled_networks_are_those_of_generate(ask, cell):
    kept = load_checkpoint(find_checkpoint(cell, runs="nowhere"))
    asked = ["Once ", 150, CASES]
    assert ask(WRITE, [kept.model], kept.vocab, asked) == texts_of_generate(kept.model, kept.vocab, *asked)


def test_so_are_those_of_any_network_wherever_its_bytes_lie(ask, network, vocab):
    asked = [PROMPT, 60, CASES]
    expected = texts_of_generate(network, vocab, *asked)
    assert ask(WRITE, [network], vocab, asked) == expected
    assert ask(WRITE, [network], vocab, asked, shift=3) == expected


def test_and_those_of_a_network_of_int8_whose_weights_are_the_very_ones(ask, network, vocab):
    with torch.no_grad():
        for weight in network.parameters():
            if weight.dim() == 2:
                weight.copy_(from_int8(*to_int8(3 * weight)))
    spec, _ = portable([(network, 0)], vocab)
    kinds = {len(one["shape"]): one["type"] for one in spec["networks"][0]["tensors"].values()}
    assert kinds == {1: "float32", 2: "int8"}
    asked = [PROMPT, 60, CASES]
    assert ask(WRITE, [network], vocab, asked) == texts_of_generate(network, vocab, *asked)


# --- readings


def steps(model, vocab, text, change=lambda place, state: None):
    """Read a text character by character in float64: logits and states after each.

    `change(place, parts)` may replace tensors (layers, 1, H) in the list `parts` after the character at a place.
    """
    model = model.double()
    ids = vocab.encode(text)
    rows = torch.eye(len(vocab)).double() if model.embedding is None else model.embedding.weight
    x = rows[ids]  # (n, E)
    state, logits, states = None, [], []
    for place in range(len(ids)):
        _, state = model.rnn(x[None, place : place + 1], state)
        parts = list(state) if isinstance(state, tuple) else [state]
        change(place, parts)
        state = tuple(parts) if len(parts) > 1 else parts[0]
        logits.append(model.head(parts[0][-1, 0]))
        states.append(parts)
    return torch.stack(logits), states


READ = """([model], [text, change]) => {
    const reading = model.read(text, CHANGE), at = reading.ids.length - 1;
    return {
        text: reading.text, start: reading.start, logits: reading.scores.map(row => [...row]),
        memory: [...reading.memory(at)], unit: [...reading.unit(3)],
        state: model.row.carries.map(part => reading.state(at).map(layer => [...layer[part]])),
        surprise: [...reading.surprise()].slice(1), first: Number.isNaN(reading.surprise()[0]),
        unusual: [...engine.unusual(reading, at)],
    };
}"""
READ_ONLY = READ.replace("CHANGE", "null")


def check(found, vocab, logits, states):
    """Check that everything in a reading is what PyTorch computes: logits, states, surprise."""
    ids, at = vocab.encode(found["text"]), len(found["text"]) - 1
    assert found["logits"] == pytest.approx(logits.detach().numpy(), abs=1e-12)
    assert found["state"] == pytest.approx(torch.stack(states[-1])[:, :, 0].detach().numpy(), abs=1e-12)
    memory = torch.stack([parts[-1][-1, 0] for parts in states]).detach()  # c of an LSTM, h of a GRU
    assert found["memory"] == pytest.approx(memory[-1].tolist(), abs=1e-12)
    assert found["unit"] == pytest.approx(memory[:, 3].tolist(), abs=1e-12)
    far = (memory[-1] - memory.mean(0)).abs() / (memory.var(0, unbiased=False) + 1e-6).sqrt()
    assert found["unusual"] == pytest.approx(far.tolist(), abs=1e-9)
    bits = -logits[:-1].log_softmax(dim=-1)[range(at), ids[1:]] / np.log(2)
    assert found["first"]
    assert found["surprise"] == pytest.approx(bits.tolist(), abs=1e-12)


def test_a_reading_is_that_of_torch(ask, network, vocab):
    found = ask(READ_ONLY, [network], vocab, [PROMPT, {}])
    assert (found["text"], found["start"]) == (PROMPT, len(PROMPT))
    check(found, vocab, *steps(network, vocab, PROMPT))


def test_a_unit_that_is_held_is_held_from_its_position_on(ask, network, vocab):
    def change(position, parts):
        if position >= 6:
            mask = torch.zeros_like(parts[-1], dtype=torch.bool)
            mask[-1, 0, 3] = True
            parts[-1] = parts[-1].masked_fill(mask, 0.7)

    found = ask(READ.replace("CHANGE", "engine.hold(model, 3, 0.7, 6)"), [network], vocab, [PROMPT, {}])
    check(found, vocab, *steps(network, vocab, PROMPT, change))


def test_a_state_that_is_exchanged_tells_the_character_at_its_position(ask, network, vocab):
    _, others = steps(network, vocab, "mat on a dog")

    def change(position, parts):
        if position == 2:
            parts[:] = [part.detach().clone() for part in others[4]]

    exchanged = READ.replace("CHANGE", "engine.exchange(model.read(change.of).state(4), 3)")
    found = ask(exchanged, [network], vocab, [PROMPT, {"of": "mat on a dog"}])
    check(found, vocab, *steps(network, vocab, PROMPT, change))


def test_whom_a_network_has_in_mind_and_how_it_is_changed_is_what_python_computes(ask, cell):
    """Untrained networks answer, too; four states are asked together, and the last ones alone."""
    text = write_stories(seed=3, characters=12_000)
    vocab, story = Vocabulary.from_text(text), text[:90]
    torch.manual_seed(0)
    model = CELLS[cell].model(len(vocab), hidden_size=9, num_layers=2, embedding_size=8)
    mind = {"kind": "name", "cue": CUES["name"], "words": words_of("name")}
    means = {"name": mean_states(model, vocab, text)}
    spec, content = portable([(model, 0)], vocab, lambda _: means)
    packed = [json.dumps(spec), base64.b64encode(content).decode(), 0]
    question = """([model], { mind, story, goal, at }) => {
        const reading = model.read(story), changed = model.read(story, engine.bringToMind(model, mind, goal, at));
        engine.fillBand(reading, mind, 1e9);
        const state = model.row.carries.map(part => changed.state(at - 1).map(layer => [...layer[part]]));
        return { band: engine.bandOf(reading, mind), alone: engine.pieceAt(model.read(story), mind, 40), state };
    }"""
    found = ask(question, packed=packed, more={"mind": mind, "story": story, "goal": 4, "at": 50})
    states = states_along(model, vocab, story)
    expected = in_mind_of_states(model, vocab, states)
    assert [piece["word"] for piece in found["band"]] == expected.argmax(axis=1).tolist()
    assert [piece["sure"] for piece in found["band"]] == pytest.approx(expected.max(axis=1).tolist(), abs=1e-6)
    assert found["alone"] == pytest.approx(found["band"][40])
    before = expected[49].argmax()
    patched = states[:, :, 49] + means["name"][:, :, 4] - means["name"][:, :, before]
    assert found["state"] == pytest.approx(patched.detach().numpy(), abs=1e-5)


# --- what cannot be


@pytest.mark.parametrize("text", ["the Cat", "naïve cat", "the 猫 sat", ""])
def test_an_unknown_character_gets_the_sentence_that_python_gives(ask, model, vocab, text):
    with pytest.raises(ValueError) as problem:
        logits_after(model, vocab, text)
    question = "([model], text) => { try { model.read(text); } catch (error) { return error.message; } }"
    assert ask(question, [model], vocab, text) == str(problem.value)


@pytest.mark.parametrize("way", [(1, None, None), (1, 5, None), (1, None, 0.9)], ids=str)
def test_scores_that_are_not_numbers_are_named(ask, model, vocab, way):
    with torch.no_grad():
        model.head.bias[3] = float("nan")
    with pytest.raises(FloatingPointError) as problem:
        generate(model, vocab, PROMPT, 5, *way, seed=1)
    question = f"(models, more) => {{ try {{ ({WRITE})(models, more); }} catch (error) {{ return error.message; }} }}"
    assert ask(question, [model], vocab, [PROMPT, 5, [[1, way]]]) == str(problem.value)
