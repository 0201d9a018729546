"""The JavaScript of the panels is native modules: each loads as it is shipped, and declares every name that it uses."""

import shutil
import subprocess
from pathlib import Path

import pytest
from lab import NEEDED, ROOT

from charrnn_helpers.panels.in_browser import HERE, data_address

pytestmark = NEEDED
MODULES = sorted(path.name for path in HERE.glob("*.js"))
ESLINT = shutil.which("eslint")


@pytest.mark.parametrize("name", MODULES)
def test_a_module_loads_from_its_text_alone(browser, name):
    """All that it imports is found in others: a browser links a module, in strict mode, before it runs it."""
    page = browser.new_page()
    assert page.evaluate("async address => Object.keys(await import(address))", data_address(name)) != []
    page.close()


@pytest.mark.skipif(ESLINT is None, reason="eslint is not installed (npm install --global eslint)")
def test_no_module_uses_a_name_that_it_does_not_declare():
    config = Path(__file__).with_name("eslint.config.mjs")
    done = subprocess.run([ESLINT, "--config", config, HERE], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
