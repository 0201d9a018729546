"""What 01 says of the n-gram and of letters that are free, although a reader who remembers a word expects them."""

import numpy as np

from charrnn_helpers import Vocabulary, load_corpus, text
from charrnn_helpers.text.tales import parse


def test_free_letters_that_begin_a_remembered_word_hold_three_percent_of_the_gap():
    corpus = load_corpus("tales")
    vocab = Vocabulary.from_text(corpus.text)
    ngram = text.NGram(vocab.encode(corpus.train), len(vocab), order=16)
    excess = np.subtract(ngram.losses(vocab.encode(corpus.val)), text.surprise(corpus.val))
    begins, start = set(), 0  # positions at which a remembered word begins and something else was possible, too
    for story in text.split_stories(corpus.val):
        marks = text.annotate(story)
        recalls = [recall for recall in parse(story).complete[0].recalls if recall.symbol.dependency != "pronoun"]
        begins |= {start + recall.start for recall in recalls if marks[recall.start].kind == "free"}
        start += len(story)
    assert round(100 * excess[sorted(begins)].sum() / excess.sum()) == 3
    darkest = corpus.val.index('"Ada! Ada!"') + 1
    assert darkest in begins
