"""Every interactive panel of the course.

`controls` holds what they are made of; `live_training` is training that one can watch; `network_pairs` finds and keeps
the networks that a panel plays with; `in_browser` is what the playground's JavaScript is given.
"""

from .encoding import encoding_panel
from .faults import faults_panel
from .figure_panels import coverage_panel, curves_panel, gru_gate_panel, lstm_gate_panel, sampling_panel
from .gate_reader import gates_panel
from .network_pairs import Pair
from .playground import playground_panel
from .training import training_panel

__all__ = ["encoding_panel", "faults_panel"]
__all__ += ["coverage_panel", "curves_panel", "gru_gate_panel", "lstm_gate_panel", "sampling_panel"]
__all__ += ["Pair", "gates_panel", "playground_panel", "training_panel"]
