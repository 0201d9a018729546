"""The playground as one HTML file that needs no kernel and no network."""

import base64
import copy
import json
from string import Template

from ..base.quantised import dequantise, quantise
from ..networks.models import CharModel
from ..training.evaluation import evaluate
from .in_browser import HERE, data_address
from .network_pairs import Pair
from .playground import for_browser

COURSE = ""  # the address of the course, where the page does not lie beside its repository


def as_page(pair: Pair) -> str:
    """Return the page of a pair of networks, as HTML: their weights, and the playground in JavaScript.

    The networks of earlier updates have weights of eight bits, and the page says what that costs.
    """
    spec, data = for_browser(pair)
    template = Template((HERE / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        css="\n".join((HERE / name).read_text(encoding="utf-8") for name in ("controls.css", "playground.css")),
        note=_what_eight_bits_cost(pair) if any(pair.albums.values()) else "",
        spec=json.dumps(spec).replace("<", "\\u003c"),  # no text of a reader's ends the script
        weights=base64.b64encode(data).decode(),
        playground=data_address("playground.js"),
        course=COURSE,
    )


def _what_eight_bits_cost(pair: Pair, characters: int = 5000) -> str:
    """Return a sentence: what the last networks would lose with weights of eight bits, which earlier ones have."""
    sentence = "The networks of earlier updates have weights of eight bits."
    if pair.corpus is None:
        return sentence
    ids = pair.vocab.encode(pair.corpus.val[:characters])
    costs = [
        f"{evaluate(_in_eight_bits(model), ids) - evaluate(model, ids):+.4f} nats per character for the {cell}"
        for cell, model in pair.models.items()
    ]
    return f"{sentence} In the last networks, whose weights are exact, that would cost {' and '.join(costs)}."


def _in_eight_bits(model: CharModel) -> CharModel:
    """Return a copy, since a panel may be writing with the network itself."""
    model = copy.deepcopy(model)
    model.load_state_dict(dequantise(quantise(model.state_dict())))
    return model
