"""How fast does each cell train here, and what is the machine capable of?

    python tests/benchmarks/training_speed.py                a table, and the same as JSON with --json FILE
    python tests/benchmarks/training_speed.py --units 256 --rounds 5

Characters per second of whole updates (`one_update`: forward, backward, clipping, AdamW), for windows through
`nn.LSTM`, `nn.GRU` and `FusedGRU`, in float32 and bfloat16; and for `nn.LSTM` and `nn.GRU` called for one character at
a time, as many a tutorial does. FLOP/s count the arithmetic that the equations ask for, and stand beside the rate of a
large matrix product in the same run. All ways of a width take turns, round by round; medians over the rounds.
"""

from __future__ import annotations

import time

import common
import torch
from torch import nn

from charrnn_helpers import GRUModel, LSTMModel, TrainConfig, pick_device
from charrnn_helpers.fused import FusedGRUModel
from charrnn_helpers.training import keep_memory, lowered, make_optimiser, one_update

VOCABULARY = 65  # Tiny Shakespeare's
EMBEDDING = 64
COLUMNS = {
    "cell": "",
    "units": "d",
    "module": "",
    "how": "",
    "characters/s": ",.0f",
    "GFLOP/s": ",.0f",
    "of the product": ".0%",
    "one by one x": ".1f",
}


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


def flop_per_character(cell: str, units: int) -> int:
    """Multiplications and additions for one character of one update; a backward pass costs twice a forward pass."""
    blocks = {"LSTM": 4, "GRU": 3}[cell]
    return 3 * 2 * (blocks * units * (EMBEDDING + units) + units * VOCABULARY)


def matmul_rate(device: torch.device, size: int, seconds: float = 1.0) -> float:
    """FLOP/s of square float32 matrix products of `size`."""
    a, b = torch.randn(size, size, device=device), torch.randn(size, size, device=device)
    a @ b
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        a @ b
        done += 1
        common.wait(device)
    return done * 2 * size**3 / (time.perf_counter() - start)


def ways(units: int, device: torch.device) -> dict[tuple[str, str, str], nn.Module]:
    """The ways to train a network that are compared, (cell, module, how), each with a model of its own."""

    def model(make):
        torch.manual_seed(0)
        return make(VOCABULARY, units, num_layers=1, embedding_size=EMBEDDING).to(device)

    found = {}
    for cell, module, make in (
        ("LSTM", "nn.LSTM", LSTMModel),
        ("GRU", "nn.GRU", GRUModel),
        ("GRU", "FusedGRU", FusedGRUModel),
    ):
        found[cell, module, "float32"] = model(make)
        if module != "FusedGRU":
            found[cell, module, "float32, one by one"] = CharacterByCharacter(model(make))
        try:  # some processors cannot ("could not create a primitive descriptor"), and a GPU is refused
            low = lowered(model(make), "bfloat16")
            low(torch.zeros(2, 2, dtype=torch.long, device=device))[0].sum().backward()
            low.zero_grad()
            found[cell, module, "bfloat16"] = low
        except (RuntimeError, ValueError) as problem:
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
    parser = common.parser(__doc__)
    parser.add_argument("--units", type=int, nargs="+", default=[128, 256, 512])
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--updates", type=int, default=3, help="in a round")
    parser.add_argument("--matmul", type=int, default=2048, help="size of the matrices that give the machine's rate")
    options = parser.parse_args(arguments)

    device = pick_device(options.device)
    keep_memory()  # as `train` does
    rate = matmul_rate(device, options.matmul)
    x, y = (torch.randint(VOCABULARY, (options.streams, options.window), device=device) for _ in range(2))
    rows = []
    for units in options.units:
        tasks = {name: task(network, x, y, options.updates) for name, network in ways(units, device).items()}
        seconds = common.medians(tasks, options.rounds, device)
        for (cell, module, how), taken in seconds.items():
            speed = x.numel() * options.updates / taken
            flops = speed * flop_per_character(cell, units)
            alone = seconds[cell, {"LSTM": "nn.LSTM", "GRU": "nn.GRU"}[cell], "float32, one by one"]
            rows.append(dict(zip(COLUMNS, (cell, units, module, how, speed, flops / 1e9, flops / rate, alone / taken))))
    name = f"{common.machine(device)}; float32 matrix product: {rate / 1e9:,.0f} GFLOP/s; "
    name += f"{options.streams} streams x {options.window} characters, one layer"
    return common.report({"machine": name, "matmul_flops": rate, "rows": rows}, COLUMNS, options.json)


if __name__ == "__main__":
    main()
