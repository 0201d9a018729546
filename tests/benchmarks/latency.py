"""From a slider's release to new text in the page: the playground of 07 in JupyterLab, in a headless Chromium.

    python tests/benchmarks/latency.py

The random seed is moved again and again, at a --length of 500 characters from each network. In the page, a clock runs
from the slider's `change` event until the texts of both networks are new ("text"), and the bars below them ("bars").
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import common

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
from lab import CHROMIUM, CHROMIUM_OPTIONS, control, jupyterlab, press, show_panels

CLOCK = """() => {
    const texts = () => [...document.querySelectorAll('.charrnn-sample')].map(one => one.textContent).join('|');
    const bars = () => document.querySelector('.jp-OutputArea-output img').src;
    const handle = document.querySelector('input[type=range][aria-label="random seed"]');
    handle.addEventListener('change', () => {
        const start = performance.now(), before = { text: texts(), bars: bars() };
        window.measured = {};
        const look = () => {
            if (!window.measured.text && texts() !== before.text) window.measured.text = performance.now() - start;
            if (!window.measured.bars && bars() !== before.bars) window.measured.bars = performance.now() - start;
            if (!(window.measured.text && window.measured.bars)) requestAnimationFrame(look);
        };
        look();
    });
}"""


def measure(moves: int, length: int) -> dict[str, list[float]]:
    """Milliseconds of each move, until the texts and until the bars are new."""
    from playwright.sync_api import sync_playwright

    seen: dict[str, list[float]] = {"text": [], "bars": []}
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as settings,
        jupyterlab(folder, settings) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        show_panels(page, address, Path(folder), ["playground"])
        for label, value in (("length", length), ("bars at", length // 2)):  # the first bars know no seed
            press(page, control(page, label)[0], "ControlOrMeta+a", *str(value), "Enter")
            page.wait_for_timeout(1500)
        page.evaluate(CLOCK)
        for _ in range(moves + 1):  # the first warms up
            press(page, control(page, "random seed")[1], "ArrowRight")
            page.wait_for_function("window.measured?.text && window.measured?.bars", timeout=20_000)
            for what, values in seen.items():
                values.append(page.evaluate(f"window.measured.{what}"))
            page.evaluate("window.measured = undefined")
            page.wait_for_timeout(300)
        browser.close()
    return {what: values[1:] for what, values in seen.items()}


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, rounds=30, length=500)
    rows = []
    for what, values in measure(options.rounds, options.length).items():
        figures = {"milliseconds": statistics.median(values), "lowest": min(values), "highest": max(values)}
        rows.append({"what": f"{what} of {options.length} characters", **figures})
    return common.report({"machine": common.machine("cpu"), "rows": rows}, options.json)


if __name__ == "__main__":
    main()
