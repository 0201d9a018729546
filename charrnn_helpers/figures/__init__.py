"""Every figure of the course, each with its description in words. `pictures` holds what they are made of."""

from . import pictures
from .comparison import (
    plot_answer,
    plot_bars,
    plot_births,
    plot_coverage,
    plot_excess_by_kind,
    plot_learnt,
    plot_memory_by_loss,
    plot_operations,
    plot_paired,
    plot_parts,
    plot_recipes,
    plot_runs,
    plot_settings,
)
from .diagrams import diagram
from .memory import plot_curves, plot_gradient_by_lag, plot_horizons, plot_points, plot_shares, plot_units, plot_update
from .ribbon import plot_names, plot_ribbon
from .text import plot_marks, plot_next_characters, plot_one_hot, plot_pieces, plot_streams, plot_text
from .training import plot_fault, plot_ladder, plot_loss_and_memory, plot_losses, plot_signs

__all__ = ["diagram", "pictures", "plot_answer", "plot_bars", "plot_births", "plot_coverage", "plot_curves"]
__all__ += ["plot_excess_by_kind", "plot_fault", "plot_gradient_by_lag", "plot_points"]
__all__ += ["plot_loss_and_memory", "plot_losses", "plot_marks", "plot_memory_by_loss", "plot_next_characters"]
__all__ += ["plot_one_hot", "plot_paired", "plot_pieces", "plot_recipes", "plot_ribbon", "plot_runs", "plot_shares"]
__all__ += ["plot_streams", "plot_text", "plot_units", "plot_update"]
__all__ += ["plot_horizons", "plot_learnt", "plot_operations", "plot_settings", "plot_signs"]
__all__ += ["plot_ladder", "plot_names", "plot_parts"]
