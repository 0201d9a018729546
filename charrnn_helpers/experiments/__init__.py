"""Recipes, many runs at once, the trial, and planted faults."""

from .faults import (
    FAULTS,
    Fault,
    Mystery,
    Run,
    SeededDropout,
    Setting,
    answer_to_accusation,
    evidence,
    hidden_fault,
    observe,
    run,
    signs,
    signs_of,
)
from .recipes import RECIPES, Recipe, measured
from .sweep import RunConfig, code_version, key_of, sweep, train_once
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
