"""Training in a panel: buttons, what is said, and a cell that is run again."""

import time

from charrnn_helpers.panels.training import training_panel


def test_a_training_panel_made_anew_goes_on_with_the_run_it_finds(corpus, controls, words, run_of):
    first = training_panel(corpus, updates=200)
    named = controls(first)
    named["hidden units"].value = 16
    named["Start"].click()
    while not run_of(first).updates:
        time.sleep(0.01)
    named["Stop"].click()
    run_of(first).wait()
    assert 0 < run_of(first).updates < 400

    second = training_panel(corpus, updates=200)  # the cell is run again
    assert run_of(second) is run_of(first)
    assert "Stopped; nothing is lost" in words(second)
    controls(second)["Continue"].click()
    run_of(second).wait()
    assert run_of(second).finished
    assert words(second).count("update 200 of 200: validation loss") == 2
    assert [controls(second)[name].disabled for name in ("Start", "Stop", "Continue")] == [False, True, True]
    assert run_of(training_panel(corpus, updates=100)) is None  # another run
