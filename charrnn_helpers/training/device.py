"""Where a network is trained."""

import torch

from ..text.arguments import explained


@explained
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


def device_of(model: torch.nn.Module) -> torch.device:
    """Return the device on which the weights of `model` are."""
    return next(model.parameters()).device
