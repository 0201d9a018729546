"""From a hand to what it changes: the playground in JupyterLab and as a page, in a headless Chromium.

    python tests/tools/latency.py

Two networks of --units write --length characters each. A clock in the page runs from the slider's `change` event until
both texts are new ("text"), from a click on a character until bars and units are drawn ("click"), and from a click on a
name until both networks write of another hero ("name").
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import common
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
from lab import CHROMIUM, CHROMIUM_OPTIONS, PANELS, jupyterlab, show_panels

from charrnn_helpers import Vocabulary, load_corpus
from charrnn_helpers.networks import BOTH, CELLS
from charrnn_helpers.panels.network_pairs import Pair
from charrnn_helpers.panels.one_file import as_page

WIDE = """
import torch
from charrnn_helpers.networks import CELLS
wide = {{cell: CELLS[cell].model(len(vocab), {units}, 1).eval() for cell in models}}
panels.playground_panel(panels.Pair(wide, vocab, corpus))
"""
CLOCK = """async ([length, rounds]) => {
    const drawn = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    const release = async (name, value) => {
        const handle = document.querySelector(`input[type=range][aria-label="${name}"]`), start = performance.now();
        handle.value = value;
        handle.dispatchEvent(new Event("change"));
        await drawn();
        return performance.now() - start;
    };
    await release("length", length);
    const found = { text: [], click: [], name: [] };
    for (let round = 0; round <= rounds; round++) {
        found.text.push(await release("random seed", 10 + round));
        const names = document.querySelectorAll(".charrnn-name"), tapped = performance.now();
        names[round % names.length].click();
        await drawn();
        found.name.push(performance.now() - tapped);
        const cell = document.querySelectorAll(".charrnn-text")[round % 2], all = cell.querySelectorAll("[data-at]");
        const { x, y } = all[all.length - 1 - round].getBoundingClientRect(), start = performance.now();
        const event = { bubbles: true, clientX: x + 2, clientY: y + 5 };
        all[all.length - 1 - round].dispatchEvent(new PointerEvent("pointerdown", event));
        window.dispatchEvent(new PointerEvent("pointerup"));
        await drawn();
        found.click.push(performance.now() - start);
        if (!document.querySelector(".charrnn-bars")) throw new Error("no bars");
    }
    return found;
}"""


def measure(rounds: int, length: int, units: int) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of each round, by place and by what was done; the first round warms up."""
    from playwright.sync_api import sync_playwright

    torch.manual_seed(0)
    corpus = load_corpus("tales")
    vocab = Vocabulary.from_text(corpus.text)
    pair = Pair({cell: CELLS[cell].model(len(vocab), units, 1).eval() for cell in BOTH}, vocab, corpus)
    seen = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as settings,
        jupyterlab(folder, settings) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": 1280, "height": 2000})
        file = Path(folder) / "page.html"
        file.write_text(as_page(pair), encoding="utf-8")
        page.goto(file.as_uri())
        seen["page"] = page.evaluate(CLOCK, [length, rounds])
        PANELS["wide"] = WIDE.format(units=units)
        show_panels(page, address, Path(folder), ["wide"])
        page.locator(".charrnn-sample").first.wait_for()
        seen["JupyterLab"] = page.evaluate(CLOCK, [length, rounds])
        browser.close()
    return {where: {what: values[1:] for what, values in found.items()} for where, found in seen.items()}


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, rounds=30, length=500, units=256)
    rows = []
    for where, found in measure(options.rounds, options.length, options.units).items():
        for what, values in found.items():
            figures = {"milliseconds": statistics.median(values), "lowest": min(values), "highest": max(values)}
            rows.append({"where": where, "what": what, "units": options.units, **figures})
    return common.report({"machine": common.machine("cpu"), "rows": rows}, options.json)


if __name__ == "__main__":
    main()
