"""Write what only a referee of the trial needs, from its rows: charrnn_helpers/experiments/trial_report.md.

    python tests/tools/trial_report.py

Notebook 09 gives the answer; the report holds every comparison that the protocol asks for, with what may be held
against each.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import product

import numpy as np
from scipy import stats
from scipy.special import comb
from trial import at_edges

from charrnn_helpers.experiments import MATTERS, TRIAL_TEXTS, analyses, difference, finished, select, trial_rows
from charrnn_helpers.experiments.outcome import TITLES, Analysis, confirmation
from charrnn_helpers.experiments.protocol import BUDGETS, LARGEST, PROTOCOL
from charrnn_helpers.networks import BOTH

REPORT = PROTOCOL.with_name("trial_report.md")
JUDGES = (("tales", "stories"), ("shakespeare", "tenth 2"), ("shakespeare", "tenth 7"))


def best_of(rows: Sequence[dict], text: str, cell: str) -> np.ndarray:
    """Return the expected validation loss of the best of n trials at 1.5 million characters, for n from 1 to all.

    The curve of Dodge et al. (2019), without putting back; its last value is the lowest itself. On Shakespeare the mean
    of both judges. Raises `ValueError` if a trial is missing.
    """
    budget, (*_, total, _) = next(iter(BUDGETS.items()))
    losses = [row["val"] for row in select(rows, part="tuning", text=text, budget=budget, cell=cell)]
    if len(losses) != total:
        raise ValueError(f"{text}, {budget}, {cell}: {len(losses)} trials of {total}")
    n, rank = np.arange(1, total + 1)[:, None], np.arange(total)
    chance = comb(total - rank - 1, n - 1) / comb(total, n)  # (n, rank): of the trial of this rank to be the best
    return np.mean([chance @ np.sort([loss[judge] for loss in losses]) for judge in losses[0]], axis=0)


def edges(rows: Sequence[dict], text: str, budget: str) -> dict[str, dict[str, float]]:
    """Return for each trial that was confirmed, "GRU, trial 9, 5 seeds", its settings in the outer tenth of a range."""
    outer = {}
    for cell in BUDGETS[budget].cells:
        runs = confirmation(rows, text=text, budget=budget, cell=cell).values()
        settings = {row["trial"]: row["settings"] for row in runs}
        for trial, seeds in Counter(row["trial"] for row in runs).items():
            outer[f"{cell}, trial {trial}, {seeds} seeds"] = at_edges(settings[trial], text)
    return {trial: values for trial, values in outer.items() if values}


def order(rows: Sequence[dict], text: str, cell: str, budget: str, judge: str) -> list[int]:
    """Return the trials of a budget, the best first, as one judge sees them."""
    tried = select(rows, part="tuning", text=text, budget=budget, cell=cell)
    return [row["trial"] for row in sorted(tried, key=lambda row: row["val"][judge])]


def line_of(analysis: Analysis) -> str:
    """Return an analysis with its numbers, as the report lists it."""
    mean, low, high = analysis.difference.interval
    ps = f"p {analysis.p:.2g}; of equivalence {analysis.p_equivalent:.2g}"
    how = f"primary, Holm's {ps}" if analysis.budget == LARGEST else f"exploratory, {ps}"
    return (
        f"{analysis.text}, {analysis.budget}: LSTM minus GRU {mean:+.4f} nats, 95 % interval {low:+.4f} to {high:+.4f} "
        f"({how}; {analysis.difference.seeds} pairs): {analysis.verdict}"
    )


def position(rows: Sequence[dict], cell: str, other: str, text: str, budget: str) -> str:
    """Say where the loss of `cell` lies beside that of another, with their difference."""
    compared = difference(rows, text, budget, cells=(cell, other))
    mean, low, high = compared.interval
    same = "equivalent to" if compared.p_equivalent < 0.05 else "not told apart from"
    where = "below" if high < 0 else "above" if low > 0 else same
    return f"{text}, {budget}: the {cell} is {where} the {other}, {mean:+.3f} ({low:+.3f} to {high:+.3f})"


def shown(setting: tuple) -> str:
    """Return a setting in words, "chrono 11" or "rate 0.00461"."""
    name, value = setting
    return ", ".join(map(shown, value.items())) if isinstance(value, dict) else f"{name.replace('_', ' ')} {value:g}"


HEAD = """# The trial of 09, for a referee

`tests/tools/trial_report.py` writes this page from the rows (`results/trial.jsonl`: {tuning} runs that chose
settings, {judging} that judge, {hours:.1f} hours of one core). [protocol.md](protocol.md) was written before the
first of them. Losses are test losses in nats per character.

## Every verdict

Two of these analyses are primary: those at {largest}. Their p-values are corrected by Holm's method, and they decide.
The others are exploratory and not corrected: they are good for ideas. The p-value says how often ten pairs would
differ at least so much if there were no difference. The p-value of equivalence says how often the mean would come out
so small if the true difference were {matters}. Intervals are not corrected. A chosen setting in the outer tenth of
its range is a warning, because a better one may lie beyond. A second size, 50,000 parameters, was planned and not run.
"""
SETTINGS = """
## The settings that were judged

At {largest}, with the number of seeds. On Shakespeare two tenths chose, each for five seeds. *Chrono T* draws the
biases of the gate that keeps so that its units keep for 1 to T - 1 characters at first, and *keep bias* is one bias for
all units.

"""
BESIDE = """
## Beside counting, and beside the plain RNN

Each cell minus the n-gram of the same seed, and minus the plain RNN, with 95 % intervals. Exploratory. The plain RNN
was not run at the largest budget.
"""
TUNING = """
## Was tuning enough?

If 32 trials were enough, the best of 32 would hardly be better than the best of 16. Here is by how much the expected
loss of the best falls (validation loss at 1.5 million characters: Dodge et al. 2019).
"""
TO_THE_END = """
Only three settings of each cell were trained to the end: the three that were best at 6 million characters. Here they
are, the best first, and the same three in their order at 24 million.
"""
TURNED = """
In {turned} of {cases} cases the order is turned round: the setting that had looked worst of the three came out best.
So a fourth might have been better still. No interval on this page contains that uncertainty: each holds for the
settings that were chosen.

## What could have been seen

Suppose that the pairs of this trial show the true spread.
"""


def report(rows: Sequence[dict]) -> str:
    """Return the whole report as Markdown."""
    budgets, runs = finished(rows), Counter(row["part"] for row in rows)
    hours = sum(row.get("cpu_seconds", 0) for row in rows) / 3600
    counts = {"tuning": runs["tuning"], "judging": runs["confirmation"], "hours": hours}
    lines = [HEAD.format(largest=budgets[-1], matters=MATTERS, **counts)]
    for budget in budgets:
        for analysis in analyses(rows, budget):
            near = edges(rows, analysis.text, budget).items()
            told = "; ".join(f"{who}: {', '.join(f'{name} {value}' for name, value in at.items())}" for who, at in near)
            lines += [
                f"- {line_of(analysis)}",
                f"  - chosen settings in the outer tenth of what was tried: {told or 'none'}",
            ]
    lines.append(SETTINGS.format(largest=budgets[-1]).rstrip() + "\n")
    for text, cell in product(TRIAL_TEXTS, BOTH):
        chosen = [row["settings"] for row in confirmation(rows, text=text, budget=budgets[-1], cell=cell).values()]
        for settings, seeds in Counter(", ".join(map(shown, one.items())) for one in chosen).items():
            lines.append(f"- {TITLES[text]}, {cell}, {seeds} seeds: {settings}")
    lines.append(BESIDE)
    for other, (budget, text, cell) in product(("n-gram", "RNN"), product(budgets, TRIAL_TEXTS, BOTH)):
        if (other, budget) != ("RNN", budgets[-1]):
            lines.append(f"- {position(rows, cell, other, text, budget)}")
    lines.append(TUNING)
    for text, cell in product(TRIAL_TEXTS, BOTH):
        curve = best_of(rows, text, cell)
        lines.append(f"- {TITLES[text]}, {cell}: by {curve[15] - curve[31]:.3f} nats")
    lines.append(TO_THE_END)
    turned = 0
    for (text, judge), cell in product(JUDGES, BOTH):
        before = order(rows, text, cell, "6 M", judge)[:3]
        after = [trial for trial in order(rows, text, cell, "24 M", judge) if trial in before]
        turned += after == before[::-1]
        lines.append(f"- {TITLES[text]} (judged on {judge}), {cell}: trials {before} at 6 M, {after} at 24 M")
    lines.append(TURNED.format(turned=turned, cases=len(JUDGES) * len(BOTH)))
    once, twice = stats.t.ppf([0.95, 0.975], 9)  # one-sided and two-sided, at 5 %
    for text in TRIAL_TEXTS:
        mean, _, high = difference(rows, text, budgets[-1]).interval
        error = (high - mean) / twice  # standard error of the mean
        seen, within = stats.nct.sf(twice, 9, MATTERS / error), MATTERS - once * error
        found = f"a difference of {MATTERS} nats is found in {seen:.0%} of such trials"
        lines.append(
            f"- {TITLES[text]}: {found}, and a mean within {max(0, within):.3f} counts as equivalent (before Holm)"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    REPORT.write_text(report(trial_rows()), encoding="utf-8")
