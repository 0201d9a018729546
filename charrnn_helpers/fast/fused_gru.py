"""A GRU with its backward pass written out: what `nn.GRU` computes, in fewer and larger operations on a CPU.

Three ideas make it fast. The input projection is looked up: a text has few different characters, so `W_i x + b_i` is
computed once for each *character of the vocabulary* and not for each character of the text. A step does nothing that
could be done for all steps at once. And the backward pass is derived by hand, so that a step of it multiplies by
factors prepared in bulk and makes one matrix product, and the gradient of the weights is one large one at the end.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from ..base.checks import Float, Int, checked_on_failure
from ..networks.cells import State
from ..networks.checks import explain_wrong_state
from ..networks.models import GRUModel


class FusedGRU(nn.GRU):
    """`nn.GRU` with the same parameters, results and gradients (to float precision), faster on a CPU.

    Always in one direction, with biases, and `batch_first`. On another device than the CPU it is `nn.GRU`. Under
    `torch.autocast` the products with W_h, nearly all of the arithmetic of a first layer, run in the lower precision;
    input projection, gates and state stay in that of the weights. Raises `ValueError` for an `h0` of another shape.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, *, batch_first=True, dropout=0.0):
        if not batch_first:
            raise ValueError("FusedGRU takes its input as (B, T, E): leave batch_first=True")
        super().__init__(input_size, hidden_size, num_layers, batch_first=True, dropout=dropout)

    def forward(self, x: Tensor, h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Compute outputs (B, T, H) and the last state (layers, B, H) from `x` (B, T, E) and `h0` (layers, B, H)."""
        if x.device.type != "cpu":
            return super().forward(x, h0)
        return self._run_layers(x.transpose(0, 1), None, h0)

    def forward_ids(self, rows: Tensor, ids: Tensor, h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Do the same for `x = rows[ids]`, with `rows` (V, E) and `ids` (B, T), without projecting any row twice."""
        if rows.device.type != "cpu":
            return super().forward(F.embedding(ids, rows), h0)
        return self._run_layers(rows, ids.t(), h0)

    def _run_layers(self, x: Tensor, ids: Tensor | None, h0: Tensor | None) -> tuple[Tensor, Tensor]:
        """Run the layers over `x` (T, B, E), or over the rows of `x` (V, E) that `ids` (T, B) name."""
        x = x.to(self.weight_ih_l0.dtype)
        shape = (self.num_layers, (x if ids is None else ids).shape[1], self.hidden_size)
        if h0 is None:
            h0 = x.new_zeros(shape)
        elif h0.shape != shape:
            raise ValueError(f"h0 has shape {tuple(h0.shape)}; for this input it must be (layers, B, H) = {shape}")
        lower = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else None
        last = []
        with torch.autocast("cpu", enabled=False):  # `_add_product` alone works in the lower precision
            for layer in range(self.num_layers):
                if layer:
                    x, ids = F.dropout(x, self.dropout, self.training), None
                gates, candidate = self._project(x, layer)  # (…, 3H) and (…, H)
                if ids is not None:
                    gates, candidate = F.embedding(ids, gates), F.embedding(ids, candidate)  # (T, B, …)
                weight = getattr(self, f"weight_hh_l{layer}")
                x, h = _Recurrence.apply(gates, candidate, h0[layer].to(gates.dtype), weight, lower)
                last.append(h)
        return x.transpose(0, 1), torch.stack(last)

    def _project(self, x: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Prepare what a step adds to: (W_ir x + b_ir + b_hr, W_iz x + b_iz + b_hz, b_hn), and apart W_in x + b_in."""
        W, b, b_h = (getattr(self, f"{name}_l{layer}") for name in ("weight_ih", "bias_ih", "bias_hh"))
        n = 2 * self.hidden_size  # the first row of the candidate n, behind those of r and z
        b_hn = b_h[n:].expand(*x.shape[:-1], self.hidden_size)
        gates = torch.cat([F.linear(x, W[:n], b[:n] + b_h[:n]), b_hn], dim=-1)
        return gates, F.linear(x, W[n:], b[n:])


class FusedGRUModel(GRUModel):
    """`GRUModel` on `FusedGRU`: the same weights for a seed, the same results to float precision, faster on a CPU.

    A checkpoint of it is one of a `GRUModel`, and is read as such.
    """

    recurrent = FusedGRU

    @checked_on_failure
    @explain_wrong_state
    def forward(
        self, ids: Int[Tensor, "batch time"], state: State | None = None
    ) -> tuple[Float[Tensor, "batch time vocab"], State]:
        rows = torch.eye(self.vocab_size).to(self.head.weight) if self.embedding is None else self.embedding.weight
        h, state = self.rnn.forward_ids(rows, ids, state)  # (B, T, H)
        return self.head(self.dropout(h)), state  # (B, T, V)


# What autograd uses itself, one pass over memory each: d (1 - y²) for y = tanh, d y (1 - y) for y = sigmoid.
tanh_backward = torch.ops.aten.tanh_backward.grad_input
sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input


class _Recurrence(torch.autograd.Function):
    """All steps of one layer. Overwrites `gates` (T, B, 3H) and `candidate` (T, B, H), which nothing else may use."""

    @staticmethod
    def forward(ctx, gates: Tensor, candidate: Tensor, h0: Tensor, weight: Tensor, lower: torch.dtype | None):
        steps, batch, units = candidate.shape
        weight = weight.to(lower or weight.dtype)
        W = weight.t()  # (H, 3H)
        h = candidate.new_empty(steps + 1, batch, units)
        h[0] = h0
        r, z, h_n = gates.view(steps, batch, 3, units).unbind(dim=2)
        per_step = (gates, gates[..., : 2 * units], r, z, h_n, candidate, h[:-1], h[1:])
        for a, rz, r_t, z_t, hn_t, n_t, before, after in zip(*(x.unbind() for x in per_step), strict=True):
            _add_product(a, before, W)  # W_h h for all three, on top of what the input gave
            rz.sigmoid_()
            n_t.addcmul_(r_t, hn_t).tanh_()  # n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))
            torch.lerp(n_t, before, z_t, out=after)  # h = n + z (h_before - n)
        ctx.save_for_backward(gates, candidate, h, weight)
        return h[1:], h[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx, d_outputs: Tensor, d_last: Tensor):
        gates, n, h, weight = ctx.saved_tensors
        steps, batch, units = n.shape
        r, z, h_n = gates.view(steps, batch, 3, units).unbind(dim=2)

        # How strongly dh reaches what stands inside each gate, for all steps at once.
        to_candidate = 1 - z
        tanh_backward(to_candidate, n, grad_input=to_candidate)  # (1 - z) (1 - n²)
        d_gates = n.new_empty(steps, batch, 3, units)
        d_r, d_z, d_hn = d_gates.unbind(dim=2)
        torch.mul(to_candidate, r, out=d_hn)
        torch.mul(to_candidate, h_n, out=d_r)
        sigmoid_backward(d_r, r, grad_input=d_r)
        torch.sub(h[:-1], n, out=d_z)
        sigmoid_backward(d_z, z, grad_input=d_z)

        d_h = n.new_zeros(steps + 1, batch, units)
        d_h[1:] = d_outputs
        d_h[-1] += d_last
        go_back_through_steps(d_h, d_gates, z, weight)  # from here on the gradients inside the gates

        flat = d_gates.view(-1, 3 * units)
        states = h[:-1].reshape(-1, units)
        d_weight = (flat.t().to(weight.dtype) @ states.to(weight.dtype)).to(h.dtype)
        return flat.view(steps, batch, -1), to_candidate.mul_(d_h[1:]), d_h[0], d_weight, None


def go_back_through_steps(d_h: Tensor, factors: Tensor, z: Tensor, weight: Tensor) -> None:
    """Carry the gradient back through all steps, from the last one to the first. Changes `d_h` and `factors` in place.

    `d_h` (T + 1, B, H) is the gradient of each state. At first it holds only the part from the scores of the same step.
    `factors` (T, B, 3, H) are the numbers by which the gradient of a state is multiplied on its way into the gate r,
    into the gate z, and into a_hn = W_hn h + b_hn. At the end they hold the gradients of the inputs of the two gates
    and of a_hn.
    `z` (T, B, H) is the update gate, and `weight` (3H, H) is W_h.
    """
    d_h, factors, z = d_h.unbind(), factors.unbind(), z.unbind()  # a view of each state, or of each step
    for t in reversed(range(len(z))):  # step t leads from state t to state t + 1
        factors[t].mul_(d_h[t + 1][:, None])  # (B, 3, H): the factors become gradients
        d_h[t].addcmul_(d_h[t + 1], z[t])  # what comes back through z ...
        _add_product(d_h[t], factors[t].flatten(1), weight)  # ... and what comes back through W_h


def _add_product(total: Tensor, rows: Tensor, matrix: Tensor) -> None:
    """Add rows @ matrix to `total`, the product in the precision of `matrix`."""
    if matrix.dtype == total.dtype:
        total.addmm_(rows, matrix)
    else:
        total += rows.to(matrix.dtype) @ matrix
