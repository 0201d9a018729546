"""Panels that draw one figure anew whenever a control changes."""

import math

from charrnn_helpers.measures import Interval
from charrnn_helpers.panels import coverage_panel, curves_panel, gru_gate_panel, lstm_gate_panel, sampling_panel


def test_one_step_of_an_lstm_unit_is_said_and_how_long_a_value_lasts(controls, words):
    panel = lstm_gate_panel()
    assert "0.90 · 0.60 + 0.50 · 0.80 = <b>0.94</b>" in words(panel)
    assert f"0.70 · tanh(0.94) = <b>{0.7 * math.tanh(0.94):.2f}</b>" in words(panel)
    for forget, c, lasts in (
        (0.9, "0.94", f"after 20 characters {0.9**20:.3f} of the old value is left; half is gone after 6.6"),
        (1.0, "1.00", "it never fades"),
        (0.0, "0.40", "less than 0.001 of the old value is left; nothing survives one character"),
    ):
        controls(panel)["forget f"].value = forget
        assert f"= <b>{c}</b>, and" in words(panel)
        assert lasts in words(panel)


def test_one_step_of_a_gru_unit_is_said(words):
    n = math.tanh(0.2 + 0.5 * -1.2)
    assert n < 0
    shown = f"−{-n:.2f}"  # a true minus; in brackets behind a sign
    said = words(gru_gate_panel())
    assert f"n = tanh(0.20 + 0.50 · (−1.20)) = {shown}, and" in said
    assert f"0.25 · ({shown}) + 0.75 · 0.80 = <b>{0.25 * n + 0.75 * 0.8:.2f}</b>" in said
    assert "If z stays at 0.75" in said


def test_coverage_is_asked_for_what_is_chosen_and_misses_are_counted(controls, words):
    asked = []

    def experiments(pairs, own_texts, spread):
        asked.append((pairs, own_texts, spread))
        return [Interval(0, -1, 1)] * pairs + [Interval(5, 4, 6)]

    panel = coverage_panel(experiments, truth=0.0)
    for name, value in {"pairs": 3, "each pair reads": "the same text", "texts differ by": 0.05}.items():
        controls(panel)[name].value = value
    assert asked == [(10, True, 0.03), (3, True, 0.03), (3, False, 0.03), (3, False, 0.05)]
    assert "<b>1 of 4</b> miss" in words(panel)


def test_curves_ask_for_a_run_when_none_is_chosen(histories, controls, words):
    for history in histories.values():
        history.val_updates, history.val_losses, history.val_seconds = [1, 2], [2.0, 1.0], [0.1, 0.2]
    panel = curves_panel(histories, None, None)
    assert "<img" in words(panel)
    controls(panel)["runs"].value = ()
    assert "no run is chosen" in words(panel)
    assert "<img" not in words(panel)  # nothing old stays beside the sentence


def test_next_character_bars_follow_top_k_and_temperature(pair, controls, words):
    panel = sampling_panel(pair.models, pair.vocab, "a cat")
    controls(panel)["top-k"].value = 5
    assert "LSTM 5, GRU 5" in words(panel)
    before = words(panel)
    controls(panel)["temperature"].value = 0.3
    assert "LSTM 5, GRU 5" in words(panel) != before
