"""Evaluation is a walk along the text, one character after the other, however it is cut up to be fast."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import torch
from torch.nn import functional as F

from charrnn_helpers import evaluate
from charrnn_helpers.training import evaluation
from charrnn_helpers.training.evaluation import context_losses, eval_mode


@torch.no_grad()
def slow_loss(model, ids, window=None):
    """Nats per character, one character at a time."""
    model.eval()
    nats = []
    for place in range(len(ids) - 1):
        if place % (window or len(ids)) == 0:
            state = None
        logits, state = model(ids[place : place + 1].view(1, 1), state)
        nats.append(-F.log_softmax(logits[0, -1].double(), dim=-1)[ids[place + 1]].item())
    return sum(nats) / len(nats)


@pytest.mark.parametrize("window", [None, 1, 7, 99, 150], ids=str)
def test_evaluate_equals_a_plain_walk_one_character_at_a_time(model, ids, window):
    piece = ids[:100]  # 99 predictions: blocks of 7 leave a short one at the end
    assert evaluate(model, piece, window=window) == pytest.approx(slow_loss(model, piece, window), abs=1e-5)


@pytest.mark.parametrize("length", [2, 101, 140, 141, 180, 181, 500])
def test_losses_in_context_are_those_of_a_walk_that_begins_where_the_piece_does(model, ids, length, monkeypatch):
    monkeypatch.setattr(evaluation, "STEPS", 30)
    found = context_losses(model.train(), ids[:length], context=100, stride=40)
    assert model.training
    assert found.shape == (length - 1,)
    for place in {0, min(length - 2, 100), min(length - 2, 150), length - 2}:
        start = 0 if place < 100 else (place - 100) // 40 * 40
        logits, _ = model.eval()(ids[None, start : place + 1])
        wanted = F.cross_entropy(logits[0, -1:], ids[place + 1 : place + 2]).item()
        assert found[place].item() == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("mode", [True, False])
def test_evaluate_switches_dropout_off_and_leaves_the_mode_as_it_was(make_model, ids, mode):
    model = make_model(dropout=0.5).train(mode)
    model.head.train(not mode)  # modes may be mixed
    first, again = (evaluate(model, ids[:100]) for _ in range(2))
    assert first == again
    assert (model.training, model.head.training) == (mode, not mode)
    with pytest.raises(ValueError, match=r"ids holds 1000000; the network reads 0 to \d+"):
        evaluate(model, torch.tensor([0, 10**6, 1]))
    assert model.training is mode


def test_threads_that_share_a_model_take_turns_and_leave_dropout_as_it_was(model):
    """Else the first to leave would switch dropout on for the second, and the second would leave it off."""
    model.train()
    first_is_in, seen = threading.Event(), []

    def second():
        first_is_in.wait()
        with eval_mode(model):
            seen.append(("second is in", model.training))

    with ThreadPoolExecutor() as threads:
        done = threads.submit(second)
        with eval_mode(model), eval_mode(model):  # in one thread, one within the other
            first_is_in.set()
            assert not wait([done], timeout=0.2).done
            seen.append(("first leaves", model.training))
        done.result(timeout=60)
    assert seen == [("first leaves", False), ("second is in", False)]
    assert model.training
