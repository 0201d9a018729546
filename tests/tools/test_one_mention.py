"""The effect of one mention is what the other name in the text does to the state."""

import torch
from patching import patch_of_one_mention, patching

from charrnn_helpers import LSTMModel, Vocabulary
from charrnn_helpers.measures import HERO
from charrnn_helpers.text import tales
from charrnn_helpers.text.tales_grammar import WORDS

STORIES = tales.split_stories(tales.write_stories(seed=3, characters=40_000))
VOCAB = Vocabulary.from_text("".join(STORIES))


def test_one_mention_is_what_the_other_name_in_the_text_does_to_the_state():
    network = LSTMModel(len(VOCAB), 5)
    names = patching.repeated_names(STORIES, back=20, unnamed=20)
    states = patching.states_before(network, VOCAB, STORIES, names.positions)
    cases = patching.hero_patches(states, names, names.stories % 2 == 0)
    change = patch_of_one_mention(network, VOCAB, states, STORIES, names, cases)
    assert change.shape == cases.patches["all"].shape
    for case in (0, 17):
        number, at = names.positions[cases.rows[case]]
        last = [*HERO.finditer(STORIES[number][:at])][-1]
        goal = WORDS["name"][cases.goals[case]]
        story = STORIES[number][: last.start()] + goal + STORIES[number][last.end() :]
        expected = patching.states_before(network, VOCAB, [story], [(0, at)])
        assert torch.allclose(states[:, :, cases.rows[[case]]] + change[:, :, [case]], expected, atol=1e-5)
