"""Every figure of the course, each with its description in words: one module a theme.

`pictures` holds what they are made of.
"""

from .cells import plot_gru_update, plot_lstm_update
from .comparison import plot_bands, plot_excess_by_kind, plot_frontier, plot_groups, plot_intervals, plot_paired
from .diagrams import diagram
from .faults import plot_fault
from .memory import plot_gates, plot_gradient_by_lag, plot_reach, plot_shares, plot_units
from .text import plot_ladder, plot_marks, plot_next_characters, plot_one_hot, plot_streams, plot_text
from .training import plot_losses, plot_schedule, plot_training_losses
