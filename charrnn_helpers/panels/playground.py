"""07: LSTM and GRU continue one prompt side by side, in the browser.

`playground.js` is the playground, and the same in a page without a kernel (`one_file`); `network.js` computes what the
networks compute. Here is what they are given, and what only the course's Python knows of a text.
"""

from collections.abc import Sequence

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
from .own_text import OwnText

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
        """Of each cell's text, after the prompt of `start` characters: what is copied, and what the grammar forbids."""
        if self.pair.corpus is None:
            return {"words": "The training text is not at hand, so nothing is known of copies."}
        found: dict = {"words": f"Of validation text, which nobody copied, it is {self.usual:.0%}."}
        for cell, one in texts.items():
            whole, start = one["text"], one["start"]
            copies = find_copies(whole[start:], self.pair.corpus.train, SHORTEST_COPY)
            share = copied_places(copies, len(whole) - start).mean() if len(whole) > start else 0.0
            found[cell] = {
                "words": f"{share:.0%} of it is in the training text",
                "copies": [{"start": start + copy.start, "end": start + copy.end} for copy in copies],
                "sources": sources(whole[start:], copies, self.pair.corpus.train),
                "grammar": [slip._asdict() for slip in self._slips(whole) if slip.start >= start],
            }
        return found

    def _slips(self, text: str) -> list:
        if self.pair.corpus.name != "tales":
            return []
        return [slip for one in check_sentences(text) for slip in one.slips]

    def oracle(self, request: dict) -> dict[str, float] | None:
        """What a perfect reader of *tales* expects after a text; None where no story goes on from it."""
        if self.pair.corpus is None or self.pair.corpus.name != "tales":
            return None
        try:
            return next_characters(request["text"])
        except ValueError:
            return None


def for_browser(pair: Pair) -> tuple[dict, bytes]:
    """What the browser needs of a pair: names and places of the weights, and the weights."""
    networks = [(model, pair.updates) for model in pair.models.values()]
    networks += [(model, updates) for album in pair.albums.values() for updates, model in album.items()]
    spec, data = portable(networks, pair.vocab)
    tales = pair.corpus is not None and pair.corpus.name == "tales"
    named = {cell: known_units(model, pair) for cell, model in pair.models.items()} if tales else {}
    return {**spec, "prompt": pair.prompt, "tales": tales, "named": named}, data


def known_units(model: CharModel, pair: Pair, surely: float = 0.5) -> list[dict]:
    """The units that 08 finds: of the place in the sentence, and of each hero, if they go with it on other stories."""
    stories = split_stories(pair.corpus.val)[:40]
    places = [(n, place) for n, story in enumerate(stories) for place in range(8, len(story), 8)]
    states = states_before(model, pair.vocab, stories, places)[-1, -1]  # (n, H): c of an LSTM, h of a GRU
    which, at = np.array(places).T
    first = [HERO.search(story) for story in stories]
    told = at > np.array([hero.end() for hero in first])[which]  # has the hero been named?
    position = [position_in_sentence(story) for story in stories]
    features = {"place in the sentence": np.array([position[n][place - 1] for n, place in places])}
    for name in WORDS["name"]:
        features[f"hero {name}"] = (told & np.array([hero[0] == name for hero in first])[which]).astype(float)
    found = {name: best_unit(states, feature, len(places) // 2) for name, feature in features.items()}
    return [{"name": name, "unit": unit.number} for name, unit in found.items() if abs(unit.confirmed) >= surely]


def sources(written: str, copies: Sequence, training_text: str) -> list[dict]:
    """The three longest copies, each in its place in the training text."""
    lines = []
    for start, end, place in sorted(copies, key=lambda copy: copy.start - copy.end)[:3]:
        after = place + end - start
        before, behind = training_text[max(0, place - 20) : place], training_text[after : after + 20]
        lines.append({"place": place, "before": before, "copy": written[start:end], "after": behind})
    return lines


class Playground(Panel):
    """The networks of a pair continue one prompt side by side, and show what is inside.

    Other pairs of networks can be chosen, or trained on a text of the reader's (`panel.own`).
    """

    def __init__(self, pair: Pair):
        self.pairs = {"the two of this page": lambda: pair, **found_pairs()}
        self.networks = dropdown("networks", list(self.pairs), layout=WIDE)
        self.say, self.stage, self.plays = ipw.HTML(), Stage(pair), self.networks.value
        self.own = OwnText(self._play_trained)
        self.networks.observe(self._choose, names="value")
        super().__init__(
            [self.networks, self.say, self.stage, self.own],
            "The playground: LSTM and GRU continue the same prompt side by side; set prompt, random seed, length, "
            "temperature, top-k, top-p and the updates of training. Choose a character, and see the next-character "
            "bars, who wrote its memory and the units that stand out; mark a span; hold a unit. Choose other networks, "
            "or train two on a text of your own.",
        )

    def _choose(self, change) -> None:
        if change["new"] == self.plays:
            return
        try:
            pair = self.pairs[change["new"]]()
        except ValueError as problem:
            self.networks.value = self.plays  # they still write
            self.say.value = sentence(str(problem))
            return
        self.plays, self.say.value = change["new"], ""
        self.stage.play(pair)

    def _play_trained(self, name: str, pair: Pair) -> None:
        self.pairs[name] = lambda: pair
        self.plays, self.networks.options = name, list(self.pairs)
        self.networks.value = name
        self.stage.play(pair)


playground_panel = Playground
