"""Training that one can watch: several networks in turns, on a thread of its own, stopped and continued at will.

The loop is `training.train`; here it is only called again and again, each time until the next look at the validation
text, with the history that the last call returned. So a stop loses nothing, and the notebook stays free.
"""

import threading
from collections.abc import Callable

import torch

from ..networks.models import CharModel
from ..networks.registry import CELLS
from ..sampling import generate
from ..text.corpus import Corpus
from ..text.encoding import Vocabulary
from ..training.config import History, TrainConfig
from ..training.loop import train

LOOKED_AT = 20_000  # characters of the validation text: a look takes a fraction of a second


class LiveTraining:
    """Networks of `cells` in training on `corpus`. `models` and `histories`, by cell, may be used whenever it rests.

    `listener()` is called, on the thread, after every turn and when the thread ends. What ends a run too early (a text
    that is too short, a loss that is not a number) is said in `problem`; it then cannot go on.
    """

    def __init__(self, corpus: Corpus, cells, units: int, config: TrainConfig):
        self.corpus, self.config, self.vocab = corpus, config, Vocabulary.from_text(corpus.text)
        self._ids = self.vocab.encode(corpus.train), self.vocab.encode(corpus.val)[:LOOKED_AT]
        with torch.random.fork_rng(devices=[]):  # the reader's random numbers stay as they are
            self.models: dict[str, CharModel] = {}
            for cell in cells:
                torch.default_generator.manual_seed(0)
                self.models[cell] = CELLS[cell].fast(len(self.vocab), hidden_size=units, num_layers=1)
        self.histories = {cell: History(cell, config) for cell in self.models}
        self.samples: dict[str, list[tuple[int, str]]] = {cell: [] for cell in self.models}  # (updates, what it wrote)
        self.running = self.kept = False  # `kept`: by whoever writes the networks to files
        self.problem = ""  # a sentence, when something ended it
        self.listener: Callable[[], None] = lambda: None
        self._asked, self._turn, self._thread = threading.Event(), threading.Event(), None

    @property
    def finished(self) -> bool:
        return all(history.finished for history in self.histories.values())

    @property
    def updates(self) -> int:
        """Of all networks together."""
        return sum(history.updates for history in self.histories.values())

    def start(self) -> None:
        """Begin, or go on from where it was stopped."""
        if not self.running and not self.finished and not self.problem:
            self._asked.clear()
            self.running = True
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after the update in hand."""
        self._asked.set()
        self._turn.set()

    def wait(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            while not self.finished and not self._asked.is_set():
                for cell in self.models:
                    self._one_turn(cell)
        except Exception as problem:  # whatever it is, a reader is told in the panel, not on a thread's stderr
            self.problem = str(problem) or type(problem).__name__
        finally:
            self.running = False
            self.listener()

    def _one_turn(self, cell: str) -> None:
        """Train one network until the next look at the validation text, or until `stop`."""
        model, history, turn = self.models[cell], self.histories[cell], threading.Event()
        self._turn = turn
        if self._asked.is_set() or history.finished:
            return
        pause = {"stop": turn, "on_validation": lambda _: turn.set()}
        train(model, *self._ids, self.config, history=history, progress=False, **pause)
        if history.val_losses:
            wrote = generate(model, self.vocab, self.corpus.val[:1], 120, temperature=0.5, seed=1)
            self.samples[cell].append((history.updates, wrote))
            self.listener()


def fitting(corpus: Corpus, **settings) -> TrainConfig:
    """A configuration with 16 streams and a window of 32, or with fewer and a shorter one for a short text."""
    characters = len(corpus.train)
    streams = max(1, min(16, characters // 64))
    return TrainConfig(streams=streams, window=min(32, (characters - 1) // streams), **settings)
