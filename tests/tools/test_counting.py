"""A network counts as far as it gets every character that can be known, and holds a key for as long."""

import pytest
import torch
from counting import counts, held, holds, learn_to_hold, reach

from charrnn_helpers import Vocabulary
from charrnn_helpers.measures.counting import KEYS, counted


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


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_two_updates_are_too_few_to_hold_a_key(cell):
    model, letters = learn_to_hold(cell, units=4, updates=2)
    assert set(KEYS) < set(letters.characters)
    assert not holds(model, letters, 5)
