"""What several tests of tools share."""

import pytest
from precision import PrecisionError, in_bfloat16

from charrnn_helpers import LSTMModel


@pytest.fixture
def bfloat16():
    """Skip the test on a processor that does not train in bfloat16; an LSTM is what oneDNN may lack there."""
    try:
        in_bfloat16(LSTMModel(2, 2))
    except PrecisionError as problem:
        pytest.skip(str(problem))
