"""Recipes, many runs at once, the trial, and planted faults."""

from .faults import FAULTS, Fault, diagnosis, program, run, signs_of
from .mystery import Mystery, answer_to_accusation, hidden_fault
from .outcome import (
    MATTERS,
    best_of,
    births,
    confirmed,
    difference,
    differences,
    edges,
    finished,
    looks,
    made_of,
    mean_losses,
    memories,
)
from .protocol import BUDGETS, PROTOCOL, TRIAL_TEXTS, trial_rows
from .recipes import RECIPES, forecast, measured
from .sweeps import RunConfig, sweep
from .symptoms import KNOWING_ONE, UNIFORM, Run, Setting, evidence, observe, signs
