"""Every interactive panel of the course.

`controls` holds what they are made of; `live_training` is training that one can watch; `network_pairs` finds and keeps
the networks that a panel plays with; `in_browser` is what the playground's JavaScript is given.
"""

from .faults import faults_panel
from .figure_panels import coverage_panel, curves_panel, encoding_panel, gru_gate_panel, lstm_gate_panel, sampling_panel
from .gate_reader import gates_panel
from .live_training import training_panel
from .network_pairs import Pair
from .playground import playground_panel

__all__ = ["Pair", "coverage_panel", "curves_panel", "encoding_panel", "faults_panel", "gates_panel", "gru_gate_panel"]
__all__ += ["lstm_gate_panel", "playground_panel", "sampling_panel", "training_panel"]
