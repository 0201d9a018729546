"""What reads a text with a network takes it to the network's device, and gives results on the CPU, as it does there."""

import other_device
import pytest
import torch

from charrnn_helpers import Vocabulary, evaluate, generate, measures, sampling
from charrnn_helpers.measures import patching
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.text import tales
from charrnn_helpers.training import context_losses

MANY = tales.write_stories(seed=3, characters=40_000)
STORIES = tales.split_stories(MANY)[:2]
TEXT = "".join(STORIES)
VOCAB = Vocabulary.from_text(MANY + measures.counting.KEYS + "!?")
IDS = VOCAB.encode(TEXT)
POSITIONS = [(0, 40), (1, 7)]


def write_on(model):
    states = patching.states_before(model, VOCAB, STORIES, POSITIONS)
    return patching.write_on(model, VOCAB, 2 * states, " The", 5)


READERS = {
    "evaluate": lambda model: evaluate(model, IDS[:300]),
    "evaluate in blocks": lambda model: evaluate(model, IDS[:300], window=40),
    "context_losses": lambda model: context_losses(model, IDS[:300], context=20, stride=30),
    "generate": lambda model: generate(model, VOCAB, "Once", 20, seed=1),
    "generate, step by step": lambda model: generate(hooked(model), VOCAB, "Once", 20, seed=1),
    "next_probabilities": lambda model: sampling.next_probabilities(model, VOCAB, "Once"),
    "recall": lambda model: measures.recall(model, VOCAB, TEXT).right.tolist(),
    "recall from a context": lambda model: measures.recall(model, VOCAB, TEXT, context=30).right.tolist(),
    "trace": lambda model: measures.trace(model, IDS[:9])[0],
    "gradient_by_lag": lambda model: measures.gradient_by_lag(model, IDS[None, :8]),
    "key_recall": lambda model: measures.key_recall(model, VOCAB, [3]),
    "write_on": write_on,
}


def hooked(model):
    model.register_forward_pre_hook(lambda *_: None)  # no plain arrays write for it
    return model


@pytest.fixture(params=["pretended", pytest.param("cuda", marks=pytest.mark.skipif("not torch.cuda.is_available()"))])
def moved(request):
    """Move a network to a device of this kind, and go there."""
    if request.param == "cuda":
        yield lambda model: model.cuda()
    else:
        with other_device.OtherDevice() as device:
            yield device.move


@pytest.mark.parametrize("name", READERS)
def test_a_network_on_another_device_reads_as_on_the_cpu(name, cell, moved):
    def network():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return CELLS[cell].fast(len(VOCAB), 16, 1, 8)

    here, there = READERS[name](network()), READERS[name](moved(network()))
    if isinstance(here, str | list):
        assert there == here
    else:
        torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-4)  # numbers, tensors on the CPU, arrays
