"""The full trial in a panel."""

from charrnn_helpers.experiments.recipes import measured
from charrnn_helpers.panels.trial import trial_panel


def test_the_panel_follows_equality_and_pair(controls, words):
    panel = trial_panel(measured("full_trial"), 0.02, 0.998)
    seen = {words(panel)}
    steps = {"what is equal": "width", "compare": ("GRU", "RNN")}
    for name, value in (*steps.items(), ("what is equal", "seconds")):
        controls(panel)[name].value = value
        assert 'role="alert"' not in words(panel)
        assert words(panel) not in seen
        seen.add(words(panel))
    assert "GRU minus RNN" in words(panel)
    assert "seconds of one core" in words(panel)
