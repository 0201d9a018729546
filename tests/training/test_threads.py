"""A training works with some of the threads, and those of the reader, in any thread of Python's, are as they were."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import torch

from charrnn_helpers import GRUModel, Vocabulary, generate, load_checkpoint, measures, save_checkpoint, text, train
from charrnn_helpers.fast import thread_choice
from charrnn_helpers.networks import GRUCell, with_cell
from charrnn_helpers.training import threads
from charrnn_helpers.training.threads import chosen_threads, one_thread


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
    monkeypatch.setattr(thread_choice, "SPAN", 0)
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
def test_other_work_may_let_the_clock_choose_as_well():
    seen = []
    with chosen_threads() as record_seconds:
        for _ in range(100):
            seen.append(torch.get_num_threads())
            record_seconds(0.1 * seen[-1])  # two threads keep each other waiting
    assert set(seen) == {1, 2}
    assert seen.count(1) > 90
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_without_the_room_fast_all_threads_work(monkeypatch):
    monkeypatch.setitem(threads.CHOICE, "threads", threads.all_threads)
    used = {}
    with chosen_threads(None, used) as record_seconds:
        for _ in range(3):
            record_seconds(1.0)
    assert used == {2: 3.0}


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
    monkeypatch.setattr(thread_choice, "SPAN", 0)

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
