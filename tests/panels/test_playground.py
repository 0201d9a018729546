"""The playground: what is marked in a text, and what plays."""

import base64
import math
import re

import numpy as np
import pytest

from charrnn_helpers.measures.samples import Copy, CopyFinder
from charrnn_helpers.panels.network_pairs import Pair, keep_pair
from charrnn_helpers.panels.playground import SURPRISE_STYLES, marked, playground_panel, sources, surprise_of_text
from charrnn_helpers.sampling import logits_after, next_probabilities


def test_grounds_follow_surprise_and_lines_follow_copies():
    surprise = np.array([0.5, 1.5, 3.0, 5.0, 0.5])
    shown = marked("LSTM", "p<", "ab<cd", surprise, [Copy(3, 5, 0)], at=4)
    assert re.findall(r'<span style="(.*?)">(.*?)</span>', shown) == [
        ("", "a"),
        (SURPRISE_STYLES[1], "b"),
        (SURPRISE_STYLES[2], "&lt;"),
        (SURPRISE_STYLES[3] + "text-decoration:underline;", "c"),
        ("text-decoration:underline;outline:2px solid #000;", "d"),
    ]
    assert '<b class="charrnn-prompt">p&lt;</b>' in shown


def test_surprise_is_what_the_network_gave_to_each_character(pair):
    text, model = "a cat sat", pair.models["GRU"]
    found = surprise_of_text(logits_after(model, pair.vocab, text), pair.vocab, text)
    assert np.isnan(found[0])
    for place in range(1, len(text)):
        p = next_probabilities(model, pair.vocab, text[:place])[pair.vocab.encode(text[place]).item()]
        assert found[place] == pytest.approx(-math.log2(p.item()), abs=1e-5)


def test_the_longest_sources_are_shown_with_what_stands_around_them():
    finder, written = CopyFinder("x<y and the cat sat on the mat. And so on", 10), "said: the cat sat on the mat!"
    shown = sources(written, finder.find(written), finder)
    said = "23 characters, from character 7 of the training text on"
    assert f"{said}: <q>…x&lt;y and<u> the cat sat on the mat</u>. And so on…" in shown
    assert sources("new", [], finder) == ""


@pytest.mark.parametrize("length", [0, 1, 40])
def test_playground_writes_any_length_and_shows_bars_within_it(pair, controls, words, length):
    panel = playground_panel(pair)
    named = controls(panel)
    named["bars at"].value = 200
    named["length"].value = length
    assert named["bars at"].max == max(1, length)
    assert 'role="alert"' not in words(panel)
    saved = re.findall(r'base64,([^"]+)">Save', words(panel))
    texts = [base64.b64decode(one).decode() for one in saved]
    assert [len(text) for text in texts] == [len(pair.prompt) + length] * 2


def test_playground_says_that_copies_are_not_marked_without_the_training_text(pair, words):
    said = words(playground_panel(Pair(pair.models, pair.vocab, None)))
    assert "training text is not at hand" in said
    assert "copied" not in said.split("not at hand")[0]


def test_a_damaged_checkpoint_is_named_and_the_last_networks_stay(pair, histories, tmp_path, controls, words):
    keep_pair(pair, histories)
    panel = playground_panel(pair)
    (tmp_path / "runs" / "pets-gru.pt").write_bytes(b"nothing")
    named = controls(panel)
    named["prompt"].value = "a dog"
    named["networks"].value = "pets, trained here"
    assert "pets-gru.pt is damaged" in words(panel)
    assert named["networks"].value == "the two of this page"
    named["random seed"].value = 2
    assert "gru-seed-2.txt" in words(panel)
    assert 'charrnn-prompt">a dog<' in words(panel)
    named["networks"].value = "tales, comes with the course"
    assert named["top-k"].value == named["top-k"].max == 51
    assert named["prompt"].value.startswith("Once a ")
    assert 'charrnn-prompt">Once a ' in words(panel)
