"""What 04 says of the GRU that comes with the course, where no output of the notebook shows it."""

from pathlib import Path

from charrnn_helpers import load_checkpoint, load_corpus
from charrnn_helpers.measures import HERO, recall
from charrnn_helpers.text import split_stories
from charrnn_helpers.training import BUNDLED

TOLD = (Path(__file__).resolve().parents[2] / "notebooks" / "04_training.ipynb").read_text(encoding="utf-8")
STORIES = split_stories(load_corpus().val)
HEROES = [HERO.search(story)[0] for story in STORIES]
GRU = load_checkpoint(BUNDLED / "tales-gru.pt")


def far_names(answers):
    return (answers.kinds == "name") & (answers.distances >= 64) & (answers.distances < 128)


def test_without_the_state_the_gru_says_leo_and_is_at_chance_in_more_stories():
    answers = recall(GRU.model, GRU.vocab, "".join(STORIES), 64)
    far = far_names(answers)
    about_leo = [HEROES[number] == "Leo" for number in answers.stories[far]]
    assert (len(about_leo), (answers.answers[far] == "L").sum(), sum(about_leo)) == (148, 104, 19)
    assert "Here the favourite of the GRU is Leo, and few of these stories are about Leo." in TOLD
