"""What the course's networks take in a browser: `network.js` in a headless Chromium, without a kernel.

    python tests/benchmarks/browser_speed.py

Both cells at each of --units, untrained, write --length characters ("text"), and say of the last who wrote the
memory that speaks for it ("written"). Milliseconds: the median of --rounds in which all take turns, after two to warm
up.
"""

from __future__ import annotations

import base64
import json
import statistics
import sys
from pathlib import Path

import common
import torch

from charrnn_helpers import Vocabulary, panels
from charrnn_helpers.networks.registry import BOTH, CELLS
from charrnn_helpers.panels.in_browser import portable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
from lab import CHROMIUM, CHROMIUM_OPTIONS

ENGINE = (Path(panels.__file__).parent / "network.js").read_text(encoding="utf-8")
CLOCK = """async ([source, spec, coded, length, rounds]) => {
    const { loadNetworks } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    const networks = loadNetworks(JSON.parse(spec), Uint8Array.from(atob(coded), char => char.charCodeAt(0)));
    const milliseconds = networks.map(() => ({ text: [], written: [] }));
    for (let round = 0; round < rounds + 2; round++) {
        networks.forEach((network, which) => {
            const start = performance.now();
            const reading = network.write({ prompt: "A", seed: round, length });
            const written = performance.now();
            reading.written(length);
            milliseconds[which].text.push(written - start);
            milliseconds[which].written.push(performance.now() - written);
        });
        await new Promise(resolve => setTimeout(resolve, 20));
    }
    return milliseconds;
}"""


def measure(units: list[int], length: int, rounds: int) -> list[dict]:
    """A row for each size, cell and task."""
    from playwright.sync_api import sync_playwright

    vocab = Vocabulary("".join(map(chr, range(33, 98))))  # 65 characters, as Tiny Shakespeare has
    networks = [(CELLS[cell].model(len(vocab), size, 1), 0) for size in units for cell in BOTH]
    spec, content = portable(networks, vocab)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        page, coded = browser.new_page(), base64.b64encode(content).decode()
        found = page.evaluate(CLOCK, [ENGINE, json.dumps(spec), coded, length, rounds])
        browser.close()
    rows = []
    for one, seen in zip(spec["networks"], found, strict=True):
        for what, values in seen.items():
            kept = values[2:]
            figures = {"milliseconds": statistics.median(kept), "lowest": min(kept), "highest": max(kept)}
            rows.append({"cell": one["cell"], "units": one["units"], "what": what, "characters": length, **figures})
    return rows


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, rounds=15, units=[160, 256], length=500)
    torch.manual_seed(0)
    rows = measure(options.units, options.length, options.rounds)
    return common.report({"machine": common.machine("cpu"), "rows": rows}, options.json)


if __name__ == "__main__":
    main()
