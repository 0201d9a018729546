"""What the controls of the panels promise, without a browser."""

import threading

import pytest
import torch

from charrnn_helpers import Vocabulary, faults, widgets
from charrnn_helpers.models import MODELS
from charrnn_helpers.widgets import faults_panel, gates_panel, slider


def controls(panel):
    """Every control of a panel by its name."""
    found, rest = {}, list(panel.children)
    while rest:
        one = rest.pop()
        rest += getattr(one, "children", ())
        if getattr(one, "description", ""):
            found[one.description] = one
    return found


def words(panel):
    return " ".join(one.value for one in panel.children if isinstance(getattr(one, "value", None), str))


@pytest.mark.parametrize(("value", "low", "high", "step"), [(0.01, 0.001, 0.05, 0.001), (3, 1, 10, 1)])
def test_slider_and_number_box_hold_the_same_value_whichever_is_moved(value, low, high, step):
    row, box = slider("rate", value, low, high, step)
    handle = row.children[1]
    handle.value = value + step
    assert box.value == handle.value == pytest.approx(value + step)
    box.value = value
    assert handle.value == value


def test_no_rounding_noise_stands_in_the_box():
    row, box = slider("rate", 0.5, 0.0, 1.0, 0.1)
    row.children[1].value = 0.1 + 0.2  # 0.30000000000000004
    assert str(box.value) == "0.3"


# --- 08: inside the gates -------------------------------------------------------------------------------------------


@pytest.fixture
def gates():
    vocab = Vocabulary.from_text("abc xyz.")
    torch.manual_seed(0)
    models = {cell: MODELS[cell](len(vocab), units, 1, 4) for cell, units in (("LSTM", 6), ("GRU", 4), ("RNN", 5))}
    panel = gates_panel(models, vocab, "abc xyz.")
    return panel, controls(panel)


def test_gates_of_every_network_can_be_chosen_and_each_once(gates):
    panel, named = gates
    for cell, gates_ in (("LSTM", "ifgoch"), ("GRU", "rznh"), ("RNN", "h")):
        named["network"].value = cell
        assert [value for _, value in named["colour by"].options] == list(gates_)
        for gate in gates_:
            named["colour by"].value = gate
            assert f"{widgets.READ[gate]}, unit 0, is" in words(panel)


@pytest.mark.parametrize(
    ("control", "value", "sentence"),
    [
        ("text", "", "nothing to read"),
        ("text", "abd", "does not hold &#x27;d&#x27;"),
        ("text", "a" * 401, "at most 400"),
        ("unit", 5, "this GRU has units 0 to 3"),
    ],
)
def test_a_bad_value_gets_a_sentence_and_nothing_old_stays_beside_it(gates, control, value, sentence):
    panel, named = gates
    named["network"].value = "GRU"
    (chart,) = (one for one in panel.children if hasattr(one, "format"))
    assert chart.layout.display is None
    named[control].value = value
    assert sentence in words(panel)
    assert "charrnn-units" not in words(panel)
    assert chart.layout.display == "none"
    named["unit"].value, named["text"].value = 0, "abc"
    assert "Step 3 of 3" in words(panel)
    assert chart.layout.display is None


def test_strong_values_are_underlined_and_weak_ones_are_not():
    shown = widgets._coloured("abc", [0.9, -0.9, 0.2], at=1, size=1.0)
    assert [shown.count(line) for line in ("underline solid", "underline dotted", "outline")] == [1, 1, 1]
    assert widgets._coloured("a<", [0.0, 0.0], 0, 1.0).count("&lt;") == 1


# --- 10: break it ---------------------------------------------------------------------------------------------------


def test_a_run_belongs_to_the_seed_that_was_chosen_when_it_was_started(monkeypatch):
    asked, go_on = [], threading.Event()

    def slow(name, seed):
        asked.append((name, seed))
        go_on.wait(20)
        return faults.run(name, seed, faults.Setting(updates=60, streams=4, window=8, units=8, validated=100))

    monkeypatch.setattr(widgets, "run", slow)
    panel = faults_panel(0.3)
    named = controls(panel)
    named["Plant it and train"].click()
    named["random seed"].value = 5
    go_on.set()
    panel.wait()
    assert asked == [("state_reset", 0), ("sound", 0)]
    named["Plant it and train"].click()
    panel.wait()
    assert asked[2:] == [("state_reset", 5), ("sound", 5)]
    named["Plant it and train"].click()
    panel.wait()
    assert len(asked) == 4  # kept
    assert "What differs" in words(panel)


def test_a_run_that_cannot_be_made_says_so_and_frees_the_button(monkeypatch):
    def full_disk(name, seed):
        raise OSError("no space left on device")

    monkeypatch.setattr(widgets, "run", full_disk)
    panel = faults_panel(0.3)
    button = controls(panel)["Plant it and train"]
    button.click()
    panel.wait()
    assert "no space left" in words(panel)
    assert not button.disabled
