"""What a control promises."""

import sys
from types import SimpleNamespace

import pytest
from IPython.core.formatters import DisplayFormatter

from charrnn_helpers.panels.controls import WHERE_IT_LIVES, Panel, Slider

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize("colab", [False, True])
def test_a_panel_is_a_widget_with_words_and_tells_colab_where_the_widgets_of_others_come_from(colab, monkeypatch):
    manager = SimpleNamespace(_installed_url=None)
    enable = lambda: setattr(manager, "_installed_url", "manager.js")
    if colab:
        fake = SimpleNamespace(enable_custom_widget_manager=enable, _widgets=manager)
        monkeypatch.setitem(sys.modules, "google.colab.output", fake)
    data, metadata = DisplayFormatter().format(Panel([], "What one\n can do."))
    assert data["text/plain"] == f"[panel] What one can do. {WHERE_IT_LIVES}"
    assert WIDGET in data
    assert metadata == ({WIDGET: {"colab": {"custom_widget_manager": {"url": "manager.js"}}}} if colab else {})


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
