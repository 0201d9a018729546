"""A wrong argument gets one line: its name, what was given, and what is expected."""

import numpy as np
import pytest
import torch

from charrnn_helpers import GRUModel, evaluate, load_corpus
from charrnn_helpers.text import as_streams, batches, write_stories

IDS = torch.arange(10)


@pytest.mark.parametrize("seed", [3, np.int64(3), np.array(3), torch.tensor(3)])
def test_a_whole_number_may_be_of_numpy_or_torch(seed):
    assert write_stories(seed, 1) == write_stories(int(seed), 1)


NO_NUMBERS = ["3", 3.0, True, int, None, torch.tensor(3.0), torch.tensor([3]), torch.tensor(True), np.array([3])]


@pytest.mark.parametrize("streams", NO_NUMBERS, ids=repr)
def test_what_is_no_whole_number_is_named(streams):
    with pytest.raises(ValueError, match=r"^streams is .*; it must be a whole number$") as caught:
        as_streams(IDS, streams)
    assert isinstance(caught.value, TypeError)


def test_every_item_of_a_list_is_looked_at():
    shares = [0.001] * 500
    with pytest.raises(TypeError, match=r"^split is .*; it must be a list, each of it a number$"):
        load_corpus("assignment", split=[*shares, "0.5", *shares])


def test_shapes_that_do_not_go_together_are_named():
    inputs, targets = as_streams(IDS, 2)
    said = r"^targets is a tensor of int64 of the shape \(2, 3\), which does not go with the arguments before it"
    with pytest.raises(ValueError, match=said):
        next(batches(inputs, targets[:, :3], 2))


def test_whole_numbers_that_pytorch_cannot_use_as_a_target_are_named():
    """NumPy's whole numbers are of int32 on some machines."""
    with pytest.raises(ValueError, match=r"^ids is a tensor of int32 .*; give whole numbers of int64"):
        evaluate(GRUModel(10, 4, 1, 3), IDS.int())
