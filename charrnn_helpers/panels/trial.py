"""09: the full trial."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import combinations

import ipywidgets as ipw

from ..experiments.trial import (
    PARAMETERS,
    by_seconds,
    final_losses,
    losses_at_seconds,
    select,
    shared_seconds,
    usual_plan,
)
from ..figures.comparison import plot_frontier, plot_groups
from ..measures.intervals import verdict_sentence
from .controls import Chart, Panel, dropdown, on_change

# ------------------------------------------------------------------------------------------- 09: the full trial


def trial_panel(trial: dict, smallest: float, confidence: float) -> Panel:
    """Choose the text, what is equal and the two cells: the figure, and the verdict as a sentence.

    `trial` is what `measured("full_trial")` gives.
    """
    texts = list(trial["baselines"])
    usual = usual_plan(trial["rows"])
    text = dropdown("text", texts)
    equal = dropdown("what is equal", list(EQUAL))
    pair = dropdown("compare", [(" and ".join(two), two) for two in combinations(("LSTM", "GRU", "RNN"), 2)])
    say, verdicts, chart = ipw.HTML(), ipw.HTML(), Chart()

    def update() -> None:
        rows = select(trial["rows"], text=text.value, **usual)
        groups, figure = EQUAL[equal.value](rows, trial["baselines"][text.value])
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


def _equal_groups(rows, baseline: dict, sizes: Sequence[str], xlabel: str):
    groups = {size: final_losses(rows, size=size) for size in sizes}
    return groups, plot_groups(groups, baseline["test"], baseline.get("floor"), xlabel)


def _equal_parameters(rows, baseline: dict):
    return _equal_groups(rows, baseline, PARAMETERS, "parameters")


def _equal_width(rows, baseline: dict):
    return _equal_groups(rows, baseline, ("128 units",), "width")


def _equal_seconds(rows, baseline: dict):
    points = by_seconds(rows)
    seconds = shared_seconds(points)
    figure = plot_frontier(points, seconds, baseline["test"], baseline.get("floor"))
    return {f"{seconds:.0f} seconds of one core": losses_at_seconds(points, seconds)}, figure


EQUAL = {"parameters": _equal_parameters, "width": _equal_width, "seconds": _equal_seconds}
