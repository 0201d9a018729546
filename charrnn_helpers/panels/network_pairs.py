"""An LSTM and a GRU that were trained on one text: what the playground plays with, and where such pairs are found."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from ..base.files import atomic_file, runs_folder
from ..networks.models import CharModel
from ..text.corpus import TEXTS, Corpus, CorpusError, load_corpus, read_text
from ..text.encoding import Vocabulary
from ..training.checkpoints import BUNDLED, Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from ..training.config import History

LONG = "tales-24M"  # the pair that has read 24 million characters of *tales*
LONGEST_PROMPT = 300  # characters
LONGEST_NAME = 50  # characters of a text, of up to four bytes: a file's name may have 255 bytes
DEVICES = r"con|prn|aux|nul|com\d|lpt\d"  # no file on Windows, whatever its ending


@dataclass
class Pair:
    """Networks by cell, their vocabulary, and the text that they learnt from, where it can be had.

    `albums`: the same networks earlier in their training, by cell and updates; `updates` how many it were in the end.
    """

    models: dict[str, CharModel]
    vocab: Vocabulary
    corpus: Corpus | None
    albums: dict[str, dict[int, CharModel]] = field(default_factory=dict)
    updates: int = 0

    @classmethod
    def of(cls, loaded: dict[str, Checkpoint], corpus: Corpus | None) -> "Pair":
        """Return the networks of checkpoints, by cell."""
        models = {cell: checkpoint.model for cell, checkpoint in loaded.items()}
        updates = max(checkpoint.history.updates if checkpoint.history else 0 for checkpoint in loaded.values())
        albums = {cell: checkpoint.album for cell, checkpoint in loaded.items()}
        return cls(models, next(iter(loaded.values())).vocab, corpus, albums, updates)

    @property
    def prompt(self) -> str:
        """The first sentence of the validation text, or as much of it as fits into a prompt."""
        if self.corpus is None:
            return self.vocab.characters[-1]
        val = self.corpus.val
        return val[: min(len(val.partition(". ")[0]) + 2, LONGEST_PROMPT)].strip("\n") or val[:1]


def found_pairs(runs: Path | None = None) -> dict[str, Callable[[], Pair]]:
    """Return every pair of checkpoints in `runs` (`runs_folder()`) and in the package by name; call one to load it."""
    pairs = {}
    for folder, origin in ((runs or runs_folder(), "trained here"), (BUNDLED, "comes with the course")):
        for lstm in sorted(folder.glob("*-lstm.pt")):
            name = lstm.name.removesuffix("-lstm.pt")
            gru = lstm.with_name(f"{name}-gru.pt")
            if gru.is_file():
                pairs[f"{name}, {origin}"] = partial(load_pair, lstm, gru)
    return pairs


@lru_cache(maxsize=1)
def long_pair() -> Pair:
    """Load the pair that has read 24 million characters of *tales*, of which the GRU knows the hero's friend."""
    return load_pair(*(BUNDLED / f"{LONG}-{cell}.pt" for cell in ("lstm", "gru")))


def load_pair(lstm: Path, gru: Path) -> Pair:
    """Load the pair in two files.

    Raises `CheckpointError` if one is damaged, or if they are of different vocabularies.
    """
    first = load_checkpoint(lstm)
    second = load_checkpoint(gru, first.vocab)
    return Pair.of({"LSTM": first, "GRU": second}, _text_of(first.text, lstm.parent))


def _text_of(name: str, folder: Path) -> Corpus | None:
    """Return a text of the course, or one beside the checkpoint. What a stranger's file names is not opened."""
    beside = {path.name: path for path in folder.glob("*.txt")}
    sources = [name] if name in TEXTS else [beside[file] for file in (f"{name}.txt", name) if file in beside]
    for source in sources:
        with suppress(CorpusError):
            return load_corpus(source)
    return None


def keep_text(data: bytes, name: str, runs: Path | None = None) -> Corpus:
    """Write a reader's text to `runs` (`runs_folder()`), whole or not at all, and load it.

    Of `name` only letters, digits and "-_." are kept, so that any system takes it; a number is added if another text
    has that name. Raises `CorpusError` for a text that cannot be used, which is then not written, and `CheckpointError`
    for a full disk.
    """
    name = re.sub(r"[^\w.-]+", "_", name)[:LONGEST_NAME].strip("._") or "text"
    name = re.sub(rf"^({DEVICES})(?=\.|$)", r"text_\1", name, flags=re.IGNORECASE)
    path, number = (runs or runs_folder()) / f"{name}.txt", 1
    while path.exists() and path.read_bytes() != data:  # another text
        number += 1
        path = path.with_name(f"{name}_{number}.txt")
    read_text(data, path)
    with atomic_file(path, CheckpointError) as file:
        file.write(data)
    return load_corpus(path)


def keep_pair(pair: Pair, histories: dict[str, History], runs: Path | None = None) -> list[Path]:
    """Write both checkpoints of a pair, whose text is there, to `runs` (or `runs_folder()`), for `found_pairs`.

    Raises `CheckpointError` when a file cannot be written.
    """
    text, folder = pair.corpus.name, runs or runs_folder()
    return [
        save_checkpoint(folder / f"{text}-{cell.lower()}.pt", model, pair.vocab, text=text, history=histories[cell])
        for cell, model in pair.models.items()
    ]
