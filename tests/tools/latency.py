"""From a tap to another text: what a reader of the page waits for, in a headless Chromium.

    python tests/tools/latency.py

The page is the one that `lecturer page` makes, and both of its networks write --length characters. A clock in the page
runs from the tap on a name ("name"), or from the release of the slider of the random seed ("text"), until the first
letters of both texts are others and the browser has drawn them. `whole` is when both texts and their bands are
complete; meanwhile the letters appear one after the other.
`slowed` is by how much the browser slows the processor down: 1 is this machine, 4 is more like a phone.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import common

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
from lab import CHROMIUM, CHROMIUM_OPTIONS

from charrnn_helpers.lecturer import main as lecturer

CLOCK = """async ([length, rounds]) => {
    const texts = () => [...document.querySelectorAll(".charrnn-text")].map(one => one.textContent);
    const drawn = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    const milliseconds = async act => {
        const before = texts(), start = performance.now();
        act();
        await drawn();
        const spent = performance.now() - start;
        if (texts().some((text, cell) => text === before[cell])) throw new Error("a text is the same as before");
        while (document.querySelector("[aria-busy]")) await drawn();
        return [spent, performance.now() - start];
    };
    const set = (name, value) => {
        const handle = document.querySelector(`input[type=range][aria-label="${name}"]`);
        handle.value = value;
        handle.dispatchEvent(new Event("change"));
    };
    set("length", length);
    const found = { name: [], text: [] }, names = document.querySelectorAll(".charrnn-name");
    for (let round = 0; round <= rounds; round++) {
        found.text.push(await milliseconds(() => set("random seed", 10 + round)));
        const others = [...names].filter(one => one.getAttribute("aria-pressed") !== "true");
        found.name.push(await milliseconds(() => others[round % others.length].click()));
    }
    return found;
}"""


def measure(rounds: int, length: int, slowed: list[int]) -> list[dict]:
    """Return a row for each of `slowed` and for each act; the first of its rounds warms up and is left out."""
    from playwright.sync_api import sync_playwright

    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        lecturer(["page", str(file)])
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(file.as_uri())
        page.locator(".charrnn-name").first.wait_for()
        for times in slowed:
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": times})
            for what, values in page.evaluate(CLOCK, [length, rounds]).items():
                drawn, whole = zip(*values[1:], strict=True)
                figures = {"milliseconds": statistics.median(drawn), "highest": max(drawn)}
                figures["whole"] = statistics.median(whole)
                rows.append({"what": what, "slowed": times, "length": length, **figures})
        browser.close()
    return rows


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, rounds=20, length=300, slowed=[1, 4])
    rows = measure(options.rounds, options.length, options.slowed)
    return common.report({"machine": common.machine("cpu"), "rows": rows}, options.json)


if __name__ == "__main__":
    main()
