"""What 10.4 says of the last position in the window: the half that reads backwards copies from the window before."""

from itertools import pairwise
from statistics import mean

import torch
from torch.nn import functional as F

from charrnn_helpers.experiments import BIGRAM, Run, Setting, faults, program
from charrnn_helpers.text import load_corpus


@torch.no_grad()
def read(model, windows):
    """Return how often the last guess is a copy, and the last loss, with the carried state and without."""
    _, state = model(windows[0][0])
    copies, carried, emptied = [], [], []
    for (before, _), (x, y) in pairwise(windows):
        empty = [torch.stack([part[0], torch.zeros_like(part[1])]) for part in state]  # the second part reads backwards
        without = model(x, tuple(empty))[0][:, -1]
        logits, state = model(x, state)
        copies.append((logits[:, -1].argmax(-1) == before[:, 0]).float().mean().item())
        carried.append(F.cross_entropy(logits[:, -1], y[:, -1]).item())
        emptied.append(F.cross_entropy(without, y[:, -1]).item())
    return mean(copies), mean(carried), mean(emptied)


def test_the_last_guess_of_a_window_copies_the_first_character_of_the_window_before():
    setting, corpus = Setting(), load_corpus("tales")
    planted = faults._executed(program("leaked_target"), "<leaked target>", 0)
    vocab = faults._vocabulary("leaked_target", corpus.text, 1)
    val_ids = vocab.encode(corpus.val[:100_000])
    model = faults._network(planted, len(vocab), setting, 0)
    windows = planted.cut(vocab.encode(corpus.train[: setting.read]), setting.streams, setting.window)
    planted.train(model, windows, val_ids[:2_000], setting, Run())
    model.eval()
    copies, carried, emptied = read(model, planted.cut(val_ids, setting.streams, setting.window))
    assert 0.4 < copies < 0.6
    assert carried > emptied + 1
    assert carried > BIGRAM > emptied  # so it is the carried state that makes the last loss higher than a bigram's
    text = planted.write(model, vocab, "Long ago ", 2_000)[9:]
    again = mean(after == before for before, after in zip(text, text[2:], strict=False))
    real = mean(after == before for before, after in zip(corpus.val, corpus.val[2:], strict=False))
    assert again > 0.4 > 0.1 > real
