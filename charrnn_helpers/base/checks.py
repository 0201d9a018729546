"""Check the arguments of public functions against their annotations, so that a wrong one gets one plain sentence.

jaxtyping checks the shapes of tensors, and beartype all else. Importing both takes 0.25 s, so the first call does it.
"""

from __future__ import annotations

import inspect
import reprlib
import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial, wraps
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_args, get_origin

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from jaxtyping import Float, Int, Num
else:
    Float = Int = Num = None  # names for annotations, which stay texts until a call is checked

Numbers = Sequence[float] | np.ndarray
Checked = TypeVar("Checked", bound=Callable)
_UNIONS, _COLLECTIONS = (Union, types.UnionType), (Sequence, Mapping, dict, list, tuple)
_LARGEST = 2**31  # size or seed: PyTorch has no room for larger ones
_WORDS = {"int": "a whole number", "float": "a number", "str": "a text", "bool": "True or False", "NoneType": "None"}
_WORDS |= {"Tensor": "a tensor", "Module": "a network", "ndarray": "an array", "Sequence": "a list", "dict": "a dict"}
_WORDS |= {"Integer": "whole numbers", "Float": "numbers", "Num": "numbers", "Callable": "a function"}


class ArgumentError(ValueError, TypeError):
    """An argument of a wrong type or shape; the message names it, says what was given, and what is expected."""


def checked(function: Checked, before: bool = True) -> Checked:
    """Decorate a public function, or a class, so that a wrong argument of its call is named in one sentence.

    Types and shapes are checked before the call, or with `before=False` only once it has failed. Raises
    `ArgumentError` for them, and `ValueError` for numbers with which PyTorch, NumPy or Python itself cannot go on.
    """
    if isinstance(function, type):
        function.__init__ = checked(function.__init__, before)  # type: ignore[misc]
        return function

    @wraps(function)
    def call(*args, **named):
        if before:
            _check_types(_arguments(function, args, named))
        try:
            return function(*args, **named)
        except Exception as error:
            arguments = _arguments(function, args, named)
            _check_types(arguments)
            if not isinstance(error, ValueError | FloatingPointError):  # those are sentences of this package
                _check_numbers({name: value for name, (value, _) in arguments.items()})
            raise

    return cast(Checked, call)


# Decorates a function that is called so often that checks before each call would slow it down.
checked_on_failure = partial(checked, before=False)


def shown(value: Any) -> str:
    """Describe a value in a sentence, briefly: of a tensor only its type and shape, of a network only its type."""
    if isinstance(value, Tensor | np.ndarray):
        kind = "a tensor" if isinstance(value, Tensor) else "an array"
        return f"{kind} of {str(value.dtype).removeprefix('torch.')} of the shape {tuple(value.shape)}"
    plain = isinstance(value, int | float | complex | str | bytes | PathLike | list | tuple | dict | None)
    return reprlib.repr(value) if plain else f"of the type {type(value).__name__}"


@cache
def _signature(function: Callable) -> inspect.Signature:
    import jaxtyping

    # A text of bytes is a tensor of whole numbers, too, so "Int" also accepts unsigned numbers.
    shapes = {"Float": jaxtyping.Float, "Num": jaxtyping.Num, "Int": jaxtyping.Integer}
    return inspect.signature(function, locals=shapes, eval_str=True)


def _arguments(function: Callable, args: tuple, named: dict) -> dict[str, tuple[Any, Any]]:
    """Pair each argument of a call with its type, by name; those of `*args` and `**named` are left out."""
    signature = _signature(function)
    try:
        values = signature.bind(*args, **named).arguments
    except TypeError:  # Python's own sentence will name what is missing, or one too many
        return {}
    parameters = {name: signature.parameters[name] for name in values}
    return {name: (values[name], part.annotation) for name, part in parameters.items() if str(part)[0] != "*"}


def _check_types(arguments: Mapping[str, tuple[Any, Any]]) -> None:
    """Raise `ArgumentError` for the first argument that does not have its type."""
    from jaxtyping import jaxtyped

    with jaxtyped("context"):  # in which the name of an axis stands for one size
        for name, (value, kind) in arguments.items():
            if kind is not inspect.Parameter.empty and not _fits(value, kind):
                with jaxtyped("context"):
                    alone = ", which does not go with the arguments before it" if _fits(value, kind) else ""
                raise ArgumentError(f"{name} is {shown(value)}{alone}; it must be {_in_words(kind)}") from None


def _fits(value: Any, kind: Any) -> bool:
    """Say whether a value has a type. A number may also be NumPy's, or a tensor's without dimensions.

    Of a list, beartype would look at one item, which it draws from Python's own random numbers: they belong to the
    reader. So we go through the items ourselves.
    """
    if get_origin(kind) in _UNIONS:
        return any(_fits(value, part) for part in get_args(kind))
    if kind in (int, float):
        value = value.item() if getattr(value, "ndim", None) == 0 else value
        if isinstance(value, bool):
            return False
    if (item_kind := _kind_of_items(kind)) is None:
        return _beartype()(value, kind)
    if not isinstance(value, get_origin(kind)) or isinstance(value, str | bytes):
        return False
    return all(_fits(item, item_kind) for item in (value.values() if isinstance(value, Mapping) else value))


def _kind_of_items(kind: Any) -> Any:
    """Find the type of the items of a list, dict or tuple; None for other types."""
    return [part for part in get_args(kind) if part is not ...][-1] if get_origin(kind) in _COLLECTIONS else None


@cache
def _beartype() -> Callable[[Any, Any], bool]:
    from beartype import BeartypeConf
    from beartype.door import is_bearable

    return partial(is_bearable, conf=BeartypeConf(is_pep484_tower=True))  # where a number is asked for, 1 is one


def _in_words(kind: Any) -> str:
    """Say what a type asks for."""
    if get_origin(kind) in _UNIONS:
        return ", or ".join(dict.fromkeys(map(_in_words, get_args(kind))))
    name = getattr(get_origin(kind) or kind, "__name__", str(kind)).partition("[")[0]
    if hasattr(kind, "dim_str"):  # jaxtyping's
        return f"{_in_words(kind.array_type)} of {_WORDS[name]} of the shape ({', '.join(kind.dim_str.split())})"
    item_kind = _kind_of_items(kind)
    return _WORDS.get(name, name) + (f", each of it {_in_words(item_kind)}" if item_kind else "")


def _check_numbers(arguments: Mapping[str, Any]) -> None:
    """Raise `ValueError` for numbers of the right type with which a call has failed."""
    model, vocab = arguments.get("model", arguments.get("self")), arguments.get("vocab")
    known = getattr(model, "vocab_size", None)
    for name, value in arguments.items():
        if name == "model" and known is None:
            raise ValueError(f"model is {shown(value)}; give a network that reads characters, as `LSTMModel`") from None
        if isinstance(value, int | float) and not -_LARGEST < value < _LARGEST:
            raise ValueError(f"{name} is {shown(value)}; give a smaller number, that a machine has room for") from None
        if not isinstance(value, Tensor):
            continue
        if not value.numel():
            raise ValueError(f"{name} is {shown(value)}; give at least one number") from None
        if not value.is_floating_point() and value.min() < 0:
            raise ValueError(f"{name} holds {value.min()}; an index is not negative") from None
        if value.dtype in (torch.uint8, torch.int8, torch.int16, torch.int32):
            raise ValueError(f"{name} is {shown(value)}; give whole numbers of int64, as `.long()` does") from None
        if name == "ids" and known is not None and (value >= known).any():
            raise ValueError(f"ids holds {value.max()}; the network reads 0 to {known - 1}") from None
    if known is not None and vocab is not None and len(vocab) != known:
        raise ValueError(f"vocab has {len(vocab)} characters and the network {known}; give its own") from None
