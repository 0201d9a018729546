"""Planted faults in a panel."""

import threading
import time

import torch

from charrnn_helpers.experiments.observations import Run
from charrnn_helpers.panels.faults import faults_panel


def wait_for(button):
    """Wait until the training that the button has started has ended."""
    deadline = time.monotonic() + 60
    while button.disabled:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_run_belongs_to_the_seed_that_was_chosen_when_it_was_started(monkeypatch, controls, words):
    asked, started, go_on = [], threading.Event(), threading.Event()
    seen = {"validated_again": 2.0, "reloaded": 2.0, "sample": "a cat sat", "own_text": 1.0}
    some_run = Run(val_updates=[60], val_losses=[2.0], **seen)
    for _ in range(60):
        some_run.note(2.0, 1.0, torch.full((8,), 2.0))

    def slow(name, seed, on_update):
        asked.append((name, seed))
        on_update(40)
        started.set()
        go_on.wait(20)
        return some_run

    monkeypatch.setattr("charrnn_helpers.panels.faults.run", slow)
    panel = faults_panel()
    named = controls(panel)
    named["Plant it and train"].click()
    named["Plant it and train"].click()  # a double click is one
    named["random seed"].value = 5
    started.wait(20)
    assert "Training the network with the fault: update 40 of 300" in words(panel)
    go_on.set()
    wait_for(named["Plant it and train"])
    assert "of 300" not in words(panel)  # it has ended
    assert asked == [("state_reset", 0), ("sound", 0)]
    for _ in range(2):  # the second look is free
        named["Plant it and train"].click()
        wait_for(named["Plant it and train"])
        assert asked[2:] == [("state_reset", 5), ("sound", 5)]
    assert "What differs" in words(panel)
    assert "<pre>a cat sat</pre>" in words(panel)
