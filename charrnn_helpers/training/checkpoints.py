"""How a trained network is stored in a file, and found again."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ..base.checks import checked
from ..base.files import atomic_file, runs_folder
from ..base.quantised import dequantise, quantise
from ..networks.cells import map_state
from ..networks.registry import CELLS, COMPARED
from ..text.encoding import Vocabulary
from .config import History, TrainConfig
from .device import copy_weights

FORMAT = 1  # of the file; raise it when an older course could not read a new one
BUNDLED = Path(__file__).parents[1] / "checkpoints"  # the networks that come with the package


class CheckpointError(ValueError):
    """A checkpoint that cannot be written, read or used; the message says why and what to do."""


@dataclass
class Checkpoint:
    model: nn.Module
    vocab: Vocabulary
    text: str  # name of the text it was trained on
    history: History | None
    path: Path
    album: dict[int, nn.Module] = field(default_factory=dict)  # the network earlier in its training, by updates


@checked
def save_checkpoint(
    path: str | Path,
    model: nn.Module,
    vocab: Vocabulary,
    *,
    text: str = "",
    history: History | None = None,
    album: Mapping[int, nn.Module] | None = None,
    resumable: bool = False,
    eight_bits: bool = False,
) -> Path:
    """Write model, vocabulary and history to one file, whole or not at all, as plain values and tensors only.

    `album` are copies of the network earlier in its training, by updates; their weights are stored in eight bits each
    (`quantised`), as those of `model` itself are with `eight_bits`. With `resumable` the file also holds what `train`
    needs to go on (about three times the size).
    Raises `CheckpointError` when the file cannot be written, for example because the disk is full; an older file of
    that name then stays.
    """
    path = Path(path)
    content = {
        "format": FORMAT,
        "cell": model.cell,
        "hyperparameters": model.hyperparameters,
        "weights": quantise(copy_weights(model)) if eight_bits else copy_weights(model),
        "characters": vocab.characters,
        "text": text,
        "history": history and _as_plain_values(history, resumable),
        "album": {updates: quantise(copy_weights(copy)) for updates, copy in (album or {}).items()},
    }
    with atomic_file(path, CheckpointError) as file:
        torch.save(content, file)
    return path


@checked
def load_checkpoint(path: str | Path, vocab: Vocabulary | None = None) -> Checkpoint:
    """Read what `save_checkpoint` wrote, on the CPU and with `weights_only=True`: nothing in the file is executed.

    (Before 2.10, PyTorch could be led astray by a crafted file all the same; the course asks for 2.10 or newer.)

    Raises `CheckpointError` if the file is missing or damaged, if its cell is not registered or was changed, or, when
    `vocab` is given, if it is of another vocabulary.
    """
    path = Path(path)
    if not os.path.isfile(path):  # False for a name that no system takes
        raise CheckpointError(f"there is no checkpoint {path}; train the network first, in 04_training")
    try:
        checkpoint = _read(path)
    except CheckpointError:
        raise
    except Exception as error:  # a damaged file can fail in any of these ways
        raise CheckpointError(
            f"{path} is damaged or not a checkpoint of this course; delete it and train again"
        ) from error
    if vocab is not None and vocab != checkpoint.vocab:
        theirs, ours = set(checkpoint.vocab.characters), set(vocab.characters)
        raise CheckpointError(
            f"{path} is of another vocabulary: {len(theirs - ours)} of its characters are not in yours and "
            f"{len(ours - theirs)} of yours are not in it; load the text it was trained on, or train again"
        )
    return checkpoint


@checked
def find_checkpoint(cell: str, text: str = "tales", runs: str | Path | None = None) -> Path:
    """Return the file of the network that 04 trained here (in `runs`), or else of the one that comes with the package.

    Without `runs` it is the folder that course and laboratory share, `runs_folder()`.

    Raises `CheckpointError` if there is neither.
    """
    name = f"{text}-{cell.lower()}.pt"
    for folder in (runs_folder() if runs is None else Path(runs), BUNDLED):
        if os.path.isfile(folder / name):
            return folder / name
    raise CheckpointError(f"no {cell} has been trained on {text!r} yet; run 04_training with that text first")


def _read(path: Path) -> Checkpoint:
    """Read a file that is there; fail in any way if it is damaged."""
    with zipfile.ZipFile(path) as archive:  # what torch.save writes; torch.load does not look at the checksums
        records = archive.infolist()
        if any(record.external_attr & 16 for record in records):  # PyTorch would read random numbers from it
            raise zipfile.BadZipFile("a record is marked as a folder")
        if sum(record.file_size for record in records) > path.stat().st_size:
            raise zipfile.BadZipFile("it claims to hold more than there is")
        if archive.testzip() is not None:
            raise zipfile.BadZipFile("a checksum does not agree")
    content = torch.load(path, map_location="cpu", weights_only=True)
    if content["format"] != FORMAT:
        raise CheckpointError(
            f"{path} was written by another version of the course (format {content['format']!r}, here {FORMAT}); "
            "take that version, or train again"
        )
    cell = content["cell"]
    if cell not in CELLS:
        raise CheckpointError(
            f"{path} holds a network of the cell {cell!r}, which is not registered here; run the code that registers "
            "it, register(Cell(...)), and load the checkpoint again"
        )

    def network(weights: dict[str, Tensor]) -> nn.Module:
        try:
            with torch.device("meta"), _UndrawnWeights():  # without memory, because all weights are replaced
                model = CELLS[cell].model(**content["hyperparameters"])
            model.load_state_dict(weights, assign=True)
        except Exception as error:
            if cell in COMPARED:  # the course's own have not changed, so the file is damaged
                raise
            raise CheckpointError(
                f"{path} holds weights that do not fit the cell {cell!r} as it is registered here; register the cell "
                "with which it was trained, or train again"
            ) from error
        return model.eval()

    history, album = content["history"], content.get("album", {})
    (history or {}).pop("precision", None)  # which earlier versions of the course wrote
    return Checkpoint(
        model=network(dequantise(content["weights"])),
        vocab=Vocabulary(content["characters"]),
        text=str(content["text"]),
        history=history and History(**{**history, "config": TrainConfig(**history["config"])}),
        path=path,
        album={updates: network(dequantise(weights)) for updates, weights in album.items()},
    )


class _UndrawnWeights(TorchFunctionMode):
    """Leave the weights of a new network undrawn.

    On the device "meta", which has no memory, `normal_` draws nothing, but makes PyTorch import its compiler (seconds).
    """

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in (Tensor.normal_, nn.init.normal_):
            return args[0] if args else kwargs["tensor"]
        return function(*args, **kwargs or {})


def _as_plain_values(history: History, resumable: bool) -> dict:
    """Return the fields of `history` by name; only where it is to be `resumable` those that take much space."""
    resume = {**history.resume, "state": map_state(history.resume.get("state"), Tensor.cpu)}
    values = {**vars(history), "config": asdict(history.config), "resume": resume}
    return {name: value for name, value in values.items() if resumable or name not in ("best_weights", "resume")}
