"""Exercises of 12: the engine room."""

import torch

from .engine import exercise, parts_of

VALUES = torch.tensor([[0.5, -0.3], [0.9, -0.4], [0.2, 0.7], [0.6, 0.3], [0.4, -0.8], [1.5, -0.6]])

# %% 12.1
# If the products take no time at all, the rest is still there: 1 - 0.56 of the time. (Amdahl's law.)
gain = 1 / (1 - 0.56)


@exercise("12.1", gain, tolerance=0.03)
def wrong_gains():
    yield "that is the share of the products; what is left when they are gone?", 0.56
    yield "that is the time that is left; how many times does it fit into the whole?", 1 - 0.56
    yield "you took the rest away and kept the products", 1 / 0.56


def observe_parts(answer, *values):
    yield from parts_of(answer(*values), "da_n, da_z and da_r", "da_n, da_z, da_r")


# %% 12.2
# Each line follows one arrow backwards: to the candidate, to the update gate, through the candidate to the reset gate.
def backward_step(dh, h, r, z, n, a_hn):
    da_n = dh * (1 - z) * (1 - n**2)
    da_z = dh * (h - n) * z * (1 - z)
    da_r = da_n * a_hn * r * (1 - r)
    return da_n, da_z, da_r


@exercise("12.2", backward_step, inputs=[tuple(VALUES)], observe=observe_parts)
def wrong_steps(dh, h, r, z, n, a_hn):
    da_n, da_z, da_r = backward_step(dh, h, r, z, n, a_hn)
    yield "z is what is kept of the old state; the candidate comes in by 1 - z", (dh * z * (1 - n**2), da_z, da_r)
    yield "you stopped before the tanh of the candidate: its slope is 1 - n**2", (dh * (1 - z), da_z, da_r)
    yield "slope_of_a_sigmoid", (dh * (1 - z) * n * (1 - n), da_z, da_r)
    yield "sign_of_da_z", (da_n, dh * (n - h) * z * (1 - z), da_r)
    yield "da_z lacks the slope of its sigmoid, z * (1 - z)", (da_n, dh * (h - n), da_r)
    yield "z also takes the candidate away: the factor is h - n, not h", (da_n, dh * h * z * (1 - z), da_r)
    yield "r acts through the candidate: da_r begins with da_n, not with dh", (da_n, da_z, dh * a_hn * r * (1 - r))
    yield "da_r lacks the slope of its sigmoid, r * (1 - r)", (da_n, da_z, da_n * a_hn)
    yield "r multiplies a_hn, so a_hn is a factor of da_r", (da_n, da_z, da_n * r * (1 - r))
    yield "wrong_order", (da_n, da_r, da_z)


# %% 12.3
# k * H rows, each E + H multiplications and as many additions.
def layer_work(k, E, H):
    return 2 * k * H * (E + H)


@exercise("12.3", layer_work, inputs=[(4, 64, 256), (3, 10, 100)])
def wrong_work(k, E, H):
    yield "you counted the multiplications; each comes with an addition", k * H * (E + H)
    yield "that is one block; the layer has k of them", 2 * H * (E + H)
    yield "that is the input's part only: the state is multiplied as well, by H columns", 2 * k * E * H
    yield "that is the state's part only: the input is multiplied as well, by E columns", 2 * k * H * H
    yield "biases_counted", 2 * k * H * (E + H + 2)
