"""Every notebook in JupyterLab: restarted and run to its end, without an error, with its panels alive; and pulled."""

import shutil
import subprocess

import pytest
from lab import NEEDED, ROOT, leave, run_cells, run_notebook, wait_for_kernel

from charrnn_helpers.lecturer import link

pytestmark = NEEDED

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.every_notebook
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom_and_its_panel_if_it_has_one_is_there(page, address, name):
    assert run_notebook(page, address, f"notebooks/{name}") == []
    panels = page.locator(".jp-OutputArea-output > .widget-vbox")
    if expected := (ROOT / "notebooks" / name).read_text(encoding="utf-8").count("[panel]"):
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


def test_the_link_for_a_class_pulls_the_repository_and_opens_the_notebook(page, address, folder, tmp_path):
    """What a student clicks on a hub, here on a server without one: the hub only adds whose server it is."""
    pytest.importorskip("nbgitpuller", reason="nbgitpuller is not installed; see tests/requirements.txt")
    source = tmp_path / "lstm-or-gru"
    shutil.copytree(ROOT / "notebooks", source / "notebooks")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "--initial-branch", "main"], ["add", "."], ["commit", "-m", "one"]):
        subprocess.run([*git, *command], cwd=source, check=True, capture_output=True)
    page.goto(link(address, f"file://{source}", "02").replace("/hub/user-redirect", ""))
    page.wait_for_url("**/lab/tree/lstm-or-gru/notebooks/02_lstm.ipynb", timeout=60_000)
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.path.endsWith('02_lstm.ipynb')")
    assert (folder / "lstm-or-gru" / "notebooks" / "01_encoding.ipynb").is_file()
