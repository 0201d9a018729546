"""A checkpoint is whole or not there, holds nothing that could be executed, and says what is wrong with it."""

import errno
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from torch.testing import assert_close

from charrnn_helpers import Vocabulary, evaluate, generate, load_checkpoint, load_corpus, save_checkpoint, train
from charrnn_helpers.base.quantised import dequantise, quantise
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.training import checkpoints
from charrnn_helpers.training.checkpoints import BUNDLED, CheckpointError, find_checkpoint
from charrnn_helpers.training.loop import VALIDATION_WINDOW


@pytest.fixture
def saved(model, vocab, tmp_path):
    return save_checkpoint(tmp_path / "kept.pt", model, vocab, text="cats")


def test_opening_the_networks_of_the_package_imports_no_compiler():
    code = "from charrnn_helpers import *; from charrnn_helpers.training import *; import sys"
    code += "; [load_checkpoint(find_checkpoint(cell)) for cell in ('LSTM', 'GRU', 'RNN')]"
    code += "; assert not {'torch._dynamo', 'torch._inductor', 'sympy'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=BUNDLED.parents[1])


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
    assert os.listdir(path.parent) == ["net.pt"]
    assert (loaded.vocab, loaded.text, loaded.model.cell) == (vocab, "cats", cell)
    assert loaded.model.hyperparameters == model.hyperparameters
    assert_close(loaded.model.state_dict(), model.state_dict(), rtol=0, atol=0)
    assert not loaded.model.training
    assert loaded.history == replace(history, best_weights={}, resume={})
    assert generate(loaded.model, vocab, "the", 30, seed=1) == generate(model, vocab, "the", 30, seed=1)
    rounded = load_checkpoint(save_checkpoint(path, model, vocab, eight_bits=True)).model.state_dict()
    assert_close(rounded, dequantise(quantise(model.state_dict())), rtol=0, atol=0)


def test_a_network_that_version_1_saved_opens_and_its_training_goes_on():
    kept = load_checkpoint(Path(__file__).with_name("version_1.pt"))  # written by the code of commit 3225e04
    ids = kept.vocab.encode("Ada met a cat. The cat sang. " * 20)
    assert evaluate(kept.model, ids) == pytest.approx(1.82852, abs=1e-4)  # as version 1 said then
    assert (kept.history.updates, list(kept.album)) == (40, [0])
    train(kept.model, ids, ids[:100], kept.history.config, history=kept.history, device="cpu", progress=False)
    assert kept.history.val_losses[-1] == pytest.approx(1.74117, abs=1e-3)  # and where its training went on


def test_find_checkpoint_prefers_what_was_trained_here(cell, saved, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "BUNDLED", tmp_path / "bundled")
    with pytest.raises(CheckpointError, match=rf"no {cell} .*'cats'.*04_training"):
        find_checkpoint(cell, "cats", runs=tmp_path / "runs")
    for folder in ("bundled", "runs"):
        path = tmp_path / folder / f"cats-{cell.lower()}.pt"
        path.parent.mkdir()
        shutil.copy(saved, path)
        assert find_checkpoint(cell, "cats", runs=tmp_path / "runs") == path


@pytest.mark.parametrize("folder", ["", "further"])
def test_course_and_laboratory_find_the_network_that_04_trained(tmp_path, monkeypatch, folder):
    path = tmp_path / "runs" / "tales-gru.pt"
    for each in (path.parent, tmp_path / "further"):
        each.mkdir()
    path.touch()
    monkeypatch.chdir(tmp_path / folder)
    assert find_checkpoint("GRU").resolve() == path
    assert find_checkpoint("LSTM") == BUNDLED / "tales-lstm.pt"


# --- whole or not at all --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "fault", "said"),
    [
        (
            "os.replace",
            OSError(errno.ENOSPC, "No space left"),
            r"kept\.pt could not be .*No space left.*free some room",
        ),
        ("torch.save", RuntimeError("PytorchStreamWriter failed"), "could not be written .*PytorchStreamWriter"),
        ("torch.save", KeyboardInterrupt("by hand"), "by hand"),
    ],
    ids=str,
)
def test_on_a_full_disk_or_an_interrupt_the_old_file_stays_whole_and_nothing_else_is_left(
    saved, make_model, vocab, function, fault, said
):
    before, other = saved.read_bytes(), make_model(seed=1)
    with patch(function, side_effect=fault), pytest.raises((CheckpointError, KeyboardInterrupt), match=said):
        save_checkpoint(saved, other, vocab)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == ["kept.pt"]
    save_checkpoint(saved, other, vocab)  # now there is room, and it takes the place of the old one
    assert_close(load_checkpoint(saved).model.state_dict(), other.state_dict(), rtol=0, atol=0)
    with pytest.raises(CheckpointError, match="could not be written"):
        save_checkpoint(saved / "below_a_file" / "net.pt", other, vocab)


# --- damaged, foreign, missing --------------------------------------------------------------------------------------


def refused(path):
    with pytest.raises(
        CheckpointError, match=rf"{path.name} is damaged or not a checkpoint.*delete it and train again"
    ):
        load_checkpoint(path)


def test_a_file_that_was_cut_off_or_changed_within_its_weights_or_is_something_else_is_refused(saved, model):
    whole, weights = saved.read_bytes(), model.state_dict()["head.weight"].numpy().tobytes()
    place = whole.index(weights) + len(weights) // 2
    changed = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
    cut_off = [whole[: int(share * len(whole))] for share in (0, 0.3, 0.999)]
    for content in (*cut_off, changed, b"not a checkpoint", b"PK\x03\x04" + b"\0" * 500):
        saved.write_bytes(content)
        refused(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("weights"),
        lambda content: content["hyperparameters"].update(hidden_size=15_000),  # weights of 7 GB
        lambda content: content["hyperparameters"].update(num_layers=10**9),
        lambda content: content.update(history={"cell": "LSTM"}),
        lambda content: content.update(weights=dict.fromkeys(content["weights"], "0")),
    ],
)
def test_a_file_with_something_missing_or_senseless_is_refused(saved, change):
    content = torch.load(saved, weights_only=True)
    change(content)
    torch.save(content, saved)
    refused(saved)


def test_a_file_that_unpacks_to_more_than_it_is_takes_no_memory(saved):
    with zipfile.ZipFile(saved, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/99", bytes(2**24))
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


def test_another_vocabulary_is_refused_with_the_difference_and_a_missing_file_is_named(saved, vocab):
    theirs = Vocabulary.from_text(vocab.characters.replace("t", "") + "XYZ")
    message = r"kept\.pt is of another vocabulary: 1 of its .* 3 of yours.*load the text it was trained on"
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(saved, theirs)
    for missing in (saved.parent / "gone.pt", saved.parent):  # the last is a folder
        with pytest.raises(CheckpointError, match=rf"no checkpoint .*{missing.name}; train the network first, in 04"):
            load_checkpoint(missing)


def test_a_checkpoint_of_a_cell_that_is_not_registered_or_was_changed_is_not_called_damaged(
    make_model, vocab, tmp_path, monkeypatch
):
    model = make_model()
    model.cell = "MGU"
    path = save_checkpoint(tmp_path / "mine.pt", model, vocab)
    with pytest.raises(CheckpointError, match=r"mine\.pt .* the cell 'MGU', which is not registered here") as unknown:
        load_checkpoint(path)
    monkeypatch.setitem(CELLS, "MGU", replace(CELLS["RNN"], name="MGU"))
    with pytest.raises(CheckpointError, match=r"mine\.pt holds weights that do not fit the cell 'MGU'") as changed:
        load_checkpoint(path)
    for refusal in (unknown, changed):
        assert not re.search("delete|damaged", str(refusal.value))


# --- the two networks that come with the package --------------------------------------------------------------------


def test_a_bundled_network_is_small_and_scores_what_its_log_says(cell):
    path = BUNDLED / f"tales-{cell.lower()}.pt"
    assert path.stat().st_size <= 2_000_000
    tales = load_corpus("tales")
    loaded = load_checkpoint(path, Vocabulary.from_text(tales.text))
    assert loaded.model.cell == loaded.history.cell == cell
    assert loaded.text == "tales"
    assert loaded.history.finished
    watched = loaded.vocab.encode(tales.val)[:40_000]  # as 04 does
    loss = evaluate(loaded.model, watched, window=VALIDATION_WINDOW)
    assert loss == pytest.approx(loaded.history.best_loss, abs=1e-3)
    assert loss > tales.floor
