"""05: loss curves."""

from __future__ import annotations

import ipywidgets as ipw

from ..figures.training import AXES, UNITS, plot_losses
from ..training.config import History
from .controls import NAMES_WIDTH, Chart, Panel, dropdown, on_change


def curves_panel(runs: dict[str, History], ladder: dict[str, float] | None, floor: float | None) -> Panel:
    """Choose which runs to see, against which axis and in which unit."""
    names = list(runs)
    chosen = ipw.SelectMultiple(
        options=names,
        value=names,
        description="runs",
        rows=min(8, len(names)),
        style={"description_width": NAMES_WIDTH},
    )
    axis = dropdown("axis", list(AXES))
    unit = dropdown("unit", list(UNITS))
    say, chart = ipw.HTML(), Chart()

    def update() -> None:
        if not chosen.value:
            raise ValueError("no run is chosen: select one or more in the list (Ctrl or Cmd adds to the choice)")
        shown = [runs[name] for name in chosen.value]
        chart.show(plot_losses(shown, ladder, floor, axis.value, unit.value))

    on_change((chosen, axis, unit), update, say)
    return Panel(
        [chosen, axis, unit, say, chart],
        "Loss curves: choose the runs, the axis (updates, characters, seconds) and the unit (nats, bits).",
    )
