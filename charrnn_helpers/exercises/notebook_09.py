"""Exercises of 09: the fair trial."""

RATIO = "4/3 of the width: the count also grows with the square of the width"
ROOT = "that forgets the E inputs: only W_h grows with the square"
P_VALUES = [0.001, 0.012, 0.018, 0.045, 0.2]


def wrong_widths(H, E):
    lstm, gru = 4 * H * (E + H + 2), 3 * H * (E + H + 2)
    narrower = min(range(1, 3 * H), key=lambda G: abs(4 * G * (E + G + 2) - gru))
    return [
        *((to_whole(4 / 3 * H), RATIO) for to_whole in (round, int)),
        *((to_whole((4 / 3) ** 0.5 * H), ROOT) for to_whole in (round, int)),
        (H, "that is equal width, and gives the GRU three quarters of the parameters"),
        (narrower, "the other way round: the GRU has three blocks and needs more units, not fewer"),
        *((count, "that is a number of parameters; return a number of units") for count in (lstm, gru)),
    ]


def truth_values(found):
    return tuple(bool(x) for x in found)


def other_finds(got, wanted):
    if len(wanted) != len(P_VALUES):
        return "the number of tests is that of the list: one p of 0.03 is found, two of them are not"
    if len(got) != len(wanted):
        return f"{len(wanted)} values went in and {len(got)} came out; give True or False for each"
    return f"for {P_VALUES} only the first counts as found"
