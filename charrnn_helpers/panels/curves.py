"""05: loss curves."""

import ipywidgets as ipw

from ..figures.pictures import Picture
from ..figures.training import AXES, UNITS, plot_losses
from ..training.config import History
from .controls import Panel, dropdown, figure_panel


def curves_panel(runs: dict[str, History], ladder: dict[str, float] | None, floor: float | None) -> Panel:
    """Choose which runs to see, against which axis and in which unit."""

    def curves(chosen: tuple[str, ...], axis: str, unit: str) -> tuple[Picture, str]:
        if not chosen:
            raise ValueError("no run is chosen: select one or more in the list (Ctrl or Cmd adds to the choice)")
        return plot_losses([runs[name] for name in chosen], ladder, floor, axis, unit), ""

    names = list(runs)
    chosen = ipw.SelectMultiple(options=names, value=names, description="runs", rows=min(8, len(names)))
    return figure_panel(
        [chosen, dropdown("axis", list(AXES)), dropdown("unit", list(UNITS))],
        curves,
        "Loss curves: choose the runs, the axis (updates, characters, seconds) and the unit (nats, bits).",
    )
