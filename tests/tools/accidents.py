"""Accidents at random, many of them: processes killed, bits flipped, a full disk, two processes in one folder.

    python tests/tools/accidents.py                             200 kills, 500 flips and the rest: some minutes
    python tests/tools/accidents.py --kills 20 --flips 50       fewer

Kills need a system that can fork. What one try can show is a test: hostile checkpoints, strange texts, refused writes.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from tqdm import tqdm

from charrnn_helpers import (
    TrainConfig,
    Vocabulary,
    lecturer,
    load_checkpoint,
    load_corpus,
    save_checkpoint,
    train,
)
from charrnn_helpers.experiments.sweeps import RunConfig, sweep
from charrnn_helpers.networks.registry import CELLS

tqdm.set_lock(threading.RLock())  # its own is shared with forks: one that is killed would never give it back
TEXT = load_corpus("assignment").text
VOCAB = Vocabulary.from_text(TEXT)
IDS = VOCAB.encode(TEXT)
CONFIG = TrainConfig(updates=30, streams=2, window=10, validate_every=3, warmup=2)
RUNS = [
    RunConfig(cell, 4, text="assignment", seed=seed, train=replace(CONFIG, updates=6))
    for cell in ("LSTM", "GRU")
    for seed in range(4)
]


def network(cell: str = "LSTM", seed: int = 0) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CELLS[cell].model(len(VOCAB), 6, 1, 4, dropout=0.2)


# --- kill -9 --------------------------------------------------------------------------------------------------------


def killed(function: Callable[[Path], object], folder: Path, after: float) -> bool:
    """Run `function(folder)` in a process of its own, and kill it `after` so many seconds; False if it had ended."""
    child = in_a_process(function, folder)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def in_a_process(function: Callable[[Path], object], folder: Path) -> int:
    """Begin `function(folder)` in a process of its own: its number. It ends with 0, or with 1 after an error."""
    child = os.fork()
    if child:
        return child
    try:
        function(folder)
        os._exit(0)
    finally:
        os._exit(1)


def go_on_training(folder: Path) -> list[float]:
    """Train, keeping a checkpoint at each look at the validation text; from the last one on, if there is one."""
    model, history, path = network(), None, folder / "net.pt"
    if path.exists():
        found = load_checkpoint(path)
        model, history = found.model, found.history

    def keep(history):
        save_checkpoint(path, model, VOCAB, history=history, resumable=True)

    return train(model, IDS, IDS[:30], CONFIG, history=history, device="cpu", on_validation=keep, progress=False).losses


def write_checkpoints(folder: Path) -> None:
    for number in range(10):
        save_checkpoint(folder / "net.pt", network(seed=number % 2), VOCAB)


def which_checkpoint(folder: Path) -> int:
    """0 or 1: the network that the file holds, whole; 2 without a file. Fails for any other."""
    if not (folder / "net.pt").exists():
        return 2
    weights = load_checkpoint(folder / "net.pt").model.state_dict()
    both = [network(seed=seed).state_dict() for seed in (0, 1)]
    return [all(torch.equal(weights[name], one[name]) for name in weights) for one in both].index(True)


def go_on_sweeping(folder: Path) -> list[dict]:
    """What the runs of a sweep gave."""
    with ThreadPoolExecutor(1) as pool:
        return sweep(RUNS, pool, folder=folder / "rows", progress=False)


def kept_rows(folder: Path) -> dict[str, int]:
    """The rows that are there, and when they were written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("rows/*.json")}


def write_pages(folder: Path) -> None:
    for number in range(6):
        lecturer.page(folder / "page.html", folder.parent / f"pair{number % 2}")


def kills(number: int, folder: Path, seed: int = 0) -> str:
    """Kill at `number` random moments, a quarter in each kind of work; what is left is whole and goes on."""
    draw, count = random.Random(seed), Counter()
    for name in ("undisturbed", *map(str, range(number))):
        (folder / name).mkdir()
    for pair in range(2):
        for cell in ("LSTM", "GRU"):
            save_checkpoint(folder / f"pair{pair}-{cell.lower()}.pt", network(cell, pair), VOCAB, text="assignment")
    pages = [lecturer.page(folder / f"page{pair}.html", folder / f"pair{pair}").read_bytes() for pair in range(2)]
    assert pages[0] != pages[1]
    works = (go_on_training, write_checkpoints, go_on_sweeping, write_pages)
    seconds, wanted = {}, {}
    for work in works:
        began = time.perf_counter()
        wanted[work] = work(folder / "undisturbed")
        seconds[work] = time.perf_counter() - began
    for place in range(number):
        work, here = works[place % len(works)], folder / str(place)
        while not killed(work, here, draw.uniform(0, seconds[work])):
            seconds[work] *= 0.8  # it had ended: the machine is quicker now
            shutil.rmtree(here)
            here.mkdir()
        count[work.__name__] += 1
        while draw.random() < 0.3:  # some are killed again as they go on
            count["again"] += killed(work, here, draw.uniform(0, seconds[work]))
        if work is go_on_training:
            assert go_on_training(here) == wanted[work], "a resumed training has other losses"
        elif work is write_checkpoints:
            which_checkpoint(here)
        elif work is go_on_sweeping:
            before = kept_rows(here)
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # it warns of a row that is damaged
                assert go_on_sweeping(here) == wanted[work], "a resumed sweep has other rows"
            assert before.items() <= kept_rows(here).items(), "a finished row was run again"
        elif (here / "page.html").exists():
            assert (here / "page.html").read_bytes() in pages, "a page is not whole"
    return f"{count.total()} kills ({dict(count)}): everything whole, all went on as if undisturbed"


# --- damaged checkpoints ---------------------------------------------------------------------------------------------


def plain(checkpoint) -> dict:
    """All that a checkpoint holds, to be compared."""
    history = {**vars(checkpoint.history), "best_weights": None, "resume": None}
    return {
        "weights": {name: value.tolist() for name, value in checkpoint.model.state_dict().items()},
        "album": {updates: str(net.state_dict()) for updates, net in checkpoint.album.items()},
        **{"vocab": checkpoint.vocab, "text": checkpoint.text, "history": history},
        "resume": str(checkpoint.history.resume),
    }


def said(function: Callable[[], object]) -> str:
    """The sentence with which `function` refuses, "" if it does not. Fails for what is not one sentence."""
    try:
        function()
    except ValueError as error:
        sentence = str(error)
    else:
        return ""
    assert sentence, "an error without a sentence"
    assert "\n" not in sentence, sentence
    return sentence


def is_refused(path: Path, whole: dict | None = None) -> bool:
    """True for one sentence; False if the file was read and holds all that `whole` does. Fails for anything else."""
    found = []
    if said(lambda: found.append(load_checkpoint(path))):
        return True
    assert whole is not None, "a file that nobody wrote was read"
    assert plain(*found) == whole, "a changed file was read as another network"
    return False


def flips(number: int, folder: Path, seed: int = 0) -> str:
    """Turn round `number` bits of a checkpoint, one at a time, and cut it at a tenth as many lengths."""
    path, model = folder / "whole.pt", network()
    history = train(model, IDS, IDS[:30], replace(CONFIG, updates=3), device="cpu", progress=False)
    save_checkpoint(path, model, VOCAB, text="cats", history=history, album={1: network("LSTM", 1)}, resumable=True)
    data, whole, draw = path.read_bytes(), plain(load_checkpoint(path)), random.Random(seed)
    refused = 0
    for bit in draw.sample(range(8 * len(data)), number):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        refused += is_refused(path, whole)
    lengths = sorted({0, 1, len(data) - 1, *draw.sample(range(len(data)), max(3, number // 10))})
    for length in lengths:
        path.write_bytes(data[:length])
        assert is_refused(path, whole), f"a file of {length} of {len(data)} bytes was read"
    return f"{number} flips: {refused} refused, {number - refused} without effect; {len(lengths)} cuts, all refused"


# --- a full disk, two at once ---------------------------------------------------------------------------------------


def full_disk(folder: Path) -> str:
    """A real one, of 64 kB, where this process may mount it."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        return "no file system could be mounted here: not tried"
    try:
        written = 0
        while not (sentence := said(partial(save_checkpoint, folder / f"{written}.pt", network(), VOCAB))):
            written += 1
        assert "No space left" in sentence, sentence
        assert sorted(path.name for path in folder.iterdir()) == sorted(f"{n}.pt" for n in range(written))
        for path in folder.iterdir():
            load_checkpoint(path)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        assert "Read-only" in said(lambda: save_checkpoint(folder / "0.pt", network(), VOCAB))
        return f"a disk of 64 kB took {written} checkpoints, then a sentence; read-only: a sentence"
    finally:
        subprocess.run(["umount", folder], check=True)


def two_at_once(folder: Path) -> str:
    """Two processes train into the same folder, while a third reads what is there."""
    for name in ("alone", "both"):
        (folder / name).mkdir()
    wanted, reads = go_on_training(folder / "alone"), 0
    write_checkpoints(folder / "both")

    def run(folder: Path) -> None:
        assert go_on_training(folder) == wanted
        write_checkpoints(folder / "both")

    both = {in_a_process(run, folder) for _ in range(2)}
    while both:
        done, status = os.waitpid(-1, os.WNOHANG)
        if done in both:
            both.remove(done)
            assert status == 0, "one of the two failed"
        which_checkpoint(folder / "both")
        reads += 1
    assert sorted(path.name for path in folder.iterdir()) == ["alone", "both", "net.pt"]
    assert go_on_training(folder) == wanted
    return f"two at once in one folder end as one alone; their file was whole at all of {reads} reads"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--flips", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)  # a process that forks has no others
    accidents = {
        "flips": lambda folder: flips(options.flips, folder, options.seed),
        **{one.__name__: one for one in (full_disk, two_at_once)},
        "kills": lambda folder: kills(options.kills, folder, options.seed),
    }
    for name, happen in accidents.items():
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            print(f"{name}: {happen(Path(folder))} ({time.perf_counter() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
