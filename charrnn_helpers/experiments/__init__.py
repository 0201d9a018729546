"""Recipes, many runs at once, the trial, and planted faults."""

from .faults import FAULTS, Fault, SeededDropout, program, run, signs_of
from .mystery import Mystery, answer_to_accusation, hidden_fault
from .recipes import RECIPES, Recipe, measured
from .sweeps import RESULTS_VERSION, RunConfig, key_of, sweep, train_once
from .symptoms import Run, Setting, evidence, observe, signs
from .trial import (
    COMPARED,
    PARAMETERS,
    Point,
    by_seconds,
    final_losses,
    losses_at_seconds,
    select,
    shared_seconds,
    usual_plan,
)
