"""Exercises of 08: inside the gates."""

from itertools import chain, pairwise

import torch
from torch.nn import functional as F

from ..networks.cells import LSTMCell
from ..networks.registry import BOTH, CELLS
from .engine import Wrong, answered, as_index, as_number, exercise, parts_of, seeded

RANDOM = torch.Generator().manual_seed(0)
CHANGES = F.normalize(torch.randn(4, 160, generator=RANDOM), dim=-1) * torch.tensor([[0.5], [2.0], [3.0], [5.0]])


NETWORKS = {cell: seeded(0, lambda cell=cell: CELLS[cell].fast(8, 5, num_layers=1, embedding_size=4)) for cell in BOTH}
for weight in chain.from_iterable(network.parameters() for network in NETWORKS.values()):
    weight.data.mul_(2)  # large enough for a state to matter
IDS = torch.tensor([3, 1, 4, 1, 5, 7, 2, 6, 5, 3])
PATCH = {"LSTM": torch.randn(2, 1, 1, 5, generator=RANDOM), "GRU": torch.randn(1, 1, 1, 5, generator=RANDOM)}
CASES_TO_PATCH = [(network, IDS, 6, PATCH[cell]) for cell, network in NETWORKS.items()]


# %% 8a
# The state is all that the network has kept of ids[:position]. Change it once, and hand it on.
def read_patched(model, ids, position, patch):
    _, state = model(ids[None, :position])
    if isinstance(state, tuple):  # h and c of an LSTM
        state = (state[0] + patch[0], state[1] + patch[1])
    else:
        state = state + patch[0]
    logits, _ = model(ids[None, position:], state)
    return logits[0]  # (T - position, V)


@exercise("8a", read_patched, inputs=CASES_TO_PATCH)
def wrong_patches(model, ids, position, patch):
    def read(cut, state_after, **parts):
        _, state = model(ids[None, :cut])
        state = state_after(torch.stack(state if isinstance(state, tuple) else (state,)))
        return model(ids[None, cut:], None if state is None else tuple(state) if len(state) > 1 else state[0])[0][0]

    def patched(cut, patch=patch):
        return read(cut, lambda state: state + patch)

    only_h, only_c = patch.clone(), patch.clone()
    only_h[1:] = only_c[:1] = 0
    right = patched(position)
    yield "the second part is read from a zero state: hand the changed state on", read(position, lambda state: None)
    yield "not_patched", patched(position, 0)
    yield "an LSTM's state has two parts, and you changed h alone: c needs its patch, too", patched(position, only_h)
    yield "an LSTM's state has two parts, and you changed c alone: h needs its patch, too", patched(position, only_c)
    yield "you put the patch in the place of the state: add it to the state", read(position, lambda state: patch)
    yield "that is the patch backwards: add it, do not subtract it", patched(position, -patch)
    yield "that is one character late: ids[:position] does not include ids[position]", patched(position + 1)
    yield "that is one character early: ids[:position] includes ids[position - 1]", patched(position - 1)
    yield "all_logits", torch.cat([model(ids[None, :position])[0][0], right])
    yield "that is the last row only: return a row for each of ids[position:]", right[-1]
    yield "the batch of one is still there: return logits[0], of the shape (T - position, V)", right[None]


def units_and_feature(sign: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Make values (6, 7) and a feature (6,); each unit catches one mistake."""
    feature = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    noise = torch.tensor([0.5, -0.9, 0.6, -0.7, 0.9, -0.4])
    values = [
        sign * -1.2 * feature + 0.9 * noise + 3,  # rather close, the other way
        10 * feature + 30 * noise,  # large, less close
        sign * (0.3 * feature - 0.02 * noise) - 7,  # the closest
        noise.flip(0) - noise + 0.3,  # hardly goes along
        feature + 0.8 * noise,  # nearest in value
        0.5 * feature + 0.3 * noise,  # closest as long as means are left in
        1.7 + 0.02 * (0.3 * feature + noise.flip(0)),  # hardly moves
    ]
    return torch.stack(values, dim=1), feature


FALLING, RISING = units_and_feature(-1.0), units_and_feature(1.0)  # what the closest unit does


# %% 8b
# Pearson's correlation of every unit with the feature; the largest in size, whatever its sign.
def closest_unit(values, feature):
    v, f = values - values.mean(0), feature - feature.mean()
    r = (v * f[:, None]).sum(0) / (v.norm(dim=0) * f.norm())
    return r.abs().argmax()


@exercise("8b", closest_unit, inputs=[RISING, FALLING], read=lambda unit: as_index(unit, "unit"))
def wrong_units(values, feature):
    covariance = ((values - values.mean(0)).T @ (feature - feature.mean())).abs()
    r = torch.corrcoef(torch.cat([values.T, feature[None]]))[-1, :-1]
    distance = (values - feature[:, None]).abs()
    with_means = values.T @ feature / values.norm(dim=0)
    yield "that is the covariance: a unit with large values wins by size; divide by both lengths", covariance.argmax()
    yield "you look for the highest correlation, with its sign: a unit that goes down is as good", r.argmax()
    yield "you look for the lowest correlation, with its sign: one that goes up is as good", r.argmin()
    yield "that is the unit that goes along least: argmax, not argmin", r.abs().argmin()
    yield "subtract the means first: without that a common level counts as going along", with_means.abs().argmax()
    yield "that is the unit nearest in value; its size does not matter", distance.sum(0).argmin()


def observe_directions_and_lengths(answer, change):
    """Look at what a control has in common with `change` (n, H), row by row: its length, and nothing else."""
    torch.default_generator.manual_seed(1)  # the same answer, the same verdict, though it draws noise
    control = torch.as_tensor(answered(answer(change)))
    if control.shape != change.shape:
        shapes = f"{tuple(change.shape)} as `change`; yours has the shape {tuple(control.shape)}"
        raise Wrong(f"return a change for each row, {shapes}")
    length, wanted = control.norm(dim=-1), change.norm(dim=-1)  # (n,) each
    along = F.cosine_similarity(control, change, dim=-1)
    yield "nothing is changed: that shows only that the network goes on as before", length.max() < 1e-6
    yield "that is the operation itself: a control has another direction", along.min() > 0.999
    yield "that is the operation backwards: it takes the other hero further away, and that matters", along.max() < -0.5
    yield "a part of it still points where the change does, and that part matters", along.abs().max() > 0.6
    of_noise = change.shape[-1] ** 0.5
    faults = {  # in this order, because a later one may hold as well
        "as_long_as_a_whole": is_near(control.norm(), change.norm(), 1e-5),
        "each row is 1 long: multiply it by the length of its change": is_near(length, torch.ones(()), 0.01),
        "bare_noise": is_near(length, torch.tensor(of_noise), 0.3),
        "noise is not 1 long: divide each row by its own length first": is_near(length, of_noise * wanted, 0.3),
        "about_as_long": is_near(length, wanted, 0.5),
    }
    fault = next((sentence for sentence, holds in faults.items() if holds), "other_length")
    yield fault, is_near(length, wanted, 0.01)


def is_near(length, wanted, share: float) -> bool:
    return bool(((length - wanted).abs() <= share * wanted).all())


# %% 8c
# Noise points anywhere; each row is brought to length 1, and then to the length of its change.
def control(change):
    noise = torch.randn_like(change)
    return noise / noise.norm(dim=-1, keepdim=True) * change.norm(dim=-1, keepdim=True)


exercise("8c", control, inputs=[(CHANGES,)], observe=observe_directions_and_lengths)


def as_table(answer) -> torch.Tensor:
    """Make a tensor (4, 3) of a table of numbers. Raises `Wrong` for another shape, `StillOpen` for a blank in it."""
    for number in chain(*answered(answer)):
        answered(number)
    table = torch.as_tensor(answer, dtype=torch.float32)
    if table.shape != (4, 3):
        shape = tuple(table.shape)
        raise Wrong(f"give 4 rows (i, f, g, o) of 3 numbers (mark, value, bias); yours has the shape {shape}")
    return table


@torch.no_grad()
def observe_latch(answer):
    """Let a unit with these weights read a marked value, quiet, noise, and another marked value."""
    table, cell = as_table(answer), LSTMCell(2, 1)
    for weight in cell.parameters():
        weight.zero_()
    cell.x2h.weight[:], cell.x2h.bias[:] = table[:, :2], table[:, 2]
    noise = torch.randn(100, generator=torch.Generator().manual_seed(1)).sign().tolist()
    after = []  # the state after reading each part
    state = torch.zeros(1, 1), torch.zeros(1, 1)
    for part in ([(1, 1)], [(0, 0)] * 100, [(0, value) for value in noise], [(1, -1)]):
        for mark, value in part:
            state = cell(torch.tensor([[mark, value]]).float(), state)
        after.append(tuple(value.item() for value in state))
    (_, written), (_, kept), (h, disturbed), (other_h, other) = after
    yield "nothing_is_written", written > 0.5
    yield "nothing_is_kept", kept > 0.9 * written
    yield "noise_comes_in", abs(disturbed - kept) < 0.1
    yield "nothing_is_cleared", other < -0.5
    yield "the cell c is right; h does not show it: o must be open all the time", h > 0.5 and other_h < -0.5


# %% 8e
# Large weights make gates that are open or shut. i opens at a mark (20 - 10), f shuts there (10 - 20), g follows the
# value, and o is always open. At all other characters i is σ(-10), which is almost 0, and f is σ(10), almost 1.
latch = [
    #  mark, value, bias
    [20, 0, -10],  # i
    [-20, 0, 10],  # f
    [0, 3, 0],  # g
    [0, 0, 10],  # o
]


exercise("8e", latch, observe=observe_latch)


def observe_count(answer, text: str):
    """Yield the cell c of an LSTM unit after each letter of `text`, with the gates that `answer` gives for it."""
    c = 0.0
    for letter in text:
        f, i, g = parts_of(answer(letter), "f, i, g")
        f, i, g = map(as_number, (f, i, g))
        for gate in (f, i):
            if not 0 <= gate <= 1:
                raise Wrong(f"a gate lies between 0 and 1, and {gate:.3g} does not")
        if abs(g) > 1:
            raise Wrong(f"the candidate g comes out of a tanh, so it lies between -1 and 1, and {g:.3g} does not")
        c = f * c + i * g
        yield "wrong_count", c


# %% 8f
# f = 1 keeps the count at every letter. i = 1 writes at an a, and i = 0 writes nothing at a b. g = 1 is written.
def counter(letter):
    f = 1.0
    i = 1.0 if letter == "a" else 0.0
    g = 1.0
    return f, i, g


@exercise("8f", counter, inputs=[("aab",), ("babbaa",)], observe=observe_count)
def wrong_counters():
    def gates(at_a, at_b):
        return lambda letter: at_a if letter == "a" else at_b

    yield "lost_at_a", gates((0, 1, 1), (1, 0, 1))
    yield "lost_at_b", gates((1, 1, 1), (0, 0, 1))
    yield "a b is counted as well: i must be 0 there, so that nothing is written", gates((1, 1, 1), (1, 1, 1))
    yield "a b takes 1 away from the count: i must be 0 there, so that nothing is written", gates((1, 1, 1), (1, 1, -1))
    yield "nothing is ever written: i must be 1 at an a", gates((1, 0, 1), (1, 0, 1))
    yield "the count goes down: at an a the candidate g must be 1", gates((1, 1, -1), (1, 0, -1))


STORIES = [
    (["Zoe", "Zoe", "Ada", "Zoe", "Zoe"],),
    (["Leo", "Ben", "Ben", "Ben"],),
    (["Ada", "Meg", "Meg", "Ada", "Kit", "Ada", "Leo"],),
    (["Kit", "Kit", "Kit"],),
]


# %% 8g
def slips_and_repairs(names):
    hero = last = names[0]
    slips = repaired = 0
    for name in names:
        slips += last == hero and name != hero
        repaired += last != hero and name == hero
        last = name
    return slips, repaired


@exercise("8g", slips_and_repairs, inputs=STORIES, read=lambda made: parts_of(made, "slips, repaired"))
def wrong_counts(names):
    slips, repaired = slips_and_repairs(names)
    others = sum(name != names[0] for name in names)
    changes = sum(last != name for last, name in pairwise(names))
    yield "two wrong names in a row are one slip: count only the first of them", (others, repaired)
    yield "not every slip is put right: the last one of a story may stay wrong", (slips, slips)
    yield "the way back to the hero is no slip: count only the steps away from the hero", (changes, repaired)
    yield "these two are the other way round: slips come first", (repaired, slips)
    yield "you only say whether there is a slip in the story; there may be several", (int(slips > 0), int(repaired > 0))
