"""The engine of the page, `network.js`, computes what Python does: texts of `generate`, logits, shares, surgery."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from lab import NEEDED

from charrnn_helpers import GRUModel, LSTMModel, Vocabulary, generate, load_checkpoint, panels
from charrnn_helpers.fast.quantised import from_int8, to_int8
from charrnn_helpers.measures import written_by
from charrnn_helpers.panels.in_browser import portable
from charrnn_helpers.sampling import generate_many, logits_after, next_distribution
from charrnn_helpers.training import find_checkpoint

pytestmark = NEEDED
ENGINE = (Path(panels.__file__).parent / "network.js").read_text(encoding="utf-8")
PROMPT = "the cat sat; the log"
WAYS = [(1, None, None), (0.8, None, None), (0.9, 9, None), (1.2, None, 0.9), (0.7, 12, 0.85), (2, 6, 0.99)]
LOAD = """async source => {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    window.engine = await import(address);
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
    page.evaluate(LOAD, ENGINE)

    def ask(question, networks=(), vocab=None, more=None, shift=0):
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


def test_texts_of_the_bundled_networks_are_those_of_generate(ask, cell):
    kept = load_checkpoint(find_checkpoint(cell, runs="nowhere"))
    cases = [(seed, WAYS[seed % len(WAYS)]) for seed in range(200)]
    found = ask(WRITE, [kept.model], kept.vocab, ["Once ", 300, cases])
    expected = {}
    for number, (temperature, top_k, top_p) in enumerate(WAYS):
        seeds = range(number, 200, len(WAYS))
        ask_for = (kept.model, kept.vocab, "Once ", 300, temperature, top_k, top_p)
        expected |= zip(seeds, generate_many(*ask_for, seeds=seeds), strict=True)
        assert generate(*ask_for, seed=number) == expected[number]
    assert found == [expected[seed] for seed, _ in cases]


def test_so_are_those_of_any_network_wherever_its_bytes_lie(ask, network, vocab):
    cases = [(seed, WAYS[seed % len(WAYS)]) for seed in range(12)]
    expected = [
        generate(network, vocab, PROMPT, 60, temperature, top_k, top_p, seed=seed)
        for seed, (temperature, top_k, top_p) in cases
    ]
    assert ask(WRITE, [network], vocab, [PROMPT, 60, cases]) == expected
    assert ask(WRITE, [network], vocab, [PROMPT, 60, cases], shift=3) == expected


def test_and_those_of_a_network_of_int8_whose_weights_are_the_very_ones(ask, network, vocab):
    with torch.no_grad():
        for weight in network.parameters():
            if weight.dim() == 2:
                weight.copy_(from_int8(*to_int8(3 * weight)))
    spec, _ = portable([(network, 0)], vocab)
    kinds = {len(one["shape"]): one["type"] for one in spec["networks"][0]["tensors"].values()}
    assert kinds == {1: "float32", 2: "int8"}
    cases = [(seed, WAYS[seed % len(WAYS)]) for seed in range(12)]
    expected = [generate(network, vocab, PROMPT, 60, *way, seed=seed) for seed, way in cases]
    assert ask(WRITE, [network], vocab, [PROMPT, 60, cases]) == expected


def test_several_networks_come_in_order_with_what_they_are(ask, make_model, vocab):
    networks = [make_model(), GRUModel(len(vocab), 5, 1, 3)]
    found = ask(
        "models => models.map(one => [one.cell, one.units, one.layers, one.characters.join('')])", networks, vocab
    )
    assert found == [[networks[0].cell, 16, 2, vocab.characters], ["GRU", 5, 1, vocab.characters]]
    spec, content = portable([(network, 7) for network in networks], vocab)
    tensors = [one for network in spec["networks"] for one in network["tensors"].values()]
    assert all(one["at"] % 8 == 0 for one in tensors)
    assert len(content) < 4 * sum(w.numel() for n in networks for w in n.parameters()) + 8 * len(tensors)
    assert [one["updates"] for one in spec["networks"]] == [7, 7]


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


READ = """([model], [text, changes, asked]) => {
    if (changes.exchange) changes.exchange.state = model.read(changes.exchange.of).state(changes.exchange.place);
    const reading = model.read(text, changes), last = model.layers - 1;
    const at = reading.ids.length - 1;
    return {
        text: reading.text, start: reading.start,
        logits: reading.ids.map((_, place) => [...reading.logits(place)]),
        h: [...reading.values(at, "h", last)], unit: [...reading.value("h", 0, 3)],
        state: Object.values(reading.state(at)).map(part => part.map(layer => [...layer])),
        surprise: [...reading.surprise()].slice(1), first: Number.isNaN(reading.surprise()[0]),
        unusual: [...reading.unusual(at, "h", last)],
    };
}"""


def check(found, vocab, logits, states):
    """Everything in a reading is what PyTorch computes: logits, states, surprise."""
    ids, at = vocab.encode(found["text"]), len(found["text"]) - 1
    assert found["logits"] == pytest.approx(logits.detach().numpy(), abs=1e-12)
    assert found["state"] == pytest.approx(torch.stack(states[-1])[:, :, 0].detach().numpy(), abs=1e-12)
    assert found["h"] == pytest.approx(states[-1][0][-1, 0].tolist(), abs=1e-12)
    assert found["unit"] == pytest.approx([parts[0][0, 0, 3].item() for parts in states], abs=1e-12)
    h = torch.stack([parts[0][-1, 0] for parts in states]).detach()
    far = (h[-1] - h.mean(0)).abs() / (h.var(0, unbiased=False) + 1e-6).sqrt()
    assert found["unusual"] == pytest.approx(far.tolist(), abs=1e-9)
    bits = -logits[:-1].log_softmax(dim=-1)[range(at), ids[1:]] / np.log(2)
    assert found["first"]
    assert found["surprise"] == pytest.approx(bits.tolist(), abs=1e-12)


def test_a_reading_is_that_of_torch(ask, network, vocab):
    found = ask(READ, [network], vocab, [PROMPT, {}, None])
    assert (found["text"], found["start"]) == (PROMPT, len(PROMPT))
    check(found, vocab, *steps(network, vocab, PROMPT))


@pytest.mark.parametrize("part", [0, 1], ids="hc")
@pytest.mark.parametrize("layer", [0, -1])
def test_a_unit_that_is_held_is_held_from_its_place_on(ask, network, vocab, part, layer):
    if part and network.cell == "GRU":
        message = "the state of a GRU has no c"
        with pytest.raises(Exception, match=message):
            ask(
                "([model]) => model.read('the', { hold: { part: 'c', layer: 0, unit: 0, value: 0, from: 0 } })",
                [network],
                vocab,
            )
        return
    layer %= network.rnn.num_layers

    def change(place, parts):
        if place >= 6:
            mask = torch.zeros_like(parts[part], dtype=torch.bool)
            mask[layer, 0, 3] = True
            parts[part] = parts[part].masked_fill(mask, 0.7)

    hold = {"part": "hc"[part], "layer": layer, "unit": 3, "value": 0.7, "from": 6}
    found = ask(READ, [network], vocab, [PROMPT, {"hold": hold}, None])
    check(found, vocab, *steps(network, vocab, PROMPT, change))


@pytest.mark.parametrize("held", [False, True])
def test_a_state_that_is_exchanged_tells_the_character_at_its_place(ask, network, vocab, held):
    _, others = steps(network, vocab, "a mat on a dog"[2:])
    given = [part.detach() for part in others[4]]

    def change(place, parts):
        if place == 2:
            parts[:] = [part.clone() for part in given]
        if held and place >= 1:
            mask = torch.zeros_like(parts[0], dtype=torch.bool)
            mask[0, 0, 1] = True
            parts[0] = parts[0].masked_fill(mask, -0.4)

    changes = {"exchange": {"of": "mat on a dog", "place": 4, "at": 3}}
    if held:
        changes["hold"] = {"part": "h", "layer": 0, "unit": 1, "value": -0.4, "from": 1}
    logits, states = steps(network, vocab, PROMPT, change)
    found = ask(READ, [network], vocab, [PROMPT, changes, None])
    check(found, vocab, logits, states)


def test_what_speaks_for_a_character_was_written_by_whom_python_says(ask, make_model, vocab):
    text, places = PROMPT * 3, (30, 40, 59)
    for embedding_size in (8, None):
        model = make_model(num_layers=1, hidden_size=9, embedding_size=embedding_size)
        found = ask(
            "([model], [text, places]) => places.map(at => [...model.read(text).written(at)])",
            [model],
            vocab,
            [text, places],
        )
        for at, light in zip(places, found, strict=True):
            expected = written_by(model.double(), vocab, text, at)
            assert np.abs(expected).max() > 1e-7
            assert light == pytest.approx(expected, rel=1e-6, abs=1e-12)
    question = """([one, two], text) => {
        const changed = one.read(text, { exchange: { state: one.read("dog").state(2), at: 12 } });
        return [[...one.read(text).written(24)], two.read(text).written(50), [...changed.written(50)]];
    }"""
    early, deep, exchanged = ask(question, [model.float(), make_model(num_layers=2)], vocab, text)
    assert early == [0] * 24
    assert deep is None
    assert exchanged[:12] == [0] * 12 != exchanged[12:24]


def test_what_is_written_after_an_exchange_is_drawn_from_the_new_state(ask, network, vocab):
    """From the state after another prompt it writes what it writes after that prompt; the random numbers go on."""
    question = """([model], other) => {
        const state = model.read(other).state(other.length - 1);
        const changed = model.write({ prompt: "the c", seed: 3, length: 30, exchange: { state, at: 5 } });
        return [changed.text, model.write({ prompt: other, seed: 3, length: 30 }).text, changed.start];
    }"""
    changed, own, start = ask(question, [network], vocab, "dog")
    assert changed == "the c" + own[3:]
    assert start == 5


# --- what cannot be


@pytest.mark.parametrize("text", ["the Cat", "naïve cat", "the cat\t", "the cat's", '"the cat"', "the 猫 sat", ""])
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


def test_a_state_of_another_kind_of_network_is_refused(ask, model, make_model, vocab):
    other_cell = {"LSTM": GRUModel, "GRU": LSTMModel}[model.cell](len(vocab), 16, 2, 8)
    question = """([model, ...others]) => others.map(other => {
        const state = other.read("the").state(1);
        try { model.read("cat", { exchange: { state, at: 1 } }); } catch (error) { return error.message; }
    })"""
    said = ask(question, [model, make_model(num_layers=1), make_model(hidden_size=8), other_cell], vocab)
    assert all("is of another kind of network" in one for one in said)


def test_another_kind_of_network_is_refused(vocab):
    with pytest.raises(ValueError, match="Linear cannot go into the page"):
        portable([(torch.nn.Linear(2, 2), 0)], vocab)
