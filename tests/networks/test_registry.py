"""One row is all: a cell that the course has never seen trains, writes, is kept, plotted, swept and asked."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from charrnn_helpers import generate, load_checkpoint, save_checkpoint, train
from charrnn_helpers.experiments import RunConfig, sweep
from charrnn_helpers.figures import plot_losses
from charrnn_helpers.measures import trace
from charrnn_helpers.networks import (
    BOTH,
    CELLS,
    Cell,
    count_parameters,
    num_parameters,
    register,
    width_for,
    written_out,
)
from charrnn_helpers.panels import sampling_panel

every_cell = pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])


class MinimalCell(nn.Module):
    """A cell with one gate (the minimal gated unit of Zhou et al. 2016, who swap `f` and `1 - f`)."""

    carries = ("h",)

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.x2h = nn.Linear(input_size, 2 * hidden_size)
        self.h2h = nn.Linear(hidden_size, 2 * hidden_size)

    def gates(self, x, h):
        (xf, xn), (hf, hn) = self.x2h(x).chunk(2, dim=-1), self.h2h(h).chunk(2, dim=-1)
        f = torch.sigmoid(xf + hf)
        n = torch.tanh(xn + f * hn)
        return {"f": f, "n": n, "h": f * h + (1 - f) * n}

    def forward(self, x, h):
        return self.gates(x, h)["h"]


ROW = Cell("MGU", MinimalCell, 2, "fnh", holds="h", keeps="f", colour="#CC79A7", line=":", marker="D", hatch="xx")


def test_a_third_cell_does_all_that_the_two_can(vocab, ids, config, tmp_path, monkeypatch):
    monkeypatch.setitem(CELLS, "MGU", None)  # taken out again at the end
    register(ROW)
    torch.manual_seed(0)
    model = CELLS["MGU"].model(len(vocab), 16, 2, 8)
    first_gate = model.rnn.cells[0].h2h.weight.detach()[:16]
    assert torch.allclose(first_gate @ first_gate.T, torch.eye(16), atol=1e-5)  # it starts as its rivals do
    history = train(model, ids[:800], ids[800:1000], config(updates=20), progress=False)
    assert history.finished
    assert history.losses[-1] < history.losses[0] - 0.3

    text = generate(model, vocab, "the ", 30, seed=1)
    loaded = load_checkpoint(save_checkpoint(tmp_path / "mgu.pt", model, vocab, history=history))
    assert generate(loaded.model, vocab, "the ", 30, seed=1) == text
    assert list(trace(model, ids[:9])[-1]) == list("fnh")
    assert num_parameters(model) == count_parameters("MGU", len(vocab), 16, 2, 8)
    assert "MGU, 1 seed(s)" in plot_losses([history]).words

    run = RunConfig("MGU", 8, text="assignment", train=config(updates=3, streams=2, window=5))
    with ThreadPoolExecutor(1) as threads:
        (row,) = sweep([run], threads, folder=tmp_path / "sweep", progress=False)
    assert row["status"] == "finished"

    models = {name: CELLS[name].model(len(vocab), 8, 1, 4).eval() for name in (*BOTH, "MGU")}
    shown = " ".join(str(getattr(child, "value", "")) for child in sampling_panel(models, vocab, "a").children)
    assert re.search(r"can still be drawn: .*MGU \d+", shown)


@every_cell
def test_a_row_says_of_a_cell_what_the_cell_is(name):
    row = CELLS[name]
    torch.manual_seed(0)
    model = row.model(7, 6, 2, 5)
    assert model.cell == row.name == name
    x, cells = torch.randn(6), written_out(model)
    step = cells[1].gates(x, (x, x) if len(row.equations.carries) == 2 else x)
    assert list(step) == list(row.gates)
    assert row.holds in step
    assert row.keeps is None or row.keeps in step
    assert model.rnn.weight_hh_l0.shape[0] == 6 * row.blocks
    fast = row.fast(7, 6, 2, 5)
    assert {k: v.shape for k, v in fast.state_dict().items()} == {k: v.shape for k, v in model.state_dict().items()}


def test_cells_can_be_told_apart_without_colour():
    rows = [CELLS[name] for name in ("LSTM", "GRU", "RNN")]
    for look in ("colour", "line", "marker", "hatch"):
        assert len({getattr(row, look) for row in rows}) == len(rows), look
    assert [(row.colour, row.line) for row in rows[:2]] == [("#0072B2", "-"), ("#D55E00", "--")]  # everywhere


@every_cell
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("embedding_size", [5, None])
def test_parameters_are_counted_without_building_and_frozen_ones_left_out(name, layers, embedding_size):
    model = CELLS[name].model(7, 6, layers, embedding_size)
    counted = num_parameters(model)
    assert counted == count_parameters(name, 7, 6, layers, embedding_size)
    model.head.bias.requires_grad_(False)
    assert num_parameters(model) == counted - 7


@every_cell
@pytest.mark.parametrize(("wanted", "layers"), [(3_000, 1), (50_000, 2), (50_300, 2)])
def test_no_other_width_comes_nearer_to_so_many_parameters(name, wanted, layers):
    width = width_for(wanted, name, 60, layers, 16)
    misses = {units: abs(count_parameters(name, 60, units, layers, 16) - wanted) for units in range(1, 2 * width + 2)}
    assert misses[width] == min(misses.values())
    with pytest.raises(ValueError, match="too few"):
        width_for(100, name, 60)
