"""What does a training run cost: how time grows, how much memory it takes, how long the import is.

    python tests/tools/cost.py                          a table, and the same as JSON with --json FILE

Each row changes one thing of a run of 32 streams x 64 characters through one layer of 256 units: width, depth, window,
streams; or the length of the text, from 10 KB to 10 MB. `around s` is what a run takes besides its updates: encoding
the text, and one look at a tenth of it as validation. Memory is the peak of a process of its own that does all this,
less the peak of one that only imports the package; on a GPU it is the peak of PyTorch's own memory there. The import is
that of `charrnn_helpers`, less that of `torch`. With --scale all sizes are so many times as large.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median

import common
import numpy as np

from charrnn_helpers import TrainConfig, Vocabulary, pick_device
from charrnn_helpers.networks.registry import BOTH, CELLS
from charrnn_helpers.training.loop import train

BASE = {"units": 256, "layers": 1, "window": 64, "streams": 32, "characters": 1_000_000}
GROWTH = {
    "units": [128, 256, 512],
    "layers": [1, 2, 3],
    "window": [16, 64, 256],
    "streams": [8, 32, 128],
    "characters": [10_000, 100_000, 1_000_000, 10_000_000],
}
IMPORTS = """
import time
start = time.perf_counter()
import torch
torch_there = time.perf_counter()
import charrnn_helpers
print(torch_there - start, time.perf_counter() - torch_there)
"""
PROBE = """
import sys
sys.path[:0] = {path!r}
import charrnn_helpers, cost, torch
{work}
if {device!r} == "cuda":
    print(torch.cuda.max_memory_allocated() / 1000)
else:
    print([line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0])
"""


def run(cell: str, device, number: int, units: int, layers: int, window: int, streams: int, characters: int):
    """Train on random characters: seconds of an update, and those of all the rest."""
    text = np.random.default_rng(0).integers(33, 98, characters, dtype=np.uint8).tobytes().decode()  # 65 kinds
    start = time.perf_counter()
    vocab = Vocabulary.from_text(text)
    ids = vocab.encode(text)
    window = min(window, (characters - 1) // streams)
    config = TrainConfig(updates=number, streams=streams, window=window, validate_every=number)
    model = CELLS[cell].fast(len(vocab), units, layers)
    seconds = train(model, ids, ids[: characters // 10], config, device=device, progress=False).seconds
    return seconds / number, time.perf_counter() - start - seconds


def memory(work: str, device: str) -> float | None:
    """Peak memory in MB of a fresh process that does `work`; None where the kernel does not tell (not Linux).

    Not `resource.getrusage`: what it reports to a new process includes the peak of the one that started it.
    """
    if not Path("/proc/self/status").is_file():
        return None
    (peak,) = common.told(PROBE.format(path=sys.path, work=work, device=device))
    return peak / 1000  # kB


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, device=None, rounds=5, what=GROWTH, updates=10, scale=1.0)
    device = pick_device(options.device)
    small = {name: max(1, int(value * options.scale)) for name, value in BASE.items()}
    small["layers"] = 1
    start = time.perf_counter()
    import_torch, import_ours = map(median, zip(*(common.told(IMPORTS) for _ in range(options.rounds))))
    idle, rows = memory("", device.type), []
    for what in options.what:
        for value in GROWTH[what]:
            value = value if what == "layers" else max(1, int(value * options.scale))
            sizes = {**small, what: value}
            taken = {cell: [] for cell in BOTH}
            for _ in range(options.rounds + 1):  # the cells take turns; the first round warms up
                for cell in BOTH:
                    taken[cell].append(run(cell, device, options.updates, **sizes))
            for cell in BOTH:
                seconds, around = map(median, zip(*taken[cell][1:]))
                peak = memory(f"cost.run({cell!r}, {device.type!r}, 3, **{sizes!r})", device.type)
                read = sizes["streams"] * min(sizes["window"], (sizes["characters"] - 1) // sizes["streams"])
                figures = {"ms an update": seconds * 1e3, "characters/s": read / seconds, "around s": around}
                figures["MB"] = None if peak is None else peak - idle
                rows.append({"cell": cell, "what": what, "value": value, **figures})
    result = {
        "machine": f"{common.machine(device)}; import torch {import_torch:.2f} s, charrnn_helpers +{import_ours:.2f} s",
        "import_torch_s": import_torch,
        "import_charrnn_helpers_s": import_ours,
        "base": small,
        "took_s": time.perf_counter() - start,
        "rows": rows,
    }
    return common.report(result, options.json)


if __name__ == "__main__":
    main()
