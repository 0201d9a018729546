"""Texts and how they are split, the story grammar, characters as numbers, the n-gram ladder."""

from .baselines import NGram, best_ngram, ladder
from .corpus import Corpus, CorpusError, load_corpus, read_text
from .encoding import UnknownCharacterError, Vocabulary, as_streams, batches
from .tales import (
    Mark,
    Sentence,
    Validity,
    annotate,
    check_sentences,
    is_valid,
    log_prob,
    next_characters,
    split_stories,
    surprise,
    write_stories,
)
from .tales_grammar import DEPENDENCIES
