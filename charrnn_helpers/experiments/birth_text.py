"""A text with one memory: how often it is asked for, and from how far back, can be set, and its best loss is known.

An episode is "new Ada corn lamp says Ada. " and some words more: a name, a gap of filler words, the question, and a
rest of filler words. All words are equally likely, so the first letter of a word tells it. In the gap stand exactly as
many words as `GAPS` of the text says; after the question each further place holds another word with probability `more`.
"""

import math
import random
import re
from dataclasses import dataclass

NAMES = ("Ada", "Eve", "Bob", "Leo", "Ida", "Tom")
FILLERS = ("bark", "corn", "dawn", "fish", "gold", "hill", "jump", "king", "lamp", "milk", "pond", "rain")
EPISODE = re.compile(r"new (\w{3}) ((?:\w{4} )*?)says (\w{3})\. ((?:(?!says)\w{4} )*)")


@dataclass(frozen=True)
class OneMemory:
    """The settings of such a text. `gaps` gives for each gap, in filler words, its questions in 1,000 characters.

    A gap of w words puts the question 5 w + 6 characters after the name: 16 for 2 words, 96 for 18.
    """

    names: int
    gaps: dict[int, float]

    @property
    def more(self) -> float:
        """The probability that another filler word follows the question. `ValueError` where questions are too many."""
        total = sum(self.gaps.values())
        fixed = sum(share * (18 + 5 * words) for words, share in self.gaps.items()) / total
        rest = (1000 / total - fixed) / 5  # mean number of words
        if rest < 0:
            raise ValueError(f"{self.gaps} are too many questions: an episode is {fixed:.0f} characters long")
        return rest / (1 + rest)

    def episodes(self, seed: int, characters: int) -> list[str]:
        """Episodes, each with the space that ends it, that together have at least so many characters."""
        rng, more = random.Random(seed), self.more
        words, rates = list(self.gaps), list(self.gaps.values())
        episodes, length = [], 0
        while length < characters:
            name = NAMES[int(rng.random() * self.names)]
            at = rng.random() * sum(rates)  # `random` alone is the same on every Python
            gap = next((gap for gap, rate in self.gaps.items() if (at := at - rate) < 0), words[-1])
            rest = int(math.log(1 - rng.random()) / math.log(more)) if more else 0
            filler = [FILLERS[int(rng.random() * len(FILLERS))] + " " for _ in range(gap + rest)]
            episodes.append(f"new {name} {''.join(filler[:gap])}says {name}. {''.join(filler[gap:])}")
            length += len(episodes[-1])
        return episodes

    def questions(self, text: str) -> list[tuple[int, int, str]]:
        """Where a name is asked for: the place of its first letter, how far back it was given, and the name."""
        return [(match.start(3), match.start(3) - match.end(1), match[3]) for match in EPISODE.finditer(text)]
