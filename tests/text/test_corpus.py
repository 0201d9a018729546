"""Where texts come from, how they are split, and what a reader is told when a text cannot be had."""

import hashlib
import importlib.util
import os
import socket
import sys
from pathlib import Path

import pooch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn_helpers import load_corpus
from charrnn_helpers.text import corpus as corpus_module
from charrnn_helpers.text.corpus import SHAKESPEARE_SHA256, SHORTEST, CorpusError

PLAIN = "It was a dark and stormy night; the rain fell in torrents.\n" * 20
GREETINGS = "Grüße aus Köln, 你好, здравствуйте 🙂\n" * 5


needs_manual = pytest.mark.skipif(
    importlib.util.find_spec("pydoc_data.topics") is None, reason="this Python comes without pydoc_data"
)


# --- every text, and its parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tales", "assignment", pytest.param("python_docs", marks=needs_manual)])
def test_a_text_by_name_is_whole_and_its_parts_are_contiguous(name, no_network):
    corpus = load_corpus(name)
    assert corpus.name == name
    assert corpus.train + corpus.val + corpus.test == corpus.text
    assert len(corpus.train) / len(corpus.text) == pytest.approx(0.8, abs=0.02)
    assert len(corpus.val) / len(corpus.text) == pytest.approx(0.1, abs=0.02)
    assert corpus.sha256 == hashlib.sha256(corpus.text.encode("utf-8")).hexdigest()
    assert (corpus.floor is not None) == (name == "tales")


def test_parts_of_tales_which_is_the_default_end_where_a_story_ends():
    corpus = load_corpus(split=(0.98, 0.01, 0.01))
    assert corpus.name == "tales"
    assert corpus.train.endswith("\n\n")
    assert corpus.val.endswith("\n\n")


@given(first=st.floats(0.2, 0.7), second=st.floats(0.1, 0.2))
@settings(max_examples=30)
def test_any_shares_give_contiguous_parts_that_share_nothing(first, second):
    corpus = load_corpus("assignment", split=(first, second, 1 - first - second))
    assert corpus.train + corpus.val + corpus.test == corpus.text
    assert abs(len(corpus.train) - first * 77) < 1
    assert abs(len(corpus.val) - second * 77) < 1


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (
            [(0.8, 0.1), (0.8, 0.1, 0.2), (1.0,), (0.5, 0.5, 0.0), (1.1, -0.1), (0.25, 0.25, 0.25, 0.25), ()],
            "two or three positive shares that add up to 1",
        ),
        ([(0.99, 0.01), (0.01, 0.99), (0.8, 0.195, 0.005)], "fewer than 2 characters; choose larger shares"),
    ],
)
def test_a_split_that_does_not_add_up_or_leaves_an_empty_part_is_refused(splits, message):
    for split in splits:
        with pytest.raises(CorpusError, match=message):
            load_corpus("assignment", split=split)


# --- the reader's own file ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (GREETINGS.encode(), GREETINGS),
        (b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode(), PLAIN),
        (b"x" * SHORTEST, "x" * SHORTEST),
    ],
)
@pytest.mark.parametrize("kind", [str, Path])
def test_any_language_is_read_from_a_file_and_line_ends_and_a_byte_order_mark_are_put_right(
    tmp_path, content, text, kind
):
    path = tmp_path / "my novel.txt"
    path.write_bytes(content)
    corpus = load_corpus(kind(path))
    assert (corpus.name, corpus.text, corpus.source, corpus.floor) == ("my novel", text, str(path), None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("café ".encode("latin-1") * 10, r"text\.txt is not UTF-8 \(byte 3 cannot be read\); save it as UTF-8"),
        (b"\xef\xbb\xbf", "'text' has 0 characters"),
        (bytes(3000), r"text\.txt "),
        ("plain English ".encode("utf-16") * 50, r"text\.txt is not UTF-8"),
        ("plain English ".encode("utf-16-le") * 50, r"text\.txt "),
        (b"x" * (SHORTEST - 1), f"has {SHORTEST - 1} characters; at least {SHORTEST} are needed .*longer one"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, content, message):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        load_corpus(path)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.txt"
    with open(path, "wb") as file:
        file.truncate(10**9)  # it takes no room on the disk
    with pytest.raises(CorpusError, match="1,000,000,000 bytes; at most 100,000,000 are read"):
        load_corpus(path)


@pytest.mark.parametrize("what", ["missing.txt", "", "Tales", "."])  # the last is a folder
def test_a_text_that_is_not_there_is_named_with_what_there_is(tmp_path, what, monkeypatch):
    monkeypatch.chdir(tmp_path)
    there_is = "tales, assignment, python_docs, shakespeare, or the path of a text file"
    with pytest.raises(CorpusError, match=f"no text {what!r}: give one of {there_is}"):
        load_corpus(what)


# --- the manual inside Python ---------------------------------------------------------------------------------------


def test_a_python_without_its_manual_is_told_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(CorpusError, match=r"without its manual.*load_corpus\('tales'\)"):
        load_corpus("python_docs")


# --- shakespeare: given, cached, downloaded, or out of reach --------------------------------------------------------

GIVEN = Path(os.environ.get("CHARRNN_DATA", "")) / "tiny_shakespeare.txt"


@pytest.mark.skipif(
    not os.environ.get("CHARRNN_DATA") or not GIVEN.is_file(), reason="no tiny_shakespeare.txt in $CHARRNN_DATA"
)
def test_tiny_shakespeare_from_the_data_folder():
    corpus = load_corpus("shakespeare", split=(0.9, 0.1))
    assert corpus.sha256 == SHAKESPEARE_SHA256
    assert (len(corpus.text), len(corpus.train), len(corpus.val)) == (1_115_394, 1_003_854, 111_540)  # as in nanoGPT
    assert len(set(corpus.text)) == 65


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """No data folder, and a cache that is empty."""
    monkeypatch.setenv("CHARRNN_DATA", str(tmp_path / "nowhere"))
    cache = tmp_path / "cache"
    monkeypatch.setattr(pooch, "os_cache", lambda project: cache)
    return cache


class Server:
    """In place of `pooch.HTTPDownloader`: writes `content`, or fails as given, and counts how often it was asked."""

    def __init__(self, content=b"", error=None):
        self.content, self.error, self.asked = content, error, 0

    def __call__(self, **_):  # the downloader's own options
        return self.download

    def download(self, url, output_file, pooch, **_):
        self.asked += 1
        Path(output_file).write_bytes(self.content)
        if self.error:
            raise self.error


def files_under(folder):
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


ADVICE = r"load_corpus\('tales'\) or load_corpus\('python_docs'\); or put the file at \$CHARRNN_DATA"


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (pooch.HTTPDownloader, "no network in this test"),
        (Server(b"half a fi", OSError(28, "No space left on device")), "No space left on device"),
        (Server(b"<html>please log in</html>"), "hash"),
    ],
)
def test_a_download_that_fails_leaves_nothing_and_the_reader_is_told_what_works_offline(
    empty_cache, no_network, monkeypatch, server, message
):
    monkeypatch.setattr(pooch, "HTTPDownloader", server)
    with pytest.raises(CorpusError, match=f"could not be downloaded .*{message}.*{ADVICE}"):
        load_corpus("shakespeare")
    assert files_under(empty_cache) == []


def test_it_is_downloaded_once_and_then_comes_from_the_cache(empty_cache, monkeypatch):
    server = Server(PLAIN.encode())
    monkeypatch.setattr(pooch, "HTTPDownloader", server)
    monkeypatch.setattr(corpus_module, "SHAKESPEARE_SHA256", hashlib.sha256(PLAIN.encode()).hexdigest())
    first = load_corpus("shakespeare")
    assert (first.text, server.asked) == (PLAIN, 1)
    assert load_corpus("shakespeare") == first
    assert server.asked == 1
    assert [path.name for path in files_under(empty_cache)] == ["tiny_shakespeare.txt"]
