"""The playground in a real JupyterLab and a real browser: it runs without an error and answers to the keyboard.

Needs a Chromium on the path. Nothing leaves this machine: the server listens on 127.0.0.1 only.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed; see tests/requirements.txt")

ROOT = Path(__file__).resolve().parents[1]
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
MINUTES = 60_000  # milliseconds, as Playwright counts

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the path"),
    pytest.mark.timeout(600),
]


# --- the machinery, which may also be used outside the tests --------------------------------------------------------


@contextlib.contextmanager
def jupyterlab(folder, settings):
    """Serve `folder` in JupyterLab on a free port of this machine: yields its address; ended by its own handle.

    `settings` is an empty folder for everything Jupyter would keep in the reader's home.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = Path(settings)
    keep = {
        "labconfig/page_config.json": {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}},
        "lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    }
    for name, content in keep.items():
        (config / name).parent.mkdir(parents=True, exist_ok=True)
        (config / name).write_text(json.dumps(content))
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = {**os.environ, **{name: str(config / name.lower()) for name in places[1:]}, places[0]: str(config)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *("--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", "--LabApp.extension_manager=readonly"),
    ]
    address = f"http://127.0.0.1:{port}"
    with open(config / "server.log", "w+", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            deadline = time.monotonic() + 90
            while not _answers(f"{address}/api/status"):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"JupyterLab did not start:\n{(config / 'server.log').read_text()[-3000:]}")
                time.sleep(0.2)
            yield address
        finally:
            server.terminate()  # it ends its kernels first
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(20)


def _answers(address):
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def run_notebook(page, address, name, minutes=5):
    """Open notebook `name` (a path on the server), run all its cells, and return its error outputs as text."""
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.wait_for_function("window.jupyterapp !== undefined", timeout=2 * MINUTES)
    page.evaluate("async () => { await window.jupyterapp.restored; }")
    page.wait_for_function(
        """name => {
            const current = window.jupyterapp.shell.currentWidget;
            const kernel = current?.context?.path === name && current.context.sessionContext?.session?.kernel;
            return Boolean(kernel) && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
        }""",
        arg=name,
        timeout=2 * MINUTES,
    )
    page.set_default_timeout(minutes * MINUTES)
    page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.wait_for_function(  # the command ends early at an error that its cell announces; the cells below it go on
        """() => {
            const code = [...window.jupyterapp.shell.currentWidget.content.model.cells].filter(c => c.type === 'code');
            const failed = c => c.toJSON().outputs.some(output => output.output_type === 'error');
            return code.every(c => c.executionCount !== null && (c.executionState ?? 'idle') === 'idle')
                || code.some(c => failed(c) && !(c.getMetadata('tags') ?? []).includes('raises-exception'));
        }""",
        timeout=minutes * MINUTES,
        polling=100,
    )
    page.set_default_timeout(30_000)
    return errors_of(page)


def errors_of(page):
    """Error outputs of the open notebook that no tag announces, and the code cells that have not been run."""
    return page.evaluate(
        """() => {
            const found = [];
            for (const cell of window.jupyterapp.shell.currentWidget.content.model.cells) {
                const { cell_type, source, execution_count, outputs, metadata } = cell.toJSON();
                if (cell_type !== 'code') continue;
                const announced = (metadata.tags ?? []).includes('raises-exception');
                const code = Array.isArray(source) ? source.join('') : source;
                if (code.trim() && execution_count === null) found.push('not run: ' + code);
                for (const output of outputs)
                    if (output.output_type === 'error' && !announced)
                        found.push(`${output.ename}: ${output.evalue} in: ${code}`);
            }
            return found;
        }"""
    )


def control(place, label):
    """Number box and slider handle of a row made by `widgets.slider`, somewhere in `place` (a page or a part of it)."""
    box = place.get_by_label(label, exact=True).first
    row = box.locator("xpath=ancestor::*[contains(concat(' ', @class, ' '), ' widget-hbox ')][1]")
    return box, row.locator(".noUi-handle").first


def press(page, place, *keys):
    place.scroll_into_view_if_needed()
    place.focus()
    for key in keys:
        page.keyboard.press(key)


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


# --- every panel, each in a cell of one notebook --------------------------------------------------------------------

PREPARE = """
from charrnn_helpers import Vocabulary, load_checkpoint, load_corpus
from charrnn_helpers.training import find_checkpoint
from charrnn_helpers import recipes, widgets

corpus = load_corpus("tales")
vocab = Vocabulary.from_text(corpus.text)
kept = {cell: load_checkpoint(find_checkpoint(cell)) for cell in ("LSTM", "GRU")}
models = {cell: checkpoint.model for cell, checkpoint in kept.items()}
runs = {cell: checkpoint.history for cell, checkpoint in kept.items()}
"""
PANELS = {
    "encoding": "widgets.encoding_panel(vocab)",
    "lstm": "widgets.lstm_gate_panel()",
    "gru": "widgets.gru_gate_panel()",
    "training": "widgets.training_panel(corpus, updates=400)",
    "curves": 'widgets.curves_panel(runs, {"bigram": 2.0}, corpus.floor)',
    "sampling": 'widgets.sampling_panel(models, vocab, "Once ")',
    "gates": 'widgets.gates_panel(models, vocab, "Once a cat sat (in a mill) and sang.")',
    "trial": 'widgets.trial_panel(recipes.measured("full_trial"), 0.02, 0.998)',
    "faults": "widgets.faults_panel(corpus.floor)",
}


@pytest.fixture
def panel(page, address, folder):
    """`panel("lstm")`: that panel, alive on a page of its own."""

    def show(name):
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in (PREPARE, PANELS[name])]
        nbformat.write(notebook, folder / f"{name}.ipynb")
        assert run_notebook(page, address, f"{name}.ipynb") == []
        place = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea")
        place.locator(".widget-vbox").first.wait_for(timeout=15_000)
        return place

    return show


def wait_for(page, condition, seconds=20):
    """True as soon as `condition()` holds, False when it has not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        page.wait_for_timeout(100)
    return True


@pytest.mark.parametrize(("name", "label"), [("lstm", "forget f"), ("gru", "update z")])
def test_a_gate_slider_moves_the_figure_and_the_sentence_under_it(page, panel, name, label):
    place = panel(name)
    box, handle = control(place, label)
    value, words, figure = box.input_value(), place.inner_text(), place.locator("img").get_attribute("src")
    press(page, handle, "ArrowLeft")
    assert wait_for(page, lambda: place.locator("img").get_attribute("src") != figure and place.inner_text() != words)
    assert float(box.input_value()) == pytest.approx(float(value) - 0.05)
    assert f"stays at {float(box.input_value()):.2f}" in place.inner_text()


def test_a_typed_text_is_encoded_and_an_unknown_character_named(page, panel):
    place = panel("encoding")
    box = place.get_by_label("your text")
    for typed, shown in (("cat", "target's index"), ("cät", "does not hold 'ä'"), ("", "nothing to encode")):
        press(page, box, "ControlOrMeta+a", "Delete")
        page.keyboard.insert_text(typed)
        page.keyboard.press("Enter")
        assert wait_for(page, lambda shown=shown: shown in place.inner_text()), place.inner_text()
    assert place.locator("table").count() == 0  # nothing of the last text beside the sentence


def test_training_starts_stops_goes_on_and_keeps_what_it_has(page, panel):
    place = panel("training")
    start, stop, go_on = (place.get_by_role("button", name=name) for name in ("Start", "Stop", "Continue"))
    assert stop.is_disabled()
    assert go_on.is_disabled()
    assert place.locator("img").is_hidden()  # no broken picture before there is a first one
    start.click()
    assert wait_for(page, lambda: "validation loss" in place.inner_text(), 60)
    assert wait_for(page, place.locator("img").is_visible)
    stop.click()
    assert wait_for(page, lambda: "Stopped after update" in place.inner_text(), 60)
    done = int(re.search(r"Stopped after update (\d+)", place.inner_text())[1])
    assert 0 < done < 400
    go_on.click()
    reached = re.compile(r"update (\d+) of 400")
    assert wait_for(page, lambda: int((reached.search(place.inner_text()) or "00")[1]) > done, 60), place.inner_text()
    stop.click()
    assert wait_for(page, lambda: start.is_enabled(), 60)


def test_curves_follow_the_axis_and_ask_for_a_run_when_none_is_chosen(page, panel):
    place = panel("curves")
    figure = place.locator("img").get_attribute("src")
    place.get_by_label("axis").select_option("seconds")
    assert wait_for(page, lambda: place.locator("img").get_attribute("src") != figure)
    place.get_by_label("runs").select_option([])
    assert wait_for(page, lambda: "no run is chosen" in place.inner_text())


def test_next_character_bars_follow_top_k_and_temperature(page, panel):
    place = panel("sampling")
    box, _ = control(place, "top-k")
    press(page, box, "ControlOrMeta+a", *"5", "Enter")
    assert wait_for(page, lambda: "LSTM: 5, GRU: 5" in place.inner_text()), place.inner_text()
    figure = place.locator("img").get_attribute("src")
    press(page, control(place, "temperature")[1], "ArrowRight")
    assert wait_for(page, lambda: place.locator("img").get_attribute("src") != figure)


def test_a_text_is_coloured_by_a_unit_and_stepped_through(page, panel):
    place = panel("gates")
    assert wait_for(page, lambda: place.locator(".charrnn-units").count() == 1)
    coloured = place.locator(".charrnn-units")
    assert coloured.evaluate("one => one.textContent") == "Once a cat sat (in a mill) and sang."
    before, figure = coloured.inner_html(), place.locator("img").get_attribute("src")
    _, handle = control(place, "step")
    press(page, handle, "ArrowLeft", "ArrowLeft")
    assert wait_for(page, lambda: "Step 34 of 36, after n" in place.inner_text()), place.inner_text()
    assert wait_for(page, lambda: place.locator("img").get_attribute("src") != figure)
    press(page, control(place, "unit")[0], "ControlOrMeta+a", *"7", "Enter")
    assert wait_for(page, lambda: "state h, unit 7" in place.inner_text()), place.inner_text()
    assert coloured.inner_html() != before
    place.get_by_label("colour by", exact=True).select_option("forget gate f")
    assert wait_for(page, lambda: "forget gate f, unit 7" in place.inner_text())
    place.get_by_label("network", exact=True).select_option("GRU")
    assert wait_for(page, lambda: "state h, unit 7" in place.inner_text())
    offered = place.get_by_label("colour by", exact=True).locator("option").all_inner_texts()
    assert [name.replace("\N{NO-BREAK SPACE}", " ") for name in offered] == [
        "reset gate r",
        "update gate z",
        "candidate n",
        "state h",
    ]
    text = place.get_by_label("text", exact=True)
    for typed, shown in (("Ada sang", "Step 8 of 8"), ("käse", "does not hold 'ä'"), ("", "nothing to read")):
        press(page, text, "ControlOrMeta+a", "Delete")
        page.keyboard.insert_text(typed)
        page.keyboard.press("Enter")
        assert wait_for(page, lambda shown=shown: shown in place.inner_text()), place.inner_text()
    assert place.locator(".charrnn-units").count() == 0  # nothing of the last text beside the sentence


def test_a_fault_is_planted_seen_and_explained(page, panel):
    place = panel("faults")
    button = place.get_by_role("button", name="Plant it and train")
    button.click()
    assert wait_for(page, lambda: "What differs from the sound run" in place.inner_text(), 120)
    assert "first characters of each window cost more" in place.inner_text()
    assert wait_for(page, place.locator("img").is_visible)
    place.get_by_label("fault", exact=True).select_option("the state is carried with its history")
    press(page, button, "Enter")
    assert wait_for(page, lambda: "Trying to backward through the graph a second time" in place.inner_text(), 60)
    assert place.locator("img").is_hidden()  # it stopped before there was a curve
    assert wait_for(page, button.is_enabled)


# --- the playground -------------------------------------------------------------------------------------------------


def test_a_verdict_of_the_full_trial_follows_what_is_chosen(page, panel):
    trial = panel("trial")
    assert wait_for(page, lambda: "LSTM minus GRU" in trial.inner_text())
    before = trial.inner_text()
    trial.get_by_label("what is equal", exact=True).select_option("seconds")
    assert wait_for(page, lambda: "seconds of one core" in trial.inner_text())
    trial.get_by_label("compare", exact=True).select_option("GRU and RNN")
    assert wait_for(page, lambda: "GRU minus RNN" in trial.inner_text())
    trial.get_by_label("text", exact=True).select_option("shakespeare")
    assert wait_for(page, lambda: trial.inner_text() != before and "GRU minus RNN" in trial.inner_text())
    assert trial.locator("img").count() == 1


@pytest.fixture
def playground(page, address):
    if not (ROOT / "notebooks" / "07_playground.ipynb").is_file():
        pytest.skip("07_playground does not exist yet")
    assert run_notebook(page, address, "notebooks/07_playground.ipynb") == []
    page.locator('.charrnn-sample[data-cell="LSTM"]').first.scroll_into_view_if_needed()
    return page


def samples(page):
    """What each network has written, as it stands on the page."""
    return {
        cell: page.locator(f'.charrnn-sample[data-cell="{cell}"]').first.evaluate("place => place.textContent")
        for cell in ("LSTM", "GRU")
    }


def wait_for_samples(page, condition):
    """The texts as soon as `condition(texts)` holds; as they are after a quarter of a minute otherwise."""
    deadline = time.monotonic() + 15
    while not condition(samples(page)) and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    return samples(page)


def test_playground_answers_to_the_keyboard(playground):
    page = playground
    length_box, length_handle = control(page, "length")
    seed_box, seed_handle = control(page, "random seed")

    length = int(length_box.input_value())
    first = samples(page)
    assert {len(text) for text in first.values()} == {length}
    assert first["LSTM"] != first["GRU"]

    press(page, length_handle, "ArrowRight")  # the slider
    longer = wait_for_samples(page, lambda texts: texts != first)
    assert int(length_box.input_value()) > length
    assert {len(text) for text in longer.values()} == {int(length_box.input_value())}
    assert all(longer[cell].startswith(first[cell]) for cell in longer)  # the seed is the same, so is the beginning

    press(page, length_box, "ControlOrMeta+a", *"60", "Enter")  # the number box beside it
    shorter = wait_for_samples(page, lambda texts: {len(text) for text in texts.values()} == {60})
    assert {len(text) for text in shorter.values()} == {60}
    assert length_handle.get_attribute("aria-valuenow") == "60.0"

    seed = int(seed_box.input_value())
    press(page, seed_handle, "ArrowRight")
    other = wait_for_samples(page, lambda texts: all(texts[cell] != shorter[cell] for cell in texts))
    assert int(seed_box.input_value()) == seed + 1
    assert all(other[cell] != shorter[cell] and len(other[cell]) == 60 for cell in other)

    press(page, seed_handle, "ArrowLeft")  # and back: the same seed gives the same text
    assert wait_for_samples(page, lambda texts: texts == shorter) == shorter
    assert errors_of(page) == []


def test_playground_names_an_unknown_character_in_a_sentence(playground):
    page = playground
    before = samples(page)
    prompt = page.get_by_label("prompt", exact=True).first
    press(page, prompt, "ControlOrMeta+a")
    page.keyboard.insert_text("日")
    page.keyboard.press("Enter")
    said = page.get_by_role("alert").filter(has_text="日").first
    said.wait_for(timeout=15_000)
    assert re.search(r"does not hold '日', at position 0", said.inner_text())
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()

    known = before["LSTM"].strip()[0]
    press(page, prompt, "ControlOrMeta+a")
    page.keyboard.insert_text(known)
    page.keyboard.press("Enter")
    said.wait_for(state="detached", timeout=15_000)
    shown = page.locator(".charrnn-prompt")
    shown.filter(has_text=re.compile(f"^{re.escape(known)}$")).first.wait_for(timeout=15_000)
    assert {len(text) for text in samples(page).values()} == {len(before["LSTM"])}


def test_every_number_box_of_the_playground_has_a_name(playground):
    boxes = playground.locator(".jp-OutputArea input:visible")
    assert boxes.count() >= 5
    for place in range(boxes.count()):
        labelled = boxes.nth(place).evaluate("box => [...box.labels].map(label => label.textContent).join('')")
        assert labelled.strip() or boxes.nth(place).get_attribute("aria-label")
