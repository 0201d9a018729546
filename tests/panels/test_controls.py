"""What a control promises."""

from charrnn_helpers.panels.controls import Slider


def test_a_slider_keeps_its_value_within_its_ends_and_whole_numbers_whole():
    whole, share = Slider("seed", 3, 1, 10), Slider("share", 0.5, 0.0, 1.0, 0.1)
    for given, kept in ((11, 10), (0, 1), (8, 8)):
        whole.value = given
        assert (whole.value, type(whole.value)) == (kept, int)
    for given, kept in ((1.5, 1.0), (-1, 0.0), (0.1 + 0.2, 0.3), (1, 1.0)):  # no 0.30000000000000004
        share.value = given
        assert (share.value, type(share.value)) == (kept, float)
    whole.max = 5
    assert whole.value == 5  # a lower end takes the value along
    whole.max = 20
    assert whole.value == 5
