"""The clock chooses the number of threads, whatever else the machine does."""

import math

import pytest

from charrnn_helpers.base.thread_choice import choose_threads


def used(most, now, speed, updates=3000):
    """The numbers of threads of `updates` updates that take `speed(update, threads)` seconds."""
    numbers = choose_threads(sorted({1, most // 2, most - 1, most} - {0}), now)
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


def test_the_choice_is_made_again_when_the_load_changes():
    def speed(update, threads):
        return (beside_one_busy_core(2) if 700 <= update < 1400 else alone)(update, threads)

    chosen = used(2, 2, speed)
    assert [max((1, 2), key=chosen[part].count) for part in (slice(700), slice(1000, 1400), slice(1700, 2000))] == [
        2,
        1,
        2,
    ]
