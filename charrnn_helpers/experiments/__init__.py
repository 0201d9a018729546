"""Many runs at once, the trial, the time of a run, and planted faults."""

from .birth import (
    birth_rows,
    births_in,
    far_births,
    law_points,
    pairs_outcome,
)
from .birth_text import OneMemory
from .box import answer, friend_by_setting
from .faults import FAULTS, Fault, Mystery, answer_to_accusation, diagnosis, find_fault, hidden_fault, program, run
from .later import LATER_NETWORKS, later_rows, memory_end, recall_of_seeds
from .observations import BIGRAM, OBSERVATIONS, TALES_FLOOR, UNIFORM, Run, Setting, evidence, observe, signs
from .outcome import (
    MATTERS,
    analyses,
    confirmation,
    decomposition,
    difference,
    differences,
    excesses_at,
    finished,
    mean_losses,
    select,
)
from .protocol import BUDGETS, PROTOCOL, TRIAL_TEXTS, trial_rows
from .results import measured
from .sweeps import RunConfig, sweep, width_for

__all__ = ["FAULTS", "Fault", "Mystery", "answer_to_accusation", "diagnosis", "find_fault", "hidden_fault"]
__all__ += ["program", "run"]
__all__ += ["OneMemory", "birth_rows", "births_in", "far_births"]
__all__ += ["law_points", "pairs_outcome"]
__all__ += ["LATER_NETWORKS", "later_rows", "memory_end", "recall_of_seeds"]
__all__ += ["BIGRAM", "OBSERVATIONS", "TALES_FLOOR", "UNIFORM", "Run", "Setting", "evidence", "observe", "signs"]
__all__ += ["MATTERS", "analyses", "answer", "confirmation", "decomposition", "difference", "differences"]
__all__ += ["excesses_at", "finished", "friend_by_setting", "mean_losses", "select"]
__all__ += ["BUDGETS", "PROTOCOL", "TRIAL_TEXTS", "measured", "trial_rows"]
__all__ += ["RunConfig", "sweep", "width_for"]
