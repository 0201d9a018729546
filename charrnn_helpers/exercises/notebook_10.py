"""Exercises of 10: break it."""

from dataclasses import replace
from functools import cache

import torch
from torch import nn
from torch.nn import functional as F

from ..experiments.faults import FAULTS, USUAL, Fault, answer_to_accusation, hidden_fault, program, run
from ..experiments.observations import OBSERVATIONS, in_words, observe
from ..networks.cells import detach
from .engine import Wrong, exercise
from .tiny_updates import observe_updates, updates_with_mistakes

# %% 10a
# The training loss is below the floor, so the network knows what it cannot know. The validation loss is far above that
# of a uniform guess, so this knowledge does not help on other text. The reason stands in the evidence: the targets are
# the inputs.
fault = "unshifted_targets"


@exercise("10a", fault, otherwise=f"give the name as a string, one of {', '.join(FAULTS)}, or sound")
def wrong_names():
    hidden = hidden_fault(7)
    for name in (*FAULTS, "sound"):
        if name != hidden:
            yield answer_to_accusation(hidden, name), name


# %% 10b
# The gradients of the last update must be removed before new ones are added, and the state that goes on to the next
# window must not lead back into this one.
def update(model, optimiser, x, y, state):
    logits, state = model(x, state)
    loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return loss.item(), detach(state)


@exercise("10b", update, observe=lambda answer: observe_updates(answer, "loss, state"), tolerance=1e-6)
def wrong_updates():
    for sentence, wrong in [*updates_with_mistakes()][:-1]:  # those of 4b, which returns the norm as well
        yield sentence, lambda m, optimiser, x, y, state, wrong=wrong: wrong(m, x, y, state, optimiser, 1.0)[::2]


def pairs_of_windows():
    """Make a sound pair of windows, and seven that do not fit together."""
    first = [4, 0, 2, 2, 5, 1, 3, 0, 5, 4, 1, 1, 0, 3, 2, 5, 4]
    ids = torch.tensor([first, [2, 3, 3, 0, 4, 2, 0, 5, 1, 2, 4, 0, 5, 5, 3, 1, 0]])
    x1, y1, x2 = ids[:, :8], ids[:, 1:9], ids[:, 8:16]
    unshifted, by_two, other = x1.clone(), ids[:, 2:10].clone(), x2.clone()
    unshifted[:, -1] = by_two[:, -1] = x2[:, 0]  # only the last target is right
    other[1] = ids[1, 9:17]  # the second stream comes from elsewhere
    targets = [(x1, y1, x2), (x1, x1, x2), (x1, unshifted, x2), (x1, by_two, x2)]
    return targets + [(x1, y1, second) for second in (x1, ids[:, 7:15], ids[:, 9:17], other)]


# %% 10c
# In every stream, each target is the next input, and the last target is the first input of the next window.
def goes_on(x1, y1, x2):
    return torch.equal(x1[:, 1:], y1[:, :-1]) and torch.equal(x2[:, 0], y1[:, -1])


@exercise("10c", goes_on, inputs=pairs_of_windows(), read=bool)
def wrong_checks(x1, y1, x2):
    shifted, follows = torch.equal(x1[:, 1:], y1[:, :-1]), torch.equal(x2[:, 0], y1[:, -1])
    unshifted = torch.equal(x1[:, :-1], y1[:, :-1])
    again, repeats = torch.equal(x1, x2), torch.equal(x2[:, 0], x1[:, -1])
    yield "sound windows are refused: y1 is x1 one further on, and x2 begins with the last target", False
    yield "you let unshifted targets pass: y1 must be x1 one further on", True
    yield "you look at the last target only, so unshifted targets pass: compare all of y1", follows
    yield "targets that are shifted by two pass: compare x1[:, 1:] with y1", follows and not unshifted
    yield "you let a window pass that comes again: x2 must begin with the last target, y1[:, -1]", shifted
    yield "a second window that repeats the last input passes: compare with y1[:, -1]", shifted and not again
    yield "a second window that leaves out a character passes", shifted and not again and not repeats
    yield "it must hold in all streams, not in the first or in any", shifted and (x2[:, 0] == y1[:, -1]).any()


SEEDS = (3, 4, 5)
QUICK = replace(USUAL, validate_every=USUAL.updates, validated=2_000)


@cache
def observe_fault(right: str, wrong: str, times: int, seed: int) -> dict[str, str]:
    """Train with a change of the sound program, and return what is observed."""
    return observe(run(Fault(title="a new fault", right=right, wrong=wrong, times=times, signs={}), seed, QUICK))


def compare_with_prediction(answer):
    """Train with the fault from three seeds. Raises `Wrong` unless each run shows exactly what was predicted."""
    if not isinstance(answer, Fault):
        raise Wrong("give a Fault(title=..., right=..., wrong=..., signs={...})")
    if not answer.signs:
        raise Wrong("predict at least one sign: signs={...}, from experiments.OBSERVATIONS")
    for name, value in answer.signs.items():
        if value not in OBSERVATIONS.get(name, {}):
            raise Wrong(f"there is no sign {name!r}: {value!r} in experiments.OBSERVATIONS")
    try:
        program(answer)
    except ValueError as problem:
        raise Wrong(str(problem)) from None
    for seed in SEEDS:
        seen = observe_fault(answer.right, answer.wrong, answer.times, seed)
        if seen != answer.expected:
            shown, predicted = ("; ".join(in_words(signs)) or "no sign" for signs in (seen, answer.expected))
            raise Wrong(f"with seed {seed} the run shows this: {shown}; you predicted this: {predicted}")
    for known in FAULTS.values():
        if known.expected == answer.expected:
            raise Wrong(f"it shows the same as “{known.title}”, so nobody could tell the two apart: think of another")
    yield "", True


# %% 10d
# Without the step the weights never change, so both losses stay where they began, at a guess. Dropout does not hide
# this. What an untrained network writes is noise, and so is what it expects: its own text costs as much as a guess.
twelfth = Fault(
    title="the optimiser never takes a step",
    right="optimiser.step()",
    wrong="",
    signs={"training loss": "stuck", "validation loss": "absurd", "its own text": "strange"},
)


@exercise("10d", twelfth, observe=compare_with_prediction)
def wrong_predictions():
    yield "give a Fault(title=..., right=..., wrong=..., signs={...})", "optimiser.step()"
    yield "predict at least one sign: signs={...}, from experiments.OBSERVATIONS", replace(twelfth, signs={})
    yield "no_such_sign", replace(twelfth, signs={"training loss": "slow"})
    yield "not_in_the_program", replace(twelfth, right="optimizer.step()")
    yield "one_sign_forgotten", replace(twelfth, signs={"training loss": "stuck"})
    yield "seen_before", replace(twelfth, right="state = detach(state)", wrong="pass", signs={"error": "graph"})
