"""Exercises of 08: inside the gates."""

import torch

from .engine import Wrong, answered


def number_or_tensor(value):
    return value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value


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
