"""A pretended GPU without doubles, for machines that have none: some memory of the CPU counts as the GPU's.

Under `OtherDevice()` a call that mixes tensors of the two fails as on a GPU, so does one that gives a tensor of doubles
there (as on Apple's), and one that takes the numbers of such a tensor without `.cpu()`.
"""

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("privateuseone:0")
MAY_MIX = ("__getitem__", "copy_", "to")  # as on a GPU: an index, and what is copied, may be on the CPU


class OtherDevice(TorchFunctionMode):
    def __init__(self):
        super().__init__()
        self.memory = {}  # what counts as the GPU's, by address; kept, so that no address is used again

    def move(self, model: nn.Module) -> nn.Module:
        for weight in model.parameters():
            self.place(weight, True)
        return model

    def is_there(self, value) -> bool:
        return isinstance(value, Tensor) and value.untyped_storage().data_ptr() in self.memory

    def place(self, value, there: bool):
        if there and isinstance(value, Tensor):
            if value.dtype == torch.float64:
                raise TypeError("this device has no doubles; use float32 instead")
            self.memory[value.untyped_storage().data_ptr()] = value.untyped_storage()
        return value

    def __torch_function__(self, function, types, arguments=(), options=None):
        options = dict(options or {})
        tensors = [value for value in tree_flatten((arguments, options))[0] if isinstance(value, Tensor)]
        there = any(map(self.is_there, tensors))
        name = getattr(function, "__name__", "")
        if function == Tensor.device.__get__ and there:
            return DEVICE
        if name == "numpy" and there and not options.get("force"):
            raise TypeError("can't convert a tensor of this device to numpy; use Tensor.cpu() first")
        if there and name not in MAY_MIX and any(tensor.dim() and not self.is_there(tensor) for tensor in tensors):
            raise RuntimeError(f"{name}: expected all tensors to be on the same device")
        if name in ("to", "cpu"):
            target = arguments[1] if len(arguments) > 1 else torch.device("cpu") if name == "cpu" else None
            if isinstance(target, Tensor):
                there, arguments = self.is_there(target), (arguments[0], target.dtype)
            elif isinstance(target, torch.device | str):
                there, arguments = target == DEVICE, (arguments[0],)
            if len(arguments) == 1:
                function = Tensor.clone  # into memory of the other device
        elif "device" in options:
            there = options.pop("device") == DEVICE
        return tree_map(lambda value: self.place(value, there), function(*arguments, **options))
