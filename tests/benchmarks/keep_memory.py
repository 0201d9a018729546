"""What `keep_memory` is worth: seconds of a processor core for an update, with it and without, in fresh processes.

    python tests/benchmarks/keep_memory.py --json charrnn_helpers/results/keep_memory.json

The two take turns. One network of each kind, 64 streams, windows of 64, float32; two minutes on one core.
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median

import common
import torch

from charrnn_helpers.networks.registry import BOTH

COLUMNS = {"cell": "", "units": "d", "without s": ".3f", "with s": ".3f", "times as fast": ".2f"}
UPDATES = """
import sys, time, torch
from charrnn_helpers import TrainConfig
from charrnn_helpers.networks import CELLS
from charrnn_helpers.training import keep_memory, make_optimiser, one_update
kept, cell, units, updates = sys.argv[1] == "1", sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if kept:
    assert keep_memory(), "only glibc's allocator can be told"
torch.manual_seed(0)
model, ids = CELLS[cell].fast(65, units, 1), torch.randint(65, (64, 65))
optimiser = make_optimiser(model, TrainConfig())
for update in range(updates + 3):
    if update == 3:
        start = time.process_time()
    one_update(model, ids[:, :-1], ids[:, 1:], None, optimiser, 1.0)
print((time.process_time() - start) / updates)
"""


def seconds(kept: bool, cell: str, units: int, updates: int) -> float:
    command = [sys.executable, "-c", UPDATES, str(int(kept)), cell, str(units), str(updates)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main(arguments: list[str] | None = None) -> dict:
    parser = common.parser(__doc__, device=False)
    parser.add_argument("--units", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--updates", type=int, default=12, help="in each process")
    options = parser.parse_args(arguments)
    rows = []
    for cell in BOTH:
        for units in options.units:
            taken = [
                [seconds(kept, cell, units, options.updates) for kept in (False, True)] for _ in range(options.rounds)
            ]
            without, kept = (median(column) for column in zip(*taken, strict=True))
            rows.append(dict(zip(COLUMNS, (cell, units, without, kept, without / kept), strict=True)))
    return common.report({"machine": common.machine(torch.device("cpu")), "rows": rows}, COLUMNS, options.json)


if __name__ == "__main__":
    main()
