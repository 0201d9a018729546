"""What the benchmarks share: the name of the machine, medians over rounds that take turns, a table, and JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from charrnn_helpers.training.files import whole_file

CPUINFO = Path("/proc/cpuinfo")  # Linux


def parser(description: str, device: bool = True, rounds: bool = True) -> argparse.ArgumentParser:
    """The options that benchmarks have: --json; --device but for those of the CPU; --rounds if it takes turns."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if device:
        made.add_argument("--device", help="cpu or cuda; without it a GPU if there is one")
    if rounds:
        said = "medians are taken over so many rounds"
        made.add_argument("--rounds", type=int, default=5, choices=range(1, 1000), metavar="N", help=said)
    made.add_argument("--json", type=Path, help="also write the result to this file")
    return made


def machine(device: torch.device) -> str:
    """The machine in words: processor and what it has for bfloat16, cores, threads, PyTorch, device."""
    name = platform.processor() or platform.machine()
    if CPUINFO.is_file():
        told = dict(line.split(":", 1) for line in CPUINFO.read_text().splitlines() if ":" in line)
        told = {key.strip(): value.strip() for key, value in told.items()}
        name = told.get("model name", name)
        units = [unit for unit in ("amx_bf16", "avx512_bf16") if unit in told.get("flags", "").split()]
        name += f" with {units[0]}" if units else ""
    gpu = f", {torch.cuda.get_device_name(device)}" if device.type == "cuda" else ""
    version = torch.__version__.split("+")[0]
    return f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, PyTorch {version}, {device}{gpu}"


def wait(device: torch.device) -> None:
    """Until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def medians(tasks: dict[str, Callable[[], object]], rounds: int, device: torch.device) -> dict[str, float]:
    """Seconds of each task: the median over `rounds` in which all take turns, after one round to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for round_ in range(rounds + 1):
        for name, task in tasks.items():
            wait(device)
            start = time.perf_counter()
            task()
            wait(device)
            if round_:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def table(rows: list[dict], formats: dict[str, str]) -> str:
    """Rows as lines of text, a column for each key of `formats`, with its format; text to the left, numbers right."""
    columns = []
    for key, spec in formats.items():
        cells = [key, *(format(row[key], spec) if row[key] is not None else "-" for row in rows)]
        width, text = max(map(len, cells)), isinstance(rows[0][key], str)
        columns.append([cell.ljust(width) if text else cell.rjust(width) for cell in cells])
    return "\n".join("  ".join(line).rstrip() for line in zip(*columns, strict=True))


def report(result: dict, formats: dict[str, str], file: Path | None) -> dict:
    """Print the machine and the table of `result["rows"]`, write the JSON if a file is named, and return the result."""
    print(f"{result['machine']}\n\n{table(result['rows'], formats)}")
    return keep(result, file)


def keep(result: dict, file: Path | None, indent: int | None = 1) -> dict:
    """Write the JSON if a file is named: the whole of it, or nothing where something interrupts."""
    if file:
        with whole_file(file) as written:
            written.write(f"{json.dumps(result, indent=indent)}\n".encode())
    return result


def kept(file: Path | None) -> dict | None:
    """What an earlier call has written to `file`."""
    return json.loads(file.read_text(encoding="utf-8")) if file and file.is_file() else None
