"""Exercises of 09: the fair trial."""

import numpy as np

from .engine import Wrong, as_number, exercise

P_VALUES = [0.001, 0.012, 0.018, 0.045, 0.2]
WORLDS = [
    (lambda d: (d.mean() - 0.02, d.mean() + 0.02), [np.array([x, x + 0.02]) for x in centres], truth)
    for centres, truth in (([0.0, 0.01, 0.06, -0.05, 0.02, 0.11, 0.03], 0.03), ([0.4, -0.3, 0.01, 0.02, 0.31], 0.02))
]
LISTS_OF_P = [(P_VALUES,), ([0.03],), ([0.03] * 2,)]


# %% 9a
# The method makes an interval from each experiment; the share that contains the truth is what it really keeps.
def share_kept(method, trials, truth):
    ends = [method(differences) for differences in trials]
    return sum(low <= truth <= high for low, high in ends) / len(trials)


@exercise("9a", share_kept, inputs=WORLDS, read=as_number)
def wrong_shares(method, trials, truth):
    ends = [method(differences) for differences in trials]
    kept = sum(low <= truth <= high for low, high in ends)
    yield "that is the number of intervals; divide it by the number of experiments", kept
    yield "that is the share that misses the truth; we want the share that contains it", 1 - kept / len(ends)
    yield "you ask for 0; the truth of this world is `truth`", sum(low <= 0 <= high for low, high in ends) / len(ends)
    yield "an interval may also lie wholly above the truth", sum(truth <= high for _, high in ends) / len(ends)
    yield "an interval may also lie wholly below the truth", sum(low <= truth for low, _ in ends) / len(ends)
    yield "that is a percentage; return a share between 0 and 1", 100 * kept / len(ends)


# %% 9b
# The lowest of five lies 1.16 spreads below the mean on average: a gain of 0.0116 nats, made of nothing.
lowest = np.random.default_rng(0).normal(0, 0.01, (100_000, 5)).min(axis=1)
gain = -lowest.mean()


@exercise("9b", gain, read=as_number, tolerance=0.0007)
def wrong_gains():
    yield "on average the mean of five is fair; the lowest of five is not", 0.0
    yield "the right size: say how much lower it looks, as a number above zero", -0.01163
    yield "that is in spreads; one spread is 0.01 nats", 1.163
    yield "one spread: the lowest of five lies farther out than that, on average", 0.01
    yield "that is the standard error of a mean of five; here the lowest is taken", 0.01 / 5**0.5
    yield "that is from the highest to the lowest; the baseline reports its mean", 0.02326
    yield "that is the loss it reports; by how much does it look lower?", 1.5 - 0.01163


# %% 9c
# Each of n tests gets the n-th part of the level, so that all together keep it (Bonferroni).
def found(p_values, level=0.05):
    return [p < level / len(p_values) for p in p_values]


@exercise("9c", found, inputs=LISTS_OF_P, read=lambda answer: tuple(map(bool, answer)))
def wrong_finds(p_values):
    level, n = 0.05, len(p_values)
    yield "no correction: five looks give a false alarm in nearly one of four cases", [p < level for p in p_values]
    yield "you divide p by the number of tests: multiply it, or divide the level", [p / n < level for p in p_values]
    yield "holm", [p < level / (n - k) for k, p in enumerate(p_values)]
    yield "the other way round: True is for what counts as found", [p >= level / n for p in p_values]
    yield "benjamini_and_hochberg", [p <= level * (k + 1) / n for k, p in enumerate(p_values)]


LOSSES, ORACLE = np.array([0.6, 0.5, 2.0, 0.25, 1.7]), np.array([0.8, 0.0, 1.2, 0.0, 0.0])
TEXTS = [
    (LOSSES, ORACLE, np.array(["free", "name", "free", "spelling", "name"])),
    (LOSSES[:4], ORACLE[:4], np.array(["spelling", "door", "door", "door"])),
]


def parts_by_kind(value):
    """Make the names of the kinds, in order, and their numbers of a dictionary. Raises `Wrong` for anything else."""
    if not isinstance(value, dict):
        raise Wrong("return a dictionary with a number for each kind, such as {'free': 0.2, 'name': 0.44}")
    kinds = sorted(map(str, value))
    return ", ".join(kinds), tuple(round(float(value[kind]), 6) for kind in kinds)


# %% 9e
# A kind's part is its mean excess times its share of the characters; n is that of the whole text, so the parts add up.
def parts_of_excess(losses, oracle, kinds):
    excess = losses - oracle  # (n,)
    parts = {}
    for kind in set(kinds):
        parts[kind] = excess[kinds == kind].sum() / len(excess)
    return parts


@exercise("9e", parts_of_excess, inputs=TEXTS, read=parts_by_kind)
def wrong_parts(losses, oracle, kinds):
    excess, n = losses - oracle, len(losses)

    def each(part):
        return {kind: part(kinds == kind) for kind in set(kinds)}

    yield "that is the loss by kind; subtract the oracle's loss first", each(lambda own: losses[own].sum() / n)
    yield "mean_of_kind", each(lambda own: excess[own].mean())
    yield "those are sums; divide by the number of characters of the whole text", each(lambda own: excess[own].sum())
    yield "shares", each(lambda own: excess[own].sum() / excess.sum())
    yield "that is how often each kind occurs; what does it lose?", each(lambda own: own.mean())
    yield "the oracle loses less than the network: losses - oracle", each(lambda own: -excess[own].sum() / n)
    yield "an excess below zero counts as it is", each(lambda own: np.abs(excess[own]).sum() / n)
