"""The learning rate is as configured."""

import math

import pytest

from charrnn_helpers import TrainConfig


def test_rate_rises_in_a_line_and_falls_along_half_a_cosine():
    config = TrainConfig(updates=110, warmup=10, learning_rate=1.0, final_share=0.1)
    assert [config.rate(update) for update in (0, 4, 9, 10)] == pytest.approx([0.1, 0.5, 1.0, 1.0])
    assert config.rate(60) == pytest.approx(0.55)  # half way between 1 and 0.1
    assert config.rate(35) == pytest.approx(0.1 + 0.9 * (1 + math.sqrt(0.5)) / 2)
    assert config.rate(110) == pytest.approx(0.1)
    assert TrainConfig(warmup=0, learning_rate=0.3).rate(0) == 0.3
