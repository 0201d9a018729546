"""What an interval promises, in a panel."""

from charrnn_helpers.measures import Interval
from charrnn_helpers.panels import coverage_panel


def test_the_panel_asks_for_what_is_chosen_and_counts_what_misses(controls, words):
    asked = []

    def experiments(pairs, own_texts, spread):
        asked.append((pairs, own_texts, spread))
        return [Interval(0, -1, 1)] * pairs + [Interval(5, 4, 6)]

    panel = coverage_panel(experiments, truth=0.0)
    for name, value in {"pairs": 3, "each pair reads": "the same text", "texts differ by": 0.05}.items():
        controls(panel)[name].value = value
    assert asked == [(10, True, 0.03), (3, True, 0.03), (3, False, 0.03), (3, False, 0.05)]
    assert "<b>1 of 4</b> miss" in words(panel)
