"""Every interactive panel of the course, one module a panel.

`controls` holds what they are made of; `live_training` is training that one can watch; `network_pairs` finds and keeps
the networks that a panel plays with.
"""

from .coverage import coverage_panel
from .curves import curves_panel
from .encoding import encoding_panel
from .faults import faults_panel
from .gate_reader import gates_panel
from .gate_sliders import gru_gate_panel, lstm_gate_panel
from .network_pairs import Pair
from .playground import playground_panel
from .sampling import sampling_panel
from .training import training_panel
