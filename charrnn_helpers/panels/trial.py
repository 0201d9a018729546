"""09: the full trial."""

import html
from itertools import combinations

from ..experiments.trial import (
    COMPARED,
    PARAMETERS,
    by_seconds,
    final_losses,
    losses_at_seconds,
    select,
    shared_seconds,
    usual_plan,
)
from ..figures.comparison import plot_frontier, plot_groups
from ..figures.pictures import Picture
from ..measures.intervals import verdict_sentence
from .controls import Panel, dropdown, figure_panel

SIZES = {"parameters": PARAMETERS, "width": ("128 units",)}  # the groups of which these are equal


def trial_panel(trial: dict, smallest: float, confidence: float) -> Panel:
    """Choose what is equal and the two cells: the figure, and the verdict as a sentence.

    `trial` is what `measured("full_trial")` gives.
    """
    ((text, baseline),) = trial["baselines"].items()
    rows = select(trial["rows"], text=text, **usual_plan(trial["rows"]))

    def verdicts(equal: str, pair: tuple[str, str]) -> tuple[Picture, str]:
        if equal in SIZES:
            groups = {size: final_losses(rows, size=size) for size in SIZES[equal]}
            figure = plot_groups(groups, baseline["test"], xlabel=equal)
        else:
            points = by_seconds(rows)
            seconds = shared_seconds(points)
            groups = {f"{seconds:.0f} seconds of one core": losses_at_seconds(points, seconds)}
            figure = plot_frontier(points, seconds, baseline["test"])
        lines = [
            f"<b>{html.escape(name)}</b>: {html.escape(verdict_sentence(losses, *pair, smallest, confidence))}"
            for name, losses in groups.items()
        ]
        return figure, f'<div class="charrnn-words" role="status">{"<br>".join(lines)}</div>'

    return figure_panel(
        [
            dropdown("what is equal", [*SIZES, "seconds"]),
            dropdown("compare", [(" and ".join(two), two) for two in combinations(COMPARED, 2)]),
        ],
        verdicts,
        "The full trial: choose what is equal (width, parameters, seconds) and two cells; the verdict as a sentence, "
        "and its figure.",
    )
