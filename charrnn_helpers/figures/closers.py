"""The figure of memory in texts that nobody made for it (notebook 08)."""

from ..measures.memory import Share
from .pictures import NOTE, Picture, beside, marks_of, new_figure, picture


def plot_twins(questions: dict[str, dict[str, dict[str, Share]]]) -> Picture:
    """Shares right by distance, `questions[title][cell][distances]`, a panel for each; chance as a line across."""
    figure, panels = new_figure(10.5, 3.3, cols=len(questions), sharey=True, squeeze=False)
    for axes, (title, cells) in zip(panels[0], questions.items(), strict=True):
        groups = list(next(iter(cells.values())))
        chance = next(iter(next(iter(cells.values())).values())).guess
        axes.axhline(chance, color="black", linewidth=1.2)
        axes.annotate("chance", (0.02, chance - 0.02), xycoords=("axes fraction", "data"), va="top", **NOTE)
        for (cell, shares), shift in zip(cells.items(), beside(len(cells), 0.2), strict=True):
            middle = [shares[group].share for group in groups]
            low, high = zip(*(shares[group].interval() for group in groups), strict=True)
            spread = [[one - end for one, end in zip(middle, low)], [end - one for one, end in zip(middle, high)]]
            places = [place + shift for place in range(len(groups))]
            axes.errorbar(places, middle, yerr=spread, **marks_of(cell), markersize=5, capsize=2, label=cell)
        axes.set_xticks(range(len(groups)), [group.replace(" to ", "–") for group in groups], fontsize=9)
        axes.set_title(title, fontsize=10)
        axes.set(ylim=(0, 1.03), xlabel="characters back")
    panels[0][0].set_ylabel("share right")
    panels[0][0].legend(frameon=False, fontsize=8, loc="upper right")
    for axes in panels[0][1:]:
        axes.legend([], frameon=False)
    return picture(
        figure,
        f"Shares of right answers by characters back to what must be remembered, with 95 % intervals, for "
        f"{', '.join(next(iter(questions.values())))}: {'; '.join(questions)}. Chance is a black line.",
    )
