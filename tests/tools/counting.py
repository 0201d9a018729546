"""How far each cell counts, and how long it holds a key, at a rate chosen for it: what 08 shows.

    python tests/tools/counting.py --json charrnn_helpers/results/counting.json

LSTM, GRU and plain RNN of 10 units on a^n b^n and a^n b^n c^n, and of 24 units on a key that comes back after n dots;
n up to 20 in training. The reach is the n up to which a network is right, at most 100. First each cell tries the same
rates on each task with seeds of their own, and takes the one with the largest mean reach (of equals, the lowest).
Then it is judged with other seeds. In float32, one thread each; of --seeds the first number is for choosing, the second
for judging. Twenty minutes on two cores. Runs that are in the JSON file already are not made again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from statistics import mean

import common
import torch
from torch import Tensor, nn

from charrnn_helpers.measures.counting import KEYS, counted, learn_lines, learn_to_count
from charrnn_helpers.networks.registry import COMPARED
from charrnn_helpers.text.encoding import Vocabulary
from charrnn_helpers.training.evaluation import eval_mode


def held(key: str, n: int) -> str:
    """A key, n dots, a question mark, and the key again: "c.....?c" between line ends, for "c" and 5."""
    return f"\n{key}{'.' * n}?{key}\n"


def learn_to_hold(cell: str, seed: int = 0, **options):
    """Train on a key, up to 20 dots, and the key again: the model and its vocabulary; `options` as `learn_lines`."""
    return learn_lines(cell, KEYS + ".?", lambda n, draw: held(draw.choice(KEYS), n), seed, **options)


def counts(model: nn.Module, vocab: Vocabulary, letters: str, n: int) -> bool:
    """Does the network expect the right character everywhere after the first letter has ended?

    That is where the line can be known: as many of every other letter, and then its end.
    """
    return _expects(model, vocab.encode(counted(letters, n)), n + 1)


def holds(model: nn.Module, vocab: Vocabulary, n: int) -> bool:
    """Does the network expect the right key, and the line's end, after n dots and "?", for each of the six keys?"""
    return all(_expects(model, vocab.encode(held(key, n)), n + 2) for key in KEYS)


def _expects(model: nn.Module, ids: Tensor, known: int) -> bool:
    """Is every character after number `known` the one that the network finds most probable?"""
    with eval_mode(model):
        expected = model(ids[None, :-1])[0][0].argmax(-1)  # (T,)
    return torch.equal(expected[known:], ids[known + 1 :])


def reach(works: Callable[[int], bool], highest: int = 100) -> int:
    """The n up to which `works(n)` is true, from 1 on without a gap; at most `highest`."""
    return next((n - 1 for n in range(1, highest + 1) if not works(n)), highest)


RATES = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
TASKS = {  # how a cell learns a task, and whether it solves the line of length n
    "ab": (partial(learn_to_count, letters="ab", units=10), partial(counts, letters="ab")),
    "abc": (partial(learn_to_count, letters="abc", units=10), partial(counts, letters="abc")),
    "key": (partial(learn_to_hold, units=24), holds),
}


def measure(run: dict) -> dict:
    """The row of a run."""
    learn, solves = TASKS[run["task"]]
    model, vocab = learn(run["cell"], seed=run["seed"], rate=run["rate"], updates=run["updates"])
    return {**run, "reach": reach(lambda n: solves(model, vocab, n=n))}


def best_rate(rows: list[dict], task: str, cell: str) -> float:
    """The rate with the largest mean reach among the runs that choose; of equals, the lowest."""
    tried = {rate: [] for rate in RATES}
    for row in rows:
        if (row["part"], row["task"], row["cell"]) == ("choosing", task, cell):
            tried[row["rate"]].append(row["reach"])
    return max(RATES, key=lambda rate: (mean(tried[rate]), -rate))


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, updates=3000, seeds=[5, 20])
    result = common.kept(options.json) or {"machine": common.machine("cpu") + common.SIDE_BY_SIDE, "rows": []}
    rows, (choosing, judging) = result["rows"], options.seeds
    both = list(product(TASKS, COMPARED))
    plans = {
        "choosing": lambda: [(*one, rate, 100 + k) for one in both for rate in RATES for k in range(choosing)],
        "judging": lambda: [(*one, best_rate(rows, *one), k) for one in both for k in range(judging)],
    }
    for part, plan in plans.items():
        runs = [dict(zip(("task", "cell", "rate", "seed"), one, strict=True)) for one in plan()]
        runs = [{"part": part, **run, "updates": options.updates} for run in runs]
        todo = [run for run in runs if not any(run.items() <= row.items() for row in rows)]
        for row in common.side_by_side(measure, todo):
            common.add(row, result, options.json)
    rows.sort(key=lambda row: list(map(str, row.values())))
    return common.keep(result, options.json)


if __name__ == "__main__":
    main()
