"""Two networks trained on a reader's text, in the playground."""

import time
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.panels.playground import Stage, playground_panel


def stage_of(panel):
    return next(one for one in panel.children if isinstance(one, Stage))


@pytest.fixture
def panel(pair, controls):
    """A playground in which a text is pasted."""
    panel = playground_panel(pair)
    controls(panel)["or paste it"].value, controls(panel)["updates"].value = pair.corpus.text, 50
    return panel


def test_a_file_takes_the_place_of_a_pasted_text_and_a_full_disk_not_what_was_trained(
    pair, panel, tmp_path, controls, words, run_of
):
    named, data = controls(panel), pair.corpus.text.upper().encode()
    given = {"name": "pets.txt", "type": "text/plain", "size": 1, "content": memoryview(data)}
    named["A text file"].value = ({**given, "last_modified": datetime.now(timezone.utc)},)
    assert named["or paste it"].value == ""
    (tmp_path / "runs" / "pets-lstm.pt").mkdir(parents=True)  # no file can take its place
    named["Train"].click()
    run = run_of(panel)
    named["Train"].click()  # a double click is one
    assert run_of(panel) is run
    run.wait()
    assert (tmp_path / "runs" / "pets.txt").read_bytes() == data
    assert "pets-lstm.pt could not be written" in words(panel)
    assert named["networks"].value == "pets, 50 updates"
    assert stage_of(panel).spec["characters"] == run_of(panel).vocab.characters


def test_networks_that_are_not_numbers_are_not_kept(panel, tmp_path, monkeypatch, controls, words, run_of):
    class Broken(CELLS["GRU"].fast):
        def forward(self, *given):
            logits, state = super().forward(*given)
            return logits * float("nan"), state

    monkeypatch.setitem(CELLS, "GRU", replace(CELLS["GRU"], fast=Broken))
    controls(panel)["Train"].click()
    run_of(panel).wait()
    assert "is not a number" in words(panel)
    assert "Both are kept" not in words(panel)
    assert controls(panel)["networks"].value == "the two of this page"
    assert [file.name for file in (tmp_path / "runs").iterdir()] == ["my_text.txt"]


def test_a_stopped_run_goes_on_and_what_was_kept_stays_as_it_was(panel, controls, words, run_of):
    named = controls(panel)
    named["updates"].value = 400
    named["Train"].click()
    run = run_of(panel)
    while run.updates < 4:
        time.sleep(0.01)
    named["Stop"].click()
    run.wait()
    first, weights = named["networks"].value, stage_of(panel).weights
    assert [named[name].disabled for name in ("Train", "Stop", "Continue")] == [False, True, False]
    named["Continue"].click()
    run.wait()
    assert run_of(panel) is run
    assert named["Continue"].disabled
    assert named["networks"].value == "my_text, 400 updates"
    assert stage_of(panel).weights != weights
    named["networks"].value = first
    assert stage_of(panel).weights == weights
    assert "Both are kept" in words(panel)
