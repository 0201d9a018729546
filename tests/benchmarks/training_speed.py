"""How fast does each cell train here, and what is the machine capable of?

    python tests/benchmarks/training_speed.py                a table, and the same as JSON with --json FILE
    python tests/benchmarks/training_speed.py --units 256 --rounds 5

Characters per second of whole updates (`one_update`: forward, backward, clipping, Adam), for windows through `nn.LSTM`
and `nn.GRU` and for the same modules called character by character. Achieved FLOP/s stand beside the rate of a large
matrix product in the same run. All kinds of a width take turns, round by round; medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import nn

from charrnn_helpers import pick_device
from charrnn_helpers.models import MODELS
from charrnn_helpers.training import one_update

VOCABULARY = 65  # Tiny Shakespeare's
EMBEDDING = 64


class Precision(nn.Module):
    """A model whose forward pass runs in `dtype`; its scores come back as float32."""

    def __init__(self, model: nn.Module, device: torch.device, dtype: torch.dtype | None):
        super().__init__()
        self.model, self.device, self.dtype = model, device, dtype

    def forward(self, ids, state=None):
        lower = torch.autocast(self.device.type, self.dtype) if self.dtype else nullcontext()
        with lower:
            logits, state = self.model(ids, state)
        return logits.float(), state


class CharacterByCharacter(nn.Module):
    """The same model, called once for each character of the window, as many a tutorial does."""

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
        _wait(device)
    return done * 2 * size**3 / (time.perf_counter() - start)


def kinds(cell: str, units: int, device: torch.device) -> dict[str, nn.Module]:
    """The ways to train a network that are compared, each with a model of its own."""

    def model():
        torch.manual_seed(0)
        return MODELS[cell](VOCABULARY, units, num_layers=1, embedding_size=EMBEDDING).to(device)

    found = {"float32": Precision(model(), device, None), "float32, one by one": CharacterByCharacter(model())}
    try:  # some processors cannot: "could not create a primitive descriptor"
        lower = Precision(model(), device, torch.bfloat16)
        logits, _ = lower(torch.zeros(2, 2, dtype=torch.long, device=device))
        logits.sum().backward()
        lower.zero_grad()
        found["bfloat16"] = lower
    except RuntimeError as problem:
        print(f"no bfloat16 here: {problem}")
    return found


def measure(models: dict[str, nn.Module], device, streams: int, window: int, updates: int, rounds: int):
    """Seconds of one update: {name: median over the rounds}, the models taking turns."""
    x = torch.randint(VOCABULARY, (streams, window), device=device)
    y = torch.randint(VOCABULARY, (streams, window), device=device)
    optimisers = {
        name: torch.optim.Adam(model.parameters(), lr=1e-3, fused=device.type != "mps")
        for name, model in models.items()
    }
    states, seconds = dict.fromkeys(models), {name: [] for name in models}
    for round_ in range(rounds + 1):  # the first one warms up
        for name, model in models.items():
            start = time.perf_counter()
            for _ in range(updates):
                _, _, states[name] = one_update(model, x, y, states[name], optimisers[name], 1.0)
            _wait(device)
            if round_:
                seconds[name].append((time.perf_counter() - start) / updates)
    return {name: statistics.median(values) for name, values in seconds.items()}


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def main(arguments: list[str] | None = None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, nargs="+", default=[128, 256, 512])
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--updates", type=int, default=3, help="in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--matmul", type=int, default=2048, help="size of the matrices that give the machine's rate")
    parser.add_argument("--device")
    parser.add_argument("--json", type=Path, help="also write the result to this file")
    options = parser.parse_args(arguments)

    device = pick_device(options.device)
    rate = matmul_rate(device, options.matmul)
    machine = f"{platform.machine()}, {torch.get_num_threads()} threads, PyTorch {torch.__version__}, {device}"
    print(f"{machine}; float32 matrix product: {rate / 1e9:,.0f} GFLOP/s")
    print(f"{options.streams} streams × {options.window} characters, one layer\n")
    print(f"{'cell':4} {'units':>5}  {'how':20} {'characters/s':>12} {'GFLOP/s':>8} {'of the product':>14}")
    rows = []
    for units in options.units:
        for cell in MODELS:
            seconds = measure(
                kinds(cell, units, device), device, options.streams, options.window, options.updates, options.rounds
            )
            for how, taken in seconds.items():
                speed = options.streams * options.window / taken
                flops = speed * flop_per_character(cell, units)
                rows.append({"cell": cell, "units": units, "how": how, "characters_per_second": speed, "flops": flops})
                print(f"{cell:4} {units:5}  {how:20} {speed:12,.0f} {flops / 1e9:8,.0f} {flops / rate:14.0%}")
    result = {
        "machine": machine,
        "matmul_flops": rate,
        "streams": options.streams,
        "window": options.window,
        "rows": rows,
    }
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


if __name__ == "__main__":
    main()
