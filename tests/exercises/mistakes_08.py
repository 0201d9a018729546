"""Mistakes that the exercises of 08 know by name: (exercise, answer, words of the diagnosis)."""

import math

import torch


def covariance(values, feature):
    return ((values - values.mean(0)) * (feature - feature.mean())[:, None]).sum(0)


def correlation(values, feature):
    return torch.corrcoef(torch.cat([values.T, feature[None]]))[-1, :-1]


WRONG = [
    ("8.1", lambda gates: 1 / gates.log().mean(), "the sign"),
    ("8.1", lambda gates: -1 / gates.mean().log(), "average logarithms"),
    ("8.1", lambda gates: 1 / (1 - gates.mean()), "near it for gates near 1"),
    ("8.1", lambda gates: (1 / (1 - gates)).mean(), "you average the times"),
    ("8.1", lambda gates: (-1 / gates.log()).mean(), "you average the times of each"),
    ("8.1", lambda gates: math.log(0.5) / gates.log().mean(), "half-life"),
    ("8.1", lambda gates: -1 / torch.log2(gates).mean(), "half-life"),
    ("8.1", lambda gates: -1 / gates.log().sum(), "a sum where a mean"),
    ("8.1", lambda gates: -gates.log().mean(), "that is the rate"),
    ("8.1", lambda gates: gates.mean(), "characters"),
    ("8.2", lambda v, f: covariance(v, f).abs().argmax(), "that is the covariance"),
    ("8.2", lambda v, f: torch.nn.functional.cosine_similarity(v.T, f[None]).abs().argmax(), "subtract the means"),
    ("8.2", lambda v, f: correlation(v, f).argmin(), "lowest correlation"),
    ("8.2", lambda v, f: correlation(v, f).abs().max(), "return its number"),
    ("8.2", lambda v, f: correlation(v, f).argmax(), "with its sign"),
    ("8.2", lambda v, f: correlation(v, f).abs().argmin(), "argmax, not argmin"),
    ("8.2", lambda v, f: correlation(v, f).abs(), "return one number"),
    ("8.2", lambda v, f: float(correlation(v, f).abs().max()), "return its number"),
    ("8.2", lambda v, f: (v - f[:, None]).abs().mean(0).argmin(), "nearest in value"),
    ("8.2", lambda v, f: v.std(0).argmin(), "were not the closest"),
    ("8.2", lambda v, f: 7, "there are units 0 to 6"),
    ("8.3", 20, "a quarter is left"),
    ("8.3", 20 / math.log(4), "1/e is left"),
    ("8.3", 40, "halved twice"),
    ("8.3", 4, "how many times smaller"),
    ("8.3", 5, "two halvings, not four"),
    ("8.3", 15, "from 10 to 30"),
    ("8.3", 0.25 ** (1 / 20), "factor at each character"),
    ("8.3", 40 / 3, "straight line"),
    ("8.3", 7, "how often is 0.2 halved"),
]

RIGHT = [
    ("8.2", lambda v, f: int(correlation(v, f).abs().argmax())),
    ("8.1", lambda gates: -1 / gates.log().mean(0, keepdim=True)),
    ("8.3", torch.tensor([10.0])),
    ("8.1", lambda gates: -len(gates) / gates.log().sum()),
]
