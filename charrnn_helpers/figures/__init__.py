"""Every figure of the course, each with its description in words. `pictures` holds what they are made of."""

from . import pictures
from .cells import plot_gradient_by_lag, plot_update
from .comparison import (
    plot_answer,
    plot_coverage,
    plot_decomposition,
    plot_excess_by_kind,
    plot_memory_by_loss,
    plot_paired,
)
from .diagrams import diagram
from .faults import plot_fault
from .memory import plot_carried_and_cut, plot_curves, plot_heroes, plot_patches, plot_reach, plot_shares, plot_units
from .ribbon import plot_ribbon
from .runs import plot_births, plot_runs
from .speed import plot_bars, plot_recipes
from .text import plot_ladder, plot_marks, plot_next_characters, plot_one_hot, plot_streams, plot_text
from .training import plot_loss_and_memory, plot_losses, plot_training_losses
from .writing import plot_file_sizes, plot_pieces, plot_quality

__all__ = ["pictures", "plot_gradient_by_lag", "plot_update"]
__all__ += ["plot_answer", "plot_coverage", "plot_decomposition", "plot_excess_by_kind"]
__all__ += ["plot_memory_by_loss", "plot_paired"]
__all__ += ["diagram", "plot_fault"]
__all__ += [
    "plot_carried_and_cut",
    "plot_curves",
    "plot_heroes",
    "plot_patches",
    "plot_reach",
    "plot_shares",
    "plot_units",
]
__all__ += ["plot_ribbon"]
__all__ += ["plot_births", "plot_runs"]
__all__ += ["plot_bars", "plot_recipes"]
__all__ += ["plot_ladder", "plot_marks", "plot_next_characters", "plot_one_hot", "plot_streams"]
__all__ += ["plot_text"]
__all__ += ["plot_loss_and_memory", "plot_losses", "plot_training_losses"]
__all__ += ["plot_file_sizes", "plot_pieces", "plot_quality"]
