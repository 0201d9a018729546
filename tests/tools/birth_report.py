"""Judge the twelve predictions on births by the rows, and write the referee's page: birth_report.md.

python tests/tools/birth_report.py
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.stats import fisher_exact, ttest_rel

from charrnn_helpers.experiments.birth import BIRTH_PROTOCOL, Birth, LawPoint, birth_rows, births_in, law_points
from charrnn_helpers.experiments.outcome import holm
from charrnn_helpers.measures.intervals import paired_difference
from charrnn_helpers.networks.registry import BOTH

REPORT = BIRTH_PROTOCOL.with_name("birth_report.md")
HEAD = """# The law of birth, for a referee

`tests/tools/birth_report.py` writes this page from the rows (`results/birth.jsonl`). The predictions stood in
[birth_protocol.md](birth_protocol.md) before the first of them. They came from some 75 older runs and from pilots, so
all of this is exploratory. Only P1 to P3 are about a case that nobody had run before. The runs have two names, and
those of the last four lines have six.

## Every prediction

S1 to S5 are about 54 runs in which the memory lies near, at 16 characters, and both cells start alike (chrono 32,
chrono 200 or bias 1; 24, 12 or 6 questions in 1,000 characters; three seeds). W1 to W4 are about the runs of the figure
in 9.4, and P1 to P3 about the three GRUs of each row that nobody had run before. "Born" is defined in part 2 of the
protocol, and means by 3 million characters; a birth is compared by the look at which it is found.

| | predicted | what came out | |
|---|---|---|---|
"""
TEST = """
## The window's own test

The protocol names one exact test (Fisher's) for each cell: if near questions made no difference, how often would chance
alone share out the births of the far memory so unevenly, or more so? For the GRU "only from far" is compared with "as
often from near". For the LSTM it is compared with "six times as often from near", because the LSTM was expected to need
more near questions. The p-values are corrected by Holm's method.

"""

WAYS = """
## Other thresholds

A memory is born when its accuracy comes half way from chance to 1, and stays there. How many would be born if it had to
come only a third of the way, or two thirds? The friend is asked for at 32 characters or more, and the name on the text
of the law at the far distance.

| | a third | half | two thirds |
|---|---|---|---|
"""
NEAR = """
## The sentence on *tales*

Part 5b of the protocol: stories that differ from *tales* in one sentence, with the settings of the test, two seeds of
each cell. "Born" is by 24 million characters, the friend at 32 or more and the place at 64 or more.

| stories | friend, LSTM | friend, GRU | place, LSTM | place, GRU |
|---|---|---|---|---|
"""
NEAR_PREDICTIONS = {
    ("friend also near", "LSTM", "friend"): (2, "with the friend also from near, both LSTMs learn the friend"),
    ("friend, control", "LSTM", "friend"): (0, "with its control, no LSTM learns the friend"),
    ("place also near", "GRU", "place"): (2, "with the place also from near, both GRUs learn the place"),
    ("place, control", "GRU", "place"): (0, "with its control, no GRU learns the place"),
}
RULE = """
The protocol says that the sentence "a memory that is only asked for from beyond the window is not learnt, but it is if
the text asks from near as well" stands only if W1, W2 and W4 hold for the GRU. With two names it {}, and with six names
it {}.
"""
REMARKS = """
## What the pictures of 09 do not show

In the picture of the window (9.4), each row holds nine GRUs and six LSTMs. Three of the nine GRUs are those that nobody
had run before. For them the name lies 66 characters back, and the window has 48 characters in the first two rows and 96
in the third. For the others the name lies 96 characters back in one half and 146 in the other, and the window has 64
characters in the first two rows and 192 in the third. Four things about the **GRUs**:

- "Not born" is not "never". Seven of the nine GRUs of the first row never had more than 68 % of the answers right. But
  one had more than 95 % right at two late looks, and then guessed again. Another one had all of them right at its
  very last look, so nobody knows whether the memory would have stayed.
- A fourth kind of text is not in the picture: it asks six times as often from near as from far, with a window of 64.
  All six GRUs learn the far memory there, and two of six LSTMs.
- As in 9.4, the far memory comes together with the near one. In twelve of the fifteen GRUs that were also asked from
  near both are born at the same look, and in the other three the far memory is born one look later.
- In the third row the gradient can reach the name, but not each time. The text is cut into windows at fixed places,
  for example of 192 characters. So a name 96 characters back stands in the window of its question about every second
  time, and a name 146 characters back about every fourth time.

The **LSTM** that learns it in the first row had 78 % and 92 % of the answers right at its last two looks, so with a
slightly stricter definition its memory would not count as born. And of the six LSTMs that were asked six times as
often from near, two did not even learn to answer from near. So these LSTMs may simply be badly set, with their bias of
1 and their learning rate of 0.006. Then their marks say little about LSTMs in general.

A text has 5 far questions in 1,000 characters, and in the second row also 5 near ones. The text that is not in the
picture has 2.5 far ones and 15 near ones. A run was stopped when its memory had lasted for six looks, so what would be
forgotten later is not seen. The texts of the second row ask more often in all than the others, so the picture cannot
tell the number of questions from their distance. The live runs of 9.4 can: there both texts ask equally often.

With six names the GRUs learn the far memory in none of six runs if they are only asked from far, in all six if they
are asked from near as often, in all six if they are asked from near six times as often, and in three of six with a
window of 192. If we count two and six names together, it was born in none of the 15 GRUs that were only asked from
beyond the window, and in all 27 that were asked from near as well. The LSTMs learn it in none, one, three and none of
six. They often do not learn the *near* memory either: one of six does if near questions come as often, and four of
six if they come six times as often.

With equal starts both cells can learn a near memory. 54 networks read a text that asks for a name only 16 characters
back, well inside the window of 64. Each start was tried with nine GRUs and nine LSTMs: three seeds on each of three
texts, which ask often, less often, or rarely. The table says in how many the memory was born within 3 million
characters. So the start matters a great deal to the LSTM, and the same start is not equally good for both cells.

| start of the gates | GRUs | LSTMs |
|---|---|---|
| bias 1 | 9 of 9 | 9 of 9 |
| *chrono* 32 | 9 of 9 | 5 of 9 |
| *chrono* 200 | 9 of 9 | 2 of 9 |

In the test (9.5):

- Both p-values are corrected for two tests by Holm's method. That of the loss is Student's, on the logarithms of the
  ratios. For the friend we ask: if the cell made no difference, it would be chance which network of a pair carries the
  name LSTM, and the two names might as well be exchanged. With eight pairs there are 256 ways to exchange names or not,
  and only two of them give a mean difference of the size of ours: the way it is, and the one with all eight exchanged.
  So p is 2 / 256 = 0.0078. Holm's method doubles the smaller of the two p-values only, that of the loss.
- The limit that the protocol had set for this test is 0.0009 nats, what the smallest of the nine memories is worth.
  This is the bracket. A story asks for it 0.93 times on average, a guess among three signs loses ln 3 = 1.1 nats each
  time, and a story has 1,102 characters: 0.93 * 1.1 / 1,102 = 0.0009. By this limit the difference of 0.013 nats does
  matter. But the result of the trial was known when this limit was chosen, so this second verdict counts for less than
  the first one.
- The eight ratios are no single heap. In four pairs the LSTM lies 1.4 to 1.7 times as far above the floor as the GRU,
  and in the four others 2.0 to 2.1 times. In the first group most or all of the difference comes from the friend (74 to
  101 %; it can be more than the whole, because elsewhere the LSTM may lose less), and in the second a little more than
  half of it (53 to 57 %). So these four LSTMs lose more at other characters as well, as did three of the LSTMs of the
  trial, and we do not know why.
- How far back do they know the friend? The GRUs know him from near and from far. From 512 characters on the best one
  still names all friends, and the worst one 60 %. The LSTMs name 97 % of the friends at 8 to 15 characters, 64 % at 16
  to 31, and guess from 32 on. But at 1 to 7 characters seven of the eight name just 18 to 25 %. So they know the two
  phrases of 9.3, with their 10 and 24 characters, and not the friend. (At 1 to 7 characters each network is asked only
  12 to 20 times. The eighth LSTM names 60 % there, and one GRU only 80 %. We do not know why.)
- In the search for the settings, the training of eight GRUs broke down: after the loss in training had fallen, it rose
  again by more than 0.4 nats. All eight had named more than 85 % of the heroes at one look. Then each of them fell to
  less than a third, and later rose above a half again. So a memory can come, and go again.
- The bias of 0.5 of the LSTM and the rate of 0.003 of the GRU are the lowest that the search tried, so a better setting
  may lie beyond.

In the picture of all settings (9.6):

- The 116 networks of the picture are 58 pairs. Three further pairs are not in the picture: the two networks that read
  the story of Leo, and two pairs that made four times as many updates, with 16 streams in the place of 64. Here are all
  61:

| pairs of an LSTM and a GRU | pairs | only the GRU knows the friend | neither | both | only the LSTM |
|---|---|---|---|---|---|
| the test: each cell has a setting of its own | 8 | 8 | 0 | 0 | 0 |
| the trial: the same setting for both cells (these pairs gave us the idea) | 10 | 10 | 0 | 0 | 0 |
| the search: the same setting for both cells, another one in each pair | 16 | 6 | 10 | 0 | 0 |
| the search once more, with another seed and other stories | 16 | 5 | 11 | 0 | 0 |
| what the second search chose: each cell has a setting of its own | 5 | 5 | 0 | 0 | 0 |
| the two that read the story of Leo: the same setting | 1 | 1 | 0 | 0 | 0 |
| three with the settings that learnt the most memories in the search, and the two with 16 streams | 5 | 4 | 1 | 0 | 0 |
| all | 61 | 39 | 22 | 0 | 0 |

- In the second search the five GRUs that learnt the friend stand in five of the six boxes in which a GRU of the first
  search knows him. In the sixth box, a rate of 0.0065 and a bias of 2.5, the GRU ends at 54 %. By its loss the best GRU
  has the same setting as before. The best LSTM has another one: again 0.0065, but a bias of 2.5.
- With these settings of the second search five more pairs were trained. The protocol asks how far the answer moves.
  For the friend it does not move: the five GRUs name 71 to 99 % of the friends right, and the five LSTMs 16 to 20 %.
  For the loss it moves a great deal, because two of the five LSTMs are *lost* after some beginnings (see the next
  point), and end at a loss of 7.6 and 6.7 nats on their test texts. In the other pairs the LSTM loses 0.014 to 0.017
  nats more than the GRU. In the eight pairs of the first search it was 0.007 to 0.017. So the distance between the two
  answers is not small, but nearly all of it comes from the lost networks: the mean difference of the five pairs is 2.8
  nats, with a 95 % interval from −2.0 to 7.6.
- In the second search, too, the training of eight GRUs broke down, and in eight of its 16 pairs the LSTM has the lower
  test loss.
- Two LSTMs read 96 million characters (part 4 of the protocol, "late or never?"). The one with the seed 100 names 16 %
  of the friends right on its test text, so it guesses. The one with the seed 101 names 35 % right: 61 % at 32 to 63
  characters, 42 % at 64 to 127, and a guess from further back. At its last four looks it had 22, 23, 32 and 39 % right,
  so it was still learning when the training ended.
- The prediction for the eight pairs was that the ratio of the excesses lies between 1.2 and 2, and that the friend is
  born in 8 of 8 GRUs and in at most 4 of 8 LSTMs. The ratio is 1.8, and it was 8 and 0. The prediction held.
- What is a lost network? Each test text is cut into 40 pieces, and each piece is read from an empty state. But in
  training the state was empty only at the first update. The network with the seed 121 was trained once more with the
  same code, its losses in training agree to the last digit, and it comes with the course. It reads every piece well,
  except those that begin with *Long*. After such a beginning it is lost to the end of the piece. Notebook 10, 10.9,
  shows why. The network with the seed 120 was not opened. That it is lost in the same way follows from its losses (in
  training 0.20 nats at 8 million characters, on the text that is looked at 2.96) and from a second training in which
  the state of each stream was emptied now and then: there the loss is 0.20 nats, and it is lost after no beginning
  (see `lost.jsonl`). All this is exploratory, because we looked for it after we had seen the losses.
- In two of the six pairs of the search in which only the GRU knows the friend, the LSTM does not even know most heroes
  (*chrono* 100 with the two lower rates). These two LSTMs are badly trained, so they say little about the friend.
- The loss tells another story than the friend: in nine of the sixteen pairs of the search the LSTM has the lower loss.
  In seven of these nine the training of the GRU broke down on its way. One LSTM of the search broke down as well.
- Do not count all 42 pairs with one setting as evidence. The ten pairs of the trial have one and the same setting, and
  they had given us the idea. The sixteen pairs of a search share one seed and one set of stories. In ten pairs of the
  first search neither network knows the friend, and in eight of these ten the training of the GRU broke down.
- For the networks of the trial we judge by the loss at the first letter of the friend, because they were not asked in
  another way.

- In the trial, the two settings of the LSTM that did best after 6 million characters of *tales* had a bias of −0.53 and
  of −0.22. So the LSTM may prefer a start below those that the search of this test tried.
- One run decided for each setting of the search, and it was close: 0.1807 nats against 0.1848 for the next setting of
  the LSTM, and 0.1697 against 0.1700 for the GRU. The eight new LSTMs with the chosen setting end between 0.178 and
  0.186.
- For a GRU it depends on the setting as well. (One open mark stands among filled ones: a GRU with a rate of 0.0065 and
  *chrono* 30. At its last look it names 56 % of the friends right, and 57 % on its test text, and the limit is 58 %,
  half way from guessing to certainty.) The filled ones lie on the left, and not in the upper row. But do not make a law
  of this. On the right the training of most of these GRUs broke down, so it may be the broken training, and not the
  rate itself, that costs them the friend. Indeed, the trial has ten GRUs that do not stand in the picture of 9.6,
  because they read only 6 million characters. Their rate was 0.0173 (with a stricter clipping, and a start with a bias
  of 1.66), and seven of the ten know the friend, if we judge by the loss at his first letter (one of the seven barely).
  And in the upper row only two GRUs had a low rate.
- On *tales*, the setting that won in the trial, for both cells, has *chrono* 11: some units of a new network keep what
  they have for about 2 characters, others for about 11. This was the shortest *chrono* start that was tried, so a still
  shorter one may be better.
- A *chrono* start changes the second gate of an LSTM, too. Three of the four LSTMs with *chrono* 100 name less than
  half of the heroes right, so this start does not suit them.
- One LSTM (a bias of 2.5, a rate of 0.014) ended with a loss of 0.19 nats in training and of 11.4 nats on its test
  text. Four GRUs of the search, with high rates, lose more on their test text than they lost in training just before:
  0.20 nats and not 0.19, 0.27 and not 0.22, 0.36 and not 0.22, 0.45 and not 0.21. They have not learnt by heart,
  because no story is read twice. Perhaps these five, too, are lost after some beginnings, as the networks of the point
  above are. We have not kept them, so we cannot look. All five belong to pairs in which neither knows the friend.
- When sixteen of the 32 networks of the search had been trained, those with a bias start, we wrote a bet into 09:
  "perhaps the friend needs three things at once: a GRU, a start at which the gates keep for long, and a rate that is
  not too high". It named no limits. Then came the other sixteen, which have a *chrono* start: the two GRUs of each
  *chrono* with the two lower rates know the friend, and no other one of these sixteen networks does. So the bet fits.
"""
CHANGED = """
## Which part of the cell?

Part 6 of the protocol: cells that differ from an LSTM or a GRU in one thing, after 6 million characters, each with a
rate of its own. "Loss" is the test loss of the changed cell minus that of its control, in nats per character, over
pairs that read the same stories (mean and 95 % interval). "Hero" and "friend" are the shares named right in their bands
on the test text, sorted: those of the changed cell, then those of its control. Each share rests on {hero} questions for
the hero and {friend} for the friend. Exploratory.{missing}

| changed cell | control | pairs | loss | hero | friend |
|---|---|---|---|---|---|
"""
LONGER = """
The rule of the protocol chose two of these cells to read on. After 24 million characters, with the seeds 100 to 102 of
the test, and with the rates that their own searches had chosen (0.0065 for both):

| changed cell | nats above the floor | hero | friend |
|---|---|---|---|
"""
MANUAL = """
## A text that we did not write

Part 7 of the protocol: the manual of Python, read about 16 times, with the settings of the test. At a place where a
bracket or quotation mark stands open, the network says which of three signs closes it. Each place is asked in three
versions, which differ only in the sign that was opened, so a guess is right in exactly one third. The shares are those
at the look with the lowest loss, and in brackets those at the end, by the number of characters since the sign was
opened.

| network | seed | lowest loss | 2 to 7 | 8 to 15 | 16 to 31 | 32 on |
|---|---|---|---|---|---|---|
"""
MANUAL_RUNS = 6
PREDICTED = "| predicted | what came out | |\n|---|---|---|\n"
CONTROLS = {  # of each changed cell
    "LSTM with the GRU's units": "LSTM",
    "GRU with the LSTM's units": "GRU",
    "LSTM, i = 1 - f": "LSTM",
    "LSTM, chrono on f only": "LSTM, chrono on both",
    "GRU without reset": "GRU",
}
PAIRS_OF_PARTS = 5
WORDS_OF_BANDS = {"hero": "name", "friend": "friend"}
ORDER = """
## Where we left the protocol

The first 251 rows come from one commit. Its code could not make the runs of three changed cells (part 6), because it
stopped with an error where their gates start with a bias. From row 252 on, the rows come from the next commit, which
differs in this only. No row had to be made again, because the error stops a run and changes no result.

The protocol says that the runs with six names are made after the eight pairs. Six of the 48 were made before them.
"""


def frequency_power(points: Sequence[LawPoint]) -> float:
    """The p of birth ~ frequency^p, by least squares of the logarithms over the births of part "law start".

    A birth counts at the geometric middle of its interval. Raises `ValueError` where a memory is not born.
    """
    if any(point.born is None for point in points):
        raise ValueError("a memory is not born: the power of frequency would be that of the early ones alone")
    frequencies = [float(point.design.split(", ")[1].split()[0]) for point in points]  # "gap 16, 24 in 1,000"
    middles = [math.sqrt(max(point.born.after, 1) * point.born.by) for point in points]
    return float(np.polyfit(np.log(frequencies), np.log(middles), 1)[0])


class Prediction(NamedTuple):
    """A prediction of the protocol, in short, whether it held, and the counts that decide it."""

    name: str
    sentence: str
    held: bool
    counts: str


SIX_NAMES = "law window, six names"
WINDOW_DESIGNS = ("only far", "far and near alike", "only far, window 192")
PREDICTIONS = {
    "S1": "bias 1, frequent questions: all six runs learn it, and the cells' medians lie within a factor of 2",
    "S2": "the GRU learns it earlier with chrono 200 than with bias 1",
    "S3": "with chrono 200 at least six of nine LSTMs do not learn it, and all nine GRUs do",
    "S4": "the GRU learns it earlier where questions are frequent: births go as frequency to a power of -1 to -0.2",
    "S5": "with bias 1 the LSTM falls behind the GRU where questions are rare",
    "W1": "only from far: no run learns it",
    "W2": "as often from near: at least five GRUs learn both at about the same time, and four LSTMs the near one",
    "W3": "six times as often from near: at least five LSTMs learn both",
    "W4": "window of 192: at least four GRUs learn it, and no more LSTMs than GRUs",
    "P1": "only from far, window of 48: no run learns it",
    "P2": "from far and near, window of 48: all learn both, before 1.2 million characters",
    "P3": "only from far, window of 96: all learn it",
}


def law_predictions(points: Sequence[LawPoint]) -> list[Prediction]:
    """Say of each prediction in part 5 of the protocol whether it held. A median is over looks that found births."""
    outcomes = (*_start(points), *_window(points), *_predicted(points))
    judged = [Prediction(*both, *outcome) for both, outcome in zip(PREDICTIONS.items(), outcomes, strict=True)]
    with_six = zip(judged[5:9], _window(points, SIX_NAMES), strict=True)
    return [*judged, *(one._replace(name=f"{one.name}, six names", held=held, counts=c) for one, (held, c) in with_six)]


def _runs(points: Sequence[LawPoint], part: str, ending: str, cell: str, start: str = "") -> list[list[Birth | None]]:
    """Return the births of each run, of the memory that is asked for from nearest first."""
    chosen = {}
    for point in points:
        if (point.part, point.cell) == (part, cell) and point.design.endswith(ending) and start in point.start:
            chosen.setdefault((point.design, point.seed), {})[int(point.memory.split()[1])] = point.born
    return [[births[gap] for gap in sorted(births)] for births in chosen.values()]


def _born(runs: Sequence[list[Birth | None]]) -> int:
    """Count the runs in which every memory is born."""
    return sum(None not in births for births in runs)


def _together(runs: Sequence[list[Birth | None]]) -> bool:
    """Say whether the far memory is never born more than three looks after the near one, where both are."""
    return all(far.by <= 1.7 * near.by for near, far in runs if near and far)


def _start(points: Sequence[LawPoint]) -> Iterator[tuple[bool, str]]:
    """Yield for each prediction on the start whether it held, and the counts."""
    at, frequencies = {}, (24, 12, 6)  # questions in 1,000 characters
    for cell, start, frequency in product(BOTH, ("chrono 200", "bias 1"), frequencies):
        runs = _runs(points, "law start", f" {frequency} in 1,000", cell, start)
        at[cell, start, frequency] = [birth.by if birth else math.inf for (birth,) in runs]
    median = {key: float(np.median(births)) for key, births in at.items()}
    ratio = {f: median["LSTM", "bias 1", f] / median["GRU", "bias 1", f] for f in (24, 6)}
    born = sum(birth < math.inf for cell in BOTH for birth in at[cell, "bias 1", 24])
    yield (
        born == 6 and 0.5 < ratio[24] < 2,
        f"{born} of 6 born, the LSTM needs {ratio[24]:.1f} times as much reading as the GRU",
    )
    sooner = sum(median["GRU", "chrono 200", f] < median["GRU", "bias 1", f] for f in frequencies)
    yield sooner == 3, f"sooner at {sooner} of 3 frequencies"
    late = sum(birth == math.inf for f in frequencies for birth in at["LSTM", "chrono 200", f])
    born = sum(birth < math.inf for f in frequencies for birth in at["GRU", "chrono 200", f])
    yield late >= 6 and born == 9, f"{late} of 9 LSTMs not born, {born} of 9 GRUs born"
    power = frequency_power([p for p in points if (p.part, p.cell, p.start) == ("law start", "GRU", "chrono 200")])
    yield -1 <= power <= -0.2, f"power {power:.2f}"
    counts = f"{ratio[24]:.1f} times the GRU's reading where frequent, {ratio[6]:.1f} times where rare"
    yield ratio[6] > ratio[24], counts


def _window(points: Sequence[LawPoint], part: str = "law window") -> Iterator[tuple[bool, str]]:
    """Yield for each prediction on the window whether it held, and the counts."""
    designs = far, alike, six, wide = "only far", "far and near alike", "far and six times near", "only far, window 192"
    lstm, gru = ({design: _runs(points, part, design, cell) for design in designs} for cell in BOTH)
    yield _born(gru[far]) == _born(lstm[far]) == 0, f"GRU {_born(gru[far])} of 6, LSTM {_born(lstm[far])} of 6"
    near = sum(births[0] is not None for births in lstm[alike])
    held = _born(gru[alike]) >= 5 and _together(gru[alike]) and near >= 4
    yield held, f"both: GRU {_born(gru[alike])} of 6; near: LSTM {near} of 6"
    later = all(births[1].by >= births[0].by for births in lstm[six] if None not in births)
    yield _born(lstm[six]) >= 5 and later, f"both: LSTM {_born(lstm[six])} of 6"
    held = _born(gru[wide]) >= 4 and _born(lstm[wide]) <= _born(gru[wide])
    yield held, f"GRU {_born(gru[wide])} of 6, LSTM {_born(lstm[wide])} of 6"


def _predicted(points: Sequence[LawPoint]) -> Iterator[tuple[bool, str]]:
    """Yield for each prediction on the case that no pilot contained whether it held, and the counts."""
    designs = "only far, window 48", "far and near alike, window 48", "only far, window 96"
    short, both, long = (_runs(points, "law predicted", design, "GRU") for design in designs)
    yield _born(short) == 0, f"{_born(short)} of 3 born"
    soon = all(birth and birth.by < 1_200_000 for births in both for birth in births)
    yield _born(both) == 3 and soon and _together(both), f"both: {_born(both)} of 3"
    yield _born(long) == 3, f"{_born(long)} of 3 born"


def window_tests(points: Sequence[LawPoint]) -> Iterator[str]:
    """Yield a line for each cell: the births of the far memory, and the p-value of Fisher's test, corrected."""
    counts, p_values = {}, []
    for cell, design in (("GRU", "far and near alike"), ("LSTM", "far and six times near")):
        runs = [_runs(points, "law window", f", {name}", cell) for name in ("only far", design)]
        counts[cell] = [sum(births[-1] is not None for births in of_design) for of_design in runs]
        p_values.append(fisher_exact([[born, 6 - born] for born in counts[cell]]).pvalue)
    for cell, p, corrected in zip(counts, p_values, holm(p_values), strict=True):
        alone, helped = counts[cell]
        both = f"{alone} of 6 only from far, {helped} of 6 with near questions"
        yield f"- {cell}: {both}; p {p:.4f}, Holm's {corrected:.4f}"


def other_thresholds(rows: Sequence[dict]) -> Iterator[str]:
    """Yield a line of the table for each part, design and cell: the births with three thresholds."""
    groups = {}
    for row in rows:
        if row["part"] in ("grid", "pairs", "pairs by births", "law window", SIX_NAMES, "law predicted", "near"):
            design = f", {row['design'].partition(', ')[2]}" if row["text"] == "law" else ": the friend"
            groups.setdefault(f"{row['part']}{design}, {row['cell']}", []).append(row)
    for title, runs in groups.items():
        counts = []
        for way in (1 / 3, 1 / 2, 2 / 3):
            births = [births_in(row, way) for row in runs]
            far = [each["friend"] if "friend" in each else each[max(each, key=_gap)] for each in births]
            counts.append(f"{sum(birth is not None for birth in far)} of {len(far)}")
        yield f"| {title} | {' | '.join(counts)} |"


def sentence_stands(points: Sequence[LawPoint], part: str) -> bool:
    """Say whether W1, W2 and W4 hold for the GRU, which is what the protocol asks of its sentence."""
    far, alike, wide = (_runs(points, part, name, "GRU") for name in WINDOW_DESIGNS)
    return _born(far) == 0 and _born(alike) >= 5 and _together(alike) and _born(wide) >= 4


def stories_with_near_questions(rows: Sequence[dict]) -> Iterator[str]:
    """Yield the lines on part "near": a table of births, and then each prediction."""
    near = [row for row in rows if row["part"] == "near"]
    born = {}
    for row in near:
        for memory, birth in births_in(row).items():
            born.setdefault((row["design"], row["cell"], memory), []).append(birth is not None)
    for design in dict.fromkeys(row["design"] for row in near):
        cells = [born[design, cell, memory] for memory, cell in product(("friend", "place"), BOTH)]
        yield f"| {design} | {' | '.join(f'{sum(each)} of {len(each)}' for each in cells)} |"
    yield f"\n{PREDICTED.strip()}"
    for where, (wanted, sentence) in NEAR_PREDICTIONS.items():
        held = "held" if sum(born[where]) == wanted else "**failed**"
        yield f"| {sentence} | {sum(born[where])} of {len(born[where])} | {held} |"


def changed_cells(rows: Sequence[dict]) -> str:
    """Return the table of part "parts", with the pairs that are there; an empty text before there are two of each."""
    runs = {}
    for row in rows:
        if row["part"] == "parts" and row["status"] == "finished":
            runs.setdefault(row["design"], {})[row["seed"]] = row
    pairs = {}
    for arm, control in CONTROLS.items():
        seeds = sorted(runs.get(arm, {}).keys() & runs.get(control, {}).keys())
        pairs[arm] = [[runs[name][seed]["test"] for seed in seeds] for name in (arm, control)]
    if min(len(own) for own, _ in pairs.values()) < 2:
        return ""
    losses = {arm: [[test["loss"] for test in tests] for tests in both] for arm, both in pairs.items()}
    whole = all(len(own) == PAIRS_OF_PARTS for own, _ in pairs.values())
    p_values = holm([float(ttest_rel(*both).pvalue) for both in losses.values()])
    lines = []
    for (arm, both), p in zip(pairs.items(), p_values, strict=True):
        loss = "{:+.4f} ({:+.4f} to {:+.4f})".format(*paired_difference(*losses[arm]))
        shares = (" / ".join(_shares(tests, memory) for tests in both) for memory in ("name", "friend"))
        after = f", p = {p:.3f}" if whole else ""
        lines.append(f"| {arm} | {CONTROLS[arm]} | {len(both[0])} | {loss}{after} | {' | '.join(shares)} |")
    asked = {
        memory: [test["answers"][memory]["band"][0] for both in pairs.values() for tests in both for test in tests]
        for memory in ("name", "friend")
    }
    numbers = {word: f"{min(asked[memory])} to {max(asked[memory])}" for word, memory in WORDS_OF_BANDS.items()}
    missing = (
        f" The p-values are corrected by Holm's method over the {len(CONTROLS)} questions."
        if whole
        else f" Some of the {PAIRS_OF_PARTS} planned pairs are still being computed, so there are no p-values yet."
    )
    return CHANGED.format(**numbers, missing=missing) + "\n".join(lines) + "\n"


def changed_cells_longer(rows: Sequence[dict]) -> str:
    """Return the table of part "parts longer": each network after 24 million characters; an empty text without rows."""
    tests = {}
    for row in rows:
        if row["part"] == "parts longer" and row["status"] == "finished":
            tests.setdefault(row["design"], []).append(row["test"])
    lines = []
    for design, own in sorted(tests.items()):
        above = ", ".join(f"{excess:.4f}" for excess in sorted(test["loss"] - test["floor"] for test in own))
        lines.append(f"| {design} | {above} | {_shares(own, 'name')} | {_shares(own, 'friend')} |")
    return LONGER + "\n".join(lines) + "\n" if lines else ""


def closed_in_the_manual(rows: Sequence[dict]) -> str:
    """Return the table of part "manual", and what became of its two predictions; an empty text before all runs."""
    runs = sorted((row["cell"], row["seed"], row) for row in rows if row["part"] == "manual")
    if len(runs) < MANUAL_RUNS:
        return ""
    lines, right = [], {}
    for cell, seed, row in runs:
        best = row["losses"].index(min(row["losses"]))
        right[cell, seed] = {name: band["right"][best] for name, band in row["bands"].items()}
        shares = [
            f"{band['right'][best] / band['asked']:.0%} ({band['right'][-1] / band['asked']:.0%})"
            for band in row["bands"].values()
        ]
        lines.append(f"| {cell} | {seed} | {row['losses'][best]:.4f} | {' | '.join(shares)} |")
    asked = {name: band["asked"] for name, band in runs[0][2]["bands"].items()}
    near = [each["8 to 15"] > 0.8 * asked["8 to 15"] for each in right.values()]
    far = [right["GRU", seed]["32 on"] > right["LSTM", seed]["32 on"] for cell, seed, _ in runs if cell == "GRU"]
    predicted = {
        "all are right in more than 80 % at 8 to 15": near,
        "at 32 and more the GRU is right more often than the LSTM of its seed": far,
    }
    outcome = "\n".join(
        f"| {sentence} | {sum(held)} of {len(held)} | {'held' if all(held) else '**failed**'} |"
        for sentence, held in predicted.items()
    )
    counts = ", ".join(f"{number} at {name}" for name, number in asked.items())
    table = "\n".join(lines)
    return f"{MANUAL}{table}\n\nQuestions to each network: {counts}.\n\n{PREDICTED}{outcome}\n"


def _shares(tests: Sequence[dict], memory: str) -> str:
    shares = sorted(right / asked for asked, right, _ in (test["answers"][memory]["band"] for test in tests))
    return ", ".join(f"{share:.0%}" for share in shares)


def _gap(memory: str) -> int:
    return int(memory.split()[1])  # "gap 96"


def report(rows: Sequence[dict]) -> str:
    """Return the whole page as Markdown."""
    points = law_points(rows)
    lines = []
    for name, sentence, held, counts in law_predictions(points):
        lines.append(f"| {name} | {sentence} | {counts} | {'held' if held else '**failed**'} |")
    ways = WAYS + "\n".join(other_thresholds(rows)) + "\n"
    near = NEAR + "\n".join(stories_with_near_questions(rows)) + "\n"
    stands = [sentence_stands(points, part) for part in ("law window", SIX_NAMES)]
    rule = RULE.format(*("stands" if each else "does not stand" for each in stands))
    test = TEST + "\n".join(window_tests(points)) + "\n"
    parts = changed_cells(rows) + changed_cells_longer(rows) + closed_in_the_manual(rows)
    return HEAD + "\n".join(lines) + "\n" + rule + test + ways + near + parts + REMARKS + ORDER


if __name__ == "__main__":
    REPORT.write_text(report(birth_rows()), encoding="utf-8")
