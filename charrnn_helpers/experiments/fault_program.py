"""Train a network on characters and let it write: a program with nothing wrong in it.

`experiments.run` executes this text: as it stands, or with the line of a fault in the place of the right one.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_

from ..networks.cells import detach
from ..text.encoding import Vocabulary
from .observations import Run, SeededDropout, Setting, lstm_layer


def vocabulary(text: str) -> str:
    """Return the characters of a text. The index of a character is its position among them."""
    characters = sorted(set(text))
    return "".join(characters)


def cut(ids: Tensor, streams: int, steps: int) -> list[tuple[Tensor, Tensor]]:
    """Cut windows of B streams and T steps in the order of the text: inputs and targets, (B, T) each."""
    pieces = ids.unfold(0, steps + 1, steps)  # (N, T + 1): the last character of one is the first of the next
    each = len(pieces) // streams  # pieces for each stream
    windows = []
    for number in range(each):
        window = pieces[number::each][:streams]  # (B, T + 1): piece `number` of every stream
        x, y = window[:, :-1], window[:, 1:]
        windows.append((x, y))
    return windows


class Network(nn.Module):
    """Characters in, (B, T); a score for each possible next character out, (B, T, V); and the state."""

    def __init__(self, characters: int, setting: Setting):
        super().__init__()
        self.embedding = nn.Embedding(characters, setting.embedding)
        self.lstm = lstm_layer(setting.embedding, setting.units)  # nn.LSTM, one layer
        self.dropout = SeededDropout(setting.dropout)  # nn.Dropout, with random numbers of its own
        self.head = nn.Linear(setting.units, characters)

    def forward(self, ids: Tensor, state=None):
        h, state = self.lstm(self.embedding(ids), state)  # (B, T, H)
        return self.head(self.dropout(h)), state


def train(model: nn.Module, windows: list[tuple[Tensor, Tensor]], val_ids: Tensor, setting: Setting, record: Run):
    """Learn from one window after the other. The state goes on from each to the next."""
    optimiser = torch.optim.AdamW(model.parameters(), setting.learning_rate)
    for update in range(setting.updates):
        if update % len(windows) == 0:
            state = None  # the text begins
        x, y = windows[update % len(windows)]
        logits, state = model(x, state)  # (B, T, V)
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
        optimiser.zero_grad()
        loss.backward()
        norm = torch.stack([weight.grad.norm() for weight in model.parameters()]).norm()
        clip_grad_norm_(model.parameters(), setting.clip)
        optimiser.step()
        state = detach(state)
        by_position = F.cross_entropy(logits.detach().transpose(1, 2), y, reduction="none").mean(0)  # (T,)
        record.note(loss.item(), norm.item(), by_position)
        if (update + 1) % setting.validate_every == 0 or update + 1 == setting.updates:
            record.val_updates.append(update + 1)
            record.val_losses.append(validate(model, val_ids))


@torch.no_grad()
def validate(model: nn.Module, ids: Tensor) -> float:
    """Return the mean loss over a text that is read once from beginning to end."""
    model.eval()
    logits, _ = model(ids[None, :-1])
    model.train()
    return F.cross_entropy(logits[0], ids[1:]).item()


@torch.no_grad()
def write(model: nn.Module, vocab: Vocabulary, prompt: str, length: int) -> str:
    """Write text at temperature 0.5. Each character that is drawn is read next."""
    model.eval()
    ids, state, written = vocab.encode(prompt)[None], None, []
    for _ in range(length):
        logits, state = model(ids, state)
        chances = (logits[:, -1] / 0.5).softmax(-1)  # (1, V)
        ids = torch.multinomial(chances, 1, generator=model.dropout.generator)  # (1, 1)
        written.append(ids.item())
    return prompt + vocab.decode(torch.tensor(written))
