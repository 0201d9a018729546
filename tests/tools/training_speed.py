"""How fast does each cell train here, and what is the machine capable of?

    python tests/tools/training_speed.py                a table, and the same as JSON with --json FILE
    python tests/tools/training_speed.py --units 256 --rounds 5

Characters per second of whole updates (`one_update`: forward, backward, clipping, AdamW), for windows through
`nn.LSTM`, `nn.GRU` and `FusedGRU`, in float32 and bfloat16; and for `nn.LSTM` and `nn.GRU` called for one character at
a time, as many a tutorial does: `one by one x` is how many times as fast as that, in float32, a row is. FLOP/s count
the arithmetic that the equations ask for (of `FusedGRU` without the input projection, which it looks up), and stand
beside the rate of a product of two matrices of size --matmul in the same run and precision. `in products` is the share
that PyTorch's profiler finds in matrix products when it watches an update (a whole `nn.LSTM` layer is one such call).
All ways of a width take turns, --updates at once; medians over the rounds.
"""

from __future__ import annotations

import common
import torch
from precision import PrecisionError, in_bfloat16
from torch import nn

from charrnn_helpers import GRUModel, LSTMModel, TrainConfig, pick_device
from charrnn_helpers.base.allocation import keep_memory
from charrnn_helpers.fast.fused_gru import FusedGRUModel
from charrnn_helpers.training.loop import make_optimiser, one_update

VOCABULARY = 65  # Tiny Shakespeare's
EMBEDDING = 64


class CharacterByCharacter(nn.Module):
    """A model called once for each character of the window, its scores put together at the end."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, ids, state=None):
        steps = []
        for x in ids.split(1, dim=1):  # (B, 1)
            logits, state = self.model(x, state)
            steps.append(logits)
        return torch.cat(steps, dim=1), state


def flop_per_character(module: str, units: int) -> int:
    """Multiplications and additions for one character of one update; a backward pass costs twice a forward pass."""
    blocks = 4 if module == "nn.LSTM" else 3
    read = units if module == "FusedGRU" else EMBEDDING + units
    return 3 * 2 * (blocks * units * read + units * VOCABULARY)


def matmul_rate(device: torch.device, size: int, dtype: torch.dtype) -> float:
    """FLOP/s of square matrix products of `size`: the median of twenty."""
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    return 2 * size**3 / common.medians({"product": lambda: a @ b}, 20, device)["product"]


def share_in_products(task) -> float:
    """Of the time that the operations of `task` take, the share of matrix products; on a CPU."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as seen:
        task()
    events = [event for event in seen.key_averages() if event.key.startswith("aten::")]
    products = [event for event in events if event.key.endswith(("mm", "mm_")) or "mkldnn_rnn" in event.key]
    return sum(event.self_cpu_time_total for event in products) / sum(event.self_cpu_time_total for event in events)


def ways(units: int, device: torch.device) -> dict[tuple[str, str, str], nn.Module]:
    """The ways to train a network that are compared, (cell, module, how), each with a model of its own."""

    def model(make):
        torch.manual_seed(0)
        return make(VOCABULARY, units, num_layers=1, embedding_size=EMBEDDING).to(device)

    found = {}
    kinds = [("LSTM", "nn.LSTM", LSTMModel), ("GRU", "nn.GRU", GRUModel), ("GRU", "FusedGRU", FusedGRUModel)]
    for cell, module, make in kinds if device.type == "cpu" else kinds[:2]:  # elsewhere a FusedGRU is an nn.GRU
        found[cell, module, "float32"] = model(make)
        if module != "FusedGRU":
            found[cell, module, "float32, one by one"] = CharacterByCharacter(model(make))
        try:
            found[cell, module, "bfloat16"] = in_bfloat16(model(make))
        except PrecisionError as problem:  # some processors cannot, and a GPU is refused
            print(f"no bfloat16 for {module} here: {problem}")
    return found


def task(network: nn.Module, x, y, updates: int):
    """A function that makes some updates with one network, and carries its state on."""
    optimiser, state = make_optimiser(network, TrainConfig(learning_rate=1e-3)), None

    def run():
        nonlocal state
        for _ in range(updates):
            _, _, state = one_update(network, x, y, state, optimiser, 1.0)

    return run


def main(arguments: list[str] | None = None) -> dict:
    sizes = {"units": [128, 256, 512], "streams": 64, "window": 64, "updates": 3, "matmul": 2048}
    options = common.options(__doc__, arguments, device=None, rounds=5, **sizes)
    device = pick_device(options.device)
    keep_memory()  # as `train` does
    rates = {name: matmul_rate(device, options.matmul, getattr(torch, name)) for name in ("float32", "bfloat16")}
    x, y = (torch.randint(VOCABULARY, (options.streams, options.window), device=device) for _ in range(2))
    rows = []
    for units in options.units:
        tasks = {name: task(network, x, y, options.updates) for name, network in ways(units, device).items()}
        seconds = common.medians(tasks, options.rounds, device)
        for (cell, module, how), taken in seconds.items():
            speed = x.numel() * options.updates / taken
            flops = speed * flop_per_character(module, units)
            share = share_in_products(tasks[cell, module, how]) if device.type == "cpu" else None
            alone = seconds[cell, f"nn.{cell}", "float32, one by one"]
            row = {"cell": cell, "units": units, "module": module, "how": how, "characters/s": speed}
            row |= {"GFLOP/s": flops / 1e9, "of the product": flops / rates[how.split(",")[0]]}
            rows.append({**row, "in products": share, "one by one x": alone / taken})
    said = ", ".join(f"{name} {rate / 1e9:,.0f} GFLOP/s" for name, rate in rates.items())
    name = f"{common.machine(device)}; matrix product: {said}; "
    name += f"{options.streams} streams x {options.window} characters, one layer"
    return common.report({"machine": name, "matmul_flops": rates, "rows": rows}, options.json)


if __name__ == "__main__":
    main()
