"""One row is all: a cell that the course has never seen trains, writes, is kept, plotted, swept and asked."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from minimal_cell import ROW

from charrnn_helpers import generate, load_checkpoint, save_checkpoint, train
from charrnn_helpers.experiments import RunConfig, sweep, width_for
from charrnn_helpers.figures import plot_losses
from charrnn_helpers.measures import trace
from charrnn_helpers.networks import BOTH, CELLS, num_parameters, register
from charrnn_helpers.panels import sampling_panel

every_cell = pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])


@pytest.fixture
def minimal(monkeypatch):
    """The row of a third cell, registered while a test runs."""
    monkeypatch.setitem(CELLS, "MGU", None)  # taken out again at the end
    register(ROW)
    return CELLS["MGU"]


def test_a_third_cell_does_all_that_the_two_can(minimal, vocab, ids, config, tmp_path):
    torch.manual_seed(0)
    model = minimal.model(len(vocab), 16, 2, 8)
    first_gate = model.rnn.cells[0].h2h.weight.detach()[:16]
    assert torch.allclose(first_gate @ first_gate.T, torch.eye(16), atol=1e-5)  # it starts as its rivals do
    history = train(model, ids[:800], ids[800:1000], config(updates=20), progress=False)
    assert history.finished
    assert history.losses[-1] < history.losses[0] - 0.3

    text = generate(model, vocab, "the ", 30, seed=1)
    loaded = load_checkpoint(save_checkpoint(tmp_path / "mgu.pt", model, vocab, history=history))
    assert generate(loaded.model, vocab, "the ", 30, seed=1) == text
    assert list(trace(model, ids[:9])[-1]) == list("fnh")
    assert "MGU, 1 seed(s)" in plot_losses([history]).words

    run = RunConfig("MGU", 8, text="assignment", train=config(updates=3, streams=2, window=5))
    with ThreadPoolExecutor(1) as threads:
        (row,) = sweep([run], threads, folder=tmp_path / "sweep", progress=False)
    assert row["status"] == "finished"

    models = {name: CELLS[name].model(len(vocab), 8, 1, 4).eval() for name in (*BOTH, "MGU")}
    shown = " ".join(str(getattr(child, "value", "")) for child in sampling_panel(models, vocab, "a").children)
    assert re.search(r"can still be drawn: .*MGU \d+", shown)


@every_cell
def test_a_row_says_of_a_cell_which_gate_stands_in_which_block_and_what_it_does(name):
    row = CELLS[name]
    cell, h = row.cell_class(5, 6), torch.randn(6)
    state = {"c": torch.randn(6), "h": h}
    before = state[row.memory]
    given = tuple(state[part] for part in row.cell_class.carries) if len(row.cell_class.carries) > 1 else h
    assert "".join(cell.gates(torch.zeros(5), given)) == row.gates
    for number, letter in enumerate(row.blocks):  # a block that is driven up is the gate of that letter, at 1
        driven = row.cell_class(5, 6)
        driven.x2h.bias.data.view(-1, 6)[number] = 100.0
        assert (driven.gates(torch.zeros(5), given)[letter] == 1).all()
    step = cell.gates(torch.zeros(5), given)
    if row.keep_gate:
        write = step[row.write_gate] if row.write_gate else 1 - step[row.keep_gate]
        memory = step[row.keep_gate] * before + write * step[row.candidate]
        torch.testing.assert_close(step[row.memory], memory)
        shown = step[row.output_gate] * memory.tanh() if row.output_gate else memory
        torch.testing.assert_close(step["h"], shown)


@every_cell
def test_models_and_layers_have_the_sizes_that_their_row_counts(name):
    row = CELLS[name]
    model, fast = row.model(7, 6, 2, 5), row.fast(7, 6, 2, 5)
    assert model.cell == row.name == name
    assert model.rnn.weight_hh_l0.shape[0] == 6 * len(row.blocks)
    assert {k: v.shape for k, v in fast.state_dict().items()} == {k: v.shape for k, v in model.state_dict().items()}


def test_cells_can_be_told_apart_without_colour():
    rows = [CELLS[name] for name in ("LSTM", "GRU", "RNN")]
    for look in ("colour", "line", "marker", "hatch"):
        assert len({getattr(row, look) for row in rows}) == len(rows), look
    assert [(row.colour, row.line) for row in rows[:2]] == [("#0072B2", "-"), ("#D55E00", "--")]  # everywhere


@every_cell
@pytest.mark.parametrize("wanted", [9_000, 50_000, 50_300])
def test_no_other_width_comes_nearer_to_so_many_parameters(name, wanted):
    width = width_for(wanted, name, 60)
    misses = [abs(num_parameters(CELLS[name].model(60, width + more, 1)) - wanted) for more in (-1, 0, 1)]
    assert misses[1] == min(misses)
    with pytest.raises(ValueError, match="too few"):
        width_for(100, name, 60)


def test_frozen_parameters_are_not_counted():
    model = CELLS["GRU"].model(7, 6, 1)
    before = num_parameters(model)
    model.head.bias.requires_grad_(False)
    assert num_parameters(model) == before - 7
