"""A patch changes the state at one position and nothing else, and its controls are as long as it is."""

import pytest
import torch

from charrnn_helpers import Vocabulary, load_corpus
from charrnn_helpers.measures import HERO, patching
from charrnn_helpers.text import tales
from charrnn_helpers.text.tales_grammar import WORDS

STORIES = tales.split_stories(tales.write_stories(seed=3, characters=40_000))
VOCAB = Vocabulary.from_text("".join(STORIES))
NAMES = patching.repeated_names(STORIES)


@pytest.fixture
def network(cell, make):
    return make(cell, vocab_size=len(VOCAB), layers=2)


def test_states_are_those_of_each_story_read_alone_and_go_on_as_the_story_does(network, only_looked_at):
    stories, places = STORIES[:3], [(2, 40), (0, 7), (1, 300), (0, 40), (2, 40)]
    with only_looked_at(network):
        states = patching.states_before(network, VOCAB, stories, places)
        logits, after = patching.read_on(network, VOCAB, states, [stories[n][place : place + 9] for n, place in places])
        again, _ = patching.read_on(network, VOCAB, states[:, :, :2], "the")
    assert states.shape == after.shape == (1 + (network.cell == "LSTM"), 2, 5, 5)
    for row, (number, place) in enumerate(places):
        whole, state = network(VOCAB.encode(stories[number][: place + 9])[None])
        assert torch.allclose(logits[row], whole[0, -1], atol=1e-5)
        assert torch.allclose(after[:, :, row], torch.stack(state if len(after) > 1 else (state,))[:, :, 0], atol=1e-5)
    whole, _ = network(VOCAB.encode(stories[2][:40] + "the")[None])
    assert torch.allclose(again[0], whole[0, -1], atol=1e-5)
    for nowhere in ([], [(0, 0)]):
        with pytest.raises(ValueError, match="give positions"):
            patching.states_before(network, VOCAB, stories, nowhere)


def test_names_are_those_that_a_story_repeats():
    nearby = patching.repeated_names(STORIES, unnamed=6)
    earlier = patching.repeated_names(STORIES, back=6, unnamed=6)
    assert earlier.positions == [(number, place - 5) for number, place in nearby.positions]
    assert [text[5:] for text in earlier.texts] == nearby.texts
    for (number, place), story, hero in zip(NAMES.positions, NAMES.stories, NAMES.heroes, strict=True):
        name = WORDS["name"][hero]
        assert number == story
        assert STORIES[story][place:].startswith(f" {name}")
        assert name in STORIES[story][:place]


def test_a_change_is_the_difference_of_means_of_the_chosen_and_controls_are_as_long():
    chosen, noise = (
        NAMES.stories % 2 == 0,
        torch.randn(2, 1, len(NAMES.heroes), 6, generator=torch.Generator().manual_seed(0)),
    )
    states = 0.1 * noise
    states[1, 0, :, 4] += NAMES.heroes  # c of unit 4 is the hero
    states[:, :, :, 2] *= 100  # differs more, but as much within a hero
    cases = patching.hero_patches(states, NAMES, chosen, (1, 6))
    own = NAMES.heroes[cases.rows]
    assert len(cases.rows) == 5 * (~chosen).sum()
    assert not chosen[cases.rows].any()
    assert (cases.goals != own).all()
    change = cases.patches["all"]
    means = [
        states[:, :, torch.from_numpy(chosen) & (NAMES.heroes == hero)].mean(2) for hero in (own[0], cases.goals[0])
    ]
    assert torch.allclose(change[:, :, 0], means[1] - means[0], atol=1e-5)
    assert torch.equal(cases.patches["6"], change)
    only_4 = change * torch.tensor([0, 0, 0, 0, 1, 0])
    assert torch.equal(cases.patches["1"], only_4)
    assert torch.equal(patching.only_units(change, torch.tensor([4])), only_4)
    assert torch.equal(cases.patches["h"] + cases.patches["c"], change)
    assert not cases.patches["c"][0].any()
    for control in ("noise", "halves"):
        assert torch.allclose(cases.patches[control].norm(dim=-1), change.norm(dim=-1), rtol=1e-4)
    with pytest.raises(ValueError, match="a hero is missing"):
        patching.hero_patches(states, NAMES, NAMES.stories < 0, (1,))


def test_no_name_stands_between_a_position_and_its_name():
    names = patching.repeated_names(STORIES, back=60, unnamed=100)
    assert 0 < len(names.positions) < len(NAMES.positions)
    for (number, at), text in zip(names.positions, names.texts, strict=True):
        story = STORIES[number]
        assert not HERO.search(story, at - 40, at + 60)
        assert HERO.match(story, at + 60)
        assert text == story[at : at + 60]
    with pytest.raises(ValueError, match="back is 7 and unnamed is 6"):
        patching.repeated_names(STORIES, back=7, unnamed=6)


@pytest.fixture
def setting(network):
    """A network, its states before some names that stand alone, and cases in which to patch them."""
    names = patching.repeated_names(STORIES, back=20, unnamed=20)
    states = patching.states_before(network, VOCAB, STORIES, names.positions)
    return network, VOCAB, states, names, patching.hero_patches(states, names, names.stories % 2 == 0)


def test_a_case_is_right_in_which_the_goal_is_the_likeliest_name(setting):
    network, _, states, names, cases = setting
    patch = 5 * cases.patches["noise"]
    answers = patching.recall_of_goal(*setting, patch)
    texts = [names.texts[row] for row in cases.rows]
    logits, _ = patching.read_on(network, VOCAB, states[:, :, cases.rows] + patch, texts)
    initials = logits[:, [VOCAB.encode(name[0]).item() for name in WORDS["name"]]]
    assert answers.right.tolist() == [row.argmax() == goal for row, goal in zip(initials, cases.goals, strict=True)]
    assert set(answers.stories) == set(range(1, len(STORIES), 2))
    assert answers.by_kind()["name"].chance == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("text", "hero"),
    [
        ("Ben ran, and Ben sat.", "Ben"),
        ("Ben ran, Ada sat, and Ben hid.", "Ben"),
        ("Ben ran, and Ada sat.", None),
        ("It was cold.", None),
        ("Kit sat.\n\nLeo ran. Leo hid.", "Kit"),  # what follows is another story
    ],
)
def test_a_story_is_told_of_the_hero_who_has_more_than_half_of_its_names(text, hero):
    assert patching.hero_told(text) == (WORDS["name"].index(hero) if hero else -1)


def test_a_changed_story_is_read_alike_up_to_the_change_and_goes_on_as_the_story_does_and_a_turned_sign_changes_it():
    text, answers, (change, writes) = patching.changed_story("GRU", 26, "Ben", back=40).values()
    story = tales.split_stories(load_corpus("tales").test)[26]
    assert text[:writes] in story
    assert (writes - change, len(text) - writes) == (40, 70)
    before, after = answers["GRU"], answers["GRU, changed"]
    assert before.shape == after.shape == (len(text), 6)
    assert (before[:change] == after[:change]).all()
    assert abs(before[change] - after[change]).max() > 0.1
    turned = patching.turned_story("GRU", story, text[change:writes], "Ben")["answers"]["GRU, turned"]
    assert turned[change, WORDS["name"].index("Ben")] > before[change, WORDS["name"].index("Ben")]


def test_knocks_are_counted_down_and_a_slope_is_how_much_a_unit_rises_with_one_knock_more():
    line = "Somebody knocked four times: tap, tap, tap, tap. It was cold."
    places, left = patching.knocks_left([line])
    assert [line[:place].count("tap") for _, place in places] == [1, 2, 3]
    assert left.tolist() == [3, 2, 1]
    states = torch.tensor(left).float()[None, None, :, None] * torch.tensor([2.0, -1.0, 0.0])
    assert patching.slope_per_knock(states, left)[0, 0, 0].tolist() == [2, -1, 0]
