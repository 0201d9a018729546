"""Exercises of 08: inside the gates."""

import torch
from torch.nn import functional as F

from .engine import Wrong, answered


def two_picks(answer, values, feature):
    """Judged on two sets of units: the closest one falls in the first, and rises in the second."""
    picks = []
    for units, along in (units_and_feature(-1.0), (values, feature)):
        got = torch.as_tensor(answered(answer(units, along)))
        if got.numel() != 1:
            raise Wrong(f"return one number, that of a unit; you return {got.numel()}")
        if got.dtype.is_floating_point or not 0 <= int(got) < units.shape[1]:
            last = units.shape[1] - 1
            raise Wrong(f"there are units 0 to {last}, and you return {got.item():.3g}: return its number")
        picks.append(int(got))
    yield tuple(picks)


def units_and_feature(sign: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Values (6, 7) and a feature (6,); each unit catches one mistake."""
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


def four_changes() -> torch.Tensor:
    """Changes (4, 160) of a state, 0.5 to 5 long, in directions of their own."""
    directions = torch.randn(4, 160, generator=torch.Generator().manual_seed(0))
    return F.normalize(directions, dim=-1) * torch.tensor([[0.5], [2.0], [3.0], [5.0]])


def direction_and_length(answer, change):
    """In a word, what the rows of a control have in common with those of `change` (n, H); "fine" if only the length."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)  # the same answer, the same verdict, though it draws noise
        got = torch.as_tensor(answered(answer(change)))
    if got.shape != change.shape:
        wanted = tuple(change.shape)
        raise Wrong(f"return a change for each row, {wanted} as `change`; yours has the shape {tuple(got.shape)}")
    length, wanted = got.norm(dim=-1), change.norm(dim=-1)  # (n,) each
    along = F.cosine_similarity(got, change, dim=-1)
    of_noise = change.shape[-1] ** 0.5
    facts = {
        "nothing": length.max() < 1e-6,
        "the same": along.min() > 0.999,
        "backwards": along.max() < -0.5,
        "along": along.abs().max() > 0.6,  # noise of 160 units never is
        "fine": _near(length, wanted, 0.01),
        "long as a whole": _near(got.norm(), change.norm(), 1e-5),
        "one long": _near(length, torch.ones(()), 0.01),
        "bare noise": _near(length, torch.tensor(of_noise), 0.3),
        "times noise": _near(length, of_noise * wanted, 0.3),
        "about as long": _near(length, wanted, 0.5),
    }
    yield next((name for name, holds in facts.items() if holds), "otherwise long")


def _near(length, wanted, share: float) -> bool:
    return bool(((length - wanted).abs() <= share * wanted).all())
