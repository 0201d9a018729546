"""The playground's side in Python: what it gives the browser, and what it answers. The rest is tested in a browser."""

import threading

import numpy as np
import pytest

from charrnn_helpers.measures import mean_states
from charrnn_helpers.measures.samples import find_copies
from charrnn_helpers.panels import gates_panel, sampling_panel
from charrnn_helpers.panels.network_pairs import Pair, keep_pair, long_pair
from charrnn_helpers.panels.playground import STORIES, Stage, for_browser, longest_sources, playground_panel
from charrnn_helpers.text import next_characters, split_stories
from charrnn_helpers.training.evaluation import lock_of


@pytest.fixture(scope="module")
def stage(tales_pair):
    return Stage(tales_pair)


def test_the_longest_sources_are_shown_with_what_stands_around_them():
    training_text, written = "x<y and the cat sat on the mat. And so on", "said: the cat sat on the mat!"
    [found] = longest_sources(written, find_copies(written, training_text, 10), training_text)
    assert found == {"position": 7, "before": "x<y and", "copy": " the cat sat on the mat", "after": ". And so on"}
    assert longest_sources("new", [], training_text) == []


def test_a_text_is_judged_by_copies_and_by_the_grammar(tales_pair, stage):
    start = "Once a young child called Leo lived by the inn. "
    text = start + tales_pair.corpus.train[200:300] + ". Then Zoe hummed and Zoe slept. Then Leo sjng and Leo slept. "
    found = stage.judge({"GRU": {"text": text, "start": len(start), "changes": []}})["GRU"]
    copied = [text[one["start"] : one["end"]] for one in found["copies"]]
    assert tales_pair.corpus.train[200:300] in copied[0]
    wrong = {text[slip["start"] : slip["end"]]: slip["why"] for slip in found["grammar"]}
    assert wrong["Zoe"] == "this story is about Leo, not about Zoe"
    assert wrong["sjng"] == "“sjng”: no sentence of these stories goes on like this"
    assert found["expects"] == ""
    assert stage.judge({"GRU": {"text": start, "start": len(start), "changes": []}})["GRU"]["copies"] == []


def test_after_a_change_the_grammar_judges_by_the_new_hero_and_the_panel_says_so(stage):
    start = "Once a young child called Leo lived by the inn. "
    text = start + "Then Zoe hummed and Zoe slept. Then Leo hummed and Leo slept. "
    request = {"text": text, "start": len(start), "changes": [[len(start), "Zoe"]]}
    found = stage.judge({"GRU": request})["GRU"]
    wrong = {(text[slip["start"] : slip["end"]], slip["why"]) for slip in found["grammar"]}
    assert wrong == {("Leo", "since the change this story is about Zoe, not about Leo")}
    assert found["expects"] == "From the double line on, the grammar expects Zoe, because you changed the story there."
    request["changes"].append([len(text) - 31, "Leo"])
    both = stage.judge({"GRU": request})["GRU"]
    assert both["grammar"] == []
    assert both["expects"].endswith("expects the word that you chose there: Zoe, then Leo.")


def test_the_oracle_speaks_of_tales_only_and_only_where_a_story_goes_on(stage, pair):
    assert stage.oracle({"text": "Once a "}) == next_characters("Once a ")
    assert stage.oracle({"text": "Once upon"}) is None
    assert Stage(pair).oracle({"text": "Once a "}) is None


def test_without_the_training_text_nothing_is_said_of_copies(pair):
    found = Stage(Pair(pair.models, pair.vocab, None)).judge({"GRU": {"text": "a cat", "start": 1, "changes": []}})
    assert set(found) == {"words"}
    assert "training text is not at hand" in found["words"]


@pytest.fixture(scope="module")
def packed(tales_pair):
    return for_browser(tales_pair)


def test_what_goes_to_the_browser_names_the_networks_and_the_units_that_are_known(tales_pair, packed):
    spec, _ = packed
    assert {(one["cell"], one["updates"]) for one in spec["networks"]} >= {
        (cell, tales_pair.updates) for cell in ("LSTM", "GRU")
    }
    assert spec["prompt"] == tales_pair.prompt
    assert spec["story"].startswith(spec["prompt"])
    assert {kind: mind["words"][0] for kind, mind in spec["minds"].items()} == {"name": "Ada", "friend": "cat"}
    for named in spec["named"].values():
        assert "place in the sentence" in [one["name"] for one in named]


def test_mean_states_go_with_the_last_networks_and_are_those_of_python(tales_pair, packed):
    spec, data = packed
    stories = "".join(split_stories(tales_pair.corpus.val)[:STORIES])
    models = {"name": tales_pair.models, "friend": long_pair().models}
    for one in spec["networks"]:
        kind = one.get("kind", "name")
        assert list(one["means"]) == ([kind] if kind == "friend" or one["updates"] == tales_pair.updates else [])
        for where in one["means"].values():
            expected = mean_states(models[kind][one["cell"]], tales_pair.vocab, stories, kind)
            expected = expected.movedim(2, 0).flatten(1)  # (words, S)
            assert where["shape"] == list(expected.shape)
            found = np.frombuffer(data, "<f4", expected.numel(), where["at"]).reshape(expected.shape)
            assert found == pytest.approx(expected.numpy(), abs=1e-6)


READERS = {
    "gates": lambda pair: gates_panel(pair.models, pair.vocab, "a cat"),
    "sampling": lambda pair: sampling_panel(pair.models, pair.vocab, "a cat"),
    "playground": for_browser,
}


@pytest.mark.parametrize("name", READERS)
def test_a_panel_waits_while_another_thread_holds_its_network(pair, name):
    done = threading.Event()
    reader = threading.Thread(target=lambda: (READERS[name](pair), done.set()))
    with lock_of(pair.models["LSTM"]):
        reader.start()
        assert not done.wait(1)
    reader.join()
    assert done.is_set()


def test_a_damaged_checkpoint_is_named_and_the_last_networks_stay(pair, histories, tmp_path, controls, words):
    keep_pair(pair, histories)
    panel = playground_panel(pair)
    stage = next(one for one in panel.children if isinstance(one, Stage))
    (tmp_path / "runs" / "pets-gru.pt").write_bytes(b"nothing")
    named, before = controls(panel), stage.weights
    named["networks"].value = "pets, trained here"
    assert "pets-gru.pt is damaged" in words(panel)
    assert named["networks"].value == "the two of this page"
    assert stage.weights == before
    named["networks"].value = "tales, comes with the course"
    assert "damaged" not in words(panel)
    assert stage.weights != before
    assert stage.spec["prompt"].startswith("Once a ")
