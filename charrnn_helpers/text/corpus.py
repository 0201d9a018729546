"""The texts of the course: `load_corpus` finds one by name or by path and splits it.

`tales`, `assignment` and `python_docs` need no network, nor does a file of the reader's own. `shakespeare` is looked
for in `$CHARRNN_DATA`, then in the cache, and is downloaded once if it is in neither.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from ..base.checks import checked
from . import tales

SHAKESPEARE_URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
ASSIGNMENT = (
    "A network that reads one letter at a time must carry all the rest in a state.",
    "a sentence of 77 characters, the length of the one in the assignment",
)
TALES_SEED, TALES_CHARACTERS = 1, 1_000_000
SHORTEST = 20  # characters: each of three parts then holds at least two
MOST_BYTES = 100_000_000  # bytes; as indices a text takes eight times its size, and more on the way
TIMEOUT = 30  # seconds without an answer before a download gives up


class CorpusError(ValueError):
    """A text that cannot be had or used; the message says why and what to do."""


@dataclass(frozen=True)
class Corpus:
    """A text and its three contiguous parts."""

    name: str
    text: str = field(repr=False)
    train: str = field(repr=False)
    val: str = field(repr=False)
    test: str = field(repr=False)
    source: str
    sha256: str

    @cached_property
    def floor(self) -> float | None:
        """The best possible loss on `val`, nats per character, which is known for *tales* only. Takes a second."""
        return -tales.log_prob(self.val) / len(self.val) if self.name == "tales" else None


@checked
def load_corpus(name_or_path: str | Path = "tales", split: Sequence[float] = (0.8, 0.1, 0.1)) -> Corpus:
    """Load "tales", "assignment", "python_docs", "shakespeare", or a UTF-8 text file, and split it without shuffling.

    `split` gives the shares of train, val and test; with two shares `test` is empty. The parts of `tales` end where a
    story ends, so that the floor is exact. Raises `CorpusError` (a `ValueError`) for a text that is missing, empty,
    too short, too long, not UTF-8, not what its checksum says, or out of reach without a network.
    """
    shares = tuple(split)
    if len(shares) not in (2, 3) or any(share <= 0 for share in shares) or abs(sum(shares) - 1) > 1e-6:
        raise CorpusError(f"split is {split}: give two or three positive shares that add up to 1, as (0.8, 0.1, 0.1)")
    name = str(name_or_path)
    if name in TEXTS:
        text, source = TEXTS[name]()
    else:
        name, text = _read_file(name)
        source = str(Path(name_or_path))
    ends = (shares[0], shares[0] + shares[1] if len(shares) == 3 else 1.0)
    train_end, val_end = (int(share * len(text) + 1e-6) for share in ends)  # nanoGPT rounds down
    if name == "tales":
        train_end, val_end = _end_of_story(text, train_end), _end_of_story(text, val_end)
    train, val, test = text[:train_end], text[train_end:val_end], text[val_end:]
    if min(len(part) for part in (train, val, test)[: len(shares)]) < 2:
        raise CorpusError(f"split {split} leaves a part of {name!r} with fewer than 2 characters; choose larger shares")
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return Corpus(name, text, train, val, test, source, digest)


def _end_of_story(text: str, position: int) -> int:
    """Find the end of the last story that ends before `position`."""
    end = text.rfind("\n\n", 0, position)
    return end + 2 if end >= 0 else position


@cache  # because it takes a second
def _tales() -> tuple[str, str]:
    return tales.write_stories(TALES_SEED, TALES_CHARACTERS), "written by the grammar in charrnn_helpers.text.tales"


def _python_docs() -> tuple[str, str]:
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise CorpusError(
            "this Python comes without its manual (pydoc_data); install your system's full Python, "
            "or use load_corpus('tales')"
        ) from error
    text = "\n\n".join(topics[name].strip() for name in sorted(topics)) + "\n"
    return text, f"the manual inside CPython {platform.python_version()} (pydoc_data.topics)"


def _shakespeare() -> tuple[str, str]:
    folder = os.environ.get("CHARRNN_DATA")
    given = Path(folder) / "tiny_shakespeare.txt" if folder else None
    if given is not None and given.is_file():
        data = given.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest != SHAKESPEARE_SHA256:
            raise CorpusError(
                f"{given} is not Tiny Shakespeare (SHA-256 {digest[:12]}…, not {SHAKESPEARE_SHA256[:12]}…): "
                "remove it or unset CHARRNN_DATA"
            )
        return data.decode("utf-8"), f"Tiny Shakespeare, from {given}"
    try:  # the cached file, downloaded first if it is not there: whole and checked, or not at all
        import pooch  # here, so that offline readers never wait for it

        path = pooch.retrieve(
            SHAKESPEARE_URL,
            known_hash=f"sha256:{SHAKESPEARE_SHA256}",
            fname="tiny_shakespeare.txt",
            path=pooch.os_cache("charrnn_helpers"),
            downloader=pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=True),
        )
    except Exception as error:  # no network, a refusal, a wrong checksum, a full disk: the advice is the same
        raise CorpusError(
            f"Tiny Shakespeare could not be downloaded ({type(error).__name__}: {error}); offline, use "
            "load_corpus('tales') or load_corpus('python_docs'); or put the file at $CHARRNN_DATA/tiny_shakespeare.txt"
        ) from error
    return Path(path).read_text(encoding="utf-8"), f"Tiny Shakespeare, {SHAKESPEARE_URL}"


def _read_file(name: str) -> tuple[str, str]:
    """Read a reader's own file; return the name that its text gets, and the text."""
    path = Path(name)
    if not os.path.isfile(path):  # False, where `Path.is_file` may raise, also for what can be no path
        shown = f"{name[:80]}…" if len(name) > 80 else name
        raise CorpusError(f"there is no text {shown!r}: give one of {', '.join(TEXTS)}, or the path of a text file")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise CorpusError(f"{path} has {size:,} bytes; at most {MOST_BYTES:,} are read: take a part of it")
    text = read_text(path.read_bytes(), path)
    # A reader's tales.txt is not our tales, nor is Tales.txt, where names have no case.
    return f"{path.stem}.txt" if path.stem.lower() in TEXTS else path.stem, text


def read_text(data: bytes, path: Path) -> str:
    """Decode `data`, which is or will be the file `path`. Raises `CorpusError` if it is not UTF-8 or too short."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"the text {path} is not UTF-8 (byte {error.start} cannot be read); "
            "save it as UTF-8 in your editor and load it again"
        ) from error
    if "\0" in text:
        raise CorpusError(f"{path} is no text: it holds NUL, as UTF-16 or a program does; save it as UTF-8")
    if len(text) < SHORTEST:
        raise CorpusError(
            f"the text {path.stem!r} has {len(text)} characters; at least {SHORTEST} are needed to split it, "
            "so choose a longer one"
        )
    return text


TEXTS: dict[str, Callable[[], tuple[str, str]]] = {"tales": _tales, "assignment": lambda: ASSIGNMENT}
TEXTS |= {"python_docs": _python_docs, "shakespeare": _shakespeare}
