"""Texts and how they are split, the story grammar, characters as numbers, the n-gram ladder."""

from .baselines import NGram, best_ngram, ladder
from .corpus import load_corpus
from .encoding import Vocabulary, as_streams, batches
from .tales import annotate, log_prob, next_characters, split_stories, surprise, write_stories
from .tales_grammar import CHANCE

__all__ = ["NGram", "Vocabulary", "as_streams", "batches", "best_ngram", "ladder", "load_corpus"]
__all__ += ["CHANCE", "annotate", "log_prob", "next_characters", "split_stories", "surprise", "write_stories"]
