"""Training that is watched: turns, stops and what they leave; and the pairs of networks that are kept and found."""

import threading
import time

import pytest
import torch

from charrnn_helpers import TrainConfig, Vocabulary, generate, load_corpus
from charrnn_helpers.networks.registry import MODELS
from charrnn_helpers.panels.live_training import LiveTraining, fitting
from charrnn_helpers.panels.network_pairs import Pair, found_pairs, keep_pair, keep_text, load_pair
from charrnn_helpers.text.corpus import CorpusError
from charrnn_helpers.training.checkpoints import BUNDLED, CheckpointError, find_checkpoint
from charrnn_helpers.training.config import History
from charrnn_helpers.training.loop import train

TEXT = "a cat sat on a mat; a dog ran to a log. " * 60


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "pets.txt").write_text(TEXT, encoding="utf-8")
    return load_corpus(tmp_path / "pets.txt")


@pytest.fixture
def live(corpus):
    config = TrainConfig(updates=40, streams=4, window=8, warmup=4, validate_every=10)
    return LiveTraining(corpus, ("LSTM", "GRU"), 16, config)


def test_networks_train_in_turns_and_end_as_if_each_had_trained_alone(live):
    order = []
    live.listener = lambda: order.append([history.updates for history in live.histories.values()])
    live.start()
    live.wait()
    assert order[:4] == [[10, 0], [10, 10], [20, 10], [20, 20]]
    assert live.finished
    assert not live.running
    for cell, history in live.histories.items():
        torch.manual_seed(0)
        alone = type(live.models[cell])(len(live.vocab), hidden_size=16, num_layers=1)
        kept = train(
            alone,
            live.vocab.encode(live.corpus.train),
            live.vocab.encode(live.corpus.val),
            live.config,
            progress=False,
        )
        assert history.losses == kept.losses
        assert history.val_losses == kept.val_losses


def test_a_stop_in_mid_turn_loses_nothing_and_the_rest_is_the_same(corpus, live):
    live.start()
    live.wait()
    whole = {cell: history.losses for cell, history in live.histories.items()}

    other = LiveTraining(corpus, ("LSTM", "GRU"), 16, live.config)
    seen = threading.Event()
    other.listener = lambda: (seen.set(), other.stop())
    other.start()
    other.wait()
    assert seen.is_set()
    assert 0 < other.updates < 80
    parts = {cell: list(history.losses) for cell, history in other.histories.items()}
    other.listener = lambda: None
    other.start()
    other.wait()
    for cell, losses in whole.items():
        assert other.histories[cell].losses == losses
        assert losses[: len(parts[cell])] == parts[cell]


def test_a_stop_is_heard_after_the_update_in_hand(live, monkeypatch):
    def stopped_at_once(*given, stop, **options):
        live.stop()  # as a click would, after the turn has begun
        return train(*given, stop=stop, **options)

    monkeypatch.setattr("charrnn_helpers.panels.live_training.train", stopped_at_once)
    live.start()
    live.wait()
    assert live.updates == 0
    assert not live.running


def test_samples_and_a_loss_that_is_no_number_are_kept_and_said(live):
    with torch.no_grad():
        live.models["GRU"].head.weight.fill_(float("nan"))
    live.start()
    live.wait()
    assert not live.running
    assert "not a number" in live.problem
    live.start()  # it cannot go on
    assert not live.running
    assert [updates for updates, _ in live.samples["LSTM"]] == [10]
    assert live.samples["LSTM"][0][1].startswith(live.corpus.val[0])


def test_the_readers_random_numbers_are_as_they_were(corpus, live):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    LiveTraining(corpus, ("LSTM", "GRU"), 16, live.config)
    assert torch.equal(torch.rand(3), expected)


def test_a_run_on_its_thread_leaves_the_readers_random_numbers_alone(live):
    """Not even between two draws: the generator is the whole process's."""
    torch.manual_seed(5)
    expected = [torch.rand(1).item() for _ in range(2000)]
    torch.manual_seed(5)
    live.start()
    drawn = []
    while live.running and len(drawn) < 2000:
        drawn.append(torch.rand(1).item())
        time.sleep(0.001)
    live.wait()
    assert len(drawn) > 5
    assert drawn == expected[: len(drawn)]


def test_whatever_ends_a_run_is_said(live, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr("charrnn_helpers.panels.live_training.train", full)
    live.start()
    live.wait()
    assert live.problem == "MemoryError"
    assert not live.running


@pytest.mark.parametrize(("characters", "streams", "window"), [(20, 1, 15), (77, 1, 32), (300, 3, 32), (5000, 16, 32)])
def test_a_short_text_is_trained_on_with_fewer_streams(tmp_path, characters, streams, window):
    (tmp_path / "short.txt").write_text((TEXT * 3)[:characters], encoding="utf-8")
    corpus = load_corpus(tmp_path / "short.txt")
    config = fitting(corpus, updates=4, warmup=1, validate_every=2)
    assert (config.streams, config.window) == (streams, window)
    live = LiveTraining(corpus, ("LSTM", "GRU"), 8, config)
    live.start()
    live.wait()
    assert (live.problem, live.finished) == ("", True)


# --- pairs ----------------------------------------------------------------------------------------------------------


def test_a_pair_that_was_kept_is_found_with_its_text_and_writes_the_same(live, tmp_path):
    live.start()
    live.wait()
    runs = tmp_path / "runs"
    corpus = keep_text(TEXT.encode(), "my pets!", runs)
    assert (corpus.name, corpus.text) == ("my_pets", TEXT)
    pair = Pair(live.models, live.vocab, corpus)
    keep_pair(pair, live.histories, runs)
    assert list(found_pairs(runs)) == ["my_pets, trained here", "tales, comes with the course"]
    again = found_pairs(runs)["my_pets, trained here"]()
    assert again.corpus == corpus
    assert again.prompt == pair.prompt == corpus.val.partition(". ")[0] + ". "
    for cell, model in pair.models.items():
        texts = [generate(one, pair.vocab, pair.prompt, 50, seed=1) for one in (model, again.models[cell])]
        assert texts[0] == texts[1]


def test_a_readers_tales_are_not_ours(tmp_path):
    corpus = keep_text(TEXT.encode(), "tales", tmp_path)
    assert (corpus.name, corpus.text, corpus.floor) == ("tales.txt", TEXT, None)
    vocab = Vocabulary.from_text(TEXT)
    models = {cell: MODELS[cell](len(vocab), 4) for cell in ("LSTM", "GRU")}
    config = TrainConfig()
    keep_pair(Pair(models, vocab, corpus), {cell: History(cell, config) for cell in models}, tmp_path)
    assert find_checkpoint("GRU", "tales", tmp_path).parent == BUNDLED
    assert found_pairs(tmp_path)["tales.txt, trained here"]().corpus == corpus


@pytest.mark.parametrize(
    ("data", "said"), [(b"\xff\xfe" * 50, "not UTF-8"), (b"short", "at least 20"), (b"", "at least 20")]
)
def test_a_text_that_cannot_be_used_is_refused_and_not_kept(tmp_path, data, said):
    with pytest.raises(CorpusError, match=said):
        keep_text(data, "bad", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_text_takes_no_other_texts_place(tmp_path):
    first = keep_text(TEXT.encode(), "mine", tmp_path)
    with pytest.raises(CorpusError, match="at least 20"):
        keep_text(b"too short", "mine", tmp_path)
    second = keep_text(TEXT.upper().encode(), "mine", tmp_path)
    assert keep_text(TEXT.encode(), "mine", tmp_path) == first
    assert (first.name, second.name) == ("mine", "mine_2")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mine.txt", "mine_2.txt"]
    assert load_corpus(tmp_path / "mine.txt").text == TEXT


def test_our_tales_stay_the_text_of_networks_that_04_trained(tmp_path):
    corpus = load_corpus()
    vocab = Vocabulary.from_text(corpus.text)
    models = {cell: MODELS[cell](len(vocab), 4) for cell in ("LSTM", "GRU")}
    keep_pair(Pair(models, vocab, corpus), {cell: History(cell, TrainConfig()) for cell in models}, tmp_path)
    keep_text(TEXT.encode(), "tales", tmp_path)
    assert found_pairs(tmp_path)["tales, trained here"]().corpus == corpus


def test_a_readers_file_that_is_called_tales_without_an_ending_is_theirs(tmp_path):
    (tmp_path / "tales").write_text(TEXT, encoding="utf-8")
    corpus = load_corpus(tmp_path / "tales")
    assert (corpus.name, corpus.text, corpus.floor) == ("tales.txt", TEXT, None)


@pytest.mark.parametrize("name", ["../../etc/x", "", "...", "a/b\\c", "Märchen 1"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    keep_text(TEXT.encode(), name, tmp_path / "runs")
    assert len(list((tmp_path / "runs").iterdir())) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["runs"]


def test_networks_of_two_vocabularies_are_no_pair(tmp_path, live):
    pair = Pair(live.models, live.vocab, live.corpus)
    lstm, _ = keep_pair(pair, live.histories, tmp_path)
    with pytest.raises(CheckpointError, match="another vocabulary"):
        load_pair(lstm, BUNDLED / "tales-gru.pt")


def test_a_pair_without_its_text_still_plays(tmp_path, live):
    pair = Pair(live.models, live.vocab, None)
    live.vocab.encode(pair.prompt)  # a prompt that it knows
    keep_pair(Pair(live.models, live.vocab, live.corpus), live.histories, tmp_path / "elsewhere")
    found = found_pairs(tmp_path / "elsewhere")["pets, trained here"]()
    assert found.corpus is None
