"""07: LSTM and GRU continue one prompt side by side, in the browser.

`playground.js` is the playground, and the same in a page without a kernel (`one_file`); `network.js` computes what the
networks compute. Here is what they are given, and what only the course's Python knows of a text.
"""

from collections.abc import Callable, Sequence
from functools import cache

import anywidget
import ipywidgets as ipw
import numpy as np
import traitlets
from torch import Tensor

from ..figures.pictures import LOOKS
from ..measures.minds import (
    CUES,
    in_mind,
    labels_of,
    mean_of_each_word,
    recall_of_states,
    states_side_by_side,
    words_of,
)
from ..measures.samples import copied_places, find_copies
from ..measures.sentences import check_sentences
from ..measures.units import best_unit, position_in_sentence
from ..sampling import generate
from ..text.tales import next_characters, split_stories
from .controls import WIDE, Panel, dropdown, sentence
from .in_browser import HERE, javascript, portable
from .network_pairs import Pair, found_pairs, long_pair
from .own_text import own_text_controls

SHORTEST_COPY = 50  # characters: what is called a copy
STORIES = 64  # that are read for mean states, known units, and how often a friend is remembered
FRIENDLY = 19  # of them: its beginning, in which the friend is named early, opens the story of the friend
FAR = 32  # characters since the friend was last named, from which on we look who remembers it


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
        """Say of each text, after the prompt of `start` characters, what is copied and what the grammar forbids.

        `changes` lists where a reader put another hero or friend in mind, as pairs (position, word).
        """
        corpus = self.pair.corpus
        if corpus is None:
            return {"words": "The training text is not at hand, so nothing is known of copies."}
        answer: dict = {"words": f"Of validation text, which nobody copied, it is {self.usual:.0%}."}
        for cell, request in texts.items():
            text, start, changes = request["text"], request["start"], dict(request["changes"])
            written = text[start:]
            copies = find_copies(written, corpus.train, SHORTEST_COPY)
            share = copied_places(copies, len(written)).mean() if written else 0.0
            of_tales = corpus.name == "tales"
            checked = check_sentences(text, changes) if of_tales else []
            slips = [slip for sentence in checked for slip in sentence.slips]
            answer[cell] = {
                "words": f"{share:.0%} stands in the training text, in pieces of {SHORTEST_COPY} letters or more",
                "copies": [{"start": start + copy.start, "end": start + copy.end} for copy in copies],
                "sources": longest_sources(written, copies, corpus.train),
                "grammar": [slip._asdict() for slip in slips if slip.start >= start],
                "expects": whom_the_grammar_expects(list(changes.values())) if of_tales else "",
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
    """Return what the browser needs of a pair: a description that JSON can hold, and the weights.

    With a pair that has read *tales* go the two networks that have read it for longer, for the ribbon of the friend.
    """
    networks = [(model, pair.updates) for model in pair.models.values()]
    networks += [(model, updates) for album in pair.albums.values() for updates, model in album.items()]
    if pair.corpus is None or pair.corpus.name != "tales":
        spec, data = portable(networks, pair.vocab)
        return {**spec, "prompt": pair.prompt, "tales": False}, data
    stories = split_stories(pair.corpus.val)[:STORIES]
    text, named, means, friends = "".join(stories), {}, {}, {}
    for cell, model in pair.models.items():
        states = states_side_by_side(model, pair.vocab, text)  # (parts, layers, T, H)
        named[cell] = known_units(states[-1, -1], stories)
        means[id(model)] = {"name": mean_of_each_word(states, text, "name")}
    for cell, model in long_pair().models.items():  # of the friend the others hardly know anything
        mean, friends[cell] = friends_in_mind(cell, text)
        means[id(model)] = {"friend": mean}
        networks.append((model, long_pair().updates))
    spec, data = portable(networks, pair.vocab, lambda model: means.get(id(model), {}))
    beginning = stories[FRIENDLY][: stories[FRIENDLY].rindex(". ", 0, 200) + 2]
    for row in spec["networks"][-len(friends) :]:
        row |= {"kind": "friend", "foretold": friend_band(row["cell"], beginning)}
    minds = {kind: {"kind": kind, "cue": cue, "words": words_of(kind)} for kind, cue in CUES.items()}
    for mind in minds.values():
        mind["looks"] = [dict(zip(("colour", "hatch"), LOOKS[word], strict=True)) for word in mind["words"]]
    more = {"prompt": pair.prompt, "story": stories[0], "tales": True, "named": named, "minds": minds}
    more |= {"friend_beginning": beginning, "friends": friends}
    return {**spec, **more}, data


@cache  # the networks come with the course, and so do the stories
def friends_in_mind(cell: str, text: str) -> tuple[Tensor, dict[str, float | bool]]:
    """Let the network `cell` of the long pair read `text`. Return its mean state for each friend, and what it knows.

    The second is a dictionary: `share` is how often it has the right friend in mind, FAR or more characters after the
    last mention, and `known` says whether the interval of this share lies above a guess.
    """
    pair = long_pair()
    states = states_side_by_side(pair.models[cell], pair.vocab, text)
    answers = recall_of_states(pair.models[cell], pair.vocab, states, text, "friend", every=16)
    far = answers.between("friend", FAR, len(text))
    known = {"share": far.share, "known": far.interval()[0] > far.chance}
    return mean_of_each_word(states, text, "friend"), known


@cache
def friend_band(cell: str, beginning: str) -> dict[str, str | list]:
    """Compute beforehand whom a network of the long pair has in mind in the story of the friend, which takes seconds.

    "text" is the beginning with what the network writes after it. For each of its characters, "words" holds the number
    of the word that is likeliest after it, and "sure" the probability of this word.
    """
    pair = long_pair()
    text = generate(pair.models[cell], pair.vocab, beginning, 300, 0.8, seed=9)
    minds = in_mind(pair.models[cell], pair.vocab, text, "friend")  # (T, W)
    return {"text": text, "words": minds.argmax(axis=1).tolist(), "sure": minds.max(axis=1).round(4).tolist()}


def known_units(memory: Tensor, stories: Sequence[str], threshold: float = 0.5) -> list[dict]:
    """Return the units that 08 finds, of the position in the sentence and of each hero.

    `memory` (T, H) is what the last layer remembers after each character of `stories`, c of an LSTM and h of a GRU. A
    unit is known if its correlation on stories on which it was not chosen is `threshold` or more.
    """
    text = "".join(stories)
    heroes = labels_of(text, "name")
    features = {"place in the sentence": np.concatenate([position_in_sentence(story) for story in stories])}
    features |= {f"hero {name}": (heroes == number).astype(float) for number, name in enumerate(words_of("name"))}
    places = slice(8, None, 8)  # neighbours say nearly the same
    half = len(text) // 16
    units = {name: best_unit(memory[places], feature[places], half) for name, feature in features.items()}
    return [{"name": name, "unit": unit.number} for name, unit in units.items() if abs(unit.confirmed) >= threshold]


def whom_the_grammar_expects(words: Sequence[str]) -> str:
    """Say by which hero or friend a text is judged that was changed to each of `words`; nothing if to none."""
    if not words:
        return ""
    if len(words) == 1:
        return f"From the double line on, the grammar expects {words[0]}, because you changed the story there."
    return f"From each double line on, the grammar expects the word that you chose there: {', then '.join(words)}."


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
        "The playground: LSTM and GRU continue the same prompt side by side, and a band below each line shows whom the "
        "network has in mind. Tap another hero's name, and the network carries on with that hero. Set prompt, random "
        "seed, length, temperature, top-k, top-p and the updates of training. Choose a character, and see what else "
        "could have come, and the units that stand out; mark a span; hold a unit. Choose other networks, or train two "
        "on a text of your own.",
    )
