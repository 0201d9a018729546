"""The cells are what PyTorch computes, outputs and gradients; the models are what the course says they are."""

import pytest
import torch
from torch import nn

from charrnn_helpers.networks.cells import GRUCell, LSTMCell, run_cell
from charrnn_helpers.networks.compare import compare_with_torch
from charrnn_helpers.networks.models import LSTMModel, num_parameters
from charrnn_helpers.networks.registry import MODELS, count_parameters, width_for
from charrnn_helpers.networks.state import detach, map_state, to_device

CELLS = {"LSTM": (LSTMCell, nn.LSTM, 4), "GRU": (GRUCell, nn.GRU, 3)}
both = pytest.mark.parametrize("name", ["LSTM", "GRU"])
all_three = pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])


class ChoCell(GRUCell):
    """The reset gate inside the product, as Cho et al. print it."""

    def forward(self, x, h):
        xr, xz, xn = self.x2h(x).chunk(3, dim=-1)
        hr, hz, _ = self.h2h(h).chunk(3, dim=-1)
        r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
        units = h.shape[-1]
        n = torch.tanh(xn + (r * h) @ self.h2h.weight[2 * units :].T + self.h2h.bias[2 * units :])
        return (1 - z) * n + z * h


def reference_of(name, layers=1, units=6, inputs=5, seed=0):
    torch.manual_seed(seed)
    return CELLS[name][1](inputs, units, layers, batch_first=True).double()


def cells_for(name, layers=1, units=6, inputs=5):
    return [CELLS[name][0](inputs if layer == 0 else units, units).double() for layer in range(layers)]


@both
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_hand_written_cell_equals_torch_in_outputs_states_and_gradients(name, layers, seed):
    gap = compare_with_torch(cells_for(name, layers), reference_of(name, layers, seed=seed), steps=20, seed=seed)
    assert gap.outputs < 1e-12
    assert gap.states < 1e-12
    assert gap.gradients < 1e-11


@both
def test_single_precision_stays_within_the_margins_that_the_notebooks_state(name):
    gap = compare_with_torch(CELLS[name][0](8, 16), CELLS[name][1](8, 16, batch_first=True), steps=50)
    assert gap.outputs < 1e-5
    assert gap.states < 1e-5
    assert gap.gradients < 1e-3


@both
def test_comparison_notices_a_state_that_is_cut_between_steps(name):
    class Cut(CELLS[name][0]):
        def forward(self, x, state):
            return super().forward(x, detach(state))

    gap = compare_with_torch(Cut(5, 6).double(), reference_of(name), steps=20)
    assert gap.outputs < 1e-12  # the outputs do not show it
    assert gap.gradients > 1e-3


@both
def test_comparison_leaves_the_reference_and_the_global_random_numbers_alone(name):
    reference = reference_of(name)
    before = [weight.clone() for weight in reference.parameters()]
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    cell = cells_for(name)[0]  # its own start uses the generator, so seed again
    torch.manual_seed(3)
    compare_with_torch(cell, reference, steps=5)
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(a, b) for a, b in zip(before, reference.parameters(), strict=True))
    assert all(weight.grad is None for weight in reference.parameters())
    with torch.no_grad():
        cell.x2h.weight.add_(1.0)
    assert torch.equal(before[0], next(reference.parameters()))


@both
@pytest.mark.parametrize(
    "change", [{"batch_first": False}, {"bias": False}, {"bidirectional": True}, {"num_layers": 2}]
)
def test_comparison_refuses_a_reference_that_the_cell_does_not_describe(name, change):
    with pytest.raises(ValueError, match=r"reference must be|one cell for each layer"):
        compare_with_torch(CELLS[name][0](5, 6), CELLS[name][1](5, 6, **{"batch_first": True, **change}))


@both
def test_comparison_names_a_size_that_differs(name):
    with pytest.raises(ValueError, match="weight_ih"):
        compare_with_torch(CELLS[name][0](4, 6), CELLS[name][1](5, 6, batch_first=True))


@both
def test_run_cell_in_two_halves_equals_one_run(name):
    cell = cells_for(name)[0]
    x = torch.randn(2, 9, 5, dtype=torch.float64)
    whole, last = run_cell(cell, x)
    first, state = run_cell(cell, x[:, :4])
    second, end = run_cell(cell, x[:, 4:], state)
    assert whole.shape == (2, 9, 6)
    assert torch.allclose(torch.cat([first, second], dim=1), whole, atol=1e-12)
    for a, b in zip(*((s if isinstance(s, tuple) else (s,)) for s in (last, end)), strict=True):
        assert torch.allclose(a, b, atol=1e-12)


def test_run_cell_says_what_shape_it_needs():
    with pytest.raises(ValueError, match=r"\(5,\)"):
        run_cell(GRUCell(5, 6), torch.zeros(5))


# --- what a GRU is, and is not -------------------------------------------------------------------------------------


def test_reset_before_the_product_is_not_nn_gru():
    gap = compare_with_torch(ChoCell(5, 6).double(), reference_of("GRU"), steps=20)
    assert gap.outputs > 1e-3
    assert gap.gradients > 1e-3


def test_reset_before_the_product_agrees_when_the_gate_is_open():
    reference = reference_of("GRU")
    with torch.no_grad():
        reference.bias_ih_l0[:6] = 100.0  # r = 1 for every unit
    assert compare_with_torch(ChoCell(5, 6).double(), reference, steps=20).outputs < 1e-12


def test_reset_before_the_product_agrees_when_each_unit_sees_only_itself():
    reference = reference_of("GRU")
    with torch.no_grad():
        reference.weight_hh_l0[12:] = torch.diag(torch.randn(6, dtype=torch.float64))
    assert compare_with_torch(ChoCell(5, 6).double(), reference, steps=20).outputs > 1e-3  # b_hn: r times it, or not
    with torch.no_grad():
        reference.bias_hh_l0[12:] = 0.0
    assert compare_with_torch(ChoCell(5, 6).double(), reference, steps=20).outputs < 1e-12


@pytest.mark.parametrize(("gate", "redundant"), [("r", True), ("z", True), ("n", False)])
def test_only_the_candidate_of_a_gru_needs_its_second_bias(gate, redundant):
    reference = reference_of("GRU")
    x = torch.randn(2, 9, 5, dtype=torch.float64)
    before, _ = reference(x)
    rows = slice("rzn".index(gate) * 6, "rzn".index(gate) * 6 + 6)
    with torch.no_grad():
        reference.bias_ih_l0[rows] += reference.bias_hh_l0[rows]
        reference.bias_hh_l0[rows] = 0.0
    gap = (reference(x)[0] - before).abs().max()
    assert (gap < 1e-12) == redundant
    assert redundant or gap > 1e-3


def test_every_second_bias_of_an_lstm_is_redundant():
    reference = reference_of("LSTM")
    x = torch.randn(2, 9, 5, dtype=torch.float64)
    before, _ = reference(x)
    with torch.no_grad():
        reference.bias_ih_l0 += reference.bias_hh_l0
        reference.bias_hh_l0.zero_()
    assert torch.allclose(reference(x)[0], before, atol=1e-12)


# --- the models ----------------------------------------------------------------------------------------------------


def tiny(name, **options):
    torch.manual_seed(0)
    return MODELS[name](7, **{"hidden_size": 6, "embedding_size": 5, "num_layers": 2, **options}).double()


IDS = torch.tensor([[0, 3, 6, 2, 2, 5, 1, 4], [6, 6, 0, 1, 5, 3, 2, 0]])  # (2, 8)


@both
@pytest.mark.parametrize("embedding_size", [5, None])
def test_shapes_of_logits_and_state(name, embedding_size):
    model = tiny(name, embedding_size=embedding_size)
    logits, state = model(IDS)
    assert logits.shape == (2, 8, 7)
    parts = state if name == "LSTM" else (state,)
    assert [tuple(part.shape) for part in parts] == [(2, 2, 6)] * (2 if name == "LSTM" else 1)
    assert model.cell == name
    assert model.vocab_size == 7


@both
@pytest.mark.parametrize("embedding_size", [5, None])
def test_logits_one_step_at_a_time_equal_those_of_the_whole_sequence(name, embedding_size):
    model = tiny(name, embedding_size=embedding_size)
    whole, _ = model(IDS)
    state, steps = None, []
    for t in range(IDS.shape[1]):
        logits, state = model(IDS[:, t : t + 1], state)
        steps.append(logits)
    assert torch.allclose(torch.cat(steps, dim=1), whole, atol=1e-12)


@both
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("embedding_size", [5, None])
def test_parameter_count_is_the_formula_that_the_notebooks_derive(name, layers, embedding_size):
    V, H, E, blocks = 7, 6, embedding_size or 7, CELLS[name][2]
    expected = 0 if embedding_size is None else V * E
    for layer in range(layers):
        expected += blocks * H * ((E if layer == 0 else H) + H + 2)  # two bias vectors
    expected += H * V + V
    assert num_parameters(tiny(name, num_layers=layers, embedding_size=embedding_size)) == expected


def test_recurrent_parameters_are_as_three_to_four():
    assert 4 * num_parameters(tiny("GRU").rnn) == 3 * num_parameters(tiny("LSTM").rnn)


def test_parameters_that_are_frozen_are_not_counted():
    model = tiny("GRU")
    before = num_parameters(model)
    model.head.bias.requires_grad_(False)
    assert before - num_parameters(model) == 7


@both
def test_one_hot_rows_equal_an_embedding_that_is_the_identity(name):
    one_hot, embedded = tiny(name, embedding_size=None), tiny(name, embedding_size=7)
    weights = one_hot.state_dict()
    embedded.load_state_dict({**weights, "embedding.weight": torch.eye(7, dtype=torch.float64)})
    assert torch.allclose(one_hot(IDS)[0], embedded(IDS)[0], atol=1e-12)


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("forget_bias", [1.0, 0.0, 2.5])
def test_forget_biases_add_up_to_what_was_asked(layers, forget_bias):
    rnn = LSTMModel(7, 6, layers, 5, forget_bias=forget_bias).rnn
    for layer in range(layers):
        total = getattr(rnn, f"bias_ih_l{layer}") + getattr(rnn, f"bias_hh_l{layer}")
        assert torch.equal(total[6:12], torch.full((6,), forget_bias))
        assert (total[:6] != forget_bias).all()
        assert (total[12:] != forget_bias).all()


def test_forget_bias_none_leaves_torch_biases_alone():
    torch.manual_seed(0)
    ours = LSTMModel(7, 6, 1, None, forget_bias=None).rnn
    torch.manual_seed(0)
    theirs = nn.LSTM(7, 6, 1, batch_first=True)
    assert torch.equal(ours.bias_ih_l0, theirs.bias_ih_l0)
    assert torch.equal(ours.bias_hh_l0, theirs.bias_hh_l0)


@both
def test_each_gates_recurrent_weights_start_orthogonal(name):
    model = MODELS[name](7, 6, 2)
    for layer in range(2):
        for gate in getattr(model.rnn, f"weight_hh_l{layer}").split(6):
            assert torch.allclose(gate @ gate.T, torch.eye(6), atol=1e-5)


@both
def test_hyperparameters_rebuild_the_model(name):
    model = tiny(name, dropout=0.25, embedding_size=None)
    twin = MODELS[model.cell](**model.hyperparameters).double()
    twin.load_state_dict(model.state_dict())
    assert torch.equal(model.eval()(IDS)[0], twin.eval()(IDS)[0])
    assert twin.hyperparameters == model.hyperparameters
    assert all(type(value) in (int, float, type(None)) for value in model.hyperparameters.values())


@both
@pytest.mark.parametrize("layers", [1, 2])
def test_dropout_acts_in_training_and_not_in_evaluation(name, layers, recwarn):
    model = tiny(name, dropout=0.5, num_layers=layers)
    assert not torch.equal(model(IDS)[0], model(IDS)[0])
    model.eval()
    assert torch.equal(model(IDS)[0], model(IDS)[0])
    assert not recwarn.list


@both
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"vocab_size": 0}, "vocab_size is 0"),
        ({"hidden_size": 0}, "hidden_size is 0"),
        ({"hidden_size": 2.5}, "hidden_size is 2.5"),
        ({"num_layers": -1}, "num_layers is -1"),
        ({"embedding_size": 0}, "embedding_size is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"dropout": -0.1}, "dropout is -0.1"),
    ],
)
def test_a_size_that_cannot_be_is_named(name, change, what):
    with pytest.raises(ValueError, match=what) as problem:
        MODELS[name](**{"vocab_size": 7, **change})
    assert "\n" not in str(problem.value)


def test_the_plain_rnn_is_one_tanh_a_step():
    model = tiny("RNN", num_layers=1)
    rnn, h = model.rnn, torch.zeros(2, 6, dtype=torch.float64)
    for x in model.embedding(IDS).unbind(dim=1):
        h = torch.tanh(x @ rnn.weight_ih_l0.T + rnn.bias_ih_l0 + h @ rnn.weight_hh_l0.T + rnn.bias_hh_l0)
    assert torch.allclose(model(IDS)[1][0], h, atol=1e-12)


@all_three
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("embedding_size", [5, None])
def test_parameters_are_counted_without_building(name, layers, embedding_size):
    built = MODELS[name](7, 6, layers, embedding_size)
    assert count_parameters(name, 7, 6, layers, embedding_size) == num_parameters(built)


@all_three
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("wanted", [3_000, 50_000, 800_000])
def test_no_other_width_comes_nearer_to_so_many_parameters(name, layers, wanted):
    width = width_for(wanted, name, 60, layers, 16)
    misses = {units: abs(count_parameters(name, 60, units, layers, 16) - wanted) for units in range(1, 2 * width + 2)}
    assert misses[width] == min(misses.values())


def test_a_network_that_cannot_be_that_small_is_refused():
    with pytest.raises(ValueError, match="too few"):
        width_for(100, "LSTM", 60)


# --- one function for both kinds of state --------------------------------------------------------------------------


@both
def test_map_state_keeps_the_kind_of_state(name):
    _, state = tiny(name)(IDS)
    doubled = map_state(state, lambda part: 2 * part)
    assert type(doubled) is type(state)
    for a, b in zip(doubled, state, strict=True):
        assert torch.equal(a, 2 * b)


@both
def test_detach_keeps_the_numbers_and_stops_the_gradient(name):
    _, state = tiny(name)(IDS)
    cut = detach(state)
    for before, after in zip(*((s if isinstance(s, tuple) else (s,)) for s in (state, cut)), strict=True):
        assert torch.equal(before, after)
        assert before.requires_grad
        assert not after.requires_grad


@both
def test_to_device_moves_every_part(name):
    _, state = tiny(name)(IDS)
    moved = to_device(state, "meta")
    assert all(part.device.type == "meta" for part in (moved if isinstance(moved, tuple) else (moved,)))


def test_no_state_stays_no_state():
    assert detach(None) is None
    assert to_device(None, "cpu") is None
