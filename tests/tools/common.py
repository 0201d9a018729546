"""What the benchmarks share: options, the name of the machine, rounds that take turns, a table, and JSON."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import torch

from charrnn_helpers import pick_device
from charrnn_helpers.base.files import atomic_file

CPUINFO = Path("/proc/cpuinfo")  # Linux
SIDE_BY_SIDE = f"; {os.cpu_count()} runs side by side with 1 thread each"


def options(description: str, arguments: list[str] | None, **defaults) -> argparse.Namespace:
    """The options of a benchmark: --json, and one for each of `defaults`.

    A list takes several values, a dictionary several of its keys (all, if none is given), None a word.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result to this file")
    for name, default in defaults.items():
        about = {"default": default, "help": "default: %(default)s", "type": str if default is None else type(default)}
        if isinstance(default, (list, dict)):
            about |= {"default": list(default), "nargs": "+", "type": type(next(iter(default)))}
        if isinstance(default, dict):
            about["choices"] = default
        parser.add_argument(f"--{name}", **about)
    return parser.parse_args(arguments)


def machine(device: torch.device | str | None) -> str:
    """The machine in words: processor and what it has for bfloat16, cores, threads, PyTorch, device."""
    device, name = pick_device(device), platform.processor() or platform.machine()
    if CPUINFO.is_file():
        told = dict(line.split(":", 1) for line in CPUINFO.read_text().splitlines() if ":" in line)
        told = {key.strip(): value.strip() for key, value in told.items()}
        name = told.get("model name", name)
        units = [unit for unit in ("amx_bf16", "avx512_bf16") if unit in told.get("flags", "").split()]
        name += f" with {units[0]}" if units else ""
    gpu = f", {torch.cuda.get_device_name(device)}" if device.type == "cuda" else ""
    version = torch.__version__.split("+")[0]
    return f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, PyTorch {version}, {device}{gpu}"


def side_by_side(work: Callable[[dict], dict], runs: Sequence[dict]) -> Iterator[dict]:
    """What `work` makes of each run, as it comes: a process for each core, each with one thread."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), spawn, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for future in as_completed([pool.submit(work, run) for run in runs]):
            yield future.result()


def table(rows: list[dict]) -> str:
    """Rows as lines of text, a column for each key: text to the left, numbers right, a dash for what is missing."""

    def cell(value) -> str:
        if isinstance(value, float):
            return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"
        return f"{value:,}" if isinstance(value, int) else value or "-"

    columns = []
    for key, first in rows[0].items():
        cells = [key, *(cell(row[key]) for row in rows)]
        width = max(map(len, cells))
        columns.append([one.ljust(width) if isinstance(first, str) else one.rjust(width) for one in cells])
    return "\n".join("  ".join(line).rstrip() for line in zip(*columns, strict=True))


def report(result: dict, file: Path | None) -> dict:
    """Print the machine and the table of `result["rows"]`, write the JSON if a file is named, and return the result."""
    print(f"{result['machine']}\n\n{table(result['rows'])}")
    return keep(result, file)


def keep(result: dict, file: Path | None, indent: int | None = 1) -> dict:
    """Write the JSON if a file is named: the whole of it, or nothing where something interrupts."""
    if file:
        with atomic_file(file) as written:
            written.write(f"{json.dumps(result, indent=indent)}\n".encode())
    return result


def kept(file: Path | None) -> dict | None:
    """What an earlier call has written to `file`."""
    return json.loads(file.read_text(encoding="utf-8")) if file and file.is_file() else None


def add(row: dict, result: dict, file: Path | None) -> None:
    """Show one more row and keep it at once: a later call goes on after it."""
    print(row, flush=True)
    result["rows"].append(row)
    keep(result, file)
