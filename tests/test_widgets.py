"""What the controls of the panels promise, without a browser."""

import pytest

from charrnn_helpers.widgets import slider


@pytest.mark.parametrize(("value", "low", "high", "step"), [(0.01, 0.001, 0.05, 0.001), (3, 1, 10, 1)])
def test_slider_and_number_box_hold_the_same_value_whichever_is_moved(value, low, high, step):
    row, box = slider("rate", value, low, high, step)
    handle = row.children[1]
    handle.value = value + step
    assert box.value == handle.value == pytest.approx(value + step)
    box.value = value
    assert handle.value == value


def test_no_rounding_noise_stands_in_the_box():
    row, box = slider("rate", 0.5, 0.0, 1.0, 0.1)
    row.children[1].value = 0.1 + 0.2  # 0.30000000000000004
    assert str(box.value) == "0.3"
