"""The course in one file trains, writes and judges both cells, and its cells are PyTorch's."""

import runpy
from pathlib import Path

import pytest
import torch
from torch import nn

from charrnn_helpers.text.tales import log_prob

FILE = Path(__file__).resolve().parents[2] / "notebooks" / "one_file.py"


@pytest.fixture(scope="module")
def one_file():
    return runpy.run_path(str(FILE))


@pytest.mark.parametrize(("name", "reference"), [("LSTMCell", nn.LSTM), ("GRUCell", nn.GRU)])
def test_its_cells_give_the_outputs_and_the_gradients_of_pytorch(one_file, name, reference):
    torch.manual_seed(0)
    theirs, ours = reference(5, 7, batch_first=True), one_file[name](5, 7)
    with torch.no_grad():
        for linear, side in ((ours.x2h, "ih"), (ours.h2h, "hh")):
            linear.weight.copy_(getattr(theirs, f"weight_{side}_l0"))
            linear.bias.copy_(getattr(theirs, f"bias_{side}_l0"))
    x = torch.randn(3, 9, 5)
    outputs, state = [], ours.start(3)
    for x_t in x.unbind(dim=1):
        h, state = ours(x_t, state)
        outputs.append(h)
    expected, _ = theirs(x)
    torch.testing.assert_close(torch.stack(outputs, dim=1), expected)
    torch.stack(outputs, dim=1).square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(ours.h2h.weight.grad, theirs.weight_hh_l0.grad)
    torch.testing.assert_close(ours.x2h.bias.grad, theirs.bias_ih_l0.grad)


def test_it_prints_losses_the_floor_stories_and_names_before_and_after(one_file, capsys):
    main, write_stories = one_file["main"], one_file["write_stories"]
    short = {seed: write_stories(seed, characters) for seed, characters in ((1, 50_000), (2, 4_000))}
    main.__globals__.update(UPDATES=3, UNITS=8, write_stories=lambda seed, characters: short[seed])
    main()
    printed = capsys.readouterr().out
    for cell in ("LSTM", "GRU"):
        assert f"\n{cell}: loss " in printed
    assert printed.count(f"(the lowest possible is {-log_prob(short[2]) / len(short[2]):.3f})") == 2
    assert printed.count("before training and in") == 2
    assert printed.count("Once a small child called ") == 2


def test_a_reader_who_knows_the_name_is_right_each_time_and_one_who_does_not_is_at_chance(one_file):
    text = one_file["write_stories"](seed=3, characters=20_000)
    alphabet = sorted(set(text))
    ids = torch.tensor([alphabet.index(char) for char in text])
    knows = torch.zeros(len(ids), len(alphabet))
    knows[torch.arange(len(ids) - 1), ids[1:]] = 1.0  # its likeliest character is always the one that comes
    right, asked = one_file["names_known"](knows, alphabet, text)
    assert right == asked > 100
    always_ada = torch.zeros(len(ids), len(alphabet))
    always_ada[:, alphabet.index("A")] = 1.0
    right, asked = one_file["names_known"](always_ada, alphabet, text)
    assert 0 < right < asked / 2
