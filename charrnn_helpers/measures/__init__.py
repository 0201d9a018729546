"""Numbers about networks and about texts: nothing here changes a network."""

from .counting import counted, counts, held, holds, learn_lines, learn_to_count, learn_to_hold, reach
from .excess import Excess, Reading, by_distance, excess_by_distance, excess_by_kind, read_tales
from .gates import gru_unit, lstm_unit, time_constants, trace
from .gradients import decay, gradient_by_lag
from .intervals import (
    NO_DIFFERENCE,
    Band,
    Interval,
    bits,
    bootstrap_difference,
    learning_curve_band,
    paired_difference,
    pairs_needed,
    verdict,
    verdict_sentence,
)
from .memory import Recall, Share, recall, usual_answers
from .samples import (
    Copy,
    CopyFinder,
    SentenceShares,
    copied_places,
    distinct,
    forgotten,
    longest_copied_span,
    loop_length,
    novelty,
    real_words,
    sample_report,
    tales_validity,
    valid_stories,
)
from .units import HERO, Unit, best_unit, correlations, enclosed, hero_is_a_girl, knocks_to_come, position_in_sentence
