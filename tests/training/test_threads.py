"""The clock chooses the threads of a training, and the reader's are as they were."""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import torch

from charrnn_helpers import GRUModel, Vocabulary, generate, load_checkpoint, measures, save_checkpoint, text, train
from charrnn_helpers.networks import GRUCell, with_cell
from charrnn_helpers.training import threads
from charrnn_helpers.training.threads import choose_threads, chosen_threads, one_thread


def used(most, now, speed, updates=3000):
    """The numbers of threads of `updates` updates that take `speed(update, threads)` seconds."""
    numbers = choose_threads(most, now)
    chosen = [next(numbers)]
    for update in range(updates):
        chosen.append(numbers.send(speed(update, chosen[-1])))
    return chosen


def alone(_, threads):
    return 0.04 / threads


def beside_one_busy_core(cores):
    """All threads wait for one that does not run."""
    return lambda _, threads: 0.04 / (threads if threads < cores else threads / 8)


@pytest.mark.parametrize("most", [2, 3, 8])
def test_alone_all_threads_work_and_comparing_costs_little(most):
    chosen = used(most, most, alone)
    taken = sum(alone(0, threads) for threads in chosen)
    assert taken < 1.05 * len(chosen) * alone(0, most)
    assert set(chosen) >= {most, most - 1}


@pytest.mark.parametrize(("most", "best"), [(2, 1), (8, 7)])
def test_beside_one_busy_core_one_thread_less_works(most, best):
    chosen = used(most, most, beside_one_busy_core(most))
    assert chosen.count(best) > 0.8 * len(chosen)


def under_a_quota(milliseconds=0, spent=0):
    """Of each 100 ms the processor works 100, of all threads together, and then waits for the next 100."""

    def speed(_, threads):
        nonlocal milliseconds, spent
        begun = milliseconds
        for _ in range(math.ceil(12 / threads**0.5)):
            if spent >= 100:
                milliseconds += -milliseconds % 100
            spent = threads if milliseconds % 100 == 0 else spent + threads
            milliseconds += 1
        return (milliseconds - begun) / 1000

    return speed


@pytest.mark.parametrize("most", [2, 16])
@pytest.mark.parametrize("goes_on", [True, False])
def test_under_a_quota_of_one_core_one_thread_works_though_a_single_update_is_faster_with_more(most, goes_on):
    assert under_a_quota()(0, 2) < under_a_quota()(0, 1)
    chosen = used(most, most if goes_on else 1, under_a_quota(), updates=5000)
    assert chosen[-1] == 1
    assert chosen.count(1) > 0.7 * len(chosen)


def test_threads_that_hardly_get_on_are_given_up_after_one_update():
    chosen = used(2, 1, lambda _, threads: 5.0 if threads == 2 else 0.1, updates=100)
    assert chosen == [1] * 4 + [2] + [1] * 96


def test_the_choice_is_made_again_when_the_load_changes():
    def speed(update, threads):
        return (beside_one_busy_core(2) if 700 <= update < 1400 else alone)(update, threads)

    chosen = used(2, 2, speed)
    assert [max((1, 2), key=chosen[part].count) for part in (slice(700), slice(1000, 1400), slice(1700, 2000))] == [
        2,
        1,
        2,
    ]


def test_what_is_hardly_faster_or_one_slow_update_changes_nothing():
    assert used(2, 2, lambda update, threads: 0.04 if threads == 2 else 0.039).count(2) > 1800
    assert used(2, 2, lambda update, threads: 5.0 if update == 2 else alone(update, threads))[10:100] == [2] * 90


@pytest.mark.parametrize(("before", "now"), [(1, 1), (4, 4), (8, 8), (99, 8)])
def test_a_run_goes_on_with_the_threads_it_had_unless_others_are_faster_or_not_there(before, now):
    assert used(8, before, lambda *_: 0.1, updates=60)[-40:] == [now] * 40


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_a_training_works_with_the_readers_number_or_chooses_and_tells_what_it_used(
    make_model, vocab, ids, config, tmp_path, monkeypatch
):
    seen = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda self: (seen.append(torch.get_num_threads()), step(self)))
    monkeypatch.setattr(threads, "SPAN", 0)
    options = {"device": "cpu", "progress": False}
    fixed = train(make_model(), ids, ids[:100], config(), threads=1, **options)
    assert set(seen) == {1} == set(fixed.threads)
    assert torch.get_num_threads() == 2
    seen.clear()
    model = make_model()
    chosen = train(model, ids, ids[:100], config(), **options)
    assert seen[:3] == [1] * 3
    assert set(seen) == {1, 2}
    assert torch.get_num_threads() == 2
    assert sum(chosen.threads.values()) == pytest.approx(chosen.seconds)
    assert chosen.losses == fixed.losses  # so small a network is computed in the same order
    path = save_checkpoint(tmp_path / "a.pt", model, vocab, history=chosen)
    assert load_checkpoint(path).history.threads == chosen.threads


@pytest.mark.usefixtures("two_threads")
def test_one_thread_works_until_the_block_ends_even_by_a_mistake():
    with suppress(RuntimeError), one_thread():
        assert torch.get_num_threads() == 1
        raise RuntimeError
    assert torch.get_num_threads() == 2


def in_a_new_thread(function):
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function).result()


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("fewer", [one_thread, lambda: chosen_threads(1)], ids=["one_thread", "chosen_threads"])
def test_a_thread_that_starts_meanwhile_has_the_readers_number(fewer):
    with fewer():
        assert torch.get_num_threads() == 1
        assert in_a_new_thread(torch.get_num_threads) == 2
        with one_thread():  # one within the other
            assert in_a_new_thread(torch.get_num_threads) == 2
        assert torch.get_num_threads() == 1
        assert in_a_new_thread(torch.get_num_threads) == 2
    assert torch.get_num_threads() == in_a_new_thread(torch.get_num_threads) == 2


@pytest.mark.usefixtures("two_threads")
def test_a_run_that_starts_while_another_thread_writes_may_use_all_threads(make_model, ids, config, monkeypatch):
    monkeypatch.setattr(threads, "SPAN", 0)

    def run():
        return train(make_model(), ids, ids[:100], config(), device="cpu", progress=False)

    with one_thread():
        assert set(in_a_new_thread(run).threads) == {1, 2}


@pytest.mark.usefixtures("two_threads")
def test_one_row_of_text_is_read_and_written_with_one_thread():
    story, seen = text.write_stories(0, 30_000), []
    vocab = Vocabulary.from_text(story)
    model = with_cell(GRUModel, GRUCell)(len(vocab), 4, 1)  # as 04 trains it: no plain arrays write for it
    model.register_forward_pre_hook(lambda *_: seen.append(torch.get_num_threads()))
    generate(model, vocab, story[:5], 3, seed=0)
    written = len(seen)
    measures.recall(model, vocab, text.split_stories(story)[0])
    assert 0 < written < len(seen)
    assert set(seen) == {1}


@pytest.mark.usefixtures("two_threads")
def test_threads_are_the_readers_again_after_a_mistake_and_no_thread_is_refused(make_model, ids, config):
    model = make_model()
    with pytest.raises(FloatingPointError):
        train(model, ids, ids[:100], config(learning_rate=3e38, warmup=0), device="cpu", threads=1, progress=False)
    assert torch.get_num_threads() == 2
    with pytest.raises(ValueError, match="threads is 0; it must be at least 1"):
        train(model, ids, ids[:100], config(), device="cpu", threads=0, progress=False)
    history = train(make_model(), ids, ids[:100], config(), device="cpu", threads=10**9, progress=False)
    assert set(history.threads) == {os.cpu_count()}
