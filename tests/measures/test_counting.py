"""A network counts as far as it gets every character that can be known, and holds a key for as long."""

import math
import random

import pytest
import torch
from torch.nn import functional as F

from charrnn_helpers import LSTMModel, Vocabulary
from charrnn_helpers.measures.counting import (
    KEYS,
    counted,
    gradient_at_key,
    key_recall,
    latched,
    latched_lines,
    learn_to_count,
    learn_to_latch,
    random_units,
)

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


def test_the_recall_of_keys_is_the_share_of_right_answers_at_each_gap():
    shares = key_recall(Latch(1), LATCH, [30, 5])
    assert list(shares) == ["30", "5"]
    assert [share.share for share in shares.values()] == [1.0, 1.0]
    guessed = key_recall(Latch(2), LATCH, [30])["30"]
    assert (guessed.asked, guessed.chance) == (100, 1 / 6)
    assert guessed.share == pytest.approx(1 / 6, abs=0.12)
    assert guessed.error == pytest.approx(math.sqrt(guessed.share * (1 - guessed.share) / 100))


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_learning_to_count_gets_somewhere_and_is_repeated_by_its_seed(cell):
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


def test_random_units_of_an_lstm_climb_and_those_of_a_gru_stay_within_one_and_the_seed_repeats_them():
    lstm, gru = random_units("LSTM"), random_units("GRU")
    assert lstm.shape == gru.shape == (200, 100)
    assert 80 < lstm.max() <= 100
    assert gru.abs().max() <= 1
    assert torch.equal(gru, random_units("GRU"))
    assert not torch.equal(gru, random_units("GRU", seed=1))


@pytest.mark.parametrize("kept", [0.9, 1.0])
def test_the_way_back_to_the_key_is_what_the_forget_gates_leave_of_the_gradient(kept):
    model = LSTMModel(len(LATCH), 6, 1, embedding_size=None)
    with torch.no_grad():  # every gate stays where its bias puts it, and nothing is written
        model.rnn.weight_hh_l0.zero_(), model.rnn.weight_ih_l0.zero_(), model.rnn.bias_hh_l0.zero_()
        gates = torch.tensor([-40.0, math.log(kept / (1 - kept)) if kept < 1 else 40.0, 0.0, 0.0])  # i, f, g, o
        model.rnn.bias_ih_l0.copy_(gates.repeat_interleave(6))
    assert gradient_at_key(model, LATCH, gap=20) == pytest.approx(kept**20, rel=1e-3)


def test_who_looks_on_sees_every_update_and_the_end():
    seen = []
    model, vocab = learn_to_latch("GRU", updates=3, units=4, look=lambda made, *network: seen.append((made, *network)))
    assert [made for made, *_ in seen] == [0, 1, 2, 3]
    assert all(network == [model, vocab] for _, *network in seen)
