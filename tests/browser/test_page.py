"""The playground as a page: what its networks write, and everything in it by pointer, by keyboard and by touch."""

import re

import pytest
from lab import NEEDED, control, press, retype, samples, settled, wait_for
from test_access import axe

from charrnn_helpers import generate
from charrnn_helpers.lecturer import main
from charrnn_helpers.measures import in_mind
from charrnn_helpers.measures.minds import recall_of_states, states_side_by_side
from charrnn_helpers.panels.network_pairs import long_pair
from charrnn_helpers.text.tales import split_stories

pytestmark = NEEDED
SCREENS = [(390, 844), (320, 568), (1366, 768), (853, 480)]  # the last is 1280 × 720 at 150 %
HEROES = ["Ada", "Zoe", "Meg", "Ben", "Kit", "Leo"]
FRIENDS = ["cat", "dog", "fox", "goat", "owl", "pig"]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "play ground.html"
    main(["page", str(file)])
    return file


@pytest.fixture
def opened(browser, file):
    """`opened(…)`: the page in a browser of this size; everything that it asks the network for is kept in `.asked`."""
    contexts = []

    def show(width=1280, height=720, **more):
        quiet = {"reduced_motion": "reduce", **more}
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **quiet))
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
    return settled(page).get_by_role("application", name=f"text of the {cell}")


def at(page, place, cell="LSTM"):
    """The character at a place in a text."""
    return text_of(page, cell).locator(f'[data-at="{place}"]')


def ribbon(page, cell="LSTM"):
    """Of each character the number of the word that its piece of the ribbon shows, and how full it is."""
    pieces = text_of(page, cell).locator("[data-at]")
    ready = "all => all.every(one => one.className.includes('charrnn-word'))"
    assert wait_for(page, lambda: pieces.evaluate_all(ready), 60)
    return pieces.evaluate_all(
        """all => all.map(one => [Number(one.className.match(/charrnn-word-(\\d)/)[1]),
            Number(one.style.getPropertyValue("--sure"))])"""
    )


def grounds(page, cell="LSTM"):
    pieces = text_of(page, cell).locator("[data-at]")
    return pieces.evaluate_all("all => all.map(one => one.style.getPropertyValue('--ground'))")


def said(page):
    return page.locator(".charrnn-inspect").inner_text().replace("\xa0", " ")


def told(page):
    return settled(page).locator(".charrnn-says").inner_text().replace("\xa0", " ")


def settings(page):
    """Open the settings, which are folded."""
    page.get_by_text("Your own beginning").click()


def name(page, word):
    return page.locator(".charrnn-names").get_by_role("button", name=word)


def heroes_framed(page):
    return page.locator(".charrnn-name[aria-pressed=true]").all_inner_texts()


def test_it_is_one_small_file_that_asks_for_nothing_and_writes_what_generate_writes(opened, file, tales_pair):
    page = opened()
    assert file.stat().st_size < 5_000_000
    settings(page)
    for seed in (17, 7):
        retype(page, control(page, "random seed")[0], str(seed))
        expected = {
            cell: generate(model, tales_pair.vocab, tales_pair.prompt, 300, 0.8, seed=seed)[len(tales_pair.prompt) :]
            for cell, model in tales_pair.models.items()
        }
        assert wait_for(page, lambda expected=expected: samples(page) == expected)
    with page.expect_download() as download:
        page.get_by_role("link", name="gru-seed-7.txt").click()
    assert download.value.path().read_text(encoding="utf-8") == tales_pair.prompt + expected["GRU"]
    assert {address.partition("#")[0] for address in page.asked if not address.startswith("data:")} == {file.as_uri()}
    assert page.problems == []


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_of_every_letter_of_the_first_text_ribbon_and_words_say_what_the_network_answers_in_python(
    opened, tales_pair, cell
):
    page = opened()
    text, shown = text_of(page, cell).text_content(), ribbon(page, cell)
    expected = in_mind(tales_pair.models[cell], tales_pair.vocab, text)
    assert [word for word, _ in shown] == expected.argmax(axis=1).tolist()
    assert [sure for _, sure in shown] == pytest.approx(expected.max(axis=1).tolist(), abs=0.006)
    at(page, 0, cell).click()
    told = page.evaluate(
        """letters => [...Array(letters).keys()].map(place => {
            if (place) [...document.querySelectorAll('button')].find(one => one.textContent === 'Next ›').click();
            return document.querySelector('.charrnn-inspect [role=status]').textContent.replaceAll('\u00a0', ' ');
        })""",
        len(text),
    )
    for char, (word, sure), words in zip(text, shown, told, strict=True):
        start = f"After (“.”|the space) the {cell} has (nobody clearly in mind: )?"
        found = re.match(start + r"(\w+) (?:in mind, and is |is the likeliest \()(?:[<>] )?([\d.]+) %", words)
        assert found, words
        assert (found[1], found[3]) == ("the space" if char == " " else f"“{char}”", HEROES[word])
        assert float(found[4]) == pytest.approx(100 * sure, abs=1.1)
        assert (sure < 0.5) == bool(found[2]) or abs(sure - 0.5) < 0.01


def test_a_name_changes_both_stories_after_the_first_sentence_and_undo_brings_them_back(opened):
    page = opened()
    before = samples(page)
    assert heroes_framed(page) == ["Leo"]
    name(page, "Zoe").click()
    after, start = samples(page), len(page.locator(".charrnn-prompt").first.text_content())
    for cell in after:
        assert after[cell].count("Zoe") > after[cell].count("Leo")
        shown = [word for word, _ in ribbon(page, cell)]
        assert shown[start - 1] == HEROES.index("Leo")
        assert shown[start : start + 20] == [HEROES.index("Zoe")] * 20  # from the double line on
        assert at(page, start, cell).get_attribute("class").split()[-1] == "charrnn-cut"
    assert heroes_framed(page) == ["Zoe"]
    assert f"the LSTM writes Zoe {after['LSTM'].count('Zoe')} times" in told(page)
    assert "No other name appears in it." in told(page)
    for hero in ("Ada", "Meg", "Ben", "Kit"):  # whichever name somebody taps first
        name(page, hero).click()
        for text in samples(page).values():
            assert text.count(hero) > sum(text.count(other) for other in HEROES if other != hero)
    page.get_by_role("button", name="Undo").click()
    assert samples(page) == before
    name(page, "Leo").click()
    assert "so nothing changes" in told(page)
    assert (samples(page), page.locator(".charrnn-cut").count()) == (before, 0)
    name(page, "Zoe").click()
    name(page, "Leo").click()  # in the place of Zoe
    assert all("Zoe" not in text for text in samples(page).values())


def test_a_name_changes_the_chosen_word_and_what_follows_and_nothing_before_it(opened):
    page = opened()
    before, other = text_of(page).text_content(), samples(page)["GRU"]
    place = before.index(" Leo", 90) + 1
    at(page, place + 1).click()
    name(page, "Ben").click()
    page.get_by_text("Look inside").click()  # while the text is being written
    listed = page.locator(".charrnn-inspect p:has-text('these five')")
    units = listed.inner_text()
    listed.get_by_role("button").first.click()
    after = text_of(page).text_content()
    assert listed.inner_text() == units
    assert after[: place + 3] == before[:place] + "Ben"
    assert after[place:].count("Ben") > after[place:].count("Leo")
    assert samples(page)["GRU"] == other
    later = after.index(" ", place + 60)
    at(page, later).click()  # a second change comes on top
    name(page, "Meg").click()
    assert text_of(page).text_content()[:later] == after[:later]
    assert ribbon(page)[later][0] == HEROES.index("Meg")
    page.get_by_role("button", name="Close").click()
    assert heroes_framed(page) == []  # the GRU's hero is still Leo


def test_the_story_of_the_friend_says_what_holds_of_others_and_who_remembers_takes_another_friend(opened, tales_pair):
    page, unseen = opened(), "".join(split_stories(tales_pair.corpus.test)[:16])
    page.get_by_role("button", name="Who remembers").click()
    shares = dict(re.findall(r"the (LSTM|GRU) (?:is right )?(\d+) times", told(page)))
    for cell, model in long_pair().models.items():
        states = states_side_by_side(model, tales_pair.vocab, unseen)
        far = recall_of_states(model, tales_pair.vocab, states, unseen, "friend", every=16).between("friend", 32, 9999)
        assert far.interval()[0] - 0.01 < int(shares[cell]) / 100 < far.interval()[1] + 0.01
        assert (f"the {cell} keeps it in mind" in told(page)) == (far.interval()[0] > far.chance)
        assert "charrnn-word" not in at(page, 5, cell).get_attribute("class")  # no animal has been named yet
    name(page, "owl").click()
    written = samples(page)["GRU"].split("\n")[0]
    assert written.count("owl") > sum(written.count(other) for other in {*FRIENDS} - {"owl"})
    assert re.search(r"the LSTM writes [a-z, ]+ as before, because it remembers no friend", told(page))
    page.get_by_role("button", name="Another story").click()
    name(page, "cat").click()
    assert "The GRU now tells of Kit as well: the change has touched the hero, too." in told(page)
    assert "Kit" in samples(page)["GRU"].split("\n\n")[0]


def test_it_says_where_a_network_loses_a_hero_for_one_whom_nobody_has_named(opened):
    page = opened()
    page.get_by_role("button", name="Another story").click()
    found = re.search(r"At “(.+)” the GRU turns to (\w+), whom nobody has named: it has lost (\w+)\.", told(page))
    word, other, hero = found.groups()
    before, after = text_of(page, "GRU").text_content().split(word)
    assert (hero in before, other in before + after) == (True, False)
    assert {word for word, _ in ribbon(page, "GRU")[-len(after) :]} == {HEROES.index(other)}


def test_an_address_brings_back_what_was_shown(opened, file):
    page = opened()
    settings(page)
    retype(page, page.get_by_label("beginning"), "Here is the story of Zoe of the mill. ")
    retype(page, control(page, "random seed")[0], "5")
    retype(page, control(page, "temperature")[0], "0.6")
    at(page, 90, "GRU").click()
    name(page, "Kit").click()
    shown, address = samples(page), page.url
    assert {"hero=Kit", "cell=GRU"} <= {*re.split("[#&]", address)}
    other = opened()
    other.goto("about:blank")
    other.goto(address)
    assert wait_for(other, lambda: samples(other) == shown)
    other.goto("about:blank")
    other.goto(f"{file.as_uri()}#prompt=&seed=-3&temperature=hot&hero=Nobody&at=99999&kind=x")  # nonsense is left out
    assert wait_for(other, lambda: len(samples(other)["LSTM"]) == 300)
    assert other.problems == []


def test_a_prompt_as_people_write_it_is_read_by_its_nearest_letters(opened):
    page = opened()
    settings(page)
    box, alert = page.get_by_label("beginning"), page.locator(".charrnn-alert")
    retype(page, box, "Once a café — “Zoë” łost")
    assert text_of(page).text_content().startswith('Once a cafe "Zoe" lost')
    assert re.search("read “e” for “é”.+treated in the same way[.]$", alert.inner_text())
    retype(page, box, "猫猫")
    assert "none of these letters. Please write a beginning" in alert.inner_text()
    retype(page, box, "Zoe and Ben went to the sea. ")
    assert alert.inner_text() == ""
    assert "the LSTM has Leo in mind, whom nobody has named." in told(page)
    box.fill("My dog Max 😀 loves pizza. ")
    page.get_by_role("button", name="Write").click()
    assert text_of(page).text_content().startswith("My dog Max loves piZZa. ")
    assert "so they leave out “😀” and read “Z” for “z”." in alert.inner_text()
    assert 80 < alert.bounding_box()["y"] < at(page, 0).bounding_box()["y"] < 700  # both came into view
    assert heroes_framed(page) == []  # Max is none of the six
    page.get_by_role("button", name="Change the hero").click()
    assert "changed, to Zoe." in told(page)  # in this text, whose hero nobody has named
    retype(page, box, "Once there was a boy called Max and he had a dragon.")
    name(page, "Zoe").click()
    assert wait_for(page, lambda: "here the change did not work" in told(page))  # in the LSTM
    retype(page, box, "He likes PIZZA!")
    assert text_of(page).text_content().startswith("He likes piZZa!")
    assert "so they read “piZZa” for “PIZZA”." in alert.inner_text()
    page.set_viewport_size({"width": 320, "height": 568})
    retype(page, box, "ж" * 200 + "Once")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("how", ["pointer", "keyboard", "touch"])
def test_a_character_is_chosen_and_shows_bars_and_units(opened, how):
    page = opened(has_touch=how == "touch")
    place = text_of(page).inner_text().index("Leo", 60) + 1
    if how == "keyboard":
        press(page, text_of(page), "Home", *["ArrowDown"] * (place // 10), *["ArrowRight"] * (place % 10))
    else:
        getattr(at(page, place), "tap" if how == "touch" else "click")()
    assert "After “e” the LSTM has" in said(page)
    assert "This letter had a chance of" in said(page)
    page.get_by_text("Look inside").click()
    assert "“e”" in page.locator(".charrnn-bars th").nth(2).inner_text()
    page.locator(".charrnn-inspect p .charrnn-button").first.click()  # colour the text by a unit
    settings(page)
    assert page.get_by_label("colour letters by").input_value() == "unit"
    assert any(ground.startswith("rgba") for ground in grounds(page))
    text_of(page).press("Escape")
    assert "Choose any letter" in said(page)
    assert not any(grounds(page))  # the colours go with the details


@pytest.mark.parametrize("how", ["pointer", "click", "keyboard", "touch"])
def test_a_span_is_marked_and_its_units_are_listed(opened, how):
    page, start = opened(has_touch=how == "touch"), 60
    if how == "pointer":
        first = at(page, start, "GRU").bounding_box()
        page.mouse.move(first["x"] + 3, first["y"] + 5)
        page.mouse.down()
        last = at(page, start + 6, "GRU").bounding_box()  # the page may have scrolled
        page.mouse.move(last["x"] + 3, last["y"] + 5, steps=4)
        page.mouse.up()
    elif how in ("click", "touch"):
        marker = page.get_by_role("button", name="Mark several letters")
        for each in (lambda: at(page, start, "GRU"), lambda: marker, lambda: at(page, start + 6, "GRU")):
            getattr(each(), "tap" if how == "touch" else "click")()
    else:
        at(page, start, "GRU").click()
        press(page, text_of(page, "GRU"), *["Shift+ArrowRight"] * 6)
    marked = [place for place, ground in enumerate(grounds(page, "GRU")) if ground == "var(--marked)"]
    assert marked == list(range(start, start + 7))
    assert "Marked in the GRU's text: “" in said(page)
    assert re.search(r"of 100 stretches chosen at random, \d+ find a unit as good|No unit is on", said(page))


def test_the_networks_are_watched_through_their_training(opened, tales_pair):
    page = opened()
    page.get_by_role("button", name="A memory is born").click()
    slider = page.get_by_label("trained for")
    assert wait_for(page, lambda: "updates the GRU has Leo in mind, and the LSTM does not" in told(page), 60)
    press(page, slider, "Home")
    assert slider.get_attribute("aria-valuetext") == "0 updates"
    given = page.locator(".charrnn-prompt").first.text_content()
    for cell, album in tales_pair.albums.items():
        assert samples(page)[cell] == generate(album[0], tales_pair.vocab, given, 150, 0.8, seed=18)[len(given) :]
    assert max(sure for _, sure in ribbon(page, "LSTM")[: len(given)]) < 0.5
    assert wait_for(page, lambda: "Before the first update neither network has Leo" in told(page), 60)
    assert name(page, "Zoe").count() == 0  # a tap would change nothing
    press(page, slider, "End")
    assert wait_for(page, lambda: "updates both networks have Leo in mind" in told(page), 60)
    for cell, model in tales_pair.models.items():
        assert samples(page)[cell] == generate(model, tales_pair.vocab, given, 150, 0.8, seed=18)[len(given) :]
    name(page, "Kit").click()  # what the reader has seen is not proposed again
    assert wait_for(page, lambda: "Now tap “Who remembers the friend?”!" in told(page))


def test_a_hand_on_the_state_changes_what_follows_and_is_taken_away(opened):
    page = opened()
    before = samples(page)
    place = len(text_of(page).inner_text()) - 200
    at(page, place).click()
    page.get_by_text("Look inside").click()
    page.get_by_role("button", name="Give it that story's state").click()
    after = samples(page)
    start = place - text_of(page).locator(".charrnn-prompt").inner_text().__len__()
    assert after["LSTM"][:start] == before["LSTM"][:start]
    assert after["LSTM"][start:] != before["LSTM"][start:]
    assert "Zoe" in after["LSTM"][start:]
    assert after["GRU"] == before["GRU"]
    page.get_by_role("button", name="Undo").click()
    assert samples(page) == before
    at(page, place).click()
    page.get_by_role("button", name="Hold it").click()  # it is still open
    assert "held at" in told(page)
    assert samples(page)["LSTM"][:start] == before["LSTM"][:start]


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_first_screen_shows_a_story_to_tap_and_text_with_its_ribbon(opened, width, height):
    page = opened(width, height)
    places = [page.get_by_role("button", name="Change the hero"), name(page, "Leo"), at(page, 5), at(page, 60)]
    places += [at(page, 60, "GRU")] if width != 320 else []
    for place in places:
        assert place.bounding_box()["y"] + place.bounding_box()["height"] < height
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert control(page, "length")[0].is_hidden()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 568)])
def test_on_a_phone_the_details_leave_the_tapped_letter_where_it_is(opened, width, height):
    page = opened(width, height, has_touch=True)
    tops = "all => all.slice(0, 60).map(one => one.getBoundingClientRect().y)"
    where = lambda: text_of(page).locator("[data-at]").evaluate_all(tops)
    lowest = max(place for place, y in enumerate(where()) if y < height - 40) - 1  # the next one is in sight, too
    for place in (4, lowest):
        before = where()
        at(page, place).tap()
        assert where() == before
        letter, sheet = at(page, place).bounding_box(), page.locator(".charrnn-inspect").bounding_box()
        assert letter["y"] + letter["height"] < sheet["y"] or letter["y"] > sheet["y"] + sheet["height"]
        assert "the LSTM has" in said(page)
        name(page, "Ben").tap()
        page.get_by_role("button", name="Next").tap()
        page.get_by_role("button", name="Close").tap()
        assert where() == before


@pytest.mark.parametrize(("width", "height"), SCREENS[::2])
def test_nothing_moves_when_what_is_said_gets_longer_or_shorter(opened, width, height):
    page = opened(width, height)
    names = page.locator(".charrnn-names")
    where = names.bounding_box()
    for story in ("Change the hero", "A memory is born", "Who remembers", "Who is it about"):
        page.get_by_role("button", name=story).click()
        assert wait_for(page, lambda: "…" not in told(page), 60)
        assert names.bounding_box() == where, story
        begun = page.locator(".charrnn-begun").count()  # texts that say by "…" that they began before
        assert begun == (2 if story in ("A memory is born", "Who remembers") and width < 600 else 0), story
    for hero in ("Zoe", "Ben"):
        name(page, hero).click()
    assert "Only the memories were changed, from Leo to Ben" in told(page)
    assert names.bounding_box() == where


@pytest.mark.parametrize(("width", "height", "scheme"), [(390, 844, "dark"), (320, 568, "light"), (853, 480, "dark")])
def test_it_is_for_everyone_on_every_screen(opened, width, height, scheme):
    page = opened(width, height, color_scheme=scheme)
    settings(page)
    at(page, 70).click()
    page.get_by_text("Look inside").click()
    every_rule = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = axe.Axe().run(page, options=every_rule).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not page.evaluate(
        """() => [...document.querySelectorAll('button, summary, select, textarea, input, a')]
            .filter(one => one.getClientRects().length && one.getBoundingClientRect().height < 43.5)
            .map(one => one.outerHTML.slice(0, 90))"""
    )
    assert not page.evaluate(  # a phone would zoom in
        """() => [...document.querySelectorAll('select, textarea, input:not([type=range])')]
            .filter(one => parseFloat(getComputedStyle(one).fontSize) < 16).map(one => one.outerHTML.slice(0, 90))"""
    )
    assert page.problems == []


def test_forced_colours_keep_the_ribbon_and_the_marks(opened):
    page = opened(forced_colors="active")
    assert "svg" in at(page, 60).evaluate("one => getComputedStyle(one).backgroundImage")
    settings(page)
    page.get_by_label("colour letters by").select_option("surprise")
    assert text_of(page).locator("[style*=underline]").count() > 5
    pressed = page.get_by_role("button", name="Who is it about?").or_(name(page, "Leo")).first
    colours = pressed.evaluate("one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]")
    assert colours[0] != colours[1]


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_letters_appear_and_training_goes_on_by_itself_unless_the_reader_wants_no_motion(opened, motion):
    page, moves = opened(reduced_motion=motion), motion == "no-preference"
    name(page, "Zoe").click()
    assert bool(page.locator(".charrnn-later").count()) == moves
    assert wait_for(page, lambda: page.locator(".charrnn-later").count() == 0)
    page.get_by_role("button", name="A memory is born").click()
    at_the_end = "4,000 updates both networks" if moves else "4,000 updates the GRU"
    assert wait_for(page, lambda: at_the_end in told(page), 60)
    page.get_by_role("button", name="A memory is born").click()
    at(page, 5).click()  # who does something stops it
    page.wait_for_timeout(3000)
    assert page.get_by_label("trained for").get_attribute("aria-valuetext") == ("0" if moves else "1,000") + " updates"


def test_what_the_keyboard_reaches_is_behind_nothing_and_escape_closes_the_details(opened):
    page = opened(320, 568)
    text_of(page).focus()
    page.keyboard.press("ArrowRight")
    covered = """() => {
        const one = document.activeElement, { x, y, width, height } = one.getBoundingClientRect();
        const there = document.elementFromPoint(x + width / 2, y + height / 2);
        return one.matches("button, a, summary") && !one.contains(there) ? one.outerHTML : "";
    }"""
    for _ in range(12):  # to the settings, which stand below the details
        page.keyboard.press("Tab")
        assert page.evaluate(covered) == ""
    assert page.evaluate("document.activeElement.textContent").startswith("Your own beginning")
    page.get_by_role("button", name="Close").focus()
    page.keyboard.press("Escape")
    assert "Choose any letter" in said(page)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("text of the LSTM")


def test_a_screen_reader_hears_each_text_as_a_whole_and_of_each_act_once(opened):
    page = opened()
    for cell, text in samples(page).items():
        assert text in page.locator(f"p:has(+ [aria-label^='text of the {cell}'])").text_content()
        assert text[:20] not in text_of(page, cell).aria_snapshot()  # and not letter by letter
    page.evaluate(
        """() => { window.heard = 0;
            const watch = new MutationObserver(() => window.heard++);
            const all = document.querySelectorAll("[role=status], [role=alert], output");
            for (const one of all) watch.observe(one, { childList: true }); }"""
    )
    acts = [name(page, "Zoe").click, page.get_by_role("button", name="A memory").click]
    for act in [*acts, lambda: press(page, page.get_by_label("trained for"), "Home")]:
        act()
        settled(page)
        assert page.evaluate("() => [window.heard, window.heard = 0][0]") == 1
