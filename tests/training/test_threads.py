"""The clock chooses the threads of a training, and the reader's are as they were."""

import os

import pytest
import torch

from charrnn_helpers import load_checkpoint, save_checkpoint, train
from charrnn_helpers.training.threads import choose_threads


def used(most, now, speed, updates=2000):
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


def test_under_a_quota_of_one_core_it_goes_down_to_one_thread():
    chosen = used(16, 16, lambda _, threads: 0.01 * threads)
    assert chosen[-1] == 1
    assert chosen.count(1) > 0.7 * len(chosen)


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


@pytest.mark.parametrize("most", [1, 2, 5])
def test_a_run_goes_on_with_the_threads_it_had_if_this_machine_has_so_many(most):
    assert next(choose_threads(most, 1)) == 1
    assert next(choose_threads(most, 99)) == most


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
    options = {"device": "cpu", "progress": False}
    fixed = train(make_model(), ids, ids[:100], config(), threads=1, **options)
    assert set(seen) == {1} == set(fixed.threads)
    assert torch.get_num_threads() == 2
    seen.clear()
    model = make_model()
    chosen = train(model, ids, ids[:100], config(), **options)
    assert seen[:10] == [2] * 5 + [1] * 5
    assert torch.get_num_threads() == 2
    assert sum(chosen.threads.values()) == pytest.approx(chosen.seconds)
    assert chosen.losses == fixed.losses  # so small a network is computed in the same order
    path = save_checkpoint(tmp_path / "a.pt", model, vocab, history=chosen)
    assert load_checkpoint(path).history.threads == chosen.threads


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
