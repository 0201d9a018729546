"""A picture of every panel, for pages that have no kernel: `tests/tools/regenerate.py --panels` takes them.

Each panel is opened in JupyterLab with what it needs of its notebook and no more, so that none waits for a training.
Where there is nothing to see before a button is pressed, it is pressed; in the playground the hero is changed.
With the word `phone` it takes a picture of the page for phones instead, and with `diagrams` one of each drawing.
"""

import ast
import dis
import io
import shutil
import sys
import tempfile
from pathlib import Path
from types import CodeType

import nbformat
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
from lab import CHROMIUM, CHROMIUM_OPTIONS, ROOT, jupyterlab, leave, run_notebook
from sizes import COURSE, LABORATORY

from charrnn_helpers import lecturer
from charrnn_helpers.figures.diagrams import DIAGRAMS

SIZE = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 802}  # so high that both texts are in sight, and nothing below them
WIDTH = 840  # pixels of a panel, at most
LIMIT = 80_000  # bytes of a picture
MARGIN = 10  # white pixels around it
STILL, STRIP = "A still picture. Run the notebook in JupyterLab to see the live panel here.", 26
# the button, what it then says, and how often
PRESSED = {"04": ("Start", "update 600 of 600", 2), "10": ("Plant it and train", "The wrong line", 1)}


def needed(cells):
    """The statements of the code cells before a panel that it needs, and the cell of the panel."""
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    (place,) = (place for place, source in enumerate(sources) if "_panel(" in source)
    wanted, kept = names(sources[place], "LOAD"), []
    for statement in reversed(ast.parse("\n".join(sources[:place])).body):
        code = ast.unparse(statement)
        made = names(code, "STORE")
        if (made | changed(statement)) & wanted:
            for_certain = set() if isinstance(statement, ast.If | ast.For) else made
            wanted = wanted - for_certain | names(code, "LOAD")
            kept.insert(0, code)
    return ["\n".join(kept), sources[place]]


def changed(statement):
    """The names of what gets a new entry: `places["choice"] = 0`."""
    entries = (node for node in ast.walk(statement) if isinstance(node, ast.Subscript))
    return {one.value.id for one in entries if isinstance(one.ctx, ast.Store) and isinstance(one.value, ast.Name)}


def names(code, what):
    """The global names that `code`, source or compiled, loads or stores."""
    code = compile(code, "cell", "exec") if isinstance(code, str) else code
    steps = dis.get_instructions(code)
    found = {step.argval for step in steps if step.opname in (f"{what}_NAME", f"{what}_GLOBAL")}
    return found.union(*(names(inner, what) for inner in code.co_consts if isinstance(inner, CodeType)))


def take(page, address, folder, path) -> bytes:
    """The picture of the panel of the notebook at `path`, as PNG."""
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in needed(nbformat.read(path, as_version=4).cells)]
    opened = path.relative_to(ROOT)
    nbformat.write(notebook, folder / opened)
    page.set_viewport_size(SIZE)
    problems = run_notebook(page, address, opened.as_posix())
    assert problems == [], problems
    panel = page.locator(".charrnn-panel")
    panel.wait_for(timeout=30_000)
    if path.name[:2] in PRESSED:
        button, words, times = PRESSED[path.name[:2]]
        panel.get_by_role("button", name=button).click()
        page.wait_for_function(
            "([words, times]) => document.querySelector('.charrnn-panel').innerText.split(words).length > times",
            arg=[words, times],
            timeout=300_000,
        )
    panel.evaluate(f"panel => Object.assign(panel.style, {{ maxWidth: '{WIDTH}px', paddingBottom: '20px' }})")
    if path.name.startswith("07"):  # the story whose hero is changed, with its bands
        panel.get_by_role("button", name="Change the hero").click()
        page.wait_for_function(
            """() => [...document.querySelectorAll('.charrnn-text [data-at]')].every(
                one => one.className.includes('charrnn-word') && !one.classList.contains('charrnn-later'))"""
        )
        panel.get_by_text("the grammar expects Zoe").first.wait_for()  # below the texts, which makes the panel higher
    page.wait_for_function("[...document.querySelectorAll('.charrnn-panel img')].every(one => one.complete)")
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    height = panel.bounding_box()["height"]
    page.set_viewport_size({**SIZE, "height": max(SIZE["height"], round(height) + 250)})  # so that all of it is in view
    page.wait_for_timeout(1000)
    picture = small(panel.screenshot(animations="disabled"))
    leave(page)
    return picture


def small(png) -> bytes:
    """The picture without the white around it, as PNG."""
    whole = Image.open(io.BytesIO(png)).convert("RGB")
    whole = whole.crop((0, 0, whole.width, whole.height - 2))  # the last row can be JupyterLab's line below the cell
    white = Image.new("RGB", whole.size, "white")
    shown = ImageOps.expand(whole.crop(ImageChops.difference(whole, white).getbbox()), MARGIN, "white")
    shown = ImageOps.expand(shown, (0, STRIP, 0, 0), "#444444")  # above the picture stands that it is one
    ImageDraw.Draw(shown).text((MARGIN, STRIP / 2), STILL, "white", ImageFont.load_default(15), anchor="lm")
    return in_few_colours(shown)


def in_few_colours(shown) -> bytes:
    """The picture as PNG, in as many colours as its size in bytes allows."""
    for colours in (256, 128, 64, 32):
        kept = io.BytesIO()
        shown.quantize(colours, Image.Quantize.MAXCOVERAGE).save(kept, "PNG", optimize=True)
        if kept.tell() < LIMIT:
            return kept.getvalue()
    raise ValueError(f"a picture of {kept.tell():,} bytes")


def phone(page, file) -> bytes:
    """Two screens of the page on a phone, side by side, as PNG: another hero in mind, and another friend."""
    screens = []
    for story, name in (("Change the hero", "Zoe"), ("Who remembers the friend?", "fox")):
        page.goto(file.as_uri())
        page.get_by_role("button", name=story).tap()
        page.locator(".charrnn-columns[aria-busy]").wait_for(state="detached", timeout=60_000)
        if page.get_by_role("button", name=name).get_attribute("aria-pressed") == "false":
            page.get_by_role("button", name=name).tap()
            page.locator(".charrnn-columns[aria-busy]").wait_for(state="detached", timeout=60_000)
        page.evaluate("document.activeElement.blur()")
        screens.append(Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB"))
    both = Image.new("RGB", (sum(screen.width for screen in screens) + 2 * MARGIN, screens[0].height), "#444444")
    for number, screen in enumerate(screens):
        both.paste(screen, (number * (screen.width + 2 * MARGIN), 0))
    return in_few_colours(both)


def draw_diagrams(page) -> None:
    """Draw a PNG of each SVG in the package, as large as JupyterLab shows it."""
    for path in sorted(DIAGRAMS.glob("*.svg")):
        page.set_content(f"<body style='margin: 0'>{path.read_text(encoding='utf-8')}</body>")
        drawn = Image.open(io.BytesIO(page.locator("svg").screenshot())).convert("RGB")
        path.with_suffix(".png").write_bytes(in_few_colours(drawn))


def main(prefixes) -> None:
    """Take the pictures of the panels in the notebooks whose names start so."""
    chosen = [
        path
        for path in (*COURSE, *LABORATORY)
        if path.name.startswith(tuple(prefixes)) and "_panel(" in path.read_text(encoding="utf-8")
    ]
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place) / "class"
        shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns("*.ipynb", "runs"))
        with jupyterlab(folder, Path(place) / "jupyter") as address:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
            if prefixes == ["diagrams"]:
                draw_diagrams(browser.new_page(viewport=SIZE, device_scale_factor=1))
                return
            if prefixes == ["phone"]:
                lecturer.main(["page", str(Path(place) / "page.html")])
                page = browser.new_page(viewport=PHONE, is_mobile=True, has_touch=True, reduced_motion="reduce")
                picture = phone(page, Path(place) / "page.html")
                (ROOT / "notebooks" / "figures" / "phone.png").write_bytes(picture)
                return
            page = browser.new_page(viewport=SIZE, device_scale_factor=1, color_scheme="light")
            for path in chosen:
                picture = take(page, address, folder, path)
                name = f"panel_{path.name[:2]}.png"
                (ROOT / "notebooks" / "figures" / name).write_bytes(picture)
                print(f"{name}: {len(picture) / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or [""])
