"""How far away from a name can the state be changed? The rows of 08, for three networks of each cell.

    python tests/tools/patching.py --networks FOLDER --json charrnn_helpers/results/patching.json

The first network of each cell is the one of the package. The others are trained as 04 trains it, with other seeds, and
kept in FOLDER; one that is there already is not trained again. Then the difference between two heroes' mean states is
added once, some characters before a name that has no other name in the 150 characters before it, and the network reads
the true text up to the name. Which hero does it name, and of whom does it then write? "in_mind" holds how often
the ribbon is right about the hero at a character of these stories, by characters since the last mention. In float32
with one thread, one network after the other: an hour at most. Networks that are in the JSON file already are not asked
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import common
import memory
import torch
from torch import Tensor, nn

from charrnn_helpers import Vocabulary, load_checkpoint, load_corpus, save_checkpoint
from charrnn_helpers.measures import HERO, in_mind_recall, patching
from charrnn_helpers.networks.registry import BOTH
from charrnn_helpers.text.tales import split_stories
from charrnn_helpers.text.tales_grammar import WORDS
from charrnn_helpers.training.checkpoints import BUNDLED

DISTANCES = (1, 6, 20, 60, 100, 150)  # characters from the patch to the name
READ_WITHIN = ("all", "noise", "halves", "h", "c")  # patches after which the next name is asked for
WRITTEN_WITHIN = ("all", "noise")  # patches after which the network writes


def network(cell: str, seed: int, updates: int, folder: Path) -> tuple[nn.Module, Vocabulary]:
    """Return the network of the package for seed 0; of other seeds that of `folder`, trained now if it is not there."""
    name = f"tales-{cell.lower()}"
    path = folder / f"{name}-{seed}.pt" if seed else BUNDLED / f"{name}.pt"
    if not path.is_file():
        model, vocab, corpus, history = memory.learn(cell, memory.STARTS[cell][0], seed, updates, memory.RATE)
        save_checkpoint(path, model, vocab, text=corpus.name, history=history)
    checkpoint = load_checkpoint(path)
    return checkpoint.model, checkpoint.vocab


def patch_of_one_mention(
    model: nn.Module,
    vocab: Vocabulary,
    states: Tensor,
    stories: Sequence[str],
    names: patching.RepeatedNames,
    cases: patching.HeroPatches,
) -> Tensor:
    """Compute by how much the states change where the story says the goal's name once: (parts, layers, m, H).

    In the story of each case, the last name before its position is replaced by the name of the goal, and the network
    reads this story. The result is the state that it then has, minus the state in the unchanged story. It can be added
    to a state like any other patch.
    """
    changed, positions = [], []
    for row, goal in zip(cases.rows.tolist(), cases.goals.tolist(), strict=True):
        number, at = names.positions[row]
        *_, last = HERO.finditer(stories[number], 0, at)
        positions.append((len(changed), at))
        changed.append(stories[number][: last.start()] + WORDS["name"][goal] + stories[number][last.end() :])
    return patching.states_before(model, vocab, changed, positions) - states[:, :, cases.rows]


def measure(cell: str, seed: int, updates: int, folder: Path, characters: int | None = None) -> dict:
    """Make the row of a network from unseen stories: the means from their first half, the cases from the second.

    "named" and "told" hold a share for each patch at each distance. `characters` of the text are enough for a test.
    """
    model, vocab = network(cell, seed, updates, folder)
    corpus = load_corpus("tales")
    stories = split_stories((corpus.val + corpus.test)[:characters])
    named, told = {}, {}
    for back in DISTANCES:
        names = patching.repeated_names(stories, back, unnamed=max(DISTANCES))
        states = patching.states_before(model, vocab, stories, names.positions)
        cases = patching.hero_patches(states, names, names.stories < len(stories) // 2)
        patches = {what: cases.patches[what] for what in READ_WITHIN if what in cases.patches}
        given = model, vocab, states, names, cases
        named[back] = {what: patching.recall_of_goal(*given, patch) for what, patch in patches.items()}
        told[back] = {what: patching.stories_of_goal(*given, patches[what]) for what in WRITTEN_WITHIN}
    own = model, vocab, states, names, cases._replace(goals=names.heroes[cases.rows])
    mention = patch_of_one_mention(model, vocab, states, stories, names, cases)
    named["any"] = {"untouched": patching.recall_of_goal(*given, 0.0), "own hero": patching.recall_of_goal(*own, 0.0)}
    named["any"]["one mention"] = patching.recall_of_goal(*given, mention)
    told["any"] = {"untouched": patching.stories_of_goal(*given, 0.0), "own hero": patching.stories_of_goal(*own, 0.0)}
    told["any"]["one mention"] = patching.stories_of_goal(*given, mention)
    told["any"]["name first"] = patching.stories_of_goal(*given, 0.0, name_first=True)
    counts = {"names": len(cases.rows.unique()), "cases": len(cases.rows)}
    ribbon = in_mind_recall(model, vocab, "".join(stories)).by_distance("name")
    shown = {"named": shares(named), "told": shares(told), "in_mind": ribbon}
    return {"cell": cell, "seed": seed, "updates": updates, **counts, **shown}


def shares(answers: dict) -> dict:
    """Return the shares right of `answers[distance][patch]`."""
    return {
        str(back): {what: recall.by_kind()["name"] for what, recall in patches.items()}
        for back, patches in answers.items()
    }


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, networks="runs", updates=4000, seeds=3, characters=0)
    folder = Path(options.networks)
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    result = common.kept(options.json) or {"machine": common.machine("cpu"), "rows": []}
    for seed in range(options.seeds):
        for cell in BOTH:
            run = {"cell": cell, "seed": seed, "updates": options.updates}
            if not any(run.items() <= row.items() for row in result["rows"]):
                row = measure(**run, folder=folder, characters=options.characters or None)
                common.add(row, result, options.json)
    return common.keep(result, options.json)


if __name__ == "__main__":
    main()
