"""The playground as a page: what its networks write, and everything in it by pointer, by keyboard and by touch."""

import re

import pytest
from lab import NEEDED, control, press, retype, samples, wait_for
from test_access import axe

from charrnn_helpers import generate
from charrnn_helpers.lecturer import main
from charrnn_helpers.panels.network_pairs import load_pair
from charrnn_helpers.training.checkpoints import BUNDLED

pytestmark = NEEDED
LIT, MARKED = "rgba(0, 158, 115", "rgba(204, 121, 167"


@pytest.fixture(scope="module")
def pair():
    return load_pair(*(BUNDLED / f"tales-{cell}.pt" for cell in ("lstm", "gru")))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "play ground.html"
    main(["page", str(file)])
    return file


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture
def opened(browser, file):
    """`opened(…)`: the page in a browser of this size; everything that it asks the network for is kept in `.asked`."""
    contexts = []

    def show(width=1280, height=720, **more):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **more))
        page = contexts[-1].new_page()
        page.asked, page.problems = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda problem: page.problems.append(str(problem)))
        page.goto(file.as_uri())
        page.locator(".charrnn-sample").first.wait_for()
        return page

    yield show
    for context in contexts:
        context.close()


def text_of(page, cell="LSTM"):
    return page.get_by_role("group", name=f"text of the {cell}")


def at(page, place, cell="LSTM"):
    """The character at a place in a text."""
    return text_of(page, cell).locator(f'[data-at="{place}"]')


def lit(page, colour=LIT, cell="LSTM"):
    """The places whose ground is of that colour."""
    grounds = text_of(page, cell).locator("[data-at]").evaluate_all("all => all.map(one => one.style.background)")
    return [place for place, ground in enumerate(grounds) if ground.startswith(colour)]


def said(page):
    return page.locator(".charrnn-inspect").inner_text()


def test_it_is_one_small_file_that_asks_for_nothing_and_writes_what_generate_writes(opened, file, pair):
    page = opened()
    assert file.stat().st_size < 4_000_000
    for seed in (1, 7):
        retype(page, control(page, "random seed")[0], str(seed))
        expected = {
            cell: generate(model, pair.vocab, pair.prompt, 300, 0.8, seed=seed)[len(pair.prompt) :]
            for cell, model in pair.models.items()
        }
        assert wait_for(page, lambda expected=expected: samples(page) == expected)
    with page.expect_download() as download:
        page.get_by_role("link", name="gru-seed-7.txt").click()
    assert download.value.path().read_text(encoding="utf-8") == pair.prompt + expected["GRU"]
    assert page.asked == [file.as_uri()]
    assert page.problems == []


def test_a_wrong_prompt_is_named_and_a_right_one_goes_on(opened):
    page = opened()
    retype(page, page.get_by_label("prompt"), "Once a café")
    assert "does not hold 'é'" in page.locator(".charrnn-alert").inner_text()
    retype(page, page.get_by_label("prompt"), "")
    assert "the prompt is empty" in page.locator(".charrnn-alert").inner_text()
    retype(page, page.get_by_label("prompt"), "Once")
    assert page.locator(".charrnn-alert").inner_text() == ""
    assert text_of(page).inner_text().startswith("Once")


@pytest.mark.parametrize("how", ["pointer", "keyboard", "touch"])
def test_a_character_is_chosen_and_shows_bars_units_and_who_wrote_the_memory(opened, how):
    page = opened(has_touch=how == "touch")
    place = text_of(page).inner_text().index("Leo", 60) + 1
    if how == "keyboard":
        text_of(page).focus()
        page.keyboard.press("Home")
        for _ in range((place - 1) // 10):
            page.keyboard.press("ArrowDown")
        for _ in range((place - 1) % 10):
            page.keyboard.press("ArrowRight")
    else:
        getattr(at(page, place), "tap" if how == "touch" else "click")()
    assert "The LSTM drew “e” with a chance of" in said(page)
    assert re.search(r"The word with most: “\w+”, \d+ %", said(page))
    assert "“e”" in page.locator(".charrnn-bars th").nth(2).inner_text()
    found = lit(page)
    assert found
    assert max(found) < place
    page.locator(".charrnn-inspect button").first.click()  # colour the text by a unit
    assert page.get_by_label("colour by").input_value() == "unit"
    assert lit(page, "rgba(0, 114, 178") or lit(page, "rgba(213, 94, 0")
    page.keyboard.press("Escape") if how == "keyboard" else text_of(page).press("Escape")
    assert "Choose a character" in said(page)
    assert lit(page) == []


@pytest.mark.parametrize("how", ["pointer", "keyboard"])
def test_a_span_is_marked_and_its_units_are_listed(opened, how):
    page = opened()
    start = 60
    if how == "pointer":
        first, last = (at(page, place, "GRU").bounding_box() for place in (start, start + 6))
        page.mouse.move(first["x"] + 3, first["y"] + 5)
        page.mouse.down()
        page.mouse.move(last["x"] + 3, last["y"] + 5, steps=4)
        page.mouse.up()
    else:
        at(page, start, "GRU").click()
        for _ in range(6):
            page.keyboard.press("Shift+ArrowRight")
    assert lit(page, MARKED, "GRU") == list(range(start, start + 7))
    assert "Marked in the GRU's text: “" in said(page)
    assert re.search(r"of 100 random spans, \d+ find a unit as good|No unit is on", said(page))


def test_the_networks_are_watched_through_their_training(opened, pair):
    page = opened()
    slider, last = page.get_by_label("after"), samples(page)
    press(page, slider, "Home")
    assert slider.get_attribute("aria-valuetext") == "0 updates"
    for cell, album in pair.albums.items():
        written = generate(album[0], pair.vocab, pair.prompt, 300, 0.8, seed=1)
        assert samples(page)[cell] == written[len(pair.prompt) :] != last[cell]
    press(page, slider, "End")
    assert samples(page) == last


def test_a_hand_on_the_state_changes_what_follows_and_is_taken_away(opened):
    page = opened()
    before = samples(page)
    place = len(text_of(page).inner_text()) - 200
    at(page, place).click()
    page.get_by_text("Hands on the state").click()
    page.get_by_role("button", name="Give it that story's state").click()
    after = samples(page)
    start = place - text_of(page).locator(".charrnn-prompt").inner_text().__len__()
    assert after["LSTM"][:start] == before["LSTM"][:start]
    assert after["LSTM"][start:] != before["LSTM"][start:]
    assert "Zoe" in after["LSTM"][start:]
    assert after["GRU"] == before["GRU"]
    assert "As it was: " in said(page)
    page.get_by_role("button", name="Undo").click()
    assert samples(page) == before
    at(page, place).click()
    page.get_by_role("button", name="Hold it").click()  # the hands are still open
    assert "held at" in said(page)
    assert samples(page)["LSTM"][:start] == before["LSTM"][:start]


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 360), (360, 640)])  # 640: 1280 at 200 %
def test_it_is_for_everyone_on_every_screen(opened, scheme, width, height):
    page = opened(width, height, color_scheme=scheme)
    at(page, 70).click()
    page.get_by_text("Hands on the state").click()
    found = axe.Axe().run(page).response["violations"]
    assert [(one["impact"], one["help"]) for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert control(page, "length")[0].is_visible() == (width > 600)  # on a phone the texts come first
    if width < 600:
        assert text_of(page).bounding_box()["y"] - page.get_by_label("prompt").bounding_box()["y"] < height / 2
        page.get_by_text("Random seed, length").click()
        assert control(page, "length")[0].is_visible()
        # what is said of the character stands between the two texts
        places = [page.locator(".charrnn-inspect"), text_of(page, "GRU")]
        assert places[0].bounding_box()["y"] < places[1].bounding_box()["y"]
    assert page.problems == []
