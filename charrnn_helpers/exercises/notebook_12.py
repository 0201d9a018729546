"""Exercises of 12: the engine room."""

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from .engine import answered, exercise, parts_of

VALUES = torch.tensor([[0.5, -0.3], [0.9, -0.4], [0.2, 0.7], [0.6, 0.3], [0.4, -0.8], [1.5, -0.6]])
D_GATES = torch.arange(5 * 2 * 6).view(5, 2, 6).sin()  # (T, B, 3H)
STATES = torch.arange(5 * 2 * 2).view(5, 2, 2).cos()  # (T, B, H)


class CountedProducts(TorchDispatchMode):
    """Count the matrix products that are computed meanwhile: those of a batch of matrices one by one."""

    number = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function.overloadpacket in (torch.ops.aten.mm, torch.ops.aten.addmm):
            self.number += 1
        if function.overloadpacket in (torch.ops.aten.bmm, torch.ops.aten.baddbmm):
            self.number += args[0].shape[0]
        return function(*args, **kwargs or {})


def observe_gradient(answer, d_gates: Tensor, states: Tensor):
    """Look at the gradient of the weights (3H, H), and at the number of matrix products that it took."""
    with CountedProducts() as products:
        gradient = answered(answer(d_gates, states))
    yield "these are not the numbers of the sum over t of d_gates[t].T @ states[t], of shape (3H, H)", gradient
    yield "the gradient is right, with {got} matrix products: one is enough", products.number


# %% 12a
# Summing over steps is what a matrix product does with its inner dimension, so put all steps one below the other.
def weight_gradient(d_gates, states):
    return d_gates.flatten(0, 1).T @ states.flatten(0, 1)


@exercise("12a", weight_gradient, inputs=[(D_GATES, STATES)], observe=observe_gradient)
def wrong_gradients():
    def each_step(d_gates, states):
        return [d.T @ h for d, h in zip(d_gates, states)]

    yield "you make one product a step: put all steps one below the other", lambda *given: sum(each_step(*given))
    yield "that is the part of the last step only: add up all steps", lambda *given: each_step(*given)[-1]
    yield "you divide by the number of steps: the gradient is their sum", lambda *given: sum(each_step(*given)) / 5
    yield "it is transposed: it must have the shape of W_h, (3H, H)", lambda *given: weight_gradient(*given).T


def observe_parts(answer, *values):
    da_n, da_z, da_r = parts_of(answer(*values), "da_n, da_z, da_r")
    yield "da_n, the candidate's, is not right yet", da_n
    yield "da_n is right; da_z, the update gate's, is not right yet", da_z
    yield "da_n and da_z are right; da_r, the reset gate's, is not right yet", da_r


# %% 12b
# The gradient goes three ways: to the candidate, to the update gate, and through the candidate to the reset gate.
def backward_step(dh, h, r, z, n, a_hn):
    da_n = dh * (1 - z) * (1 - n**2)
    da_z = dh * (h - n) * z * (1 - z)
    da_r = da_n * a_hn * r * (1 - r)
    return da_n, da_z, da_r


@exercise("12b", backward_step, inputs=[tuple(VALUES)], observe=observe_parts)
def wrong_steps(dh, h, r, z, n, a_hn):
    da_n, da_z, da_r = backward_step(dh, h, r, z, n, a_hn)
    yield "z is what is kept of the old state; the candidate comes in by 1 - z", (dh * z * (1 - n**2), da_z, da_r)
    yield "you stopped before the tanh of the candidate: its slope is 1 - n**2", (dh * (1 - z), da_z, da_r)
    yield "n * (1 - n) is the slope of a sigmoid, and n is a tanh", (dh * (1 - z) * n * (1 - n), da_z, da_r)
    yield "the sign of da_z: where z grows, h takes the place of n", (da_n, dh * (n - h) * z * (1 - z), da_r)
    yield "da_z lacks the slope of its sigmoid, z * (1 - z)", (da_n, dh * (h - n), da_r)
    yield "z also takes the candidate away: the factor is h - n, not h", (da_n, dh * h * z * (1 - z), da_r)
    yield "r acts through the candidate: da_r begins with da_n, not with dh", (da_n, da_z, dh * a_hn * r * (1 - r))
    yield "da_r lacks the slope of its sigmoid, r * (1 - r)", (da_n, da_z, da_n * a_hn)
    yield "r multiplies a_hn, so a_hn is a factor of da_r", (da_n, da_z, da_n * r * (1 - r))
    yield "the values are right and in the wrong order: candidate, update gate, reset gate", (da_n, da_r, da_z)


# %% 12c
# The weights have k * H rows. Each row takes E + H multiplications, and as many additions.
def layer_work(k, E, H):
    return 2 * k * H * (E + H)


@exercise("12c", layer_work, inputs=[(4, 64, 256), (3, 10, 100)])
def wrong_work(k, E, H):
    yield "you counted the multiplications; each comes with an addition", k * H * (E + H)
    yield "that is one block; the layer has k of them", 2 * H * (E + H)
    yield "that is the input's part only: the state is multiplied as well, by H columns", 2 * k * E * H
    yield "that is the state's part only: the input is multiplied as well, by E columns", 2 * k * H * H
    yield "adding the two biases is no multiplication, and is not asked for", 2 * k * H * (E + H + 2)
