"""Training in a panel: buttons, what is said, and a cell that is run again."""

import time

from charrnn_helpers.panels.training import training_panel


def test_a_training_panel_made_anew_goes_on_with_the_run_it_finds(corpus, controls, words):
    first = training_panel(corpus, updates=200)
    named = controls(first)
    named["hidden units"].value = 16
    named["Start"].click()
    while not first.live().updates:
        time.sleep(0.01)
    named["Stop"].click()
    first.live().wait()
    assert 0 < first.live().updates < 400

    second = training_panel(corpus, updates=200)  # the cell is run again
    assert second.live() is first.live()
    assert "Stopped; nothing is lost" in words(second)
    controls(second)["Continue"].click()
    second.live().wait()
    assert second.live().finished
    assert words(second).count("update 200 of 200: validation loss") == 2
    assert [controls(second)[name].disabled for name in ("Start", "Stop", "Continue")] == [False, True, True]
    assert training_panel(corpus, updates=100).live() is None  # another run


def test_the_network_that_is_chosen_trains_and_after_a_problem_nothing_can_be_continued(corpus, controls, words):
    panel = training_panel(corpus, updates=200)
    named = controls(panel)
    named["learning rate"].max = 1e38
    named["networks"].value, named["learning rate"].value, named["hidden units"].value = ("GRU",), 1e38, 16
    named["Start"].click()
    panel.live().wait()
    assert list(panel.live().models) == ["GRU"]
    assert "is not a number" in words(panel)
    assert "nothing is lost" not in words(panel)
    assert [named[name].disabled for name in ("Start", "Stop", "Continue")] == [False, True, True]
