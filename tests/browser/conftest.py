"""What the browser tests share: a copy of the notebooks, a JupyterLab that serves it, one page, and panels on it."""

import shutil

import pytest
from lab import CHROMIUM, CHROMIUM_OPTIONS, ROOT, jupyterlab, show_panels

SIZE = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": CHROMIUM_OPTIONS}


@pytest.fixture(scope="session")
def page(browser):
    """One for all tests."""
    return browser.new_page(viewport=SIZE)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A copy of the notebooks, so that nothing in the repository changes."""
    folder = tmp_path_factory.mktemp("class")
    copied = shutil.ignore_patterns(".ipynb_checkpoints", "runs")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=copied)
    return folder


@pytest.fixture(scope="session")
def address(folder, tmp_path_factory):
    """A server over that folder."""
    with jupyterlab(folder, tmp_path_factory.mktemp("jupyter")) as address:
        yield address


@pytest.fixture
def panel(page, address, folder):
    """`panel("lstm")`: a new one of that panel, alive on the page; with several names, as many panels."""

    def show(*names):
        page.set_viewport_size(SIZE)
        places = show_panels(page, address, folder, names)
        return places[0] if len(places) == 1 else places

    return show
