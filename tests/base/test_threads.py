"""A training works with some of the threads, and those of the reader, in any thread of Python's, are as they were."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from charrnn_helpers import (
    GRUModel,
    Vocabulary,
    evaluate,
    experiments,
    generate,
    load_checkpoint,
    measures,
    save_checkpoint,
    text,
    train,
    training,
)
from charrnn_helpers.base import thread_choice
from charrnn_helpers.base.threads import chosen_threads, one_thread
from charrnn_helpers.measures.patching import states_before
from charrnn_helpers.networks import GRUCell, with_cell
from charrnn_helpers.sampling import generate_many, logits_after


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


READERS = {  # of a model, its vocabulary and a story
    "generate": lambda model, vocab, story: generate(model, vocab, story[:5], 3, seed=0),
    "generate_many": lambda model, vocab, story: generate_many(model, vocab, story[:5], 3, seeds=[0, 1]),
    "logits_after": lambda model, vocab, story: logits_after(model, vocab, story[:5]),
    "evaluate": lambda model, vocab, story: evaluate(model, vocab.encode(story), window=20),
    "context_losses": lambda model, vocab, story: training.context_losses(model, vocab.encode(story), 10, 20),
    "recall": lambda model, vocab, story: measures.recall(model, vocab, story),
    "recall of a part": lambda model, vocab, story: measures.recall(model, vocab, story, context=3),
    "states_before": lambda model, vocab, story: states_before(model, vocab, [story], [(0, 5)]),
    "gradient_by_lag": lambda model, vocab, story: measures.gradient_by_lag(model, vocab.encode(story)[None, :5]),
    "trace": lambda model, vocab, story: measures.trace(model, vocab.encode(story[:5])),
    "compare_with_torch": lambda *_: measures.compare_with_torch(GRUCell(2, 3), nn.GRU(2, 3, batch_first=True), 2),
}


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("reader", READERS)
def test_text_is_read_and_written_with_one_thread_which_waits_for_no_other(reader, monkeypatch):
    stories, seen, gates = text.write_stories(0, 30_000), [], GRUCell.gates
    monkeypatch.setattr(GRUCell, "gates", lambda *inputs: (seen.append(torch.get_num_threads()), gates(*inputs))[1])
    vocab = Vocabulary.from_text(stories)
    model = with_cell(GRUModel, GRUCell)(len(vocab), 4, 1)  # as 04 trains it: no plain arrays write for it
    READERS[reader](model, vocab, text.split_stories(stories)[0])
    assert set(seen) == {1}
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_a_planted_fault_trains_with_one_thread():
    seen, small = [], experiments.Setting(updates=3, streams=4, window=8, units=8, embedding=4, validated=200)
    experiments.run("sound", 0, small, lambda _: seen.append(torch.get_num_threads()))
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
