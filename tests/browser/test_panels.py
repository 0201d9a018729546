"""Every panel in a real JupyterLab and a real browser, driven by keyboard and pointer."""

import re

import pytest
from lab import NEEDED, control, errors_of, leave, press, retype, samples, wait_for

pytestmark = NEEDED


def says(page, place, words, seconds=20):
    """Wait for words in a panel."""
    assert wait_for(page, lambda: words in place.inner_text(), seconds), (words, place.inner_text())


def writes_seed(page, place, file):
    """Wait for the text that would be saved in a file of this name."""
    assert wait_for(page, lambda: place.locator(f'a[download="{file}"]').count() == 1), file


def picture(place):
    return place.locator("img").get_attribute("src")


def test_a_slider_is_moved_with_the_pointer(page, panel):
    place = panel("lstm")
    box, handle = control(place, "forget f")
    value, shown = box.input_value(), picture(place)
    handle.scroll_into_view_if_needed()
    where = handle.bounding_box()
    page.mouse.move(where["x"] + 0.5 * where["width"], where["y"] + where["height"] / 2)
    page.mouse.down()
    page.mouse.move(where["x"] + 0.2 * where["width"], where["y"] + where["height"] / 2, steps=4)
    dragged = box.input_value()
    assert dragged != value  # the box follows at once; Python hears of it when the handle is released
    assert picture(place) == shown
    page.mouse.up()
    assert wait_for(page, lambda: picture(place) != shown)
    assert box.input_value() == dragged


@pytest.mark.parametrize(("name", "label"), [("curves", "unit"), ("coverage", "each pair reads")])
def test_a_list_is_worked_with_the_arrow_keys(page, panel, name, label):
    place = panel(name)
    choice, before = place.get_by_label(label, exact=True), picture(place)
    first, cells = choice.input_value(), page.locator(".jp-Cell").count()
    press(page, choice, "b", "ArrowDown")
    assert choice.input_value() != first
    assert page.locator(".jp-Cell").count() == cells  # and none of the keys was JupyterLab's
    assert wait_for(page, lambda: picture(place) != before)


def test_a_typed_text_is_encoded_and_an_unknown_character_named(page, panel):
    place = panel("encoding")
    for typed, shown in (("cat", "target's index"), ("cät", "does not hold 'ä'"), ("", "nothing to encode")):
        retype(page, place.get_by_label("your text"), typed)
        says(page, place, shown)
    assert place.locator("table").count() == 0  # nothing of the last text beside the sentence


def test_training_starts_stops_goes_on_and_keeps_what_it_has(page, panel):
    leave(page)  # in a new kernel there was no training yet
    place = panel("training")
    start, stop, go_on = (place.get_by_role("button", name=name) for name in ("Start", "Stop", "Continue"))
    assert stop.is_disabled()
    assert go_on.is_disabled()
    assert place.locator("img").count() == 0  # no broken picture before there is a first one
    start.click()
    assert wait_for(page, lambda: place.inner_text().count("validation loss") == 2, 60), place.inner_text()
    assert wait_for(page, place.locator("img").is_visible)
    stop.click()
    says(page, place, "Stopped; nothing is lost", 60)
    done = updates_of(place)
    assert all(0 < updates < 400 for updates in done.values())
    press(page, go_on, "Enter")
    assert wait_for(page, lambda: all(updates_of(place)[cell] > done[cell] for cell in done), 60), place.inner_text()
    page.evaluate("async () => { await window.jupyterapp.commands.execute('kernelmenu:interrupt'); }")
    later = updates_of(place)
    assert wait_for(page, lambda: sum(updates_of(place).values()) > sum(later.values()), 60)  # it was not reached
    stop.click()
    assert wait_for(page, start.is_enabled, 60)


def updates_of(place):
    """Updates done by each network, as the training panel says them."""
    return {cell: int(done) for cell, done in re.findall(r"(LSTM|GRU), update (\d+) of", place.inner_text())}


def test_a_slider_answers_while_training_runs_and_two_panels_live_side_by_side(page, panel):
    training, playground = panel("training", "playground")
    training.get_by_role("button", name="Start").click()
    says(page, training, "validation loss", 60)
    before, running = samples(page), updates_of(training)
    press(page, control(playground, "random seed")[1], "ArrowRight")
    assert wait_for(page, lambda: all(samples(page)[cell] != before[cell] for cell in before))
    assert sum(updates_of(training).values()) < 800, "training ended before the slider was moved"
    assert wait_for(page, lambda: sum(updates_of(training).values()) > sum(running.values()), 60)
    training.get_by_role("button", name="Stop").click()
    says(page, training, "Stopped; nothing is lost", 60)
    assert errors_of(page) == []


def test_a_panel_lives_on_after_the_page_is_loaded_again(page, panel):
    place = panel("playground")
    retype(page, control(place, "random seed")[0], "5")
    writes_seed(page, place, "lstm-seed-5.txt")
    before = samples(page)
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    page.reload()
    place.locator(".charrnn-sample").first.wait_for(timeout=60_000)
    assert wait_for(page, lambda: samples(page) == before)
    assert control(place, "random seed")[0].input_value() == "5"
    press(page, control(place, "random seed")[1], "ArrowRight")
    writes_seed(page, place, "lstm-seed-6.txt")
    assert samples(page) != before


def test_a_fault_is_planted_seen_and_explained(page, panel):
    place = panel("faults")
    button = place.get_by_role("button", name="Plant it and train")
    button.click()
    says(page, place, "the network is only about as good as a bigram", 120)
    assert wait_for(page, place.locator("img").is_visible)
    place.get_by_label("fault", exact=True).select_option("the state is carried with its history")
    assert wait_for(page, button.is_enabled)
    press(page, button, "Enter")
    says(page, place, "Trying to backward through the graph a second time", 60)
    assert place.locator("img").count() == 0  # it stopped before there was a curve
    assert wait_for(page, button.is_enabled)


def test_playground_takes_no_wrong_number_and_says_which_are_right(page, panel):
    place = panel("playground")
    place.locator("summary").last.click()
    box, handle = control(place, "temperature")
    for typed in ("9", "0", ""):
        press(page, box, "ControlOrMeta+a", "Delete", *typed, "Enter")
        said = place.get_by_role("alert").filter(has_text="Temperature: give a number from 0.1 to 2. It is still 0.8.")
        assert wait_for(page, said.is_visible)
        assert handle.input_value() == "0.8"
    retype(page, box, "1.3")
    assert wait_for(page, said.is_hidden)
    assert handle.input_value() == "1.3"
    retype(page, box, "0.84")  # between two steps: box and handle agree
    assert wait_for(page, lambda: (box.input_value(), handle.input_value()) == ("0.8", "0.8"))


def test_playground_shows_what_only_the_kernel_knows(page, panel):
    """Copies with their sources, the grammar's verdict and the oracle's bars; the rest is tested in the page."""
    place = panel("playground")
    place.get_by_role("button", name="Change the hero").click()
    says(page, place, "the grammar expects Zoe, because you changed the story there")
    assert "about Leo" not in place.locator(".charrnn-verdict").first.inner_text()  # Zoe is right after the change
    place.get_by_role("button", name="Undo").click()
    assert wait_for(page, lambda: "the grammar expects" not in place.inner_text())
    text = place.get_by_role("application", name="text of the LSTM")
    says(page, place, "stands in the training text")
    place.locator("summary").last.click()
    place.get_by_label("colour letters by").select_option("what is in the training text")
    copy = place.locator("li mark").first  # it may go over a line end
    assert wait_for(page, lambda: copy.text_content() in samples(page)["LSTM"])  # Undo leaves an old list for a moment
    assert len(copy.text_content()) >= 50
    place.get_by_label("colour letters by").select_option("the grammar's verdict")
    wrong = text.locator("[data-at][style*=wrong]")
    for seed in range(2, 12):
        if wrong.count():
            break
        retype(page, control(place, "random seed")[0], str(seed))
        writes_seed(page, place, f"lstm-seed-{seed}.txt")
        page.wait_for_timeout(1000)
    wrong.first.click()
    reasons = "was never in|has not named|no sentence of|is a (girl|boy)|not about|must come"
    assert wait_for(page, lambda: re.search(reasons, place.inner_text()))
    text.locator("[data-at]").nth(4).click()  # in the prompt, so the oracle can follow
    place.get_by_text("Look inside").click()
    assert wait_for(page, place.get_by_role("columnheader", name="oracle").is_visible)
    page.evaluate("() => window.jupyterapp.serviceManager.kernels.shutdownAll()")
    retype(page, control(place, "random seed")[0], "20")
    writes_seed(page, place, "lstm-seed-20.txt")  # it still writes
    says(page, place, "The kernel is busy or gone")
    page.goto("about:blank")  # the next panel gets another kernel


def test_playground_trains_on_a_file_or_a_pasted_text_and_plays_with_the_result(page, panel, folder, tmp_path):
    place = panel("playground")
    press(page, place.get_by_role("button", name="Train on your own text"), "Enter")
    train = place.get_by_role("button", name=re.compile(r"Train$"))
    train.click()
    says(page, place, "there is no text yet")
    (tmp_path / "long.txt").write_bytes(b"a cat sat; a dog ran. " * 2000)
    with page.expect_file_chooser() as chooser:
        place.get_by_role("button", name="A text file").click()
    chooser.value.set_files(tmp_path / "long.txt")
    says(page, place, "long.txt: 44,000 bytes")
    train.click()
    says(page, place, "validation loss", 60)
    place.get_by_role("button", name="Stop").click()  # what there is can write
    says(page, place, "Both are kept", 60)
    chosen = place.get_by_label("networks", exact=True).locator("option:checked")
    assert wait_for(page, lambda: re.fullmatch(r"long,.\d+.updates", chosen.inner_text()), 20), chosen.inner_text()
    assert 0 < int(re.search(r"\d+", chosen.inner_text())[0]) < 600

    place.get_by_label("or paste it").fill("ten tame rats sat at ten mats. " * 40)
    retype(page, control(place, "updates")[0], "100")
    place.get_by_label("its name").fill("rats")
    train.click()
    assert wait_for(page, lambda: re.fullmatch("rats,.100.updates", chosen.inner_text()), 60)
    assert wait_for(page, lambda: place.locator(".charrnn-prompt").first.inner_text().startswith("ten tame"))
    assert set(samples(page)["GRU"]) <= set("ten tame rats sat at ten mats. ")
    assert sorted(file.name for file in folder.glob("runs/rats*")) == ["rats-gru.pt", "rats-lstm.pt", "rats.txt"]
    assert errors_of(page) == []
