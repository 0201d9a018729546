"""Train an LSTM and a GRU on stories, from their equations, in one file.

Run it with the Python in which you installed the course: `.venv/bin/python notebooks/one_file.py`. From the course it
takes only the stories, and the functions that know their grammar. All the rest, the cells, the network, the training
and the sampler, is in this file and needs only PyTorch.

After two or three minutes you see the loss of both networks beside the lowest loss that is possible, a story that each
of them wrote, and how often each knew the hero's name before and after training. Take it, change it, make it yours.

The two cells do not start alike. The LSTM's forget gates start at 0.73, which is usual and enough for these stories,
because one name in ten is asked for again within 7 characters. The GRU's update gates start spread out, so that some
units forget at once and others keep for a hundred characters. With the LSTM's start it learns the hero's name later
(notebook 04, section 4.8). So compare what the two cells can do here, but not how quickly each learns it.
"""

import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

from charrnn_helpers.text.tales import annotate, log_prob, split_stories, write_stories

UPDATES = 1800  # steps of the optimiser for each network
STREAMS = 32  # B: places in the text that are read side by side
WINDOW = 64  # T: characters through which the gradient flows back
UNITS = 160  # H: numbers in the state of a cell
EMBEDDING = 32  # E: numbers that stand for one character
RATE = 0.008  # the learning rate after the warm-up


class LSTMCell(nn.Module):
    """Do one step of an LSTM. The cell state c is kept by one gate and written by another."""

    def __init__(self, inputs, units):
        super().__init__()
        self.x2h = nn.Linear(inputs, 4 * units)
        self.h2h = nn.Linear(units, 4 * units)
        with torch.no_grad():  # begin by keeping: a forget gate with a bias of 1 lets 73 % through
            self.h2h.bias.zero_()
            self.x2h.bias[units : 2 * units] = 1.0

    def start(self, streams):
        zeros = torch.zeros(streams, self.h2h.in_features)  # (B, H)
        return zeros, zeros

    def forward(self, x, state):
        h, c = state  # (B, H) each
        i, f, g, o = (self.x2h(x) + self.h2h(h)).chunk(4, dim=-1)  # (B, H) each
        i, f, o = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o)  # the three gates, from 0 to 1
        g = torch.tanh(g)  # the candidate: what could be written
        c = f * c + i * g  # keep a part of the old, add a part of the new
        h = o * torch.tanh(c)  # show a part of it
        return h, (h, c)


class GRUCell(nn.Module):
    """Do one step of a GRU. One gate, z, decides both how much is kept and how much is written."""

    def __init__(self, inputs, units):
        super().__init__()
        self.x2h = nn.Linear(inputs, 3 * units)
        self.h2h = nn.Linear(units, 3 * units)
        with torch.no_grad():  # begin with units that forget over 1 to 100 characters (Tallec and Ollivier 2018)
            self.h2h.bias.zero_()
            self.x2h.bias[units : 2 * units] = torch.empty(units).uniform_(1, 99).log()

    def start(self, streams):
        return torch.zeros(streams, self.h2h.in_features)  # (B, H)

    def forward(self, x, h):
        xr, xz, xn = self.x2h(x).chunk(3, dim=-1)  # (B, H) each
        hr, hz, hn = self.h2h(h).chunk(3, dim=-1)  # (B, H) each
        r = torch.sigmoid(xr + hr)  # how much of the past the candidate may see
        z = torch.sigmoid(xz + hz)  # how much of the past is kept
        n = torch.tanh(xn + r * hn)  # the candidate
        h = (1 - z) * n + z * h
        return h, h


class Network(nn.Module):
    """Read characters, and give a score to each character that could come next."""

    def __init__(self, cell, characters):
        super().__init__()
        self.embedding = nn.Embedding(characters, EMBEDDING)
        self.cell = cell(EMBEDDING, UNITS)
        self.head = nn.Linear(UNITS, characters)
        for gate in self.cell.h2h.weight.data.split(UNITS):
            nn.init.orthogonal_(gate)

    def forward(self, ids, state=None):  # ids: (B, T)
        state = self.cell.start(len(ids)) if state is None else state
        outputs = []
        for x in self.embedding(ids).unbind(dim=1):  # one character after the other: (B, E)
            h, state = self.cell(x, state)
            outputs.append(h)
        return self.head(torch.stack(outputs, dim=1)), state  # (B, T, V)


def detach(state):
    """Cut the state off from the steps that made it. Its numbers go on, and the gradient stops here."""
    if state is None:
        return None
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def train(network, ids):
    """Read the text in STREAMS places at once, and carry the state from each window to the next."""
    length = (len(ids) - 1) // STREAMS
    inputs = ids[: STREAMS * length].view(STREAMS, length)
    targets = ids[1 : STREAMS * length + 1].view(STREAMS, length)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    windows = range(0, length - WINDOW + 1, WINDOW)
    state, began = None, time.perf_counter()
    for update in range(UPDATES):
        at = windows[update % len(windows)]
        if at == 0:
            state = None  # at the beginning of the text nothing has been read
        logits, state = network(inputs[:, at : at + WINDOW], detach(state))
        loss = F.cross_entropy(logits.flatten(0, 1), targets[:, at : at + WINDOW].flatten())

        progress = update / UPDATES  # a short warm-up, then half a cosine down to zero
        optimiser.param_groups[0]["lr"] = RATE * min(1, update / 100) * (1 + math.cos(math.pi * progress)) / 2
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        if update % 200 == 0:
            print(f"  update {update:5}: loss {loss.item():.3f}, {time.perf_counter() - began:3.0f} s", flush=True)


@torch.no_grad()
def read(network, ids):
    """Read a text from its beginning to its end: the scores of the next character at each position, (n, V)."""
    logits, state = [], None
    for part in ids.split(1000):
        scores, state = network(part[None], state)
        logits.append(scores[0])
    return torch.cat(logits)


@torch.no_grad()
def write(network, alphabet, prompt, length, temperature=0.8):
    """Write `length` characters after the prompt, each drawn from the distribution that the network gives."""
    text, state = prompt, None
    ids = torch.tensor([[alphabet.index(char) for char in prompt]])
    for _ in range(length):
        logits, state = network(ids, state)
        probabilities = F.softmax(logits[0, -1] / temperature, dim=-1)
        ids = torch.multinomial(probabilities, 1)[None]  # (1, 1)
        text += alphabet[ids.item()]
    return text


def names_known(logits, alphabet, text):
    """Ask at each name of a hero whom the network expects there. Return how often it was right, and of how many.

    A name counts if the hero was last mentioned 16 characters before or more, and if any of the six could stand there.
    """
    right = asked = position = 0
    for story in split_stories(text):
        for char, kind, distance, rivals in annotate(story):
            if kind == "name" and distance >= 16 and len(rivals) == 6:
                scores = logits[position - 1, [alphabet.index(rival) for rival in rivals]]
                right += rivals[scores.argmax()] == char
                asked += 1
            position += 1
    return right, asked


def main():
    training, unseen = write_stories(seed=1, characters=1_000_000), write_stories(seed=2, characters=40_000)
    alphabet = sorted(set(training))
    ids, unseen_ids = (torch.tensor([alphabet.index(char) for char in text]) for text in (training, unseen))
    results = {}
    for name, cell in (("LSTM", LSTMCell), ("GRU", GRUCell)):
        torch.manual_seed(1)
        network = Network(cell, len(alphabet))
        before = names_known(read(network, unseen_ids), alphabet, unseen)
        print(f"{name}: {sum(weights.numel() for weights in network.parameters()):,} weights")
        train(network, ids)
        logits = read(network, unseen_ids)
        loss = F.cross_entropy(logits[:-1], unseen_ids[1:]).item()
        after = names_known(logits, alphabet, unseen)
        results[name] = loss, before, after, write(network, alphabet, "Once a small child called ", 400)

    floor = -log_prob(unseen) / len(unseen)  # what the grammar itself leaves open: no network can do better
    print("\nOn stories that neither network has seen, in nats per character:")
    for name, (loss, before, after, story) in results.items():
        print(f"\n{name}: loss {loss:.3f} (the lowest possible is {floor:.3f})")
        print(f"It names the hero in {before[0]} of {before[1]} cases before training and in {after[0]} after it.")
        print(f"{story} ...")
    print("\nA guess would name the hero in one case of six.")


if __name__ == "__main__":
    UPDATES = int(sys.argv[1]) if len(sys.argv) > 1 else UPDATES
    main()
