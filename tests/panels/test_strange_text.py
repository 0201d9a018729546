"""Nothing that a text, a prompt or a file's name brings along becomes part of a page."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import ipywidgets as ipw
import pytest
import torch

from charrnn_helpers import Vocabulary
from charrnn_helpers.experiments import Run
from charrnn_helpers.networks.registry import BOTH, CELLS
from charrnn_helpers.panels import encoding_panel, faults, gates_panel, sampling_panel, training_panel
from charrnn_helpers.panels.network_pairs import Pair, keep_text
from charrnn_helpers.panels.one_file import as_page

EVIL = "</pre></td></script><script>alert(1)</script><img src=x onerror='alert(2)'> & \"$weights ${spec}"
ALIEN = "é<script>"  # the first character is in no vocabulary here


@pytest.fixture
def theirs(corpus, tmp_path):
    """Small networks for a text that is full of tags."""
    (tmp_path / "pets.txt").write_text(f"{EVIL}. A cat. " * 60, encoding="utf-8")
    corpus = keep_text((tmp_path / "pets.txt").read_bytes(), EVIL)
    vocab = Vocabulary.from_text(corpus.text)
    torch.manual_seed(0)
    return Pair({cell: CELLS[cell].model(len(vocab), 8, 1, 4).eval() for cell in BOTH}, vocab, corpus)


def all_in(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_in(child)


def tags(page):
    """Every tag of a page with its attributes."""
    found, parser = [], HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, dict(attributes)))
    parser.feed(page)
    parser.close()
    return found


def harmless(panel):
    """What the panel says, once it is clear that no tag in it is a stranger's."""
    pages = [one.value for one in all_in(panel) if isinstance(one, ipw.HTML)]
    for tag, attributes in tags("".join(pages)):
        assert tag != "script"
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src", "data:").startswith("data:")
    labels = [one for one in all_in(panel) if getattr(one, "description_allow_html", False)]
    assert labels == []
    return "".join(pages)


def test_what_is_typed(theirs, controls):
    for panel, name in (
        (encoding_panel(theirs.vocab, EVIL[:25]), "your text"),
        (sampling_panel(theirs.models, theirs.vocab, EVIL), "text so far"),
        (gates_panel(theirs.models, theirs.vocab, EVIL), "text"),
    ):
        assert "data:image/png" in harmless(panel)
        controls(panel)[name].value = ALIEN
        assert 'role="alert"' in harmless(panel)


def test_what_a_network_writes_and_what_went_wrong(theirs, controls, run_of):
    panel = training_panel(theirs.corpus, 2)
    controls(panel)["Start"].click()
    run_of(panel).wait()
    run_of(panel).samples["GRU"] = [(1, EVIL), (2, EVIL)]
    run_of(panel).problem = EVIL
    run_of(panel).listener()
    assert harmless(panel).count("&lt;/script&gt;&lt;script&gt;") == 3
    ran = Run([2.0], [1.0], val_updates=[1], val_losses=[2.0], positions=[torch.ones(3)], sample=EVIL)
    for run in (Run(error=EVIL), replace(ran, validated_again=2.0, reloaded=2.0, own_text=2.0)):
        assert harmless(ipw.HTML(faults.described("state_reset", run))).count("&lt;script&gt;") == 1


def test_a_text_in_the_page_that_needs_no_kernel(theirs):
    names = lambda pair: [tag for tag, _ in tags(as_page(pair))]
    usual = "a cat sat; " * 60
    other = replace(theirs, corpus=replace(theirs.corpus, val=usual))
    page = as_page(theirs)
    assert "<script>" in theirs.prompt
    assert names(theirs) == names(other)
    spec = page.partition('id="spec">')[2].partition("</script>")[0]
    assert json.loads(spec)["prompt"] == theirs.prompt
