"""JupyterLab and a browser, driven: what the browser tests and the benchmark of the playground share.

Needs a Chromium on the path. Nothing leaves this machine: the server listens on 127.0.0.1 only.
"""

import contextlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NEEDED = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the path"),
    pytest.mark.skipif(
        not importlib.util.find_spec("playwright"), reason="playwright is not installed; see tests/requirements.txt"
    ),
    pytest.mark.timeout(600),
]
MINUTES = 60_000  # milliseconds, as Playwright counts


@contextlib.contextmanager
def jupyterlab(folder, settings):
    """Serve `folder` in JupyterLab on a free port of this machine: yields its address; ended by its own handle.

    `settings` is an empty folder for everything Jupyter would keep in the reader's home.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Path(settings)
    for name, content in {
        "labconfig/page_config.json": {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}},
        "lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    }.items():
        (settings / name).parent.mkdir(parents=True, exist_ok=True)
        (settings / name).write_text(json.dumps(content))
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = {**os.environ, **dict.fromkeys(places, str(settings))}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *("--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", "--LabApp.extension_manager=readonly"),
        "--JupyterNotebookApp.expose_app_in_browser=True",  # Notebook 7, where it is installed
    ]
    said = settings / "server.log"
    with open(said, "w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            deadline = time.monotonic() + 90
            while " is running at:" not in said.read_text(encoding="utf-8"):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"JupyterLab did not start:\n{said.read_text(encoding='utf-8')[-3000:]}")
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()  # it ends its kernels first
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(20)


def run_notebook(page, address, name):
    """Open notebook `name` (a path on the server), run all its cells, and return its error outputs as text."""
    page.goto(f"{address}/lab/tree/{name}?reset")
    wait_for_kernel(page, name)
    return run_cells(page, "run-all-cells")


def wait_for_kernel(page, name, minutes=2):
    """Until the kernel of notebook `name`, which is opening, waits for cells."""
    page.wait_for_function(
        """name => {
            const current = window.jupyterapp?.shell.currentWidget;
            const kernel = current?.context?.path === name && current.context.sessionContext?.session?.kernel;
            return Boolean(kernel) && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
        }""",
        arg=name,
        timeout=minutes * MINUTES,
    )


def run_cells(page, command):
    """Run cells of the open notebook by a command of JupyterLab's, and return its error outputs as text."""
    page.evaluate("async command => { await window.jupyterapp.commands.execute(`notebook:${command}`); }", command)
    page.wait_for_function(  # the command ends early at an error that its cell announces; the cells below it go on
        """() => {
            const code = [...window.jupyterapp.shell.currentWidget.content.model.cells].filter(c => c.type === 'code');
            const failed = c => c.toJSON().outputs.some(output => output.output_type === 'error');
            return code.every(c => c.executionCount !== null && (c.executionState ?? 'idle') === 'idle')
                || code.some(c => failed(c) && !(c.getMetadata('tags') ?? []).includes('raises-exception'));
        }""",
        timeout=15 * MINUTES,  # 04 takes five where nothing else runs
        polling=100,
    )
    return errors_of(page)


def show_panels(page, address, folder, names):
    """Give each panel a new cell of one notebook, which stays open with its kernel, and return the cells' outputs.

    To open JupyterLab and to import PyTorch takes longer than most tests of a panel.
    """
    if page.evaluate("window.jupyterapp?.shell.currentWidget?.context?.path") != "panels.ipynb":
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
        notebook.cells = [nbformat.v4.new_code_cell(PREPARE)]
        nbformat.write(notebook, folder / "panels.ipynb")
        assert run_notebook(page, address, "panels.ipynb") == []
    page.evaluate(
        """sources => {
            const { content } = window.jupyterapp.shell.currentWidget, cells = content.model.sharedModel;
            cells.deleteCellRange(1, cells.cells.length);
            cells.insertCells(1, sources.map(source => ({ cell_type: 'code', metadata: {}, outputs: [], source })));
            content.activeCellIndex = 1;
        }""",
        [PANELS[name] for name in names],
    )
    assert run_cells(page, "run-all-below") == []
    places = [page.locator(".jp-CodeCell").nth(1 + n).locator(".jp-OutputArea") for n in range(len(names))]
    for place in places:
        place.locator(".widget-vbox").first.wait_for(timeout=15_000)
    return places


def leave(page):
    """End the kernel of the open notebook, which needs room, and close the page's notebook."""
    page.evaluate("window.jupyterapp.commands.execute('kernelmenu:shutdown')")
    page.goto("about:blank")


def errors_of(page):
    """Error outputs of the open notebook that no tag announces, as text."""
    cells = page.evaluate("window.jupyterapp.shell.currentWidget.content.model.toJSON().cells")
    return [
        f"{output['ename']}: {output['evalue']} in: {cell['source']}"
        for cell in cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "error" and "raises-exception" not in cell["metadata"].get("tags", [])
    ]


def control(place, label):
    """Number box and handle of a `controls.Slider`, somewhere in `place` (a page or a part of it)."""
    return tuple(place.get_by_role(role, name=label, exact=True).first for role in ("spinbutton", "slider"))


def press(page, place, *keys):
    place.scroll_into_view_if_needed()
    place.focus()
    for key in keys:
        page.keyboard.press(key)


def retype(page, box, text):
    """Put `text` into a box in place of what it holds, by keyboard, and enter it."""
    press(page, box, "ControlOrMeta+a", "Delete")
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")


def wait_for(page, condition, seconds=20):
    """True as soon as `condition()` holds, False when it has not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        page.wait_for_timeout(100)
    return True


def settled(page):
    """The page, as soon as its playground has written all that it is to write."""
    assert wait_for(page, lambda: page.locator(".charrnn-columns[aria-busy]").count() == 0, 60)
    return page


def samples(page):
    """What each network has written, as it stands on the page."""
    settled(page)
    return {
        cell: page.locator(f'.charrnn-sample[data-cell="{cell}"]').first.evaluate("place => place.textContent")
        for cell in ("LSTM", "GRU")
    }


# --- every panel, each in a cell of one notebook

PREPARE = """
from charrnn_helpers import Vocabulary, load_checkpoint, load_corpus, panels
from charrnn_helpers.measures import Interval
from charrnn_helpers.training import find_checkpoint

corpus = load_corpus("tales")
vocab = Vocabulary.from_text(corpus.text)
kept = {cell: load_checkpoint(find_checkpoint(cell)) for cell in ("LSTM", "GRU")}
models = {cell: checkpoint.model for cell, checkpoint in kept.items()}
runs = {cell: checkpoint.history for cell, checkpoint in kept.items()}
"""
PANELS = {
    "encoding": "panels.encoding_panel(vocab)",
    "lstm": "panels.lstm_gate_panel()",
    "gru": "panels.gru_gate_panel()",
    "training": "panels.training_panel(corpus, updates=400)",
    "curves": 'panels.curves_panel(runs, {"bigram": 2.0}, corpus.floor)',
    "playground": "panels.playground_panel(panels.Pair.of(kept, corpus))",
    "sampling": 'panels.sampling_panel(models, vocab, "Once ")',
    "gates": 'panels.gates_panel(models, vocab, "Once a cat sat (in a mill) and sang.")',
    "coverage": "panels.coverage_panel(lambda pairs, own, spread: [Interval(spread, 0, 0.01 * pairs)] * 2, 0.03)",
    "faults": "panels.faults_panel()",
}
