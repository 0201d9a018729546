"""The playground's side in Python: what it gives the browser, and what it answers. The rest is tested in a browser."""

import pytest

from charrnn_helpers.measures.samples import find_copies
from charrnn_helpers.panels.network_pairs import Pair, keep_pair, load_pair
from charrnn_helpers.panels.playground import for_browser, known_units, playground_panel, sources
from charrnn_helpers.text import next_characters
from charrnn_helpers.training.checkpoints import BUNDLED


@pytest.fixture(scope="module")
def tales_pair():
    return load_pair(*(BUNDLED / f"tales-{cell}.pt" for cell in ("lstm", "gru")))


def test_the_longest_sources_are_shown_with_what_stands_around_them():
    training_text, written = "x<y and the cat sat on the mat. And so on", "said: the cat sat on the mat!"
    [found] = sources(written, find_copies(written, training_text, 10), training_text)
    assert found == {"place": 7, "before": "x<y and", "copy": " the cat sat on the mat", "after": ". And so on"}
    assert sources("new", [], training_text) == []


def test_a_text_is_judged_by_copies_and_by_the_grammar(tales_pair):
    stage = playground_panel(tales_pair).stage
    start = "Once a young child called Leo lived by the inn. "
    text = start + tales_pair.corpus.train[200:300] + ". Then Zoe hummed and Zoe slept. Then Leo sjng and Leo slept. "
    found = stage.judge({"GRU": {"text": text, "start": len(start)}})["GRU"]
    copied = [text[one["start"] : one["end"]] for one in found["copies"]]
    assert tales_pair.corpus.train[200:300] in copied[0]
    wrong = {text[slip["start"] : slip["end"]]: slip["why"] for slip in found["grammar"]}
    assert wrong["Zoe"] == "“Zoe”, but the hero is Leo"
    assert wrong["sjng"] == "no sentence of the grammar goes on with “sjng” here"
    assert stage.judge({"GRU": {"text": start, "start": len(start)}})["GRU"]["copies"] == []


def test_the_oracle_speaks_of_tales_only_and_only_where_a_story_goes_on(tales_pair, pair):
    stage = playground_panel(tales_pair).stage
    assert stage.oracle({"text": "Once a "}) == next_characters("Once a ")
    assert stage.oracle({"text": "Once upon"}) is None
    assert playground_panel(pair).stage.oracle({"text": "Once a "}) is None


def test_without_the_training_text_nothing_is_said_of_copies(pair):
    found = playground_panel(Pair(pair.models, pair.vocab, None)).stage.judge({"GRU": {"text": "a cat", "start": 1}})
    assert set(found) == {"words"}
    assert "training text is not at hand" in found["words"]


def test_what_goes_to_the_browser_names_the_networks_and_the_units_that_are_known(tales_pair):
    spec, _ = for_browser(tales_pair)
    assert {(one["cell"], one["updates"]) for one in spec["networks"]} >= {
        (cell, tales_pair.updates) for cell in ("LSTM", "GRU")
    }
    assert spec["prompt"] == tales_pair.prompt
    for cell, model in tales_pair.models.items():
        assert spec["named"][cell] == known_units(model, tales_pair)
        assert "place in the sentence" in [one["name"] for one in spec["named"][cell]]
        assert known_units(model, tales_pair, surely=1.01) == []


def test_a_damaged_checkpoint_is_named_and_the_last_networks_stay(pair, histories, tmp_path, controls, words):
    keep_pair(pair, histories)
    panel = playground_panel(pair)
    (tmp_path / "runs" / "pets-gru.pt").write_bytes(b"nothing")
    named, before = controls(panel), panel.stage.weights
    named["networks"].value = "pets, trained here"
    assert "pets-gru.pt is damaged" in words(panel)
    assert named["networks"].value == "the two of this page"
    assert panel.stage.weights == before
    named["networks"].value = "tales, comes with the course"
    assert "damaged" not in words(panel)
    assert panel.stage.weights != before
    assert panel.stage.spec["prompt"].startswith("Once a ")
