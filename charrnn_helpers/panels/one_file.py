"""The playground as one HTML file that needs no kernel and no network."""

import base64
import json
from string import Template

from ..fast.quantised import dequantise, quantise
from ..training.evaluation import evaluate
from .in_browser import HERE, data_address
from .network_pairs import Pair
from .playground import for_browser


def as_page(pair: Pair) -> str:
    """The page of a pair of networks, as HTML: their weights, and the playground in JavaScript.

    The networks of earlier updates have weights of eight bits, and the page says what that costs.
    """
    spec, data = for_browser(pair)
    template = Template((HERE / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        css="\n".join((HERE / name).read_text(encoding="utf-8") for name in ("controls.css", "playground.css")),
        said=_what_eight_bits_cost(pair) if any(pair.albums.values()) else "",
        spec=json.dumps(spec).replace("<", "\\u003c"),  # no text of a reader's ends the script
        weights=base64.b64encode(data).decode(),
        playground=data_address("playground.js"),
    )


def _what_eight_bits_cost(pair: Pair, characters: int = 5000) -> str:
    """A sentence: what the last networks would lose with weights of eight bits, like those of earlier updates."""
    said = "The networks of earlier updates have weights of eight bits."
    if pair.corpus is None:
        return said
    ids, costs = pair.vocab.encode(pair.corpus.val[:characters]), []
    for cell, model in pair.models.items():
        kept = {name: value.clone() for name, value in model.state_dict().items()}
        loss = evaluate(model, ids)
        try:
            model.load_state_dict(dequantise(quantise(kept)))
            costs.append(f"{evaluate(model, ids) - loss:+.4f} nats per character for the {cell}")
        finally:
            model.load_state_dict(kept)
    return f"{said} In the last networks, whose weights are exact, that would cost {' and '.join(costs)}."
