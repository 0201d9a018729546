"""09: what an interval promises."""

from collections.abc import Callable, Sequence

from ..figures.comparison import plot_coverage
from ..figures.pictures import Picture
from ..measures.intervals import Interval
from .controls import Panel, Slider, dropdown, figure_panel

OWN, SAME = "a text of its own", "the same text"


def coverage_panel(experiments: Callable[[int, bool, float], Sequence[Interval]], truth: float) -> Panel:
    """Choose pairs, what they read and how much texts differ: the intervals of many experiments, and how many miss.

    `experiments(pairs, own_texts, spread)` gives the intervals.
    """

    def shown(pairs: int, texts: str, spread: float) -> tuple[Picture, str]:
        intervals = experiments(pairs, texts == OWN, spread)
        missed = sum(not interval.low <= truth <= interval.high for interval in intervals)
        line = f'<p role="status"><b>{missed} of {len(intervals)}</b> miss the truth, the black line</p>'
        return plot_coverage({f"each pair reads {texts}": intervals}, truth), line

    return figure_panel(
        [
            Slider("pairs", 10, 2, 30),
            dropdown("each pair reads", [OWN, SAME]),
            Slider("texts differ by", 0.03, 0.0, 0.06, 0.01),
        ],
        shown,
        "A hundred experiments and their intervals: choose the number of pairs, whether each pair reads a text of its "
        "own, and how much texts differ; those that miss the truth are red, and counted.",
    )
