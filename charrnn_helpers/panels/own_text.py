"""07: two networks trained on a text of the reader's."""

import copy
import html
from collections.abc import Callable

import ipywidgets as ipw

from ..networks.models import CharModel
from ..networks.registry import BOTH
from ..training.evaluation import lock_of
from .controls import WIDE, Slider, sentence, text_box
from .live_training import LiveTraining, RunControls, fitting
from .network_pairs import Pair, keep_pair, keep_text


def own_text_controls(trained: Callable[[str, Pair], None]) -> ipw.VBox:
    """Train two networks on a text of the reader's, a file or pasted; calls `trained(name, pair)` when they can write.

    A pasted text comes before a file. Text and networks are kept in the folder `runs`; a stop keeps what there is, and
    "Continue" goes on from there.
    """
    toggle = ipw.ToggleButton(description="Train on your own text", icon="pencil", layout={"width": "220px"})
    upload = ipw.FileUpload(accept=".txt,text/plain", description="A text file")
    pasted = ipw.Textarea(description="or paste it", continuous_update=False, layout={**WIDE, "height": "100px"})
    name = text_box("its name", "my_text")
    updates = Slider("updates", 600, 50, 5000, 50)
    message = ipw.HTML()
    files: list[bytes] = []  # the last file

    def take_file(change) -> None:
        for file in change["new"]:
            files[:], pasted.value = [bytes(file["content"])], ""
            name.value = file["name"].rsplit(".", 1)[0]
            size = f"{file['name']}: {len(files[0]):,} bytes. Train when ready."
            message.value = f'<p role="status">{html.escape(size)}</p>'

    def begin() -> LiveTraining:
        message.value = ""
        data = pasted.value.encode("utf-8") or b"".join(files)
        if not data:
            raise ValueError("there is no text yet: choose a file, or paste a text")
        corpus, count = keep_text(data, name.value), updates.value
        every, warmup = max(10, count // 20), count // 8
        config = fitting(corpus, updates=count, learning_rate=0.01, warmup=warmup, validate_every=every)
        return LiveTraining(corpus, BOTH, 128, config)

    def keep(run: LiveTraining) -> None:
        """Keep the networks of a run that has ended, and let them write."""
        if run.running or run.problem or run.kept_updates == run.updates:
            return
        run.kept_updates = run.updates
        models = {cell: _copy(model) for cell, model in run.models.items()}  # "Continue" trains the originals on
        pair = Pair(models, run.vocab, run.corpus)
        try:
            keep_pair(pair, run.histories)
            words = "Both are kept in the folder <code>runs</code>, and the panel above writes with them."
            message.value = f'<p role="status">{words}</p>'
        except ValueError as problem:
            message.value = sentence(f"{problem}. The panel above writes with them all the same")
        count = max(history.updates for history in run.histories.values())
        trained(f"{run.corpus.name}, {count} updates", pair)

    controls = RunControls("Train", "own text", begin, keep)
    box = ipw.VBox([upload, pasted, name, updates, controls, message], layout={"display": "none"})
    upload.observe(take_file, names="value")
    toggle.observe(lambda change: setattr(box.layout, "display", None if change["new"] else "none"), "value")
    toggle.value = controls.run is not None and not controls.run.finished  # the cell was run again
    return ipw.VBox([toggle, box])


def _copy(model: CharModel) -> CharModel:
    with lock_of(model):
        return copy.deepcopy(model)
