"""Mistakes that the exercises of 02 and 03 know by name: (exercise, answer, words of the diagnosis)."""

import torch


def tanh(x):
    return torch.tanh(torch.as_tensor(x))


def count(E, H, L, blocks=4, biases=2, own=True):
    return sum(blocks * H * ((E if layer == 0 or not own else H) + H + biases) for layer in range(L))


def biases(ih=1.0, hh=0.0, block=1, layers=2):
    """An answer to 2.4 that writes `ih` and `hh` into one block of each layer; None leaves a vector as it is."""

    @torch.no_grad()
    def answer(lstm):
        rows = slice(block * lstm.hidden_size, (block + 1) * lstm.hidden_size)
        for layer in range(layers):
            if ih is not None:
                getattr(lstm, f"bias_ih_l{layer}")[rows] = ih
            if hh is not None:
                getattr(lstm, f"bias_hh_l{layer}")[rows] = hh

    return answer


@torch.no_grad()
def fill_both(lstm):
    for layer in range(2):
        getattr(lstm, f"bias_ih_l{layer}").fill_(1.0)
        getattr(lstm, f"bias_hh_l{layer}").zero_()


@torch.no_grad()
def touch_weights(lstm):
    lstm.weight_ih_l0.zero_()


def fold(rows=slice(0, 6), add=True, empty=True, overwrite=False):
    @torch.no_grad()
    def answer(gru):
        moved = gru.bias_hh_l0[rows].clone()
        if overwrite:
            gru.bias_ih_l0[rows] = moved
        elif add:
            gru.bias_ih_l0[rows] += moved
        if empty:
            gru.bias_hh_l0[rows] = 0.0

    return answer


WRONG = [
    ("2.1", 0.5, "after one character"),
    ("2.1", 0.975, "evenly"),
    ("2.1", 1.0, "nothing is ever lost"),
    ("2.1", 0.05, "after a single character"),
    ("2.1", 10.0, "between 0 and 1"),
    ("2.1", 0.9, "leaves 0.122"),
    ("2.2", lambda i, f, g, o, c: (f * c + i * g, o * tanh(f * c + i * g)), "wrong order"),
    ("2.2", lambda i, f, g, o, c: o * tanh(f * c + i * g), "return two things"),
    ("2.2", lambda i, f, g, o, c: (o, i * c + f * g), "changed places"),
    ("2.2", lambda i, f, g, o, c: (o, (1 - i) * c + i * g), "1 - i"),
    ("2.2", lambda i, f, g, o, c: (o, (1 - f) * c + i * g), "f near 1 means keep"),
    ("2.2", lambda i, f, g, o, c: (o, f * c + g), "multiply it by i"),
    ("2.2", lambda i, f, g, o, c: (o, c + i * g), "multiply it by f"),
    ("2.2", lambda i, f, g, o, c: (o, f * c + i * tanh(g)), "no second tanh"),
    ("2.2", lambda i, f, g, o, c: (o, tanh(f * c + i * g)), "no tanh on the cell"),
    ("2.2", lambda i, f, g, o, c: (o, o), "not f * c_prev + i * g"),
    ("2.2", lambda i, f, g, o, c: (o * (f * c + i * g), f * c + i * g), "lacks the tanh"),
    ("2.2", lambda i, f, g, o, c: (tanh(o * (f * c + i * g)), f * c + i * g), "comes after tanh"),
    ("2.2", lambda i, f, g, o, c: (o * tanh(c), f * c + i * g), "old cell"),
    ("2.2", lambda i, f, g, o, c: (tanh(f * c + i * g), f * c + i * g), "forgets the output gate"),
    ("2.2", lambda i, f, g, o, c: (o * torch.sigmoid(f * c + i * g), f * c + i * g), "not through the sigmoid"),
    ("2.2", lambda i, f, g, o, c: (o, f * c + i * g), "c is right; h is not"),
    ("2.3", lambda E, H, L: count(E, H, L, biases=1), "one bias vector"),
    ("2.3", lambda E, H, L: count(E, H, L, biases=0), "no biases"),
    ("2.3", lambda E, H, L: count(E, H, L, own=False), "every layer reads"),
    ("2.3", lambda E, H, L: count(E, H, L, blocks=3), "three blocks make a GRU"),
    ("2.3", lambda E, H, L: count(E, H, L, blocks=1), "one block"),
    ("2.3", lambda E, H, L: sum(4 * H * ((E if layer == 0 else H) + 2) for layer in range(L)), "from the last h"),
    ("2.3", lambda E, H, L: count(E, H, 1), "one layer only"),
    ("2.3", lambda E, H, L: 7, "you count 7"),
    ("2.3", lambda E, H, L: count(64, 128, 3), "inputs=5, units=7, layers=1"),
    ("2.4", biases(1.0, 1.0), "add up to 2"),
    ("2.4", biases(block=0), "input gate"),
    ("2.4", biases(block=2), "rows of g or o"),
    ("2.4", biases(block=3), "rows of g or o"),
    ("2.4", biases(hh=None), "random start"),
    ("2.4", biases(ih=0.3), "add up to 0.30"),
    ("2.4", biases(layers=1), "second layer"),
    ("2.4", fill_both, "other gates"),
    ("2.4", touch_weights, "weight matrix"),
    ("2.4", lambda lstm: lstm, "nothing in the LSTM has changed"),
    ("3.1", lambda z, n, h: z * n + (1 - z) * h, "changed places"),
    ("3.1", lambda z, n, h: n + z * h, "in full, as if"),
    ("3.1", lambda z, n, h: (1 - z) * n + h, "kept in full"),
    ("3.1", lambda z, n, h: z * n + z * h, "both are multiplied by z"),
    ("3.1", lambda z, n, h: tanh((1 - z) * n + z * h), "no tanh here"),
    ("3.1", lambda z, n, h: (1 - z) * tanh(n) + z * h, "no second tanh"),
    ("3.1", lambda z, n, h: h, "it should be 0.50"),
    ("3.2", lambda x, h, r, U, W: tanh(x @ U.T + r * (h @ W.T)), "that is nn.GRU"),
    ("3.2", lambda x, h, r, U, W: tanh(x @ U.T + h @ W.T), "r is missing"),
    ("3.2", lambda x, h, r, U, W: tanh(r * (x @ U.T + h @ W.T)), "input as well"),
    ("3.2", lambda x, h, r, U, W: tanh(r * (x @ U.T) + h @ W.T), "r multiplies the input; it should"),
    ("3.2", lambda x, h, r, U, W: x @ U.T + (r * h) @ W.T, "tanh is missing"),
    ("3.2", lambda x, h, r, U, W: torch.sigmoid(x @ U.T + (r * h) @ W.T), "that is a sigmoid"),
    ("3.2", lambda x, h, r, U, W: tanh(x @ U.T + (r * h) @ W), "not transposed"),
    ("3.2", lambda x, h, r, U, W: h, "it is not tanh"),
    ("3.3", 170.7, "4/3 of 128"),
    ("3.3", 171, "4/3 of 128"),
    ("3.3", 148, "square root"),
    ("3.3", 96, "wider, not narrower"),
    ("3.3", 128, "three quarters"),
    ("3.3", 151.94, "whole number"),
    ("3.3", 151, "98,301 parameters"),
    ("3.4", fold(slice(0, 9)), "b_hn too"),
    ("3.4", fold(add=False), "without adding"),
    ("3.4", fold(overwrite=True), "overwritten"),
    ("3.4", fold(empty=False), "counted twice"),
    ("3.4", fold(slice(6, 9)), "last third"),
    ("3.4", fold(slice(0, 3)), "z's rows"),
    ("3.4", fold(slice(3, 6)), "r's rows"),
    ("3.4", fold(slice(0, 9), add=False), "without adding"),
    ("3.4", fold(slice(2, 8)), "r and z, and nothing else"),
    ("3.4", lambda gru: gru, "nothing in the GRU has changed"),
]
