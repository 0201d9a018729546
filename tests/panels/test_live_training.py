"""Training that is watched: turns, stops and what they leave."""

import threading
import time

import pytest
import torch

from charrnn_helpers import TrainConfig, load_corpus
from charrnn_helpers.panels.live_training import LiveTraining, fitting, training_panel
from charrnn_helpers.training.evaluation import lock_of
from charrnn_helpers.training.loop import train


@pytest.fixture
def live(corpus):
    config = TrainConfig(updates=40, streams=4, window=8, warmup=4, validate_every=10)
    return LiveTraining(corpus, ("LSTM", "GRU"), 16, config)


def run_to_its_end(live):
    live.start()
    live.wait()
    assert not live.running


def test_networks_train_in_turns_and_end_as_if_each_had_trained_alone_also_over_a_stop(live):
    order = []
    live.listener = lambda: order.append([history.updates for history in live.histories.values()])
    run_to_its_end(live)
    assert order[:4] == [[10, 0], [10, 10], [20, 10], [20, 20]]
    assert live.finished
    other = LiveTraining(live.corpus, ("LSTM", "GRU"), 16, live.config)
    other.listener = other.stop
    run_to_its_end(other)
    assert 0 < other.updates < 80
    other.listener = lambda: None
    run_to_its_end(other)
    texts = [live.vocab.encode(text) for text in (live.corpus.train, live.corpus.val)]
    for cell, history in live.histories.items():
        torch.manual_seed(0)
        alone = type(live.models[cell])(len(live.vocab), hidden_size=16, num_layers=1)
        kept = train(alone, *texts, live.config, progress=False)
        assert history.losses == other.histories[cell].losses == kept.losses
        assert history.val_losses == kept.val_losses


def test_a_stop_is_heard_after_the_update_in_hand(live, monkeypatch):
    def stopped_at_once(*given, stop, **options):
        live.stop()  # as a click would, after the turn has begun
        return train(*given, stop=stop, **options)

    monkeypatch.setattr("charrnn_helpers.panels.live_training.train", stopped_at_once)
    run_to_its_end(live)
    assert live.updates == 0


def test_no_other_thread_has_a_network_in_the_middle_of_its_training(live, monkeypatch):
    had = []

    def ask(lock):
        had.append(lock.acquire(blocking=False))
        if had[-1]:
            lock.release()

    def watched(model, *given, **options):
        other = threading.Thread(target=ask, args=[lock_of(model)])
        other.start()
        other.join()
        return train(model, *given, **options)

    monkeypatch.setattr("charrnn_helpers.panels.live_training.train", watched)
    run_to_its_end(live)
    assert had == [False] * 8


def test_samples_and_a_loss_that_is_no_number_are_kept_and_said(live):
    with torch.no_grad():
        live.models["GRU"].head.weight.fill_(float("nan"))
    run_to_its_end(live)
    assert "not a number" in live.problem
    live.start()  # it cannot go on
    assert not live.running
    assert [updates for updates, _ in live.samples["LSTM"]] == [10]
    assert live.samples["LSTM"][0][1].startswith(live.corpus.val[0])


def test_a_run_leaves_the_readers_random_numbers_alone(corpus, live):
    """Neither when its networks are made nor on its thread, between two draws: the generator is the whole process's."""
    torch.manual_seed(5)
    expected = [torch.rand(1).item() for _ in range(2000)]
    torch.manual_seed(5)
    live = LiveTraining(corpus, ("LSTM", "GRU"), 16, live.config)
    live.start()
    drawn = []
    while live.running and len(drawn) < 2000:
        drawn.append(torch.rand(1).item())
        time.sleep(0.001)
    live.wait()
    assert len(drawn) > 5
    assert drawn == expected[: len(drawn)]


@pytest.mark.parametrize(("characters", "streams", "window"), [(20, 1, 15), (77, 1, 32), (300, 3, 32), (5000, 16, 32)])
def test_a_short_text_is_trained_on_with_fewer_streams(tmp_path, characters, streams, window):
    (tmp_path / "short.txt").write_text(("a cat sat on a mat; a dog ran to a log. " * 130)[:characters])
    corpus = load_corpus(tmp_path / "short.txt")
    config = fitting(corpus, updates=4, warmup=1, validate_every=2)
    assert (config.streams, config.window) == (streams, window)
    live = LiveTraining(corpus, ("LSTM", "GRU"), 8, config)
    run_to_its_end(live)
    assert (live.problem, live.finished) == ("", True)


def test_a_training_panel_made_anew_goes_on_with_the_run_it_finds(corpus, controls, words, run_of):
    first = training_panel(corpus, updates=200)
    named = controls(first)
    named["hidden units"].value = 16
    named["Start"].click()
    while not run_of(first).updates:
        time.sleep(0.01)
    named["Stop"].click()
    run_of(first).wait()
    assert 0 < run_of(first).updates < 400

    second = training_panel(corpus, updates=200)  # the cell is run again
    assert run_of(second) is run_of(first)
    assert "Stopped; nothing is lost" in words(second)
    controls(second)["Continue"].click()
    run_of(second).wait()
    assert run_of(second).finished
    assert words(second).count("update 200 of 200: validation loss") == 2
    assert [controls(second)[name].disabled for name in ("Start", "Stop", "Continue")] == [False, True, True]
    assert run_of(training_panel(corpus, updates=100)) is None  # another run
