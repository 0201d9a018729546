"""Accidents, again and again: processes killed, bits flipped, claims that are false, full disks, strange texts.

    python tests/tools/accidents.py                             200 kills, 500 flips and the rest: some minutes
    python tests/tools/accidents.py --kills 20 --flips 50       fewer

Kills need a system that can fork. `test_accidents.py` runs a few of each.
"""

import argparse
import errno
import os
import pickle
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

import torch
from tqdm import tqdm

from charrnn_helpers import (
    TrainConfig,
    Vocabulary,
    generate,
    lecturer,
    load_checkpoint,
    load_corpus,
    save_checkpoint,
    train,
)
from charrnn_helpers.experiments.sweeps import RunConfig, sweep
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.panels.network_pairs import keep_text, load_pair

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


# --- damaged and hostile checkpoints ----------------------------------------------------------------------------------


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


class Claim:
    """Stands in a pickle for a tensor of a trillion numbers whose record holds four."""

    def __reduce__(self):
        size = (10**6, 10**6)
        return torch._utils._rebuild_tensor_v2, (STORAGE, 0, size, (10**6, 1), False, OrderedDict())


STORAGE = object()


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return ("storage", torch.FloatStorage, "0", "cpu", 10**12) if value is STORAGE else None


def rewritten(path: Path, content: dict, compress: int = zipfile.ZIP_STORED, record: bytes = bytes(16)) -> Path:
    """A checkpoint as PyTorch lays it out, with a record of its own for the only tensor."""
    written = BytesIO()
    Pickler(written, protocol=2).dump(content)
    with zipfile.ZipFile(path, "w", compress) as archive:
        records = {"data.pkl": written.getvalue(), "byteorder": b"little", "data/0": record, "version": b"3\n"}
        for name, data in records.items():
            archive.writestr(f"archive/{name}", data)
    return path


class Trap:
    def __init__(self, folder: Path):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@contextmanager
def at_most(gigabytes: float):
    """Let the process have no more memory than that beyond what it has (on Linux; elsewhere nothing is checked)."""
    if sys.platform != "linux":
        yield
        return
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    used = 4096 * int(Path("/proc/self/statm").read_text().split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + int(gigabytes * 2**30), limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < gigabytes * 2**20


def claims(folder: Path) -> str:
    """Files of another version, with code, and with sizes that are not there."""
    good = torch.load(save_checkpoint(folder / "good.pt", network(), VOCAB), weights_only=True)
    sizes = good["hyperparameters"]
    hostile = {
        "another version": {**good, "format": 2},
        "code": {**good, "text": Trap(folder / "sprung")},
        "a network of 7 GB": {**good, "hyperparameters": {**sizes, "hidden_size": 15_000}},
        "a network without end": {**good, "hyperparameters": {**sizes, "num_layers": 10**9}},
        "a cell that nobody knows": {**good, "cell": "os.system"},
        "weights that are text": {**good, "weights": {name: "0" for name in good["weights"]}},
        "not a dict": [1, 2, 3],
    }
    with at_most(0.5):
        for name, content in hostile.items():
            torch.save(content, folder / "bad.pt")
            assert is_refused(folder / "bad.pt"), name
        for record in (bytes(16), b""):
            claimed = {**good, "weights": dict.fromkeys(good["weights"], Claim())}
            assert is_refused(rewritten(folder / "bad.pt", claimed, record=record)), "a tensor of 4 TB"
        bomb = rewritten(folder / "bad.pt", {"weights": 0}, zipfile.ZIP_DEFLATED, bytes(2**30 // 4))
        assert is_refused(bomb), "a record that unpacks to 1,000 times its size"
    assert not (folder / "sprung").exists(), "code was run"
    return f"{len(hostile) + 3} hostile files refused, none took half a GB"


# --- no room, no right to write ---------------------------------------------------------------------------------------


@contextmanager
def no_room_after(size: int):
    """Files end at `size` bytes: what is written beyond fails, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def refusing(function: str, number: int):
    """`function` ends with this error of the system."""
    return patch(function, side_effect=OSError(number, os.strerror(number)))


def hindrances(size: int) -> list:
    """Contexts in which a file of so many bytes cannot be written: at some of its bytes, and at each of the steps."""
    places = sorted({0, 1, size // 3, size // 2, size - 1})
    steps = [("builtins.open", errno.EACCES), ("builtins.open", errno.EROFS), ("os.fsync", errno.ENOSPC)]
    steps += [("os.fsync", errno.EDQUOT), ("os.replace", errno.EDQUOT), ("os.replace", errno.EIO)]
    return [no_room_after(place) for place in places] + [refusing(*step) for step in steps]


def disks(folder: Path) -> str:
    """What is written when there is no room: one sentence, the old file as it was, and no half one beside it."""
    for cell in ("LSTM", "GRU"):
        save_checkpoint(folder / f"pair-{cell.lower()}.pt", network(cell), VOCAB, text="assignment")
    place, count, pair = folder / "here", 0, load_pair(folder / "pair-lstm.pt", folder / "pair-gru.pt")
    writers = {
        "net.pt": lambda: save_checkpoint(place / "net.pt", network(), VOCAB),
        "page.html": lambda: lecturer.page(place / "page.html", folder / "pair"),
        "cats.txt": lambda: keep_text(TEXT.encode() * 3, "cats", place),
    }
    for name, write in writers.items():
        place.mkdir(exist_ok=True)
        write()
        size = (place / name).stat().st_size
        as_page = patch("charrnn_helpers.panels.one_file.as_page", return_value="x" * size)  # made before, to be quick
        same_pair = patch("charrnn_helpers.panels.network_pairs.load_pair", return_value=pair)
        for old in (b"old", None):
            for hindrance in hindrances(size):
                (place / name).unlink(missing_ok=True)
                if old and name != "cats.txt":  # another text of that name gets a number
                    (place / name).write_bytes(old)
                before = {path.name: path.read_bytes() for path in place.iterdir()}
                with as_page, same_pair, hindrance:
                    sentence = said(write)
                assert "could not be written" in sentence, f"{name}: {sentence}"
                assert {path.name: path.read_bytes() for path in place.iterdir()} == before, "something half is left"
                count += 1
    for hindrance in hindrances(500):
        with ThreadPoolExecutor(1) as pool, hindrance:
            sentence = said(lambda pool=pool: sweep(RUNS[:1], pool, folder=folder, job=row_of, progress=False))
        assert "could not be written" in sentence, sentence
        assert not list(folder.glob("*.json*"))
        count += 1
    return f"{count} writes without room: a sentence each, nothing half, nothing lost"


def row_of(config: RunConfig) -> dict:
    return {"value": "x" * 1000}


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


# --- strange texts, two at once -------------------------------------------------------------------------------------

STRANGE = {
    "one line": (b"no end of line here, " * 200, True),
    "one character": (b"a" * 3000, True),
    "one line end": (b"\n" * 3000, True),
    "NULs": (bytes(3000), False),
    "UTF-16 with mark": ("plain English ".encode("utf-16") * 50, False),
    "UTF-16 without mark": ("plain English ".encode("utf-16-le") * 50, False),
    "Chinese": ("\u5929\u5730\u7384\u9ec4\uff0c\u5b87\u5b99\u6d2a\u8352\u3002\n".encode() * 100, True),
    "emoji sequences": (
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f44d\U0001f3fd\U0001f1e9\U0001f1ea ".encode() * 90,
        True,
    ),
    "mixed line ends": (b"one\r\ntwo\rthree\n" * 100, True),
    "a program": (bytes(range(256)) * 20, False),
    "accents that combine": ("e\u0301 a\u0308 n\u0303\n".encode() * 200, True),
    "controls": (b"\x01\x02\x1b[31m\x07\x7f" * 300, True),
}


def texts(folder: Path) -> str:
    """Each of the strange texts is learnt and written on with, or refused in a sentence; 1 GB is refused at once."""
    config = replace(CONFIG, updates=2, validate_every=1)
    for name, (data, works) in STRANGE.items():
        path = folder / "text.txt"
        path.write_bytes(data)
        sentence = said(partial(load_corpus, path))
        assert bool(sentence) != works, f"{name}: {sentence}"
        if sentence:
            assert path.name in sentence
            continue
        corpus = load_corpus(path)
        assert "\r" not in corpus.text
        vocab = Vocabulary.from_text(corpus.text)
        assert vocab.decode(vocab.encode(corpus.text)) == corpus.text
        for cell in ("LSTM", "GRU"):
            model = CELLS[cell].model(len(vocab), 4, 1, 3)
            train(model, vocab.encode(corpus.train), vocab.encode(corpus.val), config, device="cpu", progress=False)
            assert len(generate(model, vocab, corpus.text[:3], 9, seed=0)) == 12
    with at_most(0.3), open(path, "wb") as file:
        file.truncate(10**9)  # it takes no room
        assert "1,000,000,000 bytes" in said(lambda: load_corpus(path))
    return f"{len(STRANGE)} strange texts and one of 1 GB: learnt, or refused in a sentence"


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
        **{one.__name__: one for one in (claims, disks, full_disk, texts, two_at_once)},
        "kills": lambda folder: kills(options.kills, folder, options.seed),
    }
    for name, happen in accidents.items():
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            print(f"{name}: {happen(Path(folder))} ({time.perf_counter() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
