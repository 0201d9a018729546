"""A network counts as far as it gets every character that can be known, and holds a key for as long."""

import random
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

from charrnn_helpers import Vocabulary
from charrnn_helpers.measures.counting import (
    KEYS,
    counted,
    counts,
    held,
    holds,
    keeper,
    latched,
    latched_lines,
    learn_to_count,
    learn_to_hold,
    learn_to_latch,
    reach,
    share_latched,
)


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


@pytest.mark.parametrize("letters", ["ab", "abc"])
def test_reach_is_the_n_up_to_which_a_rule_counts(letters):
    vocab = Vocabulary.from_text(letters + "\n")
    assert counted("abc", 2) == "\naabbcc\n"

    def reached(limit, blind=None):
        rule = Rule(vocab, lambda n, text: counted(letters, n), letters[0], limit, blind)
        return reach(lambda n: counts(rule, vocab, letters, n), 40)

    assert reached(13) == 13
    assert reached(99, blind=1) == (1 if letters == "ab" else 0)  # fails at the first character that can be known
    assert reach(lambda n: True, 25) == 25


def test_holding_asks_for_the_key_after_the_dots_whichever_it_is():
    assert held("c", 3) == "\nc...?c\n"
    vocab = Vocabulary.from_text("\n.?" + KEYS)
    rule = Rule(vocab, lambda n, text: held(text[1], n), ".", 9)
    assert reach(lambda n: holds(rule, vocab, n), 30) == 9
    only_a = Rule(vocab, lambda n, text: held("a", n), ".", 9)
    assert not holds(only_a, vocab, 3)


LATCH = Vocabulary.from_text("\n!?" + KEYS)


class Latch(torch.nn.Module):
    """Says the letter so many places after the mark; its state holds noise, that letter, and how long the line is."""

    def __init__(self, place):
        super().__init__()
        self.place = place

    def forward(self, x, state=None):
        texts = [LATCH.decode(ids) for ids in x]
        keys = torch.tensor([LATCH.encode(text[text.index("!") + self.place]).item() for text in texts])
        last = torch.stack([x[:, -2].float(), keys.float(), 10 + 0 * keys + len(texts[0])], dim=1)  # (B, 3)
        logits = F.one_hot(keys, len(LATCH)).float()[:, None].expand(-1, x.shape[1], -1)
        return logits, (last[None], last[None])


def test_a_latched_line_asks_for_the_marked_key_among_letters_that_could_be_keys():
    line = latched(5, random.Random(0), before=2)
    assert len(line) == len("\nab!c.....?c\n")
    assert line[3] == "!"
    assert line[4] == line[-2]
    assert set(line) <= {*KEYS, *"\n!?"}
    ids = latched_lines(LATCH, 30)
    assert ids.shape == (100, 38)
    assert torch.equal(ids, latched_lines(LATCH, 30))
    assert set(LATCH.decode(ids[:, -1])) == set(KEYS)


def test_the_share_of_keys_is_that_of_the_answers_and_the_keeper_the_unit_that_tells_them():
    assert share_latched(Latch(1), LATCH, 30) == 1.0
    assert share_latched(Latch(2), LATCH, 30) == pytest.approx(1 / 6, abs=0.12)
    assert keeper(Latch(1), LATCH) == 1


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_only_what_is_asked_is_learnt_on_lines_of_these_lengths_from_this_start(cell, monkeypatch):
    seen = []

    def loss(logits, targets, ignore_index):
        seen.append(targets[targets != ignore_index])
        return F.cross_entropy(logits, targets, ignore_index=ignore_index)

    monkeypatch.setattr("charrnn_helpers.measures.counting.F", SimpleNamespace(cross_entropy=loss))
    model, vocab = learn_to_latch(cell, lengths=[3], updates=1, keep_bias=2.0)
    assert vocab == LATCH
    assert [len(targets) for targets in seen] == [32]
    assert set(vocab.decode(seen[0])) <= set(KEYS)
    assert model.hyperparameters["keep_bias"] == 2.0


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_learning_to_count_and_to_hold_gets_somewhere_and_is_repeated_by_its_seed(cell):
    model, vocab = learn_to_count(cell, "ab", seed=1, units=6, updates=50)
    torch.rand(1)  # the reader's random numbers neither change it nor are changed
    random = torch.get_rng_state()
    again, _ = learn_to_count(cell, "ab", seed=1, units=6, updates=50)
    assert torch.equal(torch.get_rng_state(), random)
    ids = vocab.encode(counted("ab", 6))[None]
    assert torch.equal(model(ids)[0], again(ids)[0])
    fresh, _ = learn_to_count(cell, "ab", seed=1, units=6, updates=1)
    losses = [F.cross_entropy(one(ids[:, :-1])[0][0], ids[0, 1:]).item() for one in (model, fresh)]
    assert losses[0] < losses[1] - 0.1
    keeper, letters = learn_to_hold(cell, units=4, updates=2)
    assert set(KEYS) < set(letters.characters)
    assert not holds(keeper, letters, 5)  # two updates are too few


def test_a_cell_that_is_not_there_gets_a_sentence():
    with pytest.raises(ValueError, match="there is no cell 'lstm'; choose from LSTM, GRU, RNN"):
        learn_to_count("lstm")
