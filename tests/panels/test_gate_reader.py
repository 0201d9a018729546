"""A text, coloured by a gate or state."""

import pytest
import torch

from charrnn_helpers import Vocabulary
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.panels.controls import Chart
from charrnn_helpers.panels.gate_reader import GATE_NAMES, coloured, gates_panel


@pytest.fixture
def opened():
    """`opened(gate, unit)`: the panel of three small networks."""
    vocab = Vocabulary.from_text("abc xyz.")
    torch.manual_seed(0)
    widths = {"LSTM": 6, "GRU": 4, "RNN": 5}
    models = {cell: CELLS[cell].model(len(vocab), widths[cell], 1, 4) for cell in widths}
    return lambda *shown: gates_panel(models, vocab, "abc xyz.", *shown)


@pytest.fixture
def panel(opened):
    return opened()


def test_gates_of_every_network_can_be_chosen_and_each_once(panel, controls, words):
    named = controls(panel)
    for cell, gates in (("LSTM", "ifgoch"), ("GRU", "rznh"), ("RNN", "h")):
        named["network"].value = cell
        assert [value for _, value in named["colour by"].options] == list(gates)
        for gate in gates:
            named["colour by"].value = gate
            assert f"{GATE_NAMES[gate]}, unit 0, is" in words(panel)


def test_it_opens_on_the_gate_and_unit_asked_for_and_on_h_where_there_is_no_such_gate(opened, controls, words):
    panel = opened("c", 5)
    assert "Step 8 of 8, after <code>.</code>: cell c, unit 5, is" in words(panel)
    named = controls(panel)
    named["unit"].value, named["step"].value = 3, 2
    assert "Step 2 of 8, after <code>b</code>: cell c, unit 3, is" in words(panel)
    for cell, shown in (("GRU", "state h"), ("LSTM", "cell c")):
        named["network"].value = cell
        assert f"{shown}, unit 3, is" in words(panel)
    for asked in (("z", 0), ("c", 6), ("c", -1)):
        with pytest.raises(ValueError, match="this LSTM has i, f, g, o, c, h of 6 units"):
            opened(*asked)


@pytest.mark.parametrize(
    ("control", "value", "sentence"),
    [
        ("text", "", "nothing to read"),
        ("text", "abd", "does not hold &#x27;d&#x27;"),
        ("text", "a" * 401, "at most 400"),
        ("unit", 5, "this GRU has units 0 to 3"),
    ],
)
def test_a_bad_value_gets_a_sentence_and_nothing_old_stays_beside_it(panel, controls, words, control, value, sentence):
    named = controls(panel)
    named["network"].value = "GRU"
    (chart,) = (one for one in panel.children if isinstance(one, Chart))
    assert "<img" in chart.value
    named[control].value = value
    assert sentence in words(panel)
    assert "charrnn-units" not in words(panel)
    assert chart.value == ""
    named["unit"].value, named["text"].value = 0, "abc"
    assert "Step 3 of 3" in words(panel)
    assert "<img" in chart.value


def test_strong_values_are_underlined_and_weak_ones_are_not():
    shown = coloured("abc", [0.9, -0.9, 0.2], at=1, strongest=1.0)
    assert [shown.count(line) for line in ("underline solid", "underline dotted", "outline")] == [1, 1, 1]
    assert coloured("a<", [0.0, 0.0], 0, 1.0).count("&lt;") == 1
