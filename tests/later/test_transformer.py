"""The Transformer: what it sees, what its state is, and that it does with the course's functions what others do."""

import pytest
import torch

from charrnn_helpers import evaluate, generate, load_checkpoint, save_checkpoint, train
from charrnn_helpers.later import transformer
from charrnn_helpers.networks import CELLS
from charrnn_helpers.sampling import logits_after

LATER = ["minGRU", "signed minGRU", "Transformer"]


@pytest.fixture
def window(monkeypatch):
    """A window of 6 characters, so that what lies beyond it is near."""
    monkeypatch.setattr(transformer, "REACH", 6)
    return 6


@pytest.fixture
def model(window):
    torch.manual_seed(0)
    network = CELLS["Transformer"].model(11, 8, 2, 5).eval()
    with torch.no_grad():
        for cell in network.rnn.cells:
            cell.distance.normal_()
    return network


def test_a_text_in_parts_is_a_text_in_one(model):
    ids = torch.randint(11, (2, 40))
    whole, last = model(ids)
    rows, state = [], None
    for part in ids.split([1, 1, 9, 20, 9], dim=1):
        logits, state = model(part, state)
        rows.append(logits)
    torch.testing.assert_close(torch.cat(rows, dim=1), whole)
    torch.testing.assert_close(state, last)


def test_no_character_sees_the_future_nor_what_lies_before_its_windows(model, window):
    ids = torch.randint(11, (1, 40))
    changed = ids.clone()
    changed[0, 20] = (ids[0, 20] + 1) % 11
    differs = (model(ids)[0] != model(changed)[0]).any(dim=-1)[0]
    seen = differs.nonzero().flatten().tolist()
    assert seen[0] == 20
    assert seen[-1] == 20 + 2 * window  # two layers, each of which looks one window back


@pytest.mark.parametrize("name", LATER)
def test_a_later_network_is_trained_kept_and_writes_as_the_others(name, window, vocab, ids, config, tmp_path):
    torch.manual_seed(0)
    model = CELLS[name].model(len(vocab), 16, 2, 8)
    history = train(model, ids[:800], ids[800:1000], config(updates=20), progress=False)
    assert history.losses[-1] < history.losses[0] - 0.2
    assert evaluate(model, ids[800:1000]) < history.losses[0]
    text = generate(model, vocab, "the ", 30, seed=1)
    loaded = load_checkpoint(save_checkpoint(tmp_path / "later.pt", model, vocab, history=history)).model
    assert generate(loaded, vocab, "the ", 30, seed=1) == text
    steps, state = [], None
    for id in vocab.encode("the cat"):  # one by one, as `generate` reads, and all at once
        logits, state = loaded(id.view(1, 1), state)
        steps.append(logits[0, 0])
    torch.testing.assert_close(torch.stack(steps), logits_after(loaded, vocab, "the cat"), rtol=1e-4, atol=1e-5)


def test_a_width_that_the_heads_cannot_share_is_refused():
    with pytest.raises(ValueError, match="multiple of 4"):
        CELLS["Transformer"].model(11, 7, 1, 5)
