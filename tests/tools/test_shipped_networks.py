"""What 04 says of the LSTM and the GRU that come with the course, where no output of the notebook shows it."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from charrnn_helpers import load_checkpoint, load_corpus
from charrnn_helpers.measures import HERO, memory, recall, trace
from charrnn_helpers.text import split_stories
from charrnn_helpers.training import BUNDLED
from charrnn_helpers.training.device import read_ids

TOLD = (Path(__file__).resolve().parents[2] / "notebooks" / "04_training.ipynb").read_text(encoding="utf-8")
STORIES = split_stories(load_corpus().val)
HEROES = [HERO.search(story)[0] for story in STORIES]
LSTM, GRU = (load_checkpoint(BUNDLED / f"tales-{cell}.pt") for cell in ("lstm", "gru"))


def far_names(answers):
    return (answers.kinds == "name") & (answers.distances >= 64) & (answers.distances < 128)


def test_without_the_state_the_gru_says_leo_and_is_at_chance_in_more_stories():
    answers = recall(GRU.model, GRU.vocab, "".join(STORIES), 64)
    far = far_names(answers)
    about_leo = [HEROES[number] == "Leo" for number in answers.stories[far]]
    assert (len(about_leo), (answers.answers[far] == "L").sum(), sum(about_leo)) == (148, 104, 19)
    assert "Here the favourite of the GRU is Leo, and few of these stories are about Leo." in TOLD
    more = recall(GRU.model, GRU.vocab, "".join(split_stories(load_corpus().train)[1:501]), 64)
    assert more.share(far_names(more)).share == pytest.approx(0.18, abs=0.005)
    assert "In 500 other stories it has 18 % right at this distance" in TOLD


def test_the_unit_of_the_lstm_wipes_where_a_story_follows_another():
    starts = torch.tensor([len(story) for story in STORIES[:-1]]).cumsum(0)
    gate = trace(LSTM.model, LSTM.vocab.encode("".join(STORIES)))[0]["f"][:, 41]
    assert len(starts) == 92
    assert gate[starts].max() < 0.25
    assert "at the 92 places" in TOLD
    assert "at each of them $f$ is below 0.25 there" in TOLD


@torch.no_grad()
def test_names_account_for_a_part_of_what_the_lstm_learns_after_1000_updates():
    text = "".join(STORIES)[:40_000]
    ids, marks = LSTM.vocab.encode(text), memory._questions("".join(STORIES))
    names = [mark.position - 1 for mark in marks if mark.mark.kind == "name" and mark.position < len(text)]
    fallen = torch.zeros(len(ids) - 1)
    for model, sign in ((LSTM.album[1000], 1), (LSTM.model, -1)):
        logits, _ = read_ids(model.eval(), ids[None, :-1])
        fallen += sign * F.cross_entropy(logits[0], ids[1:], reduction="none")
    assert fallen.mean() == pytest.approx(0.08, abs=0.005)
    assert fallen[names].sum() / len(fallen) == pytest.approx(0.037, abs=0.0005)
    assert (
        "about as large as that. But not all of it is memory, because other things are learnt at the same time" in TOLD
    )
