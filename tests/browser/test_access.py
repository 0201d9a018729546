"""Anyone can use the panels: what axe-core finds in each, in both themes of JupyterLab; names, zoom, a projector."""

import pytest
from lab import NEEDED, PANELS, settled, wait_for

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
pytestmark = NEEDED

PRESSED = {"training": "Start", "faults": "Plant it and train", "playground": "Train on your own text"}  # beforehand


def violations(page):
    """Serious and critical findings of axe-core within the panels of the page, in words."""
    found = axe.Axe().run(page, context=".jp-OutputArea .widget-vbox").response["violations"]
    return [
        f"{one['impact']}: {one['help']} at {node['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def reached_by_tab(page, place, controls):
    """Which of the controls have the focus, one after the other, when Tab is pressed often enough."""
    controls.first.focus()
    seen = set()
    more = place.locator("[role=application], summary:visible").count()  # texts to be stepped through, and folds
    for _ in range(controls.count() + more):
        seen.add(controls.evaluate_all("all => all.indexOf(document.activeElement)"))
        page.keyboard.press("Tab")
    return seen - {-1}


def beyond_the_edge(place):
    """What a reader would have to scroll sideways for."""
    return place.locator(".widget-vbox *").evaluate_all(
        """all => { const edge = all[0].closest('.jp-OutputArea-output').getBoundingClientRect().right + 1;
            return all.filter(one => one.getClientRects().length && one.getBoundingClientRect().right > edge)
                      .map(one => one.outerHTML.slice(0, 120)); }"""
    )


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_is_for_everyone(page, panel, name):
    """axe-core content in both themes; every control named and reached by Tab; room on a projector and at 200 %."""
    place = panel(name)
    if name in PRESSED:
        place.get_by_role("button", name=PRESSED[name]).click()
    if name in ("training", "faults"):
        assert wait_for(page, lambda: place.locator("img").count() == 1, 120)
    if name == "training":
        place.get_by_role("button", name="Stop").click()
        assert wait_for(page, lambda: "nothing is lost" in place.inner_text())
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
        assert wait_for(page, lambda theme=theme: page.locator(f"body[data-jp-theme-name='{theme}']").count() == 1)
        assert violations(page) == []

    controls = place.locator("input:visible, select:visible, textarea:visible, button:visible:enabled, a:visible")
    assert reached_by_tab(settled(page), place, controls) == set(range(controls.count()))

    page.evaluate("window.jupyterapp.shell.collapseLeft()")
    for width, height in ((1280, 720), (640, 450)):  # at 200 %, a page of 1280 pixels is 640 wide
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        assert beyond_the_edge(place) == [], width
