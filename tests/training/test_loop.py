"""One loop trains both cells: what it carries, what it cuts, how it stops, and how it goes on."""

import math
import pickle
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from charrnn_helpers import TrainConfig, evaluate, load_checkpoint, save_checkpoint, train
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.text.encoding import as_streams, batches
from charrnn_helpers.training import DivergenceError, loop
from charrnn_helpers.training.evaluation import eval_mode


def quietly(model, ids, config, **options):
    return train(model, ids, ids[:100], config, device="cpu", progress=False, **options)


def weights_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same_weights(ours, theirs):
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


class StopAfter(threading.Event):
    """A stop event that is set once the loop has asked `updates` times."""

    def __init__(self, updates):
        super().__init__()
        self.left = updates

    def is_set(self):
        self.left -= 1
        return self.left < 0 or super().is_set()


# --- learning -------------------------------------------------------------------------------------------------------


def test_a_network_learns_and_a_state_that_is_carried_helps_it(model, ids, config):
    before = evaluate(model, ids)
    history = quietly(model, ids, config(updates=150, validate_every=150))
    assert history.losses[0] == pytest.approx(before, rel=0.1)
    assert np.mean(history.losses[-5:]) < 0.5 * history.losses[0]
    assert evaluate(model, ids) < 0.5 * before
    assert evaluate(model, ids) < evaluate(model, ids, window=4) - 0.05  # a block forgets what stood before it


def test_loop_equals_truncated_back_propagation_written_out(make_model, ids, config):
    """Losses and gradient norms agree with a plain loop: state carried, detached, clipped, rate as configured."""
    settings = config(updates=30, clip=0.5)
    short = ids[:200]  # six windows, so the walk starts again four times
    history = quietly(make_model(), short, settings)

    model = make_model()
    inputs, targets = as_streams(short, settings.streams)
    windows = list(batches(inputs, targets, settings.window))
    optimiser = torch.optim.Adam(model.parameters(), betas=(0.9, 0.99))
    losses, norms = [], []
    for update in range(settings.updates):
        x, y = windows[update % len(windows)]
        if update % len(windows) == 0:
            state = None
        logits, state = model(x, state)
        state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))
        optimiser.zero_grad()
        loss.backward()
        norm = torch.sqrt(sum((weight.grad**2).sum() for weight in model.parameters()))
        for weight in model.parameters():
            weight.grad *= min(1.0, settings.clip / (norm.item() + 1e-6))
        optimiser.param_groups[0]["lr"] = settings.rate(update)
        optimiser.step()
        losses.append(loss.item())
        norms.append(norm.item())
    assert min(norms) < settings.clip < max(norms)
    assert history.losses == pytest.approx(losses, abs=1e-4)
    assert history.norms == pytest.approx(norms, rel=1e-2, abs=1e-3)


def test_weight_decay_shrinks_matrices_and_leaves_biases(model, ids, config):
    """With a gradient of zero only the decay is left: each matrix times 1 - rate x decay, every update."""
    before = weights_of(model)
    for weight in model.parameters():
        weight.register_hook(torch.zeros_like)
    settings = config(updates=3, warmup=0, weight_decay=0.5)
    quietly(model, ids, settings)
    left = math.prod(1 - 0.5 * settings.rate(update) for update in range(3))
    assert left < 0.99
    for name, weight in model.named_parameters():
        assert torch.allclose(weight, before[name] * (left if weight.dim() > 1 else 1), atol=1e-6), name


def test_dropout_is_drawn_by_the_seed_of_the_run_and_the_readers_random_numbers_stay(make_model, ids, config):
    runs = []
    for seed in (4, 4, 5):
        torch.manual_seed(len(runs))  # the reader's, another one each time
        before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
        runs.append(quietly(make_model(dropout=0.3), ids, config(seed=seed)))
        assert torch.equal(torch.get_rng_state(), before[0])
        assert random.getstate() == before[1]
        assert (np.random.get_state()[1] == before[2]).all()
    assert runs[0].losses == runs[1].losses != runs[2].losses


# --- what is recorded, and the best weights -------------------------------------------------------------------------


def test_validation_comes_at_intervals_and_at_the_end_and_seconds_leave_it_out(model, ids, config, monkeypatch):
    clock, told = [0.0], []

    def takes_a_second(*arguments):
        clock[0] += 1
        return loop.one_update(*arguments)

    def takes_long(history):
        clock[0] += 100
        told.append(history.updates)

    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    history = quietly(model, ids, config(updates=17), on_validation=takes_long, update=takes_a_second)
    assert history.val_updates == history.val_seconds == told == [5, 10, 15, 17]
    assert [row.characters for row in history.validations()] == [5 * 32, 10 * 32, 15 * 32, 17 * 32]
    assert [row.loss for row in history.validations()] == history.val_losses
    assert len(history.losses) == len(history.norms) == history.seconds == 17
    assert len(history.val_losses) == 4
    assert history.finished


@pytest.mark.parametrize("best", [1, 2])
@pytest.mark.parametrize("stopped", [False, True])
def test_best_weights_on_the_validation_text_end_in_the_model_also_over_a_stop(
    best, stopped, model, vocab, ids, config, tmp_path, monkeypatch
):
    scripted, seen = [3.0, 3.0, 3.0, 3.0], []
    scripted[best] = 1.0

    def scripted_loss(model, ids, window=None):
        seen.append(weights_of(model))
        return scripted[len(seen) - 1]

    monkeypatch.setattr(loop, "evaluate", scripted_loss)
    history = quietly(model, ids, config(), stop=StopAfter(12 if stopped else 20))
    if stopped:
        loaded = load_checkpoint(save_checkpoint(tmp_path / "a.pt", model, vocab, history=history, resumable=True))
        model, history = loaded.model, quietly(loaded.model, ids, config(), history=loaded.history)
    assert history.best_loss == 1.0
    assert same_weights(weights_of(model), seen[best])
    assert not same_weights(seen[best], seen[3])


# --- stopping and going on ------------------------------------------------------------------------------------------


def test_stop_event_leaves_a_usable_model_and_its_history(model, ids, config, monkeypatch):
    monkeypatch.setattr(loop, "VALIDATION_WINDOW", 30)  # characters
    stop = threading.Event()
    history = quietly(model, ids, config(), stop=stop, on_validation=lambda h: stop.set() if h.updates == 10 else None)
    assert history.updates == len(history.losses) == 10
    assert not history.finished
    assert evaluate(model, ids[:100], window=30) == pytest.approx(history.val_losses[-1], abs=1e-6)

    stop.clear()
    assert quietly(model, ids, config(), stop=stop, history=history) is history
    assert history.finished
    assert history.val_updates == [5, 10, 15, 20]
    weights, losses = weights_of(model), list(history.losses)
    assert quietly(model, ids, config(), history=history).losses == losses  # a finished run is left as it is
    assert same_weights(weights_of(model), weights)


def test_an_interrupt_stops_after_the_update_in_hand(model, ids, config, interruptible):
    started = []

    def interrupt_the_third(*_):
        started.append(True)
        if len(started) == 3:
            signal.raise_signal(signal.SIGINT)

    model.register_forward_pre_hook(interrupt_the_third)
    history = quietly(model, ids, config())  # no KeyboardInterrupt comes out
    assert history.updates == len(history.losses) == len(history.norms) == 3
    assert history.resume["optimiser"]["state"]
    with pytest.raises(KeyboardInterrupt):  # and outside training an interrupt is an interrupt again
        signal.raise_signal(signal.SIGINT)


@pytest.fixture
def interruptible():
    """Interrupts work as in a terminal or a kernel, also where the tests run in the background, deaf to them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("stopped_at", "through"), [(7, "memory"), (12, "checkpoint")])
def test_a_resumed_run_equals_an_uninterrupted_one_exactly(
    stopped_at, through, make_model, ids, vocab, config, tmp_path
):
    settings, short = config(seed=3), ids[:301]  # nine windows, so a new walk starts in between
    model, half = make_model(dropout=0.3), make_model(dropout=0.3)
    whole = quietly(model, short, settings)

    history = quietly(half, short, settings, stop=StopAfter(stopped_at))
    assert history.updates == stopped_at
    torch.manual_seed(99)  # what the reader does meanwhile does not matter
    torch.rand(7)
    if through == "checkpoint":
        save_checkpoint(tmp_path / "half.pt", half, vocab, history=history, resumable=True)
        loaded = load_checkpoint(tmp_path / "half.pt", vocab)
        half, history = loaded.model, loaded.history
    history = quietly(half, short, settings, history=history)

    for name in ("losses", "norms", "val_updates", "val_losses"):
        assert getattr(history, name) == getattr(whole, name)
    assert same_weights(weights_of(half), weights_of(model))


def test_too_short_a_validation_text_and_a_history_of_another_run_or_not_for_resuming_are_refused(
    model, cell, vocab, ids, config, tmp_path
):
    weights = weights_of(model)
    with pytest.raises(ValueError, match="validation text has 1 characters; at least 2"):
        train(model, ids, ids[:1], config(), device="cpu", progress=False)
    assert same_weights(weights_of(model), weights)  # before any training
    history = quietly(model, ids, config(), stop=StopAfter(3))
    with pytest.raises(ValueError, match="another run"):
        quietly(model, ids, config(updates=21), history=history)
    other = CELLS["GRU" if cell == "LSTM" else "LSTM"].model(len(vocab), 16, 2, 8)
    with pytest.raises(ValueError, match="another run"):
        quietly(other, ids, config(), history=history)
    loaded = load_checkpoint(save_checkpoint(tmp_path / "half.pt", model, vocab, history=history))
    assert loaded.history.losses == history.losses
    with pytest.raises(ValueError, match="resumable=True"):
        quietly(loaded.model, ids, config(), history=loaded.history)


def test_a_run_begins_when_no_other_thread_reads_with_its_model(make_model, ids, config):
    """Else that thread would set the model back, and the run would go on without dropout."""
    model, read = make_model(dropout=0.5), []
    with ThreadPoolExecutor(1) as thread:
        with eval_mode(model):
            hook = model.register_forward_pre_hook(lambda *_: read.append(True))
            run = thread.submit(quietly, model, ids, config(updates=2))
            wait([run], timeout=0.3)
            assert not read
            hook.remove()
        assert run.result().finished
    assert model.training


# --- when it goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("updates", "advice"),
    [(20, "loss of update 2 is not a number; lower the learning rate"), (1, "validation loss after update 1 is not")],
)
def test_a_loss_that_is_no_number_ends_the_run_with_advice(model, ids, config, updates, advice):
    """After the last update no training loss would tell."""
    before = weights_of(model)
    with pytest.raises(FloatingPointError, match=advice) as divergence:
        quietly(model, ids, config(updates=updates, learning_rate=3e38, warmup=0))
    assert divergence.value.history.updates == min(2, updates)
    assert same_weights(weights_of(model), before)
    assert str(pickle.loads(pickle.dumps(divergence.value))) == str(divergence.value)  # as from a worker


def diverge_after(updates, monkeypatch):
    """Let the network hold no numbers any more after so many updates."""
    make_update = loop.one_update

    def one_update(model, *rest):
        result = make_update(model, *rest)
        steps.append(None)
        if len(steps) == updates:
            torch.nn.init.constant_(model.head.bias, math.nan)
        return result

    steps = []
    monkeypatch.setattr(loop, "one_update", one_update)


def test_divergence_leaves_the_history_and_the_best_weights(model, ids, config, monkeypatch):
    diverge_after(12, monkeypatch)
    with pytest.raises(DivergenceError, match=r"update 13 is not a number.*best weights again") as divergence:
        quietly(model, ids, config())
    history = divergence.value.history
    assert (history.updates, history.val_updates) == (13, [5, 10])
    assert same_weights(weights_of(model), history.best_weights)
    assert evaluate(model, ids[:100], window=loop.VALIDATION_WINDOW) == pytest.approx(min(history.val_losses))
    with pytest.raises(ValueError, match="cannot go on, because it diverged"):
        quietly(model, ids, config(), history=history)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no NVIDIA GPU")
def test_the_same_loop_trains_on_the_gpu_and_goes_on_there(make_model, ids, vocab, config, tmp_path):
    model = make_model()
    state = torch.cuda.get_rng_state()
    history = train(model, ids, ids[:100], config(), device="cuda", progress=False, stop=StopAfter(12))
    assert torch.equal(torch.cuda.get_rng_state(), state)
    assert history.device.startswith("cuda")
    loaded = load_checkpoint(save_checkpoint(tmp_path / "half.pt", model, vocab, history=history, resumable=True))
    history = train(loaded.model, ids, ids[:100], config(), device="cuda", progress=False, history=loaded.history)
    assert history.losses == pytest.approx(quietly(make_model(), ids, config()).losses, abs=0.02)
    assert next(loaded.model.parameters()).is_cuda
    assert evaluate(loaded.model, ids[:100]) == pytest.approx(evaluate(loaded.model.cpu(), ids[:100]), abs=1e-3)


def test_rate_rises_in_a_line_and_falls_along_half_a_cosine():
    config = TrainConfig(updates=110, warmup=10, learning_rate=1.0, final_share=0.1)
    assert [config.rate(update) for update in (0, 4, 9, 10)] == pytest.approx([0.1, 0.5, 1.0, 1.0])
    assert config.rate(60) == pytest.approx(0.55)  # half way between 1 and 0.1
    assert config.rate(35) == pytest.approx(0.1 + 0.9 * (1 + math.sqrt(0.5)) / 2)
    assert config.rate(110) == pytest.approx(0.1)
    assert TrainConfig(warmup=0, learning_rate=0.3).rate(0) == 0.3
