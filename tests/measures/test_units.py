"""A feature says what it promises, and a unit is chosen on one part of a text and judged on another."""

import numpy as np
import torch

from charrnn_helpers.measures.units import HERO, best_unit, position_in_sentence
from charrnn_helpers.text import tales, tales_grammar


def test_a_position_counts_the_characters_since_the_last_sentence_began():
    assert position_in_sentence("ab. c.").tolist() == [0, 1, 2, 0, 1, 2]


def test_a_story_names_its_hero_first():
    for story in tales.split_stories(tales.write_stories(seed=2, characters=4000)):
        names = HERO.findall(story)
        assert set(names) == {names[0]}  # nobody else has a name
        assert names[0] in tales_grammar.WORDS["name"]


def test_the_best_unit_is_chosen_on_one_part_and_judged_on_the_other():
    feature = np.array([0.0, 1, 2, 3, 4, 5] * 20)
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(120, 30, generator=generator)
    values[:, 7] = -torch.tensor(feature) + 0.1 * torch.randn(120, generator=generator)
    assert best_unit(values, feature, 60).number == 7
    assert best_unit(values, feature, 60).confirmed < -0.95
    values[60:, 7] = torch.randn(60, generator=generator)  # goes along on the first part only
    unit = best_unit(values, feature, 60)
    assert unit.number == 7
    assert abs(unit.correlation) > 0.95
    assert abs(unit.confirmed) < 0.4
