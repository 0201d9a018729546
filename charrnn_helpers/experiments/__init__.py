"""Recipes, many runs at once, the trial, and planted faults."""

from .faults import FAULTS, Fault, Mystery, answer_to_accusation, diagnosis, find_fault, hidden_fault, program, run
from .observations import KNOWING_ONE, UNIFORM, Run, Setting, evidence, observe, signs
from .outcome import (
    MATTERS,
    analyses,
    best_of,
    births,
    confirmation,
    decomposition,
    difference,
    differences,
    edges,
    finished,
    mean_losses,
    memories,
    select,
)
from .protocol import BUDGETS, PROTOCOL, TRIAL_TEXTS, trial_rows
from .recipes import RECIPES, forecast, measured
from .sweeps import RunConfig, sweep
