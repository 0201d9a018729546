"""One loop trains both cells: what it carries, what it cuts, how it stops, and how it goes on."""

import math
import os
import random
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.optimizer import register_optimizer_step_pre_hook

from charrnn_helpers import TrainConfig, evaluate, load_checkpoint, pick_device, save_checkpoint, train
from charrnn_helpers.networks.registry import MODELS
from charrnn_helpers.text.encoding import as_streams, batches
from charrnn_helpers.training import autocast, evaluation, precision
from charrnn_helpers.training import loop as training
from charrnn_helpers.training.device import keep_memory
from charrnn_helpers.training.evaluation import context_losses


def quietly(model, ids, config, val=None, **options):
    return train(model, ids, ids[:100] if val is None else val, config, device="cpu", progress=False, **options)


def parts_of(state):
    return state if isinstance(state, tuple) else (state,)


def weights_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same_weights(ours, theirs):
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


class StopAfter:
    """A stop event that sets itself once the loop has asked `updates` times."""

    def __init__(self, updates):
        self.left = updates

    def is_set(self):
        self.left -= 1
        return self.left < 0

    def set(self):
        self.left = 0


# --- learning -------------------------------------------------------------------------------------------------------


def test_loss_falls_far_below_the_start(model, ids, config):
    before = evaluate(model, ids)
    history = quietly(model, ids, config(updates=150, validate_every=50))
    assert history.losses[0] == pytest.approx(before, rel=0.1)
    assert np.mean(history.losses[-5:]) < 0.5 * history.losses[0]
    assert evaluate(model, ids) < 0.5 * before


def test_loop_equals_truncated_back_propagation_written_out(make_model, ids, config):
    """Losses and gradient norms agree with a plain loop: state carried, detached, clipped, rate as configured."""
    settings = config(updates=30, clip=0.4)
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
    assert history.losses == pytest.approx(losses, abs=1e-4)
    assert history.norms == pytest.approx(norms, rel=1e-2, abs=1e-3)


def test_state_is_carried_between_windows_cut_from_its_past_and_new_at_the_start_of_a_walk(model, ids, config):
    given, left = [], []

    def watch(module, args, output):
        if module.training:
            given.append(args[1])
            left.append(output[1])

    model.register_forward_hook(watch)
    quietly(model, ids[:200], config(updates=14))  # a walk of six windows, twice, and two more
    assert len(given) == 14
    for number in range(14):
        if number % 6 == 0:
            assert given[number] is None
            continue
        for mine, before in zip(parts_of(given[number]), parts_of(left[number - 1]), strict=True):
            assert torch.equal(mine, before)
            assert mine.abs().max() > 0
            assert mine.grad_fn is None
            assert before.grad_fn is not None


def test_a_walk_reads_every_stream_in_order(model, ids, config):
    seen = []
    model.register_forward_pre_hook(lambda module, args: seen.append(args[0]) if module.training else None)
    quietly(model, ids[:201], config(updates=6))
    rows = torch.cat(seen, dim=1)  # (4, 48)
    assert torch.equal(rows, ids[:200].view(4, 50)[:, :48])


def test_gradients_are_clipped_and_the_log_keeps_the_norm_before(model, ids, config):
    norms = []

    def look(optimiser, args, kwargs):
        weights = [weight for group in optimiser.param_groups for weight in group["params"]]
        norms.append(torch.sqrt(sum((weight.grad**2).sum() for weight in weights)).item())

    handle = register_optimizer_step_pre_hook(look)
    try:
        history = quietly(model, ids, config(clip=0.05))
    finally:
        handle.remove()
    assert max(norms) <= 0.05 * 1.001
    assert min(history.norms) > 0.05


# --- the learning rate ----------------------------------------------------------------------------------------------


def test_weight_decay_shrinks_matrices_and_leaves_biases(model, ids, config):
    """With a gradient of zero only the decay is left: each matrix times 1 - rate x decay, every update."""
    before = weights_of(model)
    register = [weight.register_hook(torch.zeros_like) for weight in model.parameters()]
    settings = config(updates=3, warmup=0, weight_decay=0.5)
    quietly(model, ids, settings)
    for hook in register:
        hook.remove()
    left = math.prod(1 - 0.5 * settings.rate(update) for update in range(3))
    for name, weight in model.named_parameters():
        assert torch.allclose(weight, before[name] * (left if weight.dim() > 1 else 1), atol=1e-6), name
    assert left < 0.99


def test_rate_rises_in_a_line_and_falls_along_half_a_cosine():
    config = TrainConfig(updates=110, warmup=10, learning_rate=1.0, final_share=0.1)
    assert [config.rate(update) for update in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert config.rate(10) == pytest.approx(1.0)
    assert config.rate(60) == pytest.approx(0.55)  # half way between 1 and 0.1
    assert config.rate(35) == pytest.approx(0.1 + 0.9 * (1 + math.sqrt(0.5)) / 2)
    assert config.rate(110) == pytest.approx(0.1)
    falling = [config.rate(update) for update in range(10, 110)]
    assert falling == sorted(falling, reverse=True)


def test_rate_without_warm_up_starts_at_the_top():
    assert TrainConfig(warmup=0, learning_rate=0.3).rate(0) == 0.3


def test_every_update_uses_the_rate_of_its_configuration(model, ids, config):
    rates = []
    handle = register_optimizer_step_pre_hook(lambda optimiser, *_: rates.append(optimiser.param_groups[0]["lr"]))
    try:
        settings = config(warmup=6)
        quietly(model, ids, settings)
    finally:
        handle.remove()
    assert rates == [settings.rate(update) for update in range(20)]


# --- validation and the best weights --------------------------------------------------------------------------------


def test_validation_comes_at_intervals_and_at_the_end(model, ids, config):
    told = []
    history = quietly(model, ids, config(updates=17), on_validation=lambda history: told.append(history.updates))
    assert history.val_updates == told == [5, 10, 15, 17]
    assert history.val_characters == [5 * 32, 10 * 32, 15 * 32, 17 * 32]
    assert len(history.losses) == len(history.norms) == 17
    assert len(history.val_losses) == len(history.val_seconds) == 4
    assert history.val_seconds == sorted(history.val_seconds)
    assert history.val_seconds[-1] <= history.seconds
    assert history.finished


def test_seconds_leave_validation_out(model, ids, config, monkeypatch):
    clock = [0.0]

    def takes(seconds, function):
        def slow(*arguments, **options):
            clock[0] += seconds
            return function(*arguments, **options)

        return slow

    monkeypatch.setattr(training, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(training, "one_update", takes(1, training.one_update))
    monkeypatch.setattr(training, "evaluate", takes(100, evaluation.evaluate))
    history = quietly(model, ids, config(updates=4, validate_every=2), on_validation=takes(100, lambda history: None))
    assert history.val_seconds == [2, 4]
    assert history.seconds == 4


def test_the_bar_moves_about_a_hundred_times_however_long_the_run(config, monkeypatch):
    """More messages than a kernel's queue holds while a cell runs would hide the end of the cell from nbval."""
    with training._bar(config.History("GRU", config(updates=5000)), progress=True) as bar:
        bar.mininterval = 0  # a machine so slow that only the count of updates limits the bar
        moves = []
        monkeypatch.setattr(bar, "refresh", lambda *_, **__: moves.append(bar.n) or True)
        for _ in range(5000):
            bar.update()
    assert 50 <= len(moves) <= 101


def test_best_weights_on_the_validation_text_end_in_the_model(model, ids, config, monkeypatch):
    scripted, seen = iter([3.0, 1.0, 2.0, 1.5]), []

    def scripted_loss(model, ids, window=None):
        seen.append(weights_of(model))
        return next(scripted)

    monkeypatch.setattr(training, "evaluate", scripted_loss)
    history = quietly(model, ids, config())
    assert history.best_loss == 1.0
    assert same_weights(weights_of(model), seen[1])
    assert not same_weights(seen[1], seen[3])


def test_best_loss_is_what_evaluate_gives_for_the_model(model, ids, config):
    history = quietly(model, ids, config(), val=ids[:500])
    assert history.best_loss == min(history.val_losses)
    assert history.best_loss == pytest.approx(evaluate(model, ids[:500], window=training.BLOCK), abs=1e-6)


def test_same_seed_same_run_and_another_seed_another_dropout(make_model, ids, config):
    first, again = (quietly(make_model(dropout=0.3), ids, config(seed=4)) for _ in range(2))
    other = quietly(make_model(dropout=0.3), ids, config(seed=5))
    assert first.losses == again.losses
    assert first.val_losses == again.val_losses
    assert first.losses != other.losses


# --- stopping and going on ------------------------------------------------------------------------------------------


def test_stop_event_leaves_a_usable_model_and_its_history(model, ids, config):
    stop = threading.Event()
    history = quietly(model, ids, config(), stop=stop, on_validation=lambda h: stop.set() if h.updates == 10 else None)
    assert history.updates == 10
    assert not history.finished
    assert len(history.losses) == 10
    assert math.isfinite(evaluate(model, ids[:50]))
    assert evaluate(model, ids[:100], window=training.BLOCK) == pytest.approx(history.val_losses[-1], abs=1e-6)

    stop.clear()
    again = quietly(model, ids, config(), stop=stop, history=history)
    assert again is history
    assert history.finished
    assert history.val_updates == [5, 10, 15, 20]


def test_a_stop_before_the_first_update_does_nothing_and_can_go_on(make_model, ids, config):
    stop = threading.Event()
    stop.set()
    model = make_model(dropout=0.2)
    history = quietly(model, ids, config(), stop=stop)
    assert history.updates == 0
    assert same_weights(weights_of(model), weights_of(make_model(dropout=0.2)))
    assert (
        quietly(model, ids, config(), history=history).losses == quietly(make_model(dropout=0.2), ids, config()).losses
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send SIGINT to its own process")
def test_an_interrupt_stops_after_the_update_in_hand(model, ids, config, interruptible):
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    updates = iter(range(10**6))

    def start_timer(*_):
        if next(updates) == 0:
            timer.start()

    model.register_forward_pre_hook(start_timer)
    history = quietly(model, ids, config(updates=10**6, validate_every=10**6))  # no KeyboardInterrupt comes out
    timer.join()
    assert 0 < history.updates < 10**6
    assert len(history.losses) == len(history.norms)
    assert history.resume["optimiser"]["state"]
    assert math.isfinite(evaluate(model, ids[:50]))
    with pytest.raises(KeyboardInterrupt):  # and outside training an interrupt is an interrupt again
        signal.raise_signal(signal.SIGINT)


@pytest.fixture
def interruptible():
    """Interrupts work as in a terminal or a kernel, also where the tests run in the background, deaf to them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_training_runs_on_another_thread(model, ids, config):
    found = []
    thread = threading.Thread(target=lambda: found.append(quietly(model, ids, config())))
    thread.start()
    thread.join(60)
    assert found
    assert found[0].finished


@pytest.mark.parametrize("through", ["memory", "checkpoint"])
@pytest.mark.parametrize("stopped_at", [1, 7, 12])
def test_a_resumed_run_equals_an_uninterrupted_one_exactly(
    through, stopped_at, make_model, ids, vocab, config, tmp_path
):
    settings, short = config(seed=3), ids[:301]  # nine windows, so a new walk starts in between
    model = make_model(dropout=0.3)
    whole = quietly(model, short, settings)

    half = make_model(dropout=0.3)
    history = quietly(half, short, settings, stop=StopAfter(stopped_at))
    assert history.updates == stopped_at
    torch.manual_seed(99)  # what the reader does meanwhile does not matter
    torch.rand(7)
    if through == "checkpoint":
        save_checkpoint(tmp_path / "half.pt", half, vocab, history=history, resumable=True)
        loaded = load_checkpoint(tmp_path / "half.pt", vocab)
        half, history = loaded.model, loaded.history
    history = quietly(half, short, settings, history=history)

    assert history.losses == whole.losses
    assert history.norms == whole.norms
    assert history.val_updates == whole.val_updates
    assert history.val_losses == whole.val_losses
    assert same_weights(weights_of(half), weights_of(model))


def test_best_weights_from_before_the_stop_survive_a_checkpoint(model, ids, vocab, config, tmp_path, monkeypatch):
    scripted, seen = iter([1.0, 2.0, 3.0, 4.0]), []

    def scripted_loss(model, ids, window=None):
        seen.append(weights_of(model))
        return next(scripted)

    monkeypatch.setattr(training, "evaluate", scripted_loss)
    history = quietly(model, ids, config(), stop=StopAfter(12))
    save_checkpoint(tmp_path / "half.pt", model, vocab, history=history, resumable=True)
    loaded = load_checkpoint(tmp_path / "half.pt")
    quietly(loaded.model, ids, config(), history=loaded.history)
    assert same_weights(weights_of(loaded.model), seen[0])


def test_a_finished_run_is_left_as_it_is(model, ids, config):
    history = quietly(model, ids, config())
    weights = weights_of(model)
    losses = list(history.losses)
    assert quietly(model, ids, config(), history=history).losses == losses
    assert same_weights(weights_of(model), weights)


def test_history_of_another_run_is_refused(model, cell, vocab, ids, config):
    history = quietly(model, ids, config(), stop=StopAfter(3))
    with pytest.raises(ValueError, match="another run"):
        quietly(model, ids, config(updates=21), history=history)
    other = MODELS["GRU" if cell == "LSTM" else "LSTM"](len(vocab), 16, 2, 8)
    with pytest.raises(ValueError, match="another run"):
        quietly(other, ids, config(), history=history)


def test_history_that_was_not_saved_for_resuming_is_refused(model, vocab, ids, config, tmp_path):
    history = quietly(model, ids, config(), stop=StopAfter(3))
    loaded = load_checkpoint(save_checkpoint(tmp_path / "half.pt", model, vocab, history=history))
    assert loaded.history.losses == history.losses
    with pytest.raises(ValueError, match="resumable=True"):
        quietly(loaded.model, ids, config(), history=loaded.history)


# --- what training leaves alone -------------------------------------------------------------------------------------


def test_training_leaves_every_global_random_generator_alone(make_model, ids, config):
    model = make_model(dropout=0.3)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    quietly(model, ids, config())
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert (np.random.get_state()[1] == before[2]).all()


def test_random_numbers_of_the_reader_do_not_change_a_run(make_model, ids, config):
    torch.manual_seed(1)
    first = quietly(make_model(dropout=0.3), ids, config())
    torch.manual_seed(2)
    assert quietly(make_model(dropout=0.3), ids, config()).losses == first.losses


def test_progress_bar_can_be_switched_off(model, ids, config, capsys):
    quietly(model, ids, config())
    said = capsys.readouterr()
    assert said.out == said.err == ""


# --- when it goes wrong ---------------------------------------------------------------------------------------------


def test_a_validation_loss_that_is_no_number_ends_the_run_too(model, ids, config):
    """After the last update no training loss would tell."""
    with pytest.raises(FloatingPointError, match="validation loss after update 1 is not a number"):
        quietly(model, ids, config(updates=1, learning_rate=3e38, warmup=0))


def test_a_loss_that_is_no_number_ends_the_run_with_advice(model, ids, config):
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        quietly(model, ids, config(learning_rate=1e38, warmup=0))


@pytest.mark.parametrize(
    ("characters", "message"),
    [
        (0, "0 characters; 4 streams need at least 5"),
        (4, "4 characters; 4 streams need at least 5"),
        (32, "window is 8 and a stream has 7 steps"),
    ],
)
def test_a_training_text_that_is_too_short_is_named_with_the_minimum(model, ids, config, characters, message):
    with pytest.raises(ValueError, match=message):
        quietly(model, ids[:characters], config(), val=ids[:100])


def test_the_shortest_training_text_is_enough(model, ids, config):
    assert quietly(model, ids[:33], config()).finished


@pytest.mark.parametrize("characters", [0, 1])
def test_a_validation_text_that_is_too_short_is_named_before_any_training(model, ids, config, characters):
    weights = weights_of(model)
    with pytest.raises(ValueError, match=f"validation text has {characters} characters; at least 2"):
        quietly(model, ids, config(), val=ids[:characters])
    assert same_weights(weights_of(model), weights)


@pytest.mark.parametrize(
    "setting",
    [
        {"updates": 0},
        {"streams": 0},
        {"window": -1},
        {"validate_every": 0},
        {"learning_rate": 0.0},
        {"learning_rate": math.nan},
        {"clip": 0.0},
        {"weight_decay": -0.1},
        {"weight_decay": math.nan},
        {"warmup": -1},
        {"final_share": 1.5},
    ],
    ids=str,
)
def test_a_configuration_that_means_nothing_is_refused(setting):
    ((name, value),) = setting.items()
    with pytest.raises(ValueError, match=rf"{name}.*{value}"):
        TrainConfig(**setting)


# --- evaluate -------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("window", [None, 1, 7, 10, 99, 100, 150], ids=str)
def test_evaluate_equals_a_plain_walk_one_character_at_a_time(model, ids, window):
    piece = ids[:100]  # 99 predictions: blocks of 7 and 10 leave a short one at the end
    assert evaluate(model, piece, window=window) == pytest.approx(slow_loss(model, piece, window), abs=1e-5)


@pytest.mark.parametrize("length", [2, 30, 100, 101, 139, 140, 141, 180, 181, 500])
def test_losses_in_context_are_those_of_a_walk_that_begins_where_the_piece_does(model, ids, length):
    found = context_losses(model, ids[:length], context=100, stride=40, chunk=30)
    assert found.shape == (length - 1,)
    for place in {0, min(length - 2, 100), min(length - 2, 150), length - 2}:
        start = 0 if place < 100 else (place - 100) // 40 * 40
        logits, _ = model.eval()(ids[None, start : place + 1])
        wanted = F.cross_entropy(logits[0, -1:], ids[place + 1 : place + 2]).item()
        assert found[place].item() == pytest.approx(wanted, abs=1e-5)


def test_losses_in_context_of_everything_are_those_of_evaluate(model, ids):
    model.train()
    assert context_losses(model, ids, context=len(ids)).mean().item() == pytest.approx(evaluate(model, ids), abs=1e-6)
    assert model.training


@pytest.mark.parametrize("window", [None, 30], ids=str)
def test_evaluate_in_pieces_gives_the_same(model, ids, window, monkeypatch):
    whole = evaluate(model, ids[:200], window=window)
    monkeypatch.setattr(training, "STEPS", 7)
    monkeypatch.setattr(training, "POSITIONS", 20)
    taken = []
    model.register_forward_pre_hook(lambda _, given: taken.append(given[0].shape))
    assert evaluate(model, ids[:200], window=window) == pytest.approx(whole, abs=1e-5)
    assert max(width for _, width in taken) == 7
    assert max(rows for rows, _ in taken) == (1 if window is None else 2)  # 20 characters are two rows of seven


def test_carried_state_and_blocks_are_two_measures(model, ids, config):
    quietly(model, ids, config(updates=150, validate_every=150))
    assert evaluate(model, ids) < evaluate(model, ids, window=4) - 0.05  # a block forgets what stood before it
    assert evaluate(model, ids[:100], window=99) == pytest.approx(evaluate(model, ids[:100]), abs=1e-6)


@pytest.mark.parametrize("mode", [True, False])
def test_evaluate_switches_dropout_off_and_leaves_the_mode_as_it_was(make_model, ids, mode):
    model = make_model(dropout=0.5).train(mode)
    first, again = (evaluate(model, ids[:100]) for _ in range(2))
    assert first == again
    assert model.training is mode
    assert all(weight.grad is None for weight in model.parameters())


def test_evaluate_restores_the_mode_after_an_error_too(model):
    model.train()
    with pytest.raises(IndexError):
        evaluate(model, torch.tensor([0, 10**6, 1]))
    assert model.training


def test_an_untrained_uniform_network_scores_the_logarithm_of_the_vocabulary(model, vocab, ids):
    nn.init.zeros_(model.head.weight)
    nn.init.zeros_(model.head.bias)
    assert evaluate(model, ids) == pytest.approx(math.log(len(vocab)), abs=1e-5)


# --- devices --------------------------------------------------------------------------------------------------------


def test_pick_device_takes_the_gpu_only_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device() == torch.device("cuda")
    assert pick_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device() == torch.device("cpu")
    with pytest.raises(ValueError, match=r"no 'cuda'.*use 'cpu'"):
        pick_device("cuda")


def test_pick_device_never_takes_mps_unasked_and_warns_when_asked(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert pick_device() == torch.device("cpu")
    with pytest.warns(UserWarning, match="wrong gradients"):
        assert pick_device("mps") == torch.device("mps")


@pytest.mark.parametrize("name", ["toaster", "", "meta"])
def test_pick_device_names_a_device_that_is_not_there(name):
    with pytest.raises(ValueError, match=rf"{name}.*use 'cpu'"):
        pick_device(name)


# --- precision ------------------------------------------------------------------------------------------------------


def test_bfloat16_is_near_float32_and_everything_kept_is_float32(make_model, ids, config):
    settings = config(updates=40)
    exact = quietly(make_model(), ids, settings)
    model = make_model()
    near = quietly(model, ids, settings, precision="bfloat16")
    assert (exact.precision, near.precision) == ("float32", "bfloat16")
    assert near.losses != exact.losses
    assert near.losses == pytest.approx(exact.losses, abs=0.1)
    assert near.losses[-1] < 0.9 * near.losses[0]
    kept = [*model.parameters(), *parts_of(near.resume["state"])]
    assert {tensor.dtype for tensor in kept} == {torch.float32}


def test_without_a_precision_a_run_goes_on_in_its_own(make_model, vocab, ids, config, tmp_path):
    whole = quietly(make_model(), ids, config(), precision="bfloat16")
    model = make_model()
    part = quietly(model, ids, config(), precision="bfloat16", stop=StopAfter(7))
    save_checkpoint(tmp_path / "a.pt", model, vocab, history=part, resumable=True)
    again = load_checkpoint(tmp_path / "a.pt")
    rest = quietly(again.model, ids, config(), history=again.history)
    assert rest.precision == "bfloat16"
    assert rest.losses == whole.losses
    assert quietly(make_model(), ids, config()).precision == "float32"


@pytest.mark.parametrize("name", ["float16", "bf16", ""])
def test_a_precision_that_is_not_offered_is_named(model, ids, config, name):
    with pytest.raises(ValueError, match=f"precision is '{name}'; choose 'float32' or 'bfloat16'"):
        quietly(model, ids, config(), precision=name)


@pytest.mark.parametrize(
    ("low", "name", "reason"),
    [
        (0.5, "bfloat16", "bfloat16 is 2.00 times as fast as float32 here"),
        (0.9, "float32", "bfloat16 is 1.11 times as fast as float32 here, which is not worth its rounding"),
        (2.0, "float32", "bfloat16 is 0.50 times as fast as float32 here, which is not worth its rounding"),
    ],
)
def test_bfloat16_is_taken_only_where_it_is_clearly_faster(monkeypatch, model, low, name, reason):
    seconds = {"float32": 1.0, "bfloat16": low}
    monkeypatch.setattr(training, "_seconds", lambda model, precision, *_, **__: seconds[precision])
    assert precision.pick_precision("cpu") == (name, reason)
    assert precision.pick_precision("cpu", model) == (name, reason)


def test_a_processor_that_cannot_do_bfloat16_gets_float32(monkeypatch, model):
    def cannot(*_):
        raise RuntimeError("could not create a primitive descriptor for an LSTM\nmore lines")

    monkeypatch.setattr(autocast.Autocast, "forward", cannot)
    choice = precision.pick_precision("cpu", model)
    assert choice.name == "float32"
    assert (
        choice.reason == "this machine does not train in bfloat16 (could not create a primitive descriptor for an LSTM)"
    )


def test_a_mistake_in_the_model_is_not_blamed_on_the_processor(model):
    class Broken(type(model)):
        def forward(self, ids, state=None):
            raise RuntimeError("a shape does not fit")

    with pytest.raises(RuntimeError, match="a shape does not fit"):
        precision.pick_precision("cpu", Broken(5, 4))


def test_bfloat16_is_refused_off_the_cpu(model):
    with pytest.raises(ValueError, match="bfloat16 is offered on a CPU only"):
        autocast.autocast(model.to("meta"), "bfloat16")


@pytest.mark.parametrize("given", [True, False])
def test_picking_a_precision_changes_nothing_of_the_readers(make_model, given):
    model = make_model(dropout=0.5).eval()
    before, random_state, threads = weights_of(model), torch.get_rng_state(), torch.get_num_threads()
    choice = precision.pick_precision("cpu", model if given else None, streams=2, window=4)
    assert choice.name in ("float32", "bfloat16")
    assert same_weights(weights_of(model), before)
    assert all(weight.grad is None for weight in model.parameters())
    assert not model.training
    assert torch.equal(torch.get_rng_state(), random_state)
    assert torch.get_num_threads() == threads


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no NVIDIA GPU")
def test_the_same_loop_trains_on_the_gpu_and_goes_on_there(make_model, ids, vocab, config, tmp_path):
    model = make_model()
    state = torch.cuda.get_rng_state()
    history = train(model, ids, ids[:100], config(), device="cuda", progress=False, stop=StopAfter(12))
    assert torch.equal(torch.cuda.get_rng_state(), state)
    assert history.device.startswith("cuda")
    loaded = load_checkpoint(save_checkpoint(tmp_path / "half.pt", model, vocab, history=history, resumable=True))
    history = train(loaded.model, ids, ids[:100], config(), device="cuda", progress=False, history=loaded.history)
    on_cpu = quietly(make_model(), ids, config())
    assert history.losses == pytest.approx(on_cpu.losses, abs=0.02)
    assert next(loaded.model.parameters()).is_cuda
    assert evaluate(loaded.model, ids[:100]) == pytest.approx(evaluate(loaded.model.cpu(), ids[:100]), abs=1e-3)


# --- memory ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only the C library of Linux is asked to keep memory")
def test_what_a_tensor_has_freed_stays_with_the_process():
    """In a process of its own: there a large tensor comes and goes, and its pages are not asked for again."""
    script = """
import resource, torch
from charrnn_helpers.training import keep_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(10_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults(); without = faults(); kept = keep_memory(); faults(); print(int(kept), without, faults())
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    kept, without, with_it = map(int, said.split())
    if kept:  # another C library than glibc refuses
        assert with_it < without / 10


def test_where_there_is_no_glibc_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_memory() is False
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("charrnn_helpers.training.device.ctypes.CDLL", lambda name: object())
    assert keep_memory() is False
