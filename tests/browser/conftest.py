"""What the browser tests share: a copy of the notebooks, a JupyterLab that serves it, and each panel on a page."""

import shutil

import nbformat
import pytest
from lab import CHROMIUM, CHROMIUM_OPTIONS, PANELS, PREPARE, ROOT, jupyterlab, run_notebook


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": CHROMIUM_OPTIONS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the notebooks, so that nothing in the repository changes."""
    folder = tmp_path_factory.mktemp("class")
    copied = shutil.ignore_patterns(".ipynb_checkpoints", "runs")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=copied)
    return folder


@pytest.fixture(scope="module")
def address(folder, tmp_path_factory):
    """A server over that folder."""
    with jupyterlab(folder, tmp_path_factory.mktemp("jupyter")) as address:
        yield address


@pytest.fixture
def panel(page, address, folder):
    """`panel("lstm")`: that panel, alive on a page of its own; with several names, as many panels."""

    def show(*names):
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in (PREPARE, *map(PANELS.get, names))]
        file = f"{'-'.join(names)}.ipynb"
        nbformat.write(notebook, folder / file)
        assert run_notebook(page, address, file) == []
        places = [page.locator(".jp-CodeCell").nth(1 + n).locator(".jp-OutputArea") for n in range(len(names))]
        for place in places:
            place.locator(".widget-vbox").first.wait_for(timeout=15_000)
        return places[0] if len(places) == 1 else places

    yield show
    page.evaluate("window.jupyterapp?.commands.execute('kernelmenu:shutdown')")  # the next one needs the room
