"""The pairs of networks that are kept and found, and the texts that readers give."""

import re
from dataclasses import replace

import pytest
import torch

from charrnn_helpers import generate, load_corpus
from charrnn_helpers.panels.network_pairs import found_pairs, keep_pair, keep_text, load_pair
from charrnn_helpers.text.corpus import CorpusError
from charrnn_helpers.training.checkpoints import BUNDLED, CheckpointError, find_checkpoint, save_checkpoint


def test_a_pair_that_was_kept_is_found_with_its_text_and_writes_the_same(pair, histories):
    pair = replace(pair, corpus=keep_text(pair.corpus.text.encode(), "my pets!"))
    assert pair.corpus.name == "my_pets"
    keep_pair(pair, histories)
    bundled = ["tales-24M, comes with the course", "tales, comes with the course"]
    assert list(found_pairs()) == ["my_pets, trained here", *bundled]
    again = found_pairs()["my_pets, trained here"]()
    assert again.corpus == pair.corpus
    assert again.prompt == pair.prompt == pair.corpus.val.partition(". ")[0] + ". "
    for cell, model in pair.models.items():
        texts = [generate(one, pair.vocab, pair.prompt, 50, seed=1) for one in (model, again.models[cell])]
        assert texts[0] == texts[1]


def test_a_readers_tales_are_not_ours(pair, histories, tmp_path):
    data = pair.corpus.text.encode()
    theirs, ours = keep_text(data, "tales", tmp_path), load_corpus()
    assert (theirs.name, theirs.text, theirs.floor) == ("tales.txt", pair.corpus.text, None)
    keep_pair(replace(pair, corpus=theirs), histories, tmp_path)
    assert find_checkpoint("GRU", "tales", tmp_path).parent == BUNDLED
    keep_pair(replace(pair, corpus=ours), histories, tmp_path)  # as 04 does
    found = found_pairs(tmp_path)
    assert found["tales.txt, trained here"]().corpus == theirs
    assert found["tales, trained here"]().corpus == ours
    (tmp_path / "tales").write_bytes(data)  # without an ending
    assert load_corpus(tmp_path / "tales").name == "tales.txt"
    assert keep_text(data, "Tales", tmp_path).name == "Tales.txt"  # which Windows and macOS take for the same name


def test_a_text_takes_no_other_texts_place_and_is_refused_if_it_cannot_be_used(corpus, tmp_path):
    data, runs = corpus.text.encode(), tmp_path / "runs"
    first = keep_text(data, "mine", runs)
    for bad, said in ((b"too short", "at least 20"), (b"", "at least 20"), (b"\xff\xfe" * 50, "not UTF-8")):
        with pytest.raises(CorpusError, match=said):
            keep_text(bad, "mine", runs)
    second = keep_text(data.upper(), "mine", runs)
    assert keep_text(data, "mine", runs) == first
    assert (first.name, second.name) == ("mine", "mine_2")
    assert sorted(file.name for file in runs.iterdir()) == ["mine.txt", "mine_2.txt"]
    assert load_corpus(runs / "mine.txt").text == corpus.text


NAMES = ["con", "NUL.old", "com1", "a:b?", "x" * 300, "語" * 300, "../../etc/x", "", "...", "a/b\\c"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_that_every_system_takes_and_leads_out_of_no_folder(name, tmp_path):
    keep_text(b"a cat sat on a mat; " * 60, name, tmp_path)
    [path] = tmp_path.iterdir()
    reserved = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)|.*[<>:\"/\\|?*]", re.IGNORECASE)
    assert not reserved.match(path.name)
    assert len(path.name.encode()) < 200  # some more is added while it is written


SECRETS = ("{folder}/secret.txt", "{folder}/secret", "../secret.txt", "../secret", ".", "\0", ["a"])


@pytest.mark.parametrize("name", SECRETS)
def test_no_file_is_opened_because_a_checkpoint_names_it(pair, histories, tmp_path, name):
    (tmp_path / "secret.txt").write_text(pair.corpus.text, encoding="utf-8")
    named = name.format(folder=tmp_path) if isinstance(name, str) else name
    for cell, model in pair.models.items():
        path = save_checkpoint(tmp_path / "runs" / f"theirs-{cell.lower()}.pt", model, pair.vocab)
        torch.save({**torch.load(path), "text": named}, path)
    (tmp_path / "runs" / "pets.txt").write_text(pair.corpus.text, encoding="utf-8")
    assert found_pairs()["theirs, trained here"]().corpus is None


def test_networks_of_two_vocabularies_are_no_pair_and_a_pair_without_its_text_still_plays(pair, histories, tmp_path):
    lstm, _ = keep_pair(pair, histories)
    with pytest.raises(CheckpointError, match="another vocabulary"):
        load_pair(lstm, BUNDLED / "tales-gru.pt")
    (tmp_path / "pets.txt").unlink()
    found = found_pairs()["pets, trained here"]()
    assert found.corpus is None
    found.vocab.encode(found.prompt)  # a prompt that it knows
