"""09: the full trial."""

from __future__ import annotations

import html
from itertools import combinations

import ipywidgets as ipw

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
from .controls import Chart, Panel, dropdown, on_change

SIZES = {"parameters": PARAMETERS, "width": ("128 units",)}  # the groups of which these are equal


def trial_panel(trial: dict, smallest: float, confidence: float) -> Panel:
    """Choose the text, what is equal and the two cells: the figure, and the verdict as a sentence.

    `trial` is what `measured("full_trial")` gives.
    """
    texts = list(trial["baselines"])
    usual = usual_plan(trial["rows"])
    text = dropdown("text", texts)
    equal = dropdown("what is equal", [*SIZES, "seconds"])
    pair = dropdown("compare", [(" and ".join(two), two) for two in combinations(COMPARED, 2)])
    say, verdicts, chart = ipw.HTML(), ipw.HTML(), Chart()

    def update() -> None:
        rows = select(trial["rows"], text=text.value, **usual)
        groups, figure = _compared(equal.value, rows, trial["baselines"][text.value])
        chart.show(figure)
        lines = [
            f"<b>{html.escape(name)}</b>: {html.escape(verdict_sentence(losses, *pair.value, smallest, confidence))}"
            for name, losses in groups.items()
        ]
        verdicts.value = f'<div style="max-width: 720px" role="status">{"<br>".join(lines)}</div>'

    on_change((text, equal, pair), update, say)
    return Panel(
        [text, equal, pair, say, verdicts, chart],
        "The full trial: choose the text, what is equal (width, parameters, seconds) and two cells; the verdict as a "
        "sentence, and its figure.",
    )


def _compared(equal: str, rows: list[dict], baseline: dict) -> tuple[dict, Picture]:
    """The final losses of every group in which something is equal, and their figure."""
    rungs = baseline["test"], baseline.get("floor")
    if equal in SIZES:
        groups = {size: final_losses(rows, size=size) for size in SIZES[equal]}
        return groups, plot_groups(groups, *rungs, equal)
    points = by_seconds(rows)
    seconds = shared_seconds(points)
    groups = {f"{seconds:.0f} seconds of one core": losses_at_seconds(points, seconds)}
    return groups, plot_frontier(points, seconds, *rungs)
