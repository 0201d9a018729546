"""Exercises of 08: inside the gates."""

import torch
from torch.nn import functional as F

from ..networks.models import CharModel
from ..networks.registry import BOTH, CELLS
from .engine import Wrong, answered, exercise

RANDOM = torch.Generator().manual_seed(0)
CHANGES = F.normalize(torch.randn(4, 160, generator=RANDOM), dim=-1) * torch.tensor([[0.5], [2.0], [3.0], [5.0]])


def small_networks() -> dict[str, CharModel]:
    """Make a small LSTM and a small GRU with weights that are large enough for a state to matter."""
    networks = {}
    for cell in BOTH:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            networks[cell] = CELLS[cell].fast(8, 5, num_layers=1, embedding_size=4)
        with torch.no_grad():
            for weight in networks[cell].parameters():
                weight.mul_(2)
    return networks


IDS = torch.tensor([3, 1, 4, 1, 5, 7, 2, 6, 5, 3])
PATCH = {"LSTM": torch.randn(2, 1, 1, 5, generator=RANDOM), "GRU": torch.randn(1, 1, 1, 5, generator=RANDOM)}
CASES_TO_PATCH = [(network, IDS, 6, PATCH[cell]) for cell, network in small_networks().items()]


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

    def patched(cut, times=1.0):
        return read(cut, lambda state: state + times * patch)

    right = patched(position)
    yield "zero_state", read(position, lambda state: None)
    yield "not_patched", read(position, lambda state: state)
    yield "only_h", read(position, lambda state: torch.cat([state[:1] + patch[:1], state[1:]]))
    yield "only_c", read(position, lambda state: torch.cat([state[:1], state[1:] + patch[1:]]))
    yield "instead", read(position, lambda state: patch)
    yield "that is the patch backwards: add it, do not subtract it", patched(position, -1.0)
    yield "one_late", patched(position + 1)
    yield "one_early", patched(position - 1)
    yield "all_logits", torch.cat([model(ids[None, :position])[0][0], right])
    yield "last_logits", right[-1]
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


def observe_picks(answer, *_):
    """Look at the units that are picked where the closest one falls, and where it rises."""
    picks = []
    for values, feature in (FALLING, RISING):
        unit = torch.as_tensor(answered(answer(values, feature)))
        if unit.numel() != 1:
            raise Wrong(f"return one number, that of a unit; you return {unit.numel()}")
        if unit.dtype.is_floating_point or not 0 <= int(unit) < values.shape[1]:
            last = values.shape[1] - 1
            raise Wrong(f"there are units 0 to {last}, and you return {unit.item():.3g}: return its number")
        picks.append(int(unit))
    yield tuple(picks)


# %% 8b
# Pearson's correlation of every unit with the feature; the largest in size, whatever its sign.
def closest_unit(values, feature):
    v, f = values - values.mean(0), feature - feature.mean()
    r = (v * f[:, None]).sum(0) / (v.norm(dim=0) * f.norm())
    return r.abs().argmax()


@exercise("8b", closest_unit, inputs=[RISING], observe=observe_picks)
def wrong_units(values, feature):
    covariance = ((values - values.mean(0)).T @ (feature - feature.mean())).abs()
    r = torch.corrcoef(torch.cat([values.T, feature[None]]))[-1, :-1]
    with_means = values.T @ feature / values.norm(dim=0)
    yield "that is the covariance: a unit with large values wins by size; divide by both lengths", covariance.argmax()
    yield "you look for the highest correlation, with its sign: a unit that goes down is as good", r.argmax()
    yield "you look for the lowest correlation, with its sign: one that goes up is as good", r.argmin()
    yield "that is the unit that goes along least: argmax, not argmin", r.abs().argmin()
    yield "subtract the means first: without that a common level counts as going along", with_means.abs().argmax()
    yield "nearest_in_value", (values - feature[:, None]).abs().mean(0).argmin()


def observe_directions_and_lengths(answer, change):
    """Say in a word what a control has in common with `change` (n, H), row by row; "fine" if only the length."""
    torch.default_generator.manual_seed(1)  # the same answer, the same verdict, though it draws noise
    control = torch.as_tensor(answered(answer(change)))
    if control.shape != change.shape:
        shapes = f"{tuple(change.shape)} as `change`; yours has the shape {tuple(control.shape)}"
        raise Wrong(f"return a change for each row, {shapes}")
    length, wanted = control.norm(dim=-1), change.norm(dim=-1)  # (n,) each
    along = F.cosine_similarity(control, change, dim=-1)
    of_noise = change.shape[-1] ** 0.5
    facts = {
        "nothing": length.max() < 1e-6,
        "the same": along.min() > 0.999,
        "backwards": along.max() < -0.5,
        "along": along.abs().max() > 0.6,  # noise of 160 units never is
        "fine": is_near(length, wanted, 0.01),
        "long as a whole": is_near(control.norm(), change.norm(), 1e-5),
        "one long": is_near(length, torch.ones(()), 0.01),
        "bare noise": is_near(length, torch.tensor(of_noise), 0.3),
        "times noise": is_near(length, of_noise * wanted, 0.3),
        "about as long": is_near(length, wanted, 0.5),
    }
    yield next((name for name, holds in facts.items() if holds), "otherwise long")


def is_near(length, wanted, share: float) -> bool:
    return bool(((length - wanted).abs() <= share * wanted).all())


# %% 8c
# Noise points anywhere; each row is brought to length 1, and then to the length of its change.
def control(change):
    noise = torch.randn_like(change)
    return noise / noise.norm(dim=-1, keepdim=True) * change.norm(dim=-1, keepdim=True)


@exercise("8c", control, inputs=[(CHANGES,)], observe=observe_directions_and_lengths)
def wrong_controls(change):
    noise = torch.randn_like(change)
    length = change.norm(dim=-1, keepdim=True)
    direction = noise / noise.norm(dim=-1, keepdim=True)
    yield "that is the operation itself: a control has another direction", change
    yield "that is the operation backwards: it takes the other hero further away, and that matters", -change
    yield "partly_along", (change / length + direction) / 2**0.5 * length
    yield "nothing is changed: that shows only that the network goes on as before", 0 * change
    yield "bare_noise", noise
    yield "noise is not 1 long: divide each row by its own length before you multiply", noise * length
    yield "as_long_as_a_whole", noise / noise.norm() * change.norm()
    yield "each row is 1 long: multiply it by the length of its change", direction
    yield "about_as_long", noise * change
