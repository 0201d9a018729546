"""Make the moving picture of the README: a story appears letter by letter, with the ribbon of each network below it.

    python tests/tools/moving_ribbon.py          writes notebooks/figures/ribbon.gif, and prints what it shows in words

After the beginning of a story we change the state of each network as 08 does: we add the difference of two heroes' mean
states, once. The GRU then writes on, and all networks read what it writes. The first frame shows the whole story, for
whoever sees no motion.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from charrnn_helpers import load_checkpoint, load_corpus
from charrnn_helpers.figures import plot_ribbon
from charrnn_helpers.measures.minds import in_mind, mean_states, state_of_tensor, states_along, words_of
from charrnn_helpers.measures.patching import write_on
from charrnn_helpers.training import find_checkpoint

FILE = Path(__file__).resolve().parents[2] / "notebooks" / "figures" / "ribbon.gif"
BEGINNING = "Once a small child called Ben lived by the inn. The wind blew over the meadows. At noon Ben sang."
OTHER = "Zoe"  # the hero whom we put into the states
WRITTEN = 92  # characters that the GRU writes after the change; the last whole sentence ends the story
LETTERS = 2  # that a frame adds
MILLISECONDS, WHOLE, CHANGE = 90, 3000, 1500  # of a frame; of one with the whole story; of the one at the change
COLOURS = 256
TITLE = "Which hero does each network have in mind?"


def read_story(letters: int = WRITTEN) -> tuple[str, dict[str, np.ndarray]]:
    """Return the story, and the answers (T, 6) of each network after each of its T characters."""
    before, after, corpus = {}, {}, load_corpus()
    checkpoints = {cell: load_checkpoint(find_checkpoint(cell)) for cell in ("LSTM", "GRU", "RNN")}
    states = {}
    for cell, checkpoint in checkpoints.items():
        model, vocab = checkpoint.model, checkpoint.vocab
        before[cell] = in_mind(model, vocab, BEGINNING)
        difference = difference_of_heroes(mean_states(model, vocab, corpus.val))
        states[cell] = states_along(model, vocab, BEGINNING)[:, :, -1:] + difference  # (parts, layers, 1, H)
    (written,) = write_on(checkpoints["GRU"].model, vocab, states["GRU"], " ", letters)
    written = f" {written[: written.rindex('.') + 1]}"  # whole sentences
    for cell, checkpoint in checkpoints.items():
        after[cell] = in_mind(checkpoint.model, vocab, written, state=state_of_tensor(states[cell]))
    names = {"LSTM": "LSTM", "GRU": "GRU", "RNN": "plain RNN"}
    return BEGINNING + written, {names[cell]: np.concatenate([before[cell], after[cell]]) for cell in checkpoints}


def difference_of_heroes(means: Tensor) -> Tensor:
    """Return the mean state (parts, layers, 1, H) of the other hero minus that of the hero of the beginning."""
    own = next(number for number, hero in enumerate(words_of("name")) if hero in BEGINNING)
    other = words_of("name").index(OTHER)
    return means[:, :, other : other + 1] - means[:, :, own : own + 1]


def frame(story: str, answers: dict[str, np.ndarray], length: int) -> Image.Image:
    """Draw the ribbon of the first `length` characters, with room for all."""
    shown = story[:length] + "".join(char if char == " " else "\N{NO-BREAK SPACE}" for char in story[length:])
    read = np.arange(len(story)) < length
    known = {who: np.where(read[:, None], rows, 0.0) for who, rows in answers.items()}
    marks = {len(story): ""}  # makes room for the note, and is not to be seen
    if length >= len(BEGINNING):
        marks = {len(BEGINNING): f"the state is changed to {OTHER}"}
    drawn = plot_ribbon(shown, known, title=TITLE, marks=marks)
    return Image.open(io.BytesIO(drawn.png)).convert("RGB")


def words() -> str:
    """Say what the picture shows, for whoever does not see it."""
    own = next(hero for hero in words_of("name") if hero in BEGINNING)
    return (
        f"A story about {own} appears letter by letter, with a band for each of three networks. At a black line the "
        f"bands of LSTM and GRU turn to {OTHER}'s colour, and the story goes on with {OTHER}."
    )


def save(frames: list[Image.Image], milliseconds: list[int], file: Path) -> None:
    """Write the frames as a GIF that repeats, all in the colours of the first."""
    palette = frames[0].quantize(COLOURS, dither=Image.Dither.NONE)
    first, *rest = [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in frames]
    first.save(file, save_all=True, append_images=rest, duration=milliseconds, loop=0, optimize=True)


def main(file: Path = FILE) -> None:
    story, answers = read_story()
    print(f"{words()}\n\n{story}\n")
    lengths = [len(story), *sorted({*range(LETTERS, len(story), LETTERS), len(BEGINNING), len(story)})]
    frames = [frame(story, answers, length) for length in lengths]
    pauses = {len(story): WHOLE, len(BEGINNING): CHANGE}
    save(frames, [pauses.get(length, MILLISECONDS) for length in lengths], file)
    print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB, {len(frames)} frames")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
