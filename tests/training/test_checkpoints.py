"""A checkpoint is whole or not there, holds nothing that could be executed, and says what is wrong with it."""

import errno
import os
import sys
from dataclasses import replace

import pytest
import torch

from charrnn_helpers import Vocabulary, evaluate, generate, load_checkpoint, load_corpus, save_checkpoint, train
from charrnn_helpers.training import checkpoints
from charrnn_helpers.training.checkpoints import BUNDLED, CheckpointError, find_checkpoint
from charrnn_helpers.training.loop import BLOCK


@pytest.fixture
def saved(model, vocab, tmp_path):
    return save_checkpoint(tmp_path / "kept.pt", model, vocab, text="cats")


def same_weights(ours, theirs):
    ours, theirs = ours.state_dict(), theirs.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


# --- there and back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [{}, {"embedding_size": None, "num_layers": 1, "dropout": 0.25}], ids=str)
def test_model_vocabulary_and_log_come_back_as_they_were(make_model, cell, ids, vocab, config, tmp_path, sizes):
    model = make_model(**sizes)
    history = train(model, ids, ids[:100], config(), device="cpu", progress=False)
    path = save_checkpoint(tmp_path / "new" / "folder" / "net.pt", model, vocab, text="cats", history=history)
    torch.manual_seed(4)
    before = torch.get_rng_state()
    loaded = load_checkpoint(path, vocab)
    assert torch.equal(torch.get_rng_state(), before)
    assert loaded.path == path == tmp_path / "new" / "folder" / "net.pt"
    assert names_in(path.parent) == ["net.pt"]
    assert (loaded.vocab, loaded.text, loaded.model.cell) == (vocab, "cats", cell)
    assert loaded.model.hyperparameters == model.hyperparameters
    assert same_weights(loaded.model, model)
    assert not loaded.model.training
    assert loaded.history == replace(history, best_weights={}, resume={})
    assert generate(loaded.model, vocab, "the", 30, seed=1) == generate(model, vocab, "the", 30, seed=1)


def test_a_checkpoint_without_a_log_has_none(saved):
    assert load_checkpoint(saved).history is None


def test_what_is_needed_to_go_on_is_kept_only_when_asked_for(model, ids, vocab, config, tmp_path):
    history = train(model, ids, ids[:100], config(), device="cpu", progress=False)
    small = save_checkpoint(tmp_path / "small.pt", model, vocab, history=history)
    large = save_checkpoint(tmp_path / "large.pt", model, vocab, history=history, resumable=True)
    assert load_checkpoint(small).history.resume == {}
    assert load_checkpoint(large).history.resume["optimiser"]["state"]
    assert 2 * small.stat().st_size < large.stat().st_size < 5 * small.stat().st_size


def test_a_new_checkpoint_takes_the_place_of_the_old_one(saved, make_model, vocab):
    other = make_model(seed=1)
    save_checkpoint(saved, other, vocab)
    assert same_weights(load_checkpoint(saved).model, other)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_others_may_read_a_checkpoint_as_they_may_read_any_new_file(saved, tmp_path):
    (tmp_path / "plain").touch()
    assert saved.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_find_checkpoint_prefers_what_was_trained_here(cell, model, vocab, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "BUNDLED", tmp_path / "bundled")
    with pytest.raises(CheckpointError, match=rf"no {cell} .*'cats'.*04_training"):
        find_checkpoint(cell, "cats", runs=tmp_path / "runs")
    bundled = save_checkpoint(tmp_path / "bundled" / f"cats-{cell.lower()}.pt", model, vocab)
    assert find_checkpoint(cell, "cats", runs=tmp_path / "runs") == bundled
    own = save_checkpoint(tmp_path / "runs" / f"cats-{cell.lower()}.pt", model, vocab)
    assert find_checkpoint(cell, "cats", runs=tmp_path / "runs") == own


# --- whole or not at all --------------------------------------------------------------------------------------------


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def half_written(content, file):
    file.write(b"half of it")
    raise RuntimeError("PytorchStreamWriter failed writing file")


def interrupted(content, file):
    file.write(b"half of it")
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("where", "name", "fault", "error", "said"),
    [
        (os, "replace", full_disk, CheckpointError, r"kept\.pt could not be written .*No space left.*free some room"),
        (torch, "save", half_written, CheckpointError, "could not be written .*PytorchStreamWriter"),
        (torch, "save", interrupted, KeyboardInterrupt, None),
    ],
)
def test_on_a_full_disk_or_an_interrupt_the_old_file_stays_whole_and_nothing_else_is_left(
    saved, make_model, vocab, monkeypatch, where, name, fault, error, said
):
    before = saved.read_bytes()
    monkeypatch.setattr(where, name, fault)
    with pytest.raises(error, match=said):
        save_checkpoint(saved, make_model(seed=1), vocab)
    assert saved.read_bytes() == before
    assert names_in(saved.parent) == ["kept.pt"]


def test_a_folder_that_cannot_be_made_is_told_as_an_error(saved, model, vocab):
    with pytest.raises(CheckpointError, match="could not be written"):
        save_checkpoint(saved / "below_a_file" / "net.pt", model, vocab)


# --- damaged, foreign, missing --------------------------------------------------------------------------------------


def refused(path):
    with pytest.raises(CheckpointError, match=r"is damaged or not a checkpoint.*delete it and train again") as caught:
        load_checkpoint(path)
    assert path.name in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_file_that_was_cut_off_is_refused(saved, share):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(share * len(content))])
    refused(saved)


def test_a_byte_changed_within_the_weights_is_noticed(saved, model):
    weights = model.state_dict()["head.weight"].numpy().tobytes()
    content = bytearray(saved.read_bytes())
    place = content.find(weights)
    assert place > 0
    content[place + len(weights) // 2] ^= 0xFF
    saved.write_bytes(content)
    refused(saved)


@pytest.mark.parametrize("garbage", [b"not a checkpoint", b"PK\x03\x04" + b"\0" * 500], ids=["text", "zip"])
def test_a_file_of_something_else_is_refused(tmp_path, garbage):
    path = tmp_path / "garbage.pt"
    path.write_bytes(garbage)
    refused(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("weights"),
        lambda content: content.update(characters=""),
        lambda content: content["hyperparameters"].update(hidden_size=17),
        lambda content: content.update(history={"cell": "LSTM"}),
    ],
)
def test_a_file_with_something_missing_or_senseless_is_refused(saved, change):
    content = torch.load(saved, weights_only=True)
    change(content)
    torch.save(content, saved)
    refused(saved)


class Trap:
    """What a hostile file does when it is unpickled: here it makes a folder."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_code_in_a_file_is_not_executed(saved, tmp_path):
    content = torch.load(saved, weights_only=True)
    torch.save({**content, "text": Trap(tmp_path / "sprung")}, saved)
    refused(saved)
    assert not (tmp_path / "sprung").exists()
    torch.load(saved, weights_only=False)  # so it works, where it is let loose
    assert (tmp_path / "sprung").exists()


def test_files_are_read_onto_the_cpu(saved, monkeypatch):
    load = torch.load
    asked = []
    monkeypatch.setattr(torch, "load", lambda *args, **options: asked.append(options) or load(*args, **options))
    load_checkpoint(saved)
    assert asked[0]["map_location"] == "cpu"


def test_another_vocabulary_is_refused_with_the_difference(saved, vocab):
    assert load_checkpoint(saved, Vocabulary(vocab.characters)).vocab == vocab
    theirs = Vocabulary.from_text(vocab.characters.replace("t", "") + "XYZ")
    with pytest.raises(
        CheckpointError, match=r"another vocabulary: 1 of its .* 3 of yours.*load the text it was trained on"
    ):
        load_checkpoint(saved, theirs)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no checkpoint .*gone\.pt; train the network first"):
        load_checkpoint(tmp_path / "gone.pt")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load_checkpoint(tmp_path)  # a folder


# --- the two networks that come with the package --------------------------------------------------------------------


def test_a_bundled_network_is_small_and_scores_what_its_log_says(cell):
    path = BUNDLED / f"tales-{cell.lower()}.pt"
    assert path.stat().st_size <= 2_000_000
    tales = load_corpus("tales")
    loaded = load_checkpoint(path, Vocabulary.from_text(tales.text))
    assert loaded.model.cell == loaded.history.cell == cell
    assert loaded.text == "tales"
    assert loaded.history.finished
    assert loaded.history.best_loss == min(loaded.history.val_losses)
    loss = evaluate(loaded.model, loaded.vocab.encode(tales.val), window=BLOCK)
    assert loss == pytest.approx(loaded.history.best_loss, abs=1e-3)
    assert loss > tales.floor
