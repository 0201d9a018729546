"""The playground as one HTML file that needs no kernel and no network."""

import base64
import json
from string import Template

from .in_browser import HERE, data_address
from .network_pairs import Pair
from .playground import for_browser

EIGHT_BITS = "The networks of earlier updates have weights of eight bits, the last ones their exact weights."
FRIENDS = (
    "For the friend there are two larger networks, which have read 24 million letters (their weights have eight bits, "
    'too). To ask for the friend, the copy reads all of <q>, and I," answered the</q>.'
)
COURSE = ""  # the address of the course, where the page does not lie beside its repository


def as_page(pair: Pair) -> str:
    """Return the page of a pair of networks, as HTML: their weights, and the playground in JavaScript.

    The networks of earlier updates and those for the friend have weights of eight bits, and the page says so.
    """
    spec, data = for_browser(pair)
    template = Template((HERE / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        css="\n".join((HERE / name).read_text(encoding="utf-8") for name in ("controls.css", "playground.css")),
        note=" ".join([EIGHT_BITS] * any(pair.albums.values()) + [FRIENDS] * ("friends" in spec)),
        spec=json.dumps(spec).replace("<", "\\u003c"),  # no text of a reader's ends the script
        weights=base64.b64encode(data).decode(),
        playground=data_address("playground.js"),
        course=COURSE,
    )
