"""What the controls of the panels promise, without a browser."""

import base64
import math
import re
import threading
import time
from datetime import datetime, timezone

import ipywidgets as ipw
import numpy as np
import pytest
import torch

from charrnn_helpers import TrainConfig, Vocabulary, load_corpus
from charrnn_helpers.experiments import faults
from charrnn_helpers.measures.samples import Copy, CopyFinder
from charrnn_helpers.networks.registry import MODELS
from charrnn_helpers.panels import gate_reader, own_text
from charrnn_helpers.panels import playground as widgets
from charrnn_helpers.panels.controls import Chart, Slider
from charrnn_helpers.panels.faults import faults_panel
from charrnn_helpers.panels.gate_reader import gates_panel
from charrnn_helpers.panels.live_training import fitting
from charrnn_helpers.panels.network_pairs import Pair, keep_pair
from charrnn_helpers.panels.playground import playground_panel
from charrnn_helpers.panels.training import training_panel
from charrnn_helpers.sampling import logits_after, next_probabilities
from charrnn_helpers.training.checkpoints import CheckpointError
from charrnn_helpers.training.config import History


def controls(panel):
    """Every control of a panel by its name."""
    found, rest = {}, list(panel.children)
    while rest:
        one = rest.pop()
        rest += getattr(one, "children", ())
        if getattr(one, "description", ""):
            found[one.description] = one
    return found


def wait_for(condition, seconds=60):
    """True as soon as `condition()` holds, False when it has not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


def words(panel):
    """All that the panel says, pictures and all."""
    said, rest = [], list(panel.children)
    while rest:
        one = rest.pop(0)
        rest += getattr(one, "children", ())
        said += [one.value] if isinstance(one, ipw.HTML) else []
    return " ".join(said)


def test_a_slider_keeps_its_value_within_its_ends_and_whole_numbers_whole():
    whole, share = Slider("seed", 3, 1, 10), Slider("share", 0.5, 0.0, 1.0, 0.1)
    for given, kept in ((11, 10), (0, 1), (4, 4)):
        whole.value = given
        assert (whole.value, type(whole.value)) == (kept, int)
    for given, kept in ((1.5, 1.0), (-1, 0.0), (0.1 + 0.2, 0.3), (1, 1.0)):  # no 0.30000000000000004
        share.value = given
        assert (share.value, type(share.value)) == (kept, float)


def test_a_lower_end_takes_the_value_along():
    slider = Slider("step", 8, 1, 10)
    slider.max = 5
    assert slider.value == 5
    slider.max = 20
    assert slider.value == 5


# --- 04 and 07: training, live, and the playground ------------------------------------------------------------------

TEXT = "a cat sat on a mat; a dog ran to a log. " * 60


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where `runs` will be
    monkeypatch.setattr(widgets, "_LIVE", {})
    monkeypatch.setattr(widgets, "_OWN", [])
    (tmp_path / "pets.txt").write_text(TEXT, encoding="utf-8")
    return load_corpus("pets.txt")


@pytest.fixture
def pair(corpus):
    vocab = Vocabulary.from_text(corpus.text)
    torch.manual_seed(0)
    return Pair({cell: MODELS[cell](len(vocab), 8, 1, 4).eval() for cell in ("LSTM", "GRU")}, vocab, corpus)


def test_a_training_panel_made_anew_goes_on_with_the_run_it_finds(corpus):
    first = training_panel(corpus, updates=200)
    named = controls(first)
    named["hidden units"].value = 16
    named["Start"].click()
    assert wait_for(lambda: first.live().updates)
    named["Stop"].click()
    first.wait()
    done = first.live().updates
    assert 0 < done < 400

    second = training_panel(corpus, updates=200)  # the cell is run again
    assert second.live() is first.live()
    assert "Stopped; nothing is lost" in words(second)
    controls(second)["Continue"].click()
    second.wait()
    assert second.live().finished
    assert words(second).count("update 200 of 200: validation loss") == 2
    assert [controls(second)[name].disabled for name in ("Start", "Stop", "Continue")] == [False, True, True]
    assert training_panel(corpus, updates=100).live() is None  # another run


def test_a_training_panel_trains_the_networks_that_are_chosen_and_says_what_is_too_short(corpus):
    panel = training_panel(corpus, updates=50)
    named = controls(panel)
    named["networks"].value, named["hidden units"].value = ("GRU",), 16
    named["Start"].click()
    panel.wait()
    assert list(panel.live().models) == ["GRU"]


def test_a_problem_is_said_and_nothing_can_be_continued(corpus):
    panel = training_panel(corpus, updates=200)
    named = controls(panel)
    named["learning rate"].max = 1e38
    named["learning rate"].value, named["hidden units"].value = 1e38, 16
    named["Start"].click()
    panel.wait()
    assert "is not a number" in words(panel)
    assert "nothing is lost" not in words(panel)
    assert [named[name].disabled for name in ("Start", "Stop", "Continue")] == [False, True, True]


def test_grounds_follow_surprise_and_lines_follow_copies():
    surprise = np.array([0.5, 1.5, 3.0, 5.0, 0.5])
    shown = widgets._marked("LSTM", "p<", "ab<cd", surprise, [Copy(3, 5, 0)], at=4)
    assert re.findall(r'<span style="(.*?)">(.*?)</span>', shown) == [
        ("", "a"),
        (widgets.GROUNDS[1], "b"),
        (widgets.GROUNDS[2], "&lt;"),
        (widgets.GROUNDS[3] + "text-decoration:underline;", "c"),
        ("text-decoration:underline;outline:2px solid #000;", "d"),
    ]
    assert '<b class="charrnn-prompt">p&lt;</b>' in shown


def test_surprise_is_what_the_network_gave_to_each_character(pair):
    text = "a cat sat"
    logits = logits_after(pair.models["GRU"], pair.vocab, text)
    found = widgets._surprise(logits, pair.vocab, text)
    assert np.isnan(found[0])
    for place in range(1, len(text)):
        p = next_probabilities(pair.models["GRU"], pair.vocab, text[:place])[pair.vocab.encode(text[place]).item()]
        assert found[place] == pytest.approx(-math.log2(p.item()), abs=1e-5)


def test_the_longest_sources_are_shown_with_what_stands_around_them():
    finder, written = CopyFinder("x<y and the cat sat on the mat. And so on", 10), "said: the cat sat on the mat!"
    shown = widgets._sources(written, finder.find(written), finder)
    said = "23 characters, from character 7 of the training text on"
    assert f"{said}: <q>…x&lt;y and<u> the cat sat on the mat</u>. And so on…" in shown
    assert widgets._sources("new", [], finder) == ""


@pytest.mark.parametrize("length", [0, 1, 40])
def test_playground_writes_any_length_and_shows_bars_within_it(pair, length):
    panel = playground_panel(pair)
    named = controls(panel)
    named["bars at"].value = 200
    named["length"].value = length
    assert named["bars at"].max == max(1, length)
    assert 'role="alert"' not in words(panel)
    saved = re.findall(r'base64,([^"]+)">Save', words(panel))
    texts = [base64.b64decode(one).decode() for one in saved]
    assert [len(text) for text in texts] == [len(pair.prompt) + length] * 2


def test_playground_says_that_copies_are_not_marked_without_the_training_text(pair):
    panel = playground_panel(Pair(pair.models, pair.vocab, None))
    assert "training text is not at hand" in words(panel)
    assert "copied" not in words(panel).split("not at hand")[0]


def test_a_damaged_checkpoint_is_named_and_the_last_networks_stay(pair, tmp_path):
    keep_pair(pair, {cell: History(cell, TrainConfig()) for cell in pair.models})
    panel = playground_panel(pair)
    (tmp_path / "runs" / "pets-gru.pt").write_bytes(b"nothing")
    named = controls(panel)
    named["networks"].value = "pets, trained here"
    assert "pets-gru.pt is damaged" in words(panel)
    assert named["networks"].value == "the two of this page"
    named["random seed"].value = 2
    assert "gru-seed-2.txt" in words(panel)
    named["networks"].value = "tales, comes with the course"
    assert named["top-k"].value == named["top-k"].max == 57
    assert named["prompt"].value.startswith("In a ")


def test_a_full_disk_does_not_take_what_was_trained(pair, monkeypatch):
    def full(*_):
        raise CheckpointError("runs/x.pt could not be written (no space left on device); free some room")

    panel = playground_panel(pair)
    named = controls(panel)
    named["or paste it"].value, named["updates"].value = TEXT, 50
    monkeypatch.setattr(widgets, "keep_pair", full)
    named["Train"].click()
    named["Train"].click()  # a double click is one
    own_text._OWN[-1].wait()
    assert "no space left" in words(panel)
    assert named["networks"].value == "my_text, 50 updates"
    assert "lstm-seed-1.txt" in words(panel)


def test_training_the_same_text_anew_plays_with_the_new_networks(pair):
    panel = playground_panel(pair)
    named = controls(panel)
    named["or paste it"].value, named["updates"].value = TEXT, 50
    texts = set()
    for _ in range(2):
        named["Train"].click()
        own_text._OWN[-1].wait()
        assert named["networks"].value == "my_text, 50 updates"
        named["random seed"].value = 2  # written now, by the networks that play
        texts.add(re.findall(r'base64,([^"]+)">Save', words(panel))[0])
        named["random seed"].value = 1
        with torch.no_grad():  # if these went on playing, they would write something else
            own_text._OWN[-1].models["LSTM"].head.bias[0] += 50
    assert len(texts) == 1  # the same text, run and seed
    assert "Both are kept" in words(panel)


def test_networks_that_are_not_numbers_are_not_kept(pair, tmp_path, monkeypatch):
    panel = playground_panel(pair)
    named = controls(panel)
    named["or paste it"].value, named["updates"].value = TEXT, 50
    monkeypatch.setattr(
        widgets, "fitting", lambda *given, **options: fitting(*given, **{**options, "learning_rate": 1e38})
    )
    named["Train"].click()
    own_text._OWN[-1].wait()
    assert "is not a number" in words(panel)
    assert "Both are kept" not in words(panel)
    assert named["networks"].value == "the two of this page"
    assert [file.name for file in (tmp_path / "runs").iterdir()] == ["my_text.txt"]


def test_a_playground_made_anew_finds_the_run_on_ones_own_text(pair):
    named = controls(playground_panel(pair))
    named["or paste it"].value, named["updates"].value = TEXT, 2000
    named["Train"].click()
    assert wait_for(lambda: own_text._OWN[-1].updates > 3)
    panel = playground_panel(pair)  # the cell is run again
    named = controls(panel)
    assert [named[name].disabled for name in ("Train", "Stop")] == [True, False]
    named["Stop"].click()
    own_text._OWN[-1].wait()
    assert "Both are kept" in words(panel)
    assert named["networks"].value.startswith("my_text, ")


def test_an_uploaded_file_takes_the_place_of_a_pasted_text(pair, tmp_path):
    panel = playground_panel(pair)
    named = controls(panel)
    named["or paste it"].value = "something else, and long enough to be trained on"
    given = {"name": "pets.txt", "type": "text/plain", "size": 1, "content": memoryview(TEXT.encode())}
    named["A text file"].value = ({**given, "last_modified": datetime.now(timezone.utc)},)
    assert named["or paste it"].value == ""
    named["updates"].value = 50
    named["Train"].click()
    own_text._OWN[-1].wait()
    assert (tmp_path / "runs" / "pets.txt").read_text() == TEXT


# --- 08: inside the gates -------------------------------------------------------------------------------------------


@pytest.fixture
def gates():
    vocab = Vocabulary.from_text("abc xyz.")
    torch.manual_seed(0)
    models = {cell: MODELS[cell](len(vocab), units, 1, 4) for cell, units in (("LSTM", 6), ("GRU", 4), ("RNN", 5))}
    panel = gates_panel(models, vocab, "abc xyz.")
    return panel, controls(panel)


def test_gates_of_every_network_can_be_chosen_and_each_once(gates):
    panel, named = gates
    for cell, gates_ in (("LSTM", "ifgoch"), ("GRU", "rznh"), ("RNN", "h")):
        named["network"].value = cell
        assert [value for _, value in named["colour by"].options] == list(gates_)
        for gate in gates_:
            named["colour by"].value = gate
            assert f"{gate_reader.READ[gate]}, unit 0, is" in words(panel)


@pytest.mark.parametrize(
    ("control", "value", "sentence"),
    [
        ("text", "", "nothing to read"),
        ("text", "abd", "does not hold &#x27;d&#x27;"),
        ("text", "a" * 401, "at most 400"),
        ("unit", 5, "this GRU has units 0 to 3"),
    ],
)
def test_a_bad_value_gets_a_sentence_and_nothing_old_stays_beside_it(gates, control, value, sentence):
    panel, named = gates
    named["network"].value = "GRU"
    (chart,) = (one for one in panel.children if isinstance(one, Chart))
    assert "<img" in chart.value
    named[control].value = value
    assert sentence in words(panel)
    assert "charrnn-units" not in words(panel)
    assert chart.value == ""
    named["unit"].value, named["text"].value = 0, "abc"
    assert "Step 3 of 3" in words(panel)
    assert "<img" in chart.value


def test_strong_values_are_underlined_and_weak_ones_are_not():
    shown = gate_reader._coloured("abc", [0.9, -0.9, 0.2], at=1, size=1.0)
    assert [shown.count(line) for line in ("underline solid", "underline dotted", "outline")] == [1, 1, 1]
    assert gate_reader._coloured("a<", [0.0, 0.0], 0, 1.0).count("&lt;") == 1


# --- 10: break it ---------------------------------------------------------------------------------------------------


def test_a_run_belongs_to_the_seed_that_was_chosen_when_it_was_started(monkeypatch):
    asked, go_on = [], threading.Event()

    def slow(name, seed):
        asked.append((name, seed))
        go_on.wait(20)
        return faults.run(name, seed, faults.Setting(updates=60, streams=4, window=8, units=8, validated=100))

    monkeypatch.setattr(widgets, "run", slow)
    panel = faults_panel(0.3)
    named = controls(panel)
    named["Plant it and train"].click()
    named["random seed"].value = 5
    go_on.set()
    panel.wait()
    assert asked == [("state_reset", 0), ("sound", 0)]
    named["Plant it and train"].click()
    panel.wait()
    assert asked[2:] == [("state_reset", 5), ("sound", 5)]
    named["Plant it and train"].click()
    panel.wait()
    assert len(asked) == 4  # kept
    assert "What differs" in words(panel)


def test_a_run_that_cannot_be_made_says_so_and_frees_the_button(monkeypatch):
    def full_disk(name, seed):
        raise OSError("no space left on device")

    monkeypatch.setattr(widgets, "run", full_disk)
    panel = faults_panel(0.3)
    button = controls(panel)["Plant it and train"]
    button.click()
    panel.wait()
    assert "no space left" in words(panel)
    assert not button.disabled
