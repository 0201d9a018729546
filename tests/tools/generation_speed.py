"""How fast does a network write: `generate`, beside a module call for each character, and many texts at once?

    python tests/tools/generation_speed.py              a table, and the same as JSON with --json FILE

New characters per second, with all that it takes: reading the prompt, drawing, decoding. The usual loop is that of most
courses: a module call, a softmax and `torch.multinomial` for each character. `500 in ms` is one text of 500 characters,
as a slider asks for it. All ways take turns; medians.
"""

from __future__ import annotations

from functools import partial

import common
import torch
from torch import nn

from charrnn_helpers import GRUModel, LSTMModel, Vocabulary, generate
from charrnn_helpers.sampling import generate_many


@torch.inference_mode()
def usual_loop(model: nn.Module, vocab: Vocabulary, prompt: str, length: int, seed: int) -> str:
    """The module called for one character after another, as most courses write a text."""
    generator = torch.Generator().manual_seed(seed)
    logits, state = model(vocab.encode(prompt)[None])  # (1, n, V)
    written = []
    for _ in range(length):
        p = torch.softmax(logits[0, -1], dim=-1)  # (V,)
        written.append(torch.multinomial(p, 1, generator=generator))
        logits, state = model(written[-1][None], state)  # (1, 1, V)
    return prompt + vocab.decode(torch.cat(written))


def main(arguments: list[str] | None = None) -> dict:
    sizes = {"units": [128, 256, 512], "layers": [1, 2], "length": 2000, "texts": 64}
    options = common.options(__doc__, arguments, rounds=5, **sizes)
    vocab = Vocabulary("".join(map(chr, range(33, 98))))  # 65 characters, as Tiny Shakespeare has
    device, rows = torch.device("cpu"), []
    for units in options.units:
        for layers in options.layers:
            for make in (LSTMModel, GRUModel):
                model = make(len(vocab), units, layers).eval()
                ask = model, vocab, "A"
                many = f"generate_many, {options.texts}"
                tasks = {
                    "usual loop": partial(usual_loop, *ask, options.length, seed=1),
                    "generate": partial(generate, *ask, options.length, seed=1),
                    "500": partial(generate, *ask, 500, seed=1),
                    many: partial(generate_many, *ask, options.length // 4, seeds=range(options.texts)),
                }
                written = dict.fromkeys(tasks, options.length) | {many: options.length // 4 * options.texts}
                seconds = common.medians(tasks, options.rounds, device)
                slider = {"generate": 1000 * seconds.pop("500")}
                speeds = {how: written[how] / taken for how, taken in seconds.items()}
                for how, speed in speeds.items():
                    figures = {"characters/s": speed, "usual loop x": speed / speeds["usual loop"]}
                    figures["500 in ms"] = slider.get(how)
                    rows.append({"cell": model.cell, "units": units, "layers": layers, "how": how, **figures})
    return common.report({"machine": common.machine(device), "rows": rows}, options.json)


if __name__ == "__main__":
    main()
