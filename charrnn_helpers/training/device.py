"""Where a network is trained."""

import torch
from torch import Tensor, nn

from ..base.checks import checked
from ..networks.cells import State, to_device


@checked
def pick_device(name: str | torch.device | None = None) -> torch.device:
    """Return the NVIDIA GPU if there is one, else the CPU; or the device that is named: "cpu", "cuda" or "mps".

    Apple's "mps" is used only where it is named, because the course has not been tried on it. Raises `ValueError` for
    a device that this machine does not have.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"there is no device {name!r}: use 'cpu', 'cuda' or 'mps'") from None
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available.get(device.type, False):
        raise ValueError(f"this machine has no {device.type!r} that PyTorch can use: use 'cpu'")
    return device


def device_of(model: nn.Module) -> torch.device:
    """Return the device on which the weights of `model` are; the CPU if it has none."""
    return next((weight.device for weight in model.parameters()), torch.device("cpu"))


def copy_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return a copy of the weights of `model`, by name, on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def read_ids(model: nn.Module, ids: Tensor, state: State | None = None) -> tuple[Tensor, State | None]:
    """Let `model` read `ids` (B, T) on its own device, and return logits (B, T, V) and the new state on the CPU."""
    device = device_of(model)
    logits, state = model(ids.to(device), to_device(state, device))
    return logits.cpu(), to_device(state, "cpu")
