"""Measure networks and texts. Nothing here changes a network that it is given."""

from .compare import compare_with_torch
from .counting import counted, gradient_at_key, key_recall, latched_lines, learn_to_count, learn_to_latch, random_units
from .excess import chance_by_kind, excess_by_kind, read_tales
from .gates import trace
from .gradients import gradient_by_lag
from .intervals import (
    NO_DIFFERENCE,
    Interval,
    bits,
    bootstrap_difference,
    paired_difference,
    pairs_needed,
    verdict,
    verdict_sentence,
)
from .memory import Share, recall
from .minds import in_mind, in_mind_of_states, in_mind_recall, mean_states, perfect_reader, states_along
from .samples import copied_places, find_copies, longest_copied_span, novelty, one_hero, tales_validity
from .sentences import check_sentences
from .units import HERO, best_unit, correlations, position_in_sentence

__all__ = ["compare_with_torch"]
__all__ += ["counted", "gradient_at_key", "key_recall", "latched_lines"]
__all__ += ["learn_to_count", "learn_to_latch", "random_units"]
__all__ += ["chance_by_kind", "excess_by_kind", "read_tales"]
__all__ += ["gradient_by_lag", "trace"]
__all__ += ["NO_DIFFERENCE", "Interval", "bits", "bootstrap_difference", "paired_difference", "pairs_needed"]
__all__ += ["in_mind", "in_mind_of_states", "in_mind_recall", "mean_states", "perfect_reader", "states_along"]
__all__ += ["Share", "recall", "verdict", "verdict_sentence"]
__all__ += ["check_sentences", "copied_places", "find_copies", "longest_copied_span", "novelty", "one_hero"]
__all__ += ["HERO", "best_unit", "correlations", "position_in_sentence", "tales_validity"]
