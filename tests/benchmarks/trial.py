"""The trial of LSTM and GRU, as charrnn_helpers/experiments/protocol.md lays it down.

    CHARRNN_DATA=... python tests/benchmarks/trial.py                                    all of it, in a night
    CHARRNN_DATA=... python tests/benchmarks/trial.py --scale 0.002 --rows /tmp/small.jsonl   minutes: does it work?

For each budget: the trials, and then ten seeds with what was chosen. Each row is written to --rows as soon as it is
there, and no run of a row is made again, so that the trial can be stopped at any time. It may run beside other work:
what counts are losses, and of time only the processor's is kept.
"""

from __future__ import annotations

import json
from functools import partial
from itertools import product
from pathlib import Path

import common

from charrnn_helpers.experiments import protocol


def main(arguments: list[str] | None = None) -> list[dict]:
    rows = str(protocol.RESULTS / "trial.jsonl")
    what = {"texts": list(protocol.TRIAL_TEXTS), "sizes": ["350 K"]}
    options = common.options(__doc__, arguments, **what, scale=1.0, rows=rows)
    done = protocol.trial_rows(Path(options.rows), options.scale)
    plans = (protocol.tuning_runs, protocol.confirming_runs, protocol.counting_runs)
    for size, budget, plan in product(options.sizes, protocol.BUDGETS, plans):
        runs = [run for text in options.texts for run in plan(done, text, size, budget)]
        todo = [run for run in runs if not any(run.items() <= row.items() for row in done)]
        for row in common.side_by_side(partial(protocol.make, scale=options.scale), todo):
            done.append(row)
            with Path(options.rows).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print({name: row.get(name) for name in (*protocol.RUN, "val", "test", "cpu_seconds")}, flush=True)
    return done


if __name__ == "__main__":
    main()
