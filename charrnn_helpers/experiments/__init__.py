"""Recipes, many runs at once, the trial, and planted faults."""

from .faults import FAULTS, program, run, signs_of
from .mystery import Mystery, answer_to_accusation, hidden_fault
from .recipes import RECIPES, measured
from .sweeps import RunConfig, sweep
from .symptoms import Run, Setting, evidence, observe, signs
from .trial import COMPARED, PARAMETERS, by_seconds, final_losses, losses_at_seconds, select, shared_seconds, usual_plan
