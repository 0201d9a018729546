"""Exercises of 08: inside the gates."""

import math

import torch

from .engine import Wrong, answered


def number_or_tensor(value):
    return value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value


def wrong_times(gates):
    logs, mean = gates.log(), gates.mean()
    return [
        (1 / logs.mean(), "the sign: the logarithm of a gate is negative, and a time is not"),
        (-1 / mean.log(), "you take the mean of the gates first: what is left is their product, so average logarithms"),
        (
            1 / (1 - mean),
            "1 / (1 - f) is near it for gates near 1, and you average the gates: average their logarithms",
        ),
        ((1 / (1 - gates)).mean(), "you average the times: one gate near 1 then outweighs a gate that forgets at once"),
        ((-1 / logs).mean(), "you average the times of each character: it is the logarithms that add up"),
        (math.log(0.5) / logs.mean(), "that is the half-life; 1/e was asked for, which is 1 / ln 2 times as long"),
        (-1 / logs.sum(), "a sum where a mean is asked: the time must not depend on how long you watched"),
        (-logs.mean(), "that is the rate, what goes at each character; the time is one over it"),
    ]


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


def wrong_units(values, feature):
    covariance = (values - values.mean(0)).T @ (feature - feature.mean())
    r = torch.corrcoef(torch.cat([values.T, feature[None]]))[-1, :-1]
    with_means = values.T @ feature / values.norm(dim=0)
    far = (values - feature[:, None]).abs().mean(0)
    return [
        (
            covariance.abs().argmax(),
            "that is the covariance: a unit with large values wins by size; divide by both lengths",
        ),
        (r.argmax(), "you look for the highest correlation, with its sign: a unit that goes down is as good"),
        (r.argmin(), "you look for the lowest correlation, with its sign: one that goes up is as good"),
        (r.abs().argmin(), "that is the unit that goes along least: argmax, not argmin"),
        (with_means.abs().argmax(), "subtract the means first: without that a common level counts as going along"),
        (
            far.argmin(),
            "that is the unit nearest in value; one that goes along may have another size, and another sign",
        ),
    ]
