"""07: LSTM and GRU continue one prompt side by side, in the browser.

`playground.js` is the playground, and the same in a page without a kernel (`one_file`); `network.js` computes what the
networks compute. Here is what they are given, and what only the course's Python knows of a text.
"""

from collections.abc import Callable, Sequence

import anywidget
import ipywidgets as ipw
import numpy as np
import traitlets

from ..measures.patching import states_before
from ..measures.samples import copied_places, find_copies
from ..measures.units import HERO, best_unit, position_in_sentence
from ..networks.models import CharModel
from ..text.tales import check_sentences, next_characters, split_stories
from ..text.tales_grammar import WORDS
from .controls import WIDE, Panel, dropdown, sentence
from .in_browser import HERE, javascript, portable
from .network_pairs import Pair, found_pairs
from .own_text import own_text_controls

SHORTEST_COPY = 50  # characters: what is called a copy


class Stage(anywidget.AnyWidget):
    """The playground of a pair, in the browser. `judge` and `oracle` answer what it asks the kernel."""

    _esm = javascript("stage.js")
    _css = HERE / "playground.css"
    spec = traitlets.Dict().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)  # as the reader has set them, for the pair of this number

    def __init__(self, pair: Pair):
        super().__init__()
        self.play(pair)
        self.on_msg(self._answer)

    def play(self, pair: Pair) -> None:
        """Let another pair write, from its own prompt on."""
        self.pair = pair
        if pair.corpus is not None:
            val = pair.corpus.val[:1000]
            self.usual = copied_places(find_copies(val, pair.corpus.train, SHORTEST_COPY), len(val)).mean()
        spec, data = for_browser(pair)
        with self.hold_sync():
            self.spec, self.weights = {**spec, "number": self.spec.get("number", 0) + 1}, data

    def _answer(self, _, content: dict, __) -> None:
        answers = {"judge": self.judge, "oracle": self.oracle}
        self.send({"number": content["number"], "answer": answers[content["what"]](content["request"])})

    def judge(self, texts: dict[str, dict]) -> dict:
        """Say of each text, after the prompt of `start` characters, what is copied and what the grammar forbids."""
        corpus = self.pair.corpus
        if corpus is None:
            return {"words": "The training text is not at hand, so nothing is known of copies."}
        answer: dict = {"words": f"Of validation text, which nobody copied, it is {self.usual:.0%}."}
        for cell, request in texts.items():
            text, start = request["text"], request["start"]
            written = text[start:]
            copies = find_copies(written, corpus.train, SHORTEST_COPY)
            share = copied_places(copies, len(written)).mean() if written else 0.0
            checked = check_sentences(text) if corpus.name == "tales" else []
            slips = [slip for sentence in checked for slip in sentence.slips]
            answer[cell] = {
                "words": f"{share:.0%} of it is in the training text",
                "copies": [{"start": start + copy.start, "end": start + copy.end} for copy in copies],
                "sources": longest_sources(written, copies, corpus.train),
                "grammar": [slip._asdict() for slip in slips if slip.start >= start],
            }
        return answer

    def oracle(self, request: dict) -> dict[str, float] | None:
        """Return what a perfect reader of *tales* expects after a text, or None where no story goes on from it."""
        if self.pair.corpus is None or self.pair.corpus.name != "tales":
            return None
        try:
            return next_characters(request["text"])
        except ValueError:
            return None


def for_browser(pair: Pair) -> tuple[dict, bytes]:
    """Return what the browser needs of a pair: a description that JSON can hold, and the weights."""
    networks = [(model, pair.updates) for model in pair.models.values()]
    networks += [(model, updates) for album in pair.albums.values() for updates, model in album.items()]
    spec, data = portable(networks, pair.vocab)
    tales = pair.corpus is not None and pair.corpus.name == "tales"
    named = {cell: known_units(model, pair) for cell, model in pair.models.items()} if tales else {}
    return {**spec, "prompt": pair.prompt, "tales": tales, "named": named}, data


def known_units(model: CharModel, pair: Pair, threshold: float = 0.5) -> list[dict]:
    """Return the units that 08 finds, of the position in the sentence and of each hero.

    A unit is known if its correlation on stories on which it was not chosen is `threshold` or more.
    """
    stories = split_stories(pair.corpus.val)[:40]
    places = [(number, at) for number, story in enumerate(stories) for at in range(8, len(story), 8)]
    states = states_before(model, pair.vocab, stories, places)[-1, -1]  # (n, H): c of an LSTM, h of a GRU
    number, position = np.array(places).T
    heroes = [HERO.search(story) for story in stories]
    told = position > np.array([hero.end() for hero in heroes])[number]  # has the hero been named?
    positions = [position_in_sentence(story) for story in stories]
    features = {"place in the sentence": np.array([positions[story][at - 1] for story, at in places])}
    for name in WORDS["name"]:
        of_hero = np.array([hero[0] == name for hero in heroes])[number]
        features[f"hero {name}"] = (told & of_hero).astype(float)
    units = {name: best_unit(states, feature, len(places) // 2) for name, feature in features.items()}
    return [{"name": name, "unit": unit.number} for name, unit in units.items() if abs(unit.confirmed) >= threshold]


def longest_sources(written: str, copies: Sequence, training_text: str) -> list[dict]:
    """Return the three longest copies, each with what stands around it in the training text."""
    sources = []
    for start, end, position in sorted(copies, key=lambda copy: copy.start - copy.end)[:3]:
        after = position + end - start
        before, behind = training_text[max(0, position - 20) : position], training_text[after : after + 20]
        sources.append({"position": position, "before": before, "copy": written[start:end], "after": behind})
    return sources


def playground_panel(pair: Pair) -> Panel:
    """Let the networks of a pair continue one prompt side by side, and show what is inside.

    Other pairs of networks can be chosen, or trained on a text of the reader's.
    """
    pairs: dict[str, Callable[[], Pair]] = {"the two of this page": lambda: pair, **found_pairs()}
    networks = dropdown("networks", list(pairs), layout=WIDE)
    message, stage = ipw.HTML(), Stage(pair)
    playing = [networks.value]

    def choose(change) -> None:
        if change["new"] == playing[0]:
            return
        try:
            chosen = pairs[change["new"]]()
        except ValueError as problem:
            networks.value = playing[0]  # they still write
            message.value = sentence(str(problem))
            return
        playing[0], message.value = change["new"], ""
        stage.play(chosen)

    def play_trained(name: str, trained: Pair) -> None:
        pairs[name] = lambda: trained
        playing[0], networks.options = name, list(pairs)
        networks.value = name
        stage.play(trained)

    networks.observe(choose, names="value")
    return Panel(
        [networks, message, stage, own_text_controls(play_trained)],
        "The playground: LSTM and GRU continue the same prompt side by side; set prompt, random seed, length, "
        "temperature, top-k, top-p and the updates of training. Choose a character, and see the next-character "
        "bars, who wrote its memory and the units that stand out; mark a span; hold a unit. Choose other networks, "
        "or train two on a text of your own.",
    )
