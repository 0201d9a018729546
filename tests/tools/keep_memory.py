"""What `keep_memory` is worth: seconds of a processor core for an update, with it and without, in fresh processes.

    python tests/tools/keep_memory.py --json charrnn_helpers/results/keep_memory.json

The two take turns. One network of each kind, 64 streams, windows of 64, float32; two minutes on one core.
"""

from __future__ import annotations

from statistics import median

import common

from charrnn_helpers.networks.registry import BOTH

UPDATES = """
import sys, time, torch
from charrnn_helpers import TrainConfig
from charrnn_helpers.networks import CELLS
from charrnn_helpers.training import keep_memory, make_optimiser, one_update
kept, cell, units, updates = sys.argv[1] == "True", sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
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


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, rounds=5, units=[256, 512], updates=12)
    rows = []
    for cell in BOTH:
        for units in options.units:
            taken = {kept: [] for kept in (False, True)}
            for _ in range(options.rounds):
                for kept, seconds in taken.items():
                    seconds += common.told(UPDATES, kept, cell, units, options.updates)
            without, kept = map(median, taken.values())
            figures = {"without s": without, "with s": kept, "times as fast": without / kept}
            rows.append({"cell": cell, "units": units, **figures})
    return common.report({"machine": common.machine("cpu"), "rows": rows}, options.json)


if __name__ == "__main__":
    main()
