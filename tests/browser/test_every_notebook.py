"""Every notebook in JupyterLab: restarted and run to its end, without an error, with its panels alive."""

import pytest
from lab import NEEDED, ROOT, leave, run_cells, run_notebook, wait_for_kernel
from sizes import COURSE, LABORATORY

pytestmark = NEEDED

NOTEBOOKS = [path.relative_to(ROOT).as_posix() for path in (*COURSE, *LABORATORY)]


@pytest.mark.every_notebook
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom_and_its_panel_if_it_has_one_is_there(page, address, name):
    assert run_notebook(page, address, name) == []
    panels = page.locator(".jp-OutputArea-output > .widget-vbox")
    if expected := (ROOT / name).read_text(encoding="utf-8").count("[panel]"):
        panels.first.wait_for(timeout=15_000)
        assert panels.count() == expected
        assert panels.locator("input, select").count() >= 1
    leave(page)


@pytest.mark.every_notebook
def test_the_playground_answers_in_notebook_7(page, address):
    pytest.importorskip("notebook", reason="pip install notebook")
    page.goto(f"{address}/notebooks/notebooks/07_playground.ipynb")
    wait_for_kernel(page, "notebooks/07_playground.ipynb")
    assert run_cells(page, "run-all-cells") == []
    page.locator(".charrnn-sample [data-at]").last.click()
    page.locator(".charrnn-bars").first.wait_for(timeout=15_000)
    leave(page)
