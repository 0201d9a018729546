"""What the probes say of a network is what the network does."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from charrnn_helpers import Vocabulary, load_corpus
from charrnn_helpers.measures import memory, units
from charrnn_helpers.measures.counting import KEYS, counted, counts, held, holds, learn_to_count, learn_to_hold, reach
from charrnn_helpers.measures.gates import HOLDS, KEEPS, time_constants, trace
from charrnn_helpers.measures.gradients import decay, gradient_by_lag
from charrnn_helpers.measures.memory import Share, recall
from charrnn_helpers.measures.units import best_unit, enclosed, hero_is_a_girl, knocks_to_come, position_in_sentence
from charrnn_helpers.networks.cells import GRUCell, LSTMCell, run_cell
from charrnn_helpers.networks.compare import compare_with_torch
from charrnn_helpers.networks.registry import MODELS
from charrnn_helpers.text import tales, tales_grammar
from charrnn_helpers.training.checkpoints import BUNDLED, load_checkpoint

every_cell = pytest.mark.parametrize("cell", MODELS)


def make(cell, seed=0, vocab_size=7, units=5, layers=1, embedding=4):
    torch.manual_seed(seed)
    return MODELS[cell](vocab_size, units, layers, embedding)


# --- gates and states -----------------------------------------------------------------------------------------------


@every_cell
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("embedding", [4, None])
def test_traced_states_are_those_of_the_network(cell, layers, embedding):
    model = make(cell, layers=layers, embedding=embedding)
    ids = torch.randint(7, (30,))
    traced = trace(model, ids)
    assert len(traced) == layers
    x = F.one_hot(ids, 7).float() if embedding is None else model.embedding(ids)
    outputs, _ = model.rnn(x[None])
    assert torch.allclose(traced[-1]["h"], outputs[0], atol=1e-6)
    assert all(values.shape == (30, 5) for layer in traced for values in layer.values())


@pytest.mark.parametrize(("cell", "make_cell"), [("LSTM", LSTMCell), ("GRU", GRUCell)])
def test_traced_gates_of_trained_networks_are_those_of_the_hand_written_cells(cell, make_cell):
    """The cells of 02 and 03 with the weights that ship; their gates are taken from their own lines."""
    model = load_checkpoint(BUNDLED / f"tales-{cell.lower()}.pt").model
    own = make_cell(model.rnn.input_size, model.rnn.hidden_size)
    compare_with_torch(own, model.rnn, steps=2)  # copies the weights
    ids = torch.randint(model.vocab_size, (40,), generator=torch.Generator().manual_seed(1))
    record = trace(model, ids)[0]
    with torch.no_grad():
        x = model.embedding(ids)[None]
        outputs, _ = run_cell(own, x)
        assert torch.allclose(record["h"], outputs[0], atol=5e-5)  # rounding of 40 steps
        before = torch.cat([torch.zeros(1, own.h2h.in_features), outputs[0, :-1]])  # h of the step before
        from_x, from_h = own.x2h(x[0]), own.h2h(before)
    if cell == "LSTM":
        i, f, g, o = (from_x + from_h).chunk(4, dim=-1)
        expected = {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
        assert torch.allclose(record["h"], record["o"] * record["c"].tanh(), atol=1e-6)
    else:
        (xr, xz, xn), (hr, hz, hn) = from_x.chunk(3, dim=-1), from_h.chunk(3, dim=-1)
        r = (xr + hr).sigmoid()
        expected = {"r": r, "z": (xz + hz).sigmoid(), "n": (xn + r * hn).tanh()}
    for name, values in expected.items():
        assert torch.allclose(record[name], values, atol=1e-4), name
    assert KEEPS[cell] in record
    assert HOLDS[cell] in record


def test_a_trace_needs_one_text():
    for ids in (torch.zeros(0, dtype=torch.long), torch.zeros(2, 3, dtype=torch.long)):
        with pytest.raises(ValueError, match="one text"):
            trace(make("GRU"), ids)


def test_time_constants_follow_the_product_of_the_gates():
    constant = time_constants(torch.full((30, 2), 0.9))
    assert constant.tolist() == pytest.approx([-1 / np.log(0.9)] * 2, rel=1e-4)
    mixed = torch.tensor([[0.5], [0.8]] * 10)
    left = mixed.prod().item()  # after 20 characters
    assert np.exp(-20 / time_constants(mixed).item()) == pytest.approx(left, rel=1e-4)
    assert torch.isfinite(time_constants(torch.tensor([[0.0], [1.0]]))).all()


# --- units that mean something --------------------------------------------------------------------------------------


def test_features_say_of_each_character_what_they_promise():
    text = 'He (or [he]) said "no".\n'
    marked = enclosed(text, "(", ")")
    assert "".join(char for char, value in zip(text, marked, strict=True) if value) == "(or [he]"
    quoted = enclosed(text, '"', '"')
    assert "".join(char for char, value in zip(text, quoted, strict=True) if value) == '"no'
    assert position_in_sentence("ab. c.").tolist() == [0, 1, 2, 0, 1, 2]
    line = "hit the cup three times: pop, pop, pop. So"
    expected = np.zeros(len(line))
    start = line.index("pop")
    expected[start : start + 4], expected[start + 4 : start + 9] = 2, 1
    assert knocks_to_come(line)[start : start + 13].tolist() == [2, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    assert not knocks_to_come(line)[:start].any()


def test_the_heros_label_holds_from_the_naming_to_the_end_of_the_story():
    text = "".join(tales.split_stories(load_corpus("tales").val)[:6])
    label, start = hero_is_a_girl(text), 0
    for story in tales.split_stories(text):
        name = units.HERO.search(story)
        part = label[start : start + len(story)]
        assert not part[: name.end()].any()
        assert set(part[name.end() :]) == {1.0 if name[0] in tales_grammar.GIRLS else -1.0}
        start += len(story)


def test_the_best_unit_is_chosen_on_one_part_and_judged_on_the_other():
    feature = np.array([0.0, 1, 2, 3, 4, 5] * 20)
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(120, 30, generator=generator)
    values[:, 7] = -torch.tensor(feature) + 0.1 * torch.randn(120, generator=generator)
    assert best_unit(values, feature, 60).number == 7
    assert best_unit(values, feature, 60).confirmed < -0.95
    values[60:, 7] = torch.randn(60, generator=generator)  # goes along on the first part only
    unit = best_unit(values, feature, 60)
    assert unit.number == 7
    assert abs(unit.found) > 0.95
    assert abs(unit.confirmed) < 0.4


def test_a_feature_that_stands_still_or_has_another_length_is_refused():
    values = torch.randn(10, 3)
    with pytest.raises(ValueError, match="one value only"):
        best_unit(values, np.ones(10), 5)
    with pytest.raises(ValueError, match="10 characters have values and 9 a feature"):
        best_unit(values, np.ones(9), 5)
    assert best_unit(torch.zeros(10, 3), np.arange(10.0), 5).confirmed == 0  # units that stand still


# --- gradients ------------------------------------------------------------------------------------------------------


@every_cell
def test_gradient_by_lag_is_the_product_of_jacobians(cell):
    """∂loss_t/∂h_{t-k} = ∂loss_t/∂s_t · J_t · ... · J_{t-k+1}, each J the explicit Jacobian of one step."""
    model = make(cell, units=3, vocab_size=4, embedding=2).double()
    ids = torch.randint(4, (2, 7), generator=torch.Generator().manual_seed(3))
    found = gradient_by_lag(model, ids)
    parts = 2 if cell == "LSTM" else 1
    for row in range(2):
        states, state = [], torch.zeros(parts * 3, dtype=torch.float64)

        def step(flat, char):
            pieces = tuple(piece.view(1, 1, 3) for piece in flat.split(3))
            _, new = model.rnn(model.embedding(char).view(1, 1, -1), pieces if cell == "LSTM" else pieces[0])
            return torch.cat([piece.flatten() for piece in (new if cell == "LSTM" else (new,))])

        for char in ids[row, :-1]:
            states.append((state, char))
            state = step(state, char).detach()
        jacobians = [torch.autograd.functional.jacobian(lambda s, c=char: step(s, c), s) for s, char in states]
        logits = model.head(state[:3])
        error = logits.softmax(-1) - F.one_hot(ids[row, -1], 4)
        gradient = torch.cat([error @ model.head.weight, torch.zeros((parts - 1) * 3, dtype=torch.float64)])
        for lag in range(1, 6):
            gradient = gradient @ jacobians[-lag]
            assert found["h"][row, lag - 1].item() == pytest.approx(_through(gradient, 0), rel=1e-9)
            if cell == "LSTM":
                assert found["c"][row, lag - 1].item() == pytest.approx(_through(gradient, 1), rel=1e-9)


def _through(gradient, part):
    """Norm of the gradient with respect to h (part 0) or c (part 1), each as an independent input of the next step."""
    return gradient[3 * part : 3 * part + 3].norm().item()


def test_gradients_of_a_trained_or_dropping_network_are_taken_without_dropout_and_leave_it_alone():
    model = make("LSTM", layers=2)
    model.dropout.p = 0.5
    ids = torch.randint(7, (3, 9))
    assert torch.equal(gradient_by_lag(model, ids)["h"], gradient_by_lag(model, ids)["h"])
    assert model.training
    assert all(weight.grad is None for weight in model.parameters())
    with pytest.raises(ValueError, match="at least three characters"):
        gradient_by_lag(model, ids[:, :2])


def test_decay_is_the_factor_at_each_lag():
    assert decay(2.0 * 0.8 ** torch.arange(1, 50), 3, 40) == pytest.approx(0.8, rel=1e-4)


# --- memory ---------------------------------------------------------------------------------------------------------


class Oracle(torch.nn.Module):
    """Expects what comes next, or, when `wrong`, every other character; reads the text it was given."""

    def __init__(self, ids, size, wrong=False):
        super().__init__()
        self.ids, self.size, self.sign = ids, size, -1.0 if wrong else 1.0

    def forward(self, x, state=None):
        at = 0 if state is None else int(state)
        nexts = self.ids[at + 1 : at + 1 + x.shape[1]]
        logits = torch.zeros(1, x.shape[1], self.size)
        logits[0, torch.arange(len(nexts)), nexts] = self.sign
        return logits, torch.tensor(at + x.shape[1])


@pytest.fixture(scope="module")
def some_stories():
    return "".join(tales.split_stories(load_corpus("tales").val)[:8])


def test_an_oracle_recalls_everything_and_its_opposite_nothing(some_stories):
    vocab = Vocabulary.from_text(some_stories)
    ids = vocab.encode(some_stories)
    for wrong in (False, True):
        found = recall(Oracle(ids, len(vocab), wrong), vocab, some_stories)
        assert found.right.all() if not wrong else not found.right.any()
    marks = [mark for story in tales.split_stories(some_stories) for mark in tales.annotate(story)]
    assert len(found.right) == sum(mark.kind in tales_grammar.DEPENDENCIES for mark in marks)
    assert set(found.kinds) <= set(tales_grammar.DEPENDENCIES)
    assert sum(share.asked for share in found.by_kind().values()) == len(found.right)
    assert sum(share.asked for share in found.by_distance().values()) == len(found.right)
    assert 0.2 < found.guessed.mean() < 0.8


def test_with_a_context_only_so_many_characters_are_read(some_stories):
    vocab = Vocabulary.from_text(some_stories)
    model = make("GRU", vocab_size=len(vocab))
    ids, places = vocab.encode(some_stories), torch.tensor([3, 40, 41, 900])
    short = memory._logits_at(model, ids, places, 5)
    for row, place in zip(short, places.tolist(), strict=True):
        assert torch.allclose(row, model(ids[None, max(0, place - 5) : place])[0][0, -1], atol=1e-6)
    whole = memory._logits_at(model, ids, places, None, chunk=100)
    assert torch.allclose(whole[-1], model(ids[None, :900])[0][0, -1], atol=1e-5)
    with pytest.raises(ValueError, match="at least 1 character"):
        recall(model, vocab, some_stories, context=0)


def test_rivals_are_what_another_memory_would_write(some_stories):
    for story in tales.split_stories(some_stories):
        for mark in tales.annotate(story):
            assert (mark.char in mark.rivals) == (mark.kind in tales_grammar.DEPENDENCIES)
            assert len(set(mark.rivals)) == len(mark.rivals) != 1
            if mark.kind == "name":
                assert mark.rivals == "ABEGLM"


def test_shares_their_guesses_and_their_errors_are_those_of_the_questions():
    found = memory.Recall(
        np.array(["name", "name", "name", "count", "count"]),
        np.array([31, 32, 40, 5, 600]),
        np.array([0, 0, 1, 0, 2]),
        np.array([True, False, True, True, False]),
        np.array([False, False, True, True, True]),
    )
    name = found.by_kind()["name"]
    assert (name.asked, name.right, name.guess) == (3, 2, 1 / 3)
    assert found.by_kind()["count"][:3] == (2, 1, 1.0)
    assert {group: share[:2] for group, share in found.by_distance().items()} == {
        "1 to 31": (2, 2),
        "32 to 63": (2, 1),
        "512 on": (1, 0),
    }
    # deviations from 2/3: 1/3 - 2/3 in story 0, 1/3 in story 1
    assert name.error == pytest.approx(np.sqrt(2 / 9) / 3)
    low, high = name.interval(0.5)
    assert high - low == pytest.approx(2 * 0.6745 * name.error, rel=1e-3)
    assert name.interval(0.99)[0] <= low
    assert Share(10, 4, 0.2).share == 0.4


def test_the_error_of_a_share_grows_when_answers_of_a_story_are_alike():
    stories, right = np.repeat(np.arange(20), 10), np.repeat(np.arange(20) % 2 == 0, 10)
    alike = memory.Recall(np.full(200, "name"), np.full(200, 9), stories, right, right).by_kind()["name"]
    mixed = memory.Recall(np.full(200, "name"), np.full(200, 9), stories, np.arange(200) % 2 == 0, right)
    assert alike.error == pytest.approx(np.sqrt(0.25 / 20))
    assert mixed.by_kind()["name"].error < 0.1 * alike.error


def test_the_usual_answer_is_the_one_that_training_stories_give_most_often():
    usual = memory.usual_answers()
    assert usual[",."] == ","  # another knock, more often than the end
    assert set(usual["ABEGLM"]) < set("ABEGLM")
    marks = [m for story in tales.split_stories(load_corpus("tales").train)[:250] for m in tales.annotate(story)]
    for rivals, char in usual.items():
        counts_ = {rival: sum(m.rivals == rivals and m.char == rival for m in marks) for rival in rivals}
        assert counts_[char] == max(counts_.values())


def test_recall_needs_something_to_recall_and_leaves_dropout_and_modes_alone(some_stories):
    vocab = Vocabulary.from_text(some_stories)
    with pytest.raises(ValueError, match="nothing to remember"):
        recall(make("GRU"), vocab, "")
    model = make("LSTM", vocab_size=len(vocab))
    model.dropout.p = 0.9
    model.head.eval()  # modes may be mixed
    first, again = (recall(model, vocab, some_stories, context=20).right for _ in range(2))
    assert (first == again).all()
    assert model.training
    assert model.dropout.training
    assert not model.head.training


# --- counting and holding -------------------------------------------------------------------------------------------


def test_lines_to_count_and_to_hold():
    assert counted("abc", 2) == "\naabbcc\n"
    assert held("c", 3) == "\nc...?c\n"


class Rule(torch.nn.Module):
    """Expects the next character of `line(n)`, where n is how often `counted_letter` was read, for n up to `limit`.

    Beyond, or at the place `blind` after the first letter has ended, it expects a line end.
    """

    def __init__(self, vocab, line, letter, limit, blind=None):
        super().__init__()
        self.vocab, self.line, self.letter, self.limit, self.blind = vocab, line, letter, limit, blind

    def forward(self, x, state=None):
        text = self.vocab.decode(x[0])
        logits = torch.zeros(1, len(text), len(self.vocab))
        n = text.count(self.letter)
        line = self.line(n, text)
        for place in range(len(text)):
            known = n <= self.limit and (self.blind is None or place != n + self.blind)
            logits[0, place, self.vocab.encode(line[place + 1] if known else "\n")] = 1.0
        return logits, None


def counting_rule(vocab, letters, limit, blind=None):
    return Rule(vocab, lambda n, text: counted(letters, n), letters[0], limit, blind)


@pytest.mark.parametrize("letters", ["ab", "abc"])
def test_reach_is_the_n_up_to_which_a_rule_counts(letters):
    vocab = Vocabulary.from_text(letters + "\n")
    rule = counting_rule(vocab, letters, 13)
    assert reach(lambda n: counts(rule, vocab, letters, n), 40) == 13
    blind = counting_rule(vocab, letters, 99, blind=1)  # fails at the first character that can be known
    assert reach(lambda n: counts(blind, vocab, letters, n), 40) == (1 if letters == "ab" else 0)
    assert reach(lambda n: n != 1) == 0
    assert reach(lambda n: True, 25) == 25


def test_holding_asks_for_the_key_after_the_dots_whichever_it_is():
    vocab = Vocabulary.from_text("\n.?" + KEYS)
    rule = Rule(vocab, lambda n, text: held(text[1], n), ".", 9)
    assert reach(lambda n: holds(rule, vocab, n), 30) == 9
    only_a = Rule(vocab, lambda n, text: held("a", n), ".", 9)
    assert not holds(only_a, vocab, 3)


@every_cell
def test_learning_to_count_and_to_hold_gets_somewhere_and_is_repeated_by_its_seed(cell):
    model, vocab = learn_to_count(cell, "ab", seed=1, units=6, updates=60)
    again, _ = learn_to_count(cell, "ab", seed=1, units=6, updates=60)
    ids = vocab.encode(counted("ab", 6))[None]
    assert torch.equal(model(ids)[0], again(ids)[0])
    fresh, _ = learn_to_count(cell, "ab", seed=1, units=6, updates=1)
    losses = [F.cross_entropy(one(ids[:, :-1])[0][0], ids[0, 1:]).item() for one in (model, fresh)]
    assert losses[0] < losses[1] - 0.1
    keeper, letters = learn_to_hold(cell, units=4, updates=2)
    assert set(KEYS) < set(letters.characters)
    assert not holds(keeper, letters, 5)  # two updates are too few


def test_only_looking_changes_nothing_of_the_readers(some_stories):
    vocab = Vocabulary.from_text(some_stories)
    model = make("LSTM", vocab_size=len(vocab))
    torch.manual_seed(3)
    state, before = torch.get_rng_state(), [weight.clone() for weight in model.parameters()]
    ids = vocab.encode(some_stories[:60])
    trace(model, ids)
    recall(model, vocab, some_stories, context=3)
    gradient_by_lag(model, ids.view(3, 20))
    learn_to_count("GRU", updates=2)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert all(weight.grad is None for weight in model.parameters())


def test_bad_input_gets_a_sentence():
    with pytest.raises(ValueError, match="there is no cell 'lstm'; choose from LSTM, GRU, RNN"):
        learn_to_count("lstm")
    with pytest.raises(ValueError, match="lags 5 to 60 were asked for, and there are 1 to 20"):
        decay(torch.ones(20), 5, 60)
    with pytest.raises(ValueError, match="a norm is 0"):
        decay(torch.zeros(20), 5, 10)
    with pytest.raises(ValueError, match="leave some for each of the two parts"):
        best_unit(torch.randn(10, 2), np.arange(10.0), 10)


def test_a_plain_network_has_one_state_and_a_network_of_doubles_is_traced_as_such():
    assert list(trace(make("RNN"), torch.tensor([1, 2, 3]))[0]) == ["h"]
    assert trace(make("GRU", embedding=None).double(), torch.tensor([1, 2]))[0]["h"].dtype == torch.float64


def test_gradients_far_below_the_smallest_single_number_are_still_measured():
    torch.manual_seed(0)
    model = MODELS["LSTM"](7, 16, 1, 8, forget_bias=-2.0)
    ids = torch.randint(7, (2, 61))
    single = gradient_by_lag(model, ids)["h"].mean(0)
    double = gradient_by_lag(model.double(), ids)["h"].mean(0)  # changes the model itself
    assert decay(single, 5, 58) == pytest.approx(decay(double, 5, 58), rel=0.02)
