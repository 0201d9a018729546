"""Check the arguments of public functions against their annotations, so that a wrong one gets one plain sentence.

jaxtyping checks the shapes of tensors, and beartype all else. Importing both takes 0.25 s, so the first call does it.
"""

from __future__ import annotations

import inspect
import reprlib
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial, wraps
from os import PathLike
from typing import Annotated, Any, SupportsFloat, SupportsIndex, TypeVar, Union, cast, get_args, get_origin

import numpy as np
import torch
from torch import Tensor, nn

Numbers = Sequence[float] | np.ndarray
Checked = TypeVar("Checked", bound=Callable)
_UNIONS = (Union, types.UnionType)
_MOST = 2**31  # of a size or a seed: PyTorch has no room for larger ones
_WORDS = {"int": "a whole number", "float": "a number", "str": "a text", "bool": "True or False", "NoneType": "None"}
_WORDS |= {"Tensor": "a tensor", "Module": "a network", "ndarray": "an array", "Sequence": "a list", "dict": "a dict"}
_WORDS |= {"Integer": "whole numbers", "Float": "numbers", "Num": "numbers", "Callable": "a function"}


class ArgumentError(ValueError, TypeError):
    """An argument that is not of the type that is asked for; the message names it and says what is."""


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
            given = _arguments(function, args, named)
            _check_types(given, each=True)
            if not isinstance(error, ValueError | FloatingPointError):  # those are sentences of this package
                _check_numbers({name: value for name, (value, _) in given.items()})
            raise

    return cast(Checked, call)


def checked_on_failure(function: Checked) -> Checked:
    """Decorate a function that is called so often that checks before each call would slow it down."""
    return checked(function, before=False)


@cache
def _parameters(function: Callable) -> tuple[inspect.Signature, dict[str, Any]]:
    """Look up the signature of a function, and the type of each parameter that stands for one argument."""
    import jaxtyping

    function = inspect.unwrap(function)
    shapes = {"Float": jaxtyping.Float, "Num": jaxtyping.Num}
    shapes["Int"] = jaxtyping.Integer  # whose numbers may be unsigned: a text of bytes
    hints, signature = inspect.get_annotations(function, locals=shapes, eval_str=True), inspect.signature(function)
    single = [name for name, part in signature.parameters.items() if not str(part).startswith("*")]
    return signature, {name: hints.get(name, object) for name in single}


def _arguments(function: Callable, args: tuple, named: dict) -> dict[str, tuple[Any, Any]]:
    """Pair the arguments of a call with their types, by name."""
    signature, hints = _parameters(function)
    try:
        values = signature.bind(*args, **named).arguments
    except TypeError:  # Python's own sentence will name what is missing, or one too many
        return {}
    return {name: (value, hints[name]) for name, value in values.items() if name in hints}


@cache
def _beartype() -> Callable[[Any, Any], bool]:
    """Import beartype's check of a value. A number may also be NumPy's, or a tensor's without dimensions."""
    from beartype import BeartypeConf, FrozenDict
    from beartype.door import is_bearable
    from beartype.vale import Is

    number = Is[lambda value: getattr(value, "ndim", 0) == 0 and getattr(value, "dtype", None) != torch.bool]
    numbers = {int: Annotated[SupportsIndex, number], float: Annotated[SupportsFloat, number]}
    return partial(is_bearable, conf=BeartypeConf(hint_overrides=FrozenDict(numbers)))


def _fits(value: Any, hint: Any, each: bool) -> bool:
    """Say whether a value has a type; with `each`, look at each item of a list or dict as well.

    Beartype would look at one item, and draw it from Python's own random numbers, which belong to the reader.
    """
    origin = get_origin(hint)
    if origin in _UNIONS:
        return any(_fits(value, part, each) for part in get_args(hint))
    if (item_type := _item_type(hint)) is None:
        return _beartype()(value, hint)
    items = value.values() if isinstance(value, Mapping) else value
    fits = isinstance(value, origin) and not isinstance(value, str | bytes)
    return fits and (not each or all(_fits(item, item_type, each) for item in items))


def _item_type(hint: Any) -> Any:
    """Find the type of the items of a list or dict, or of a tuple of any length; None for other types."""
    origin, parts = get_origin(hint), [part for part in get_args(hint) if part is not ...]
    several = origin is not tuple or ... in get_args(hint)
    return parts[-1] if isinstance(origin, type) and issubclass(origin, Collection) and several else None


def _check_types(given: Mapping[str, tuple[Any, Any]], each: bool = False) -> None:
    """Raise `ArgumentError` for the first argument that does not have its type."""
    from jaxtyping import jaxtyped

    with jaxtyped("context"):  # in which the name of an axis stands for one size
        for name, (value, hint) in given.items():
            if not _fits(value, hint, each):
                with jaxtyped("context"):
                    alone = ", which does not go with the arguments before it" if _fits(value, hint, each) else ""
                raise ArgumentError(f"{name} is {shown(value)}{alone}; it must be {_in_words(hint)}") from None


def _in_words(hint: Any) -> str:
    """Say what a type asks for."""
    origin, item_type = get_origin(hint), _item_type(hint)
    if origin in _UNIONS:
        return ", or ".join(dict.fromkeys(map(_in_words, get_args(hint))))
    name = getattr(origin or hint, "__name__", str(hint)).partition("[")[0]
    if hasattr(hint, "dim_str"):  # jaxtyping's
        return f"{_in_words(hint.array_type)} of {_WORDS[name]} of the shape ({', '.join(hint.dim_str.split())})"
    return _WORDS.get(name, name) + (f", each of it {_in_words(item_type)}" if item_type else "")


def shown(value: Any) -> str:
    """Show a value in a sentence: short, and without a look into a tensor or a network."""
    if isinstance(value, Tensor | np.ndarray):
        kind = "a tensor" if isinstance(value, Tensor) else "an array"
        return f"{kind} of {str(value.dtype).removeprefix('torch.')} of the shape {tuple(value.shape)}"
    plain = isinstance(value, int | float | complex | str | bytes | PathLike | list | tuple | dict | None)
    return reprlib.repr(value) if plain else f"of the type {type(value).__name__}"


def _check_numbers(given: Mapping[str, Any]) -> None:
    """Raise `ValueError` for an argument of a call that has failed, if its type fits and its numbers do not."""
    for name, value in given.items():
        if isinstance(value, nn.Module) and name == "model" and not hasattr(value, "vocab_size"):
            raise ValueError(f"model is {shown(value)}; give a network that reads characters, as `LSTMModel`") from None
        if isinstance(value, Tensor) and not value.numel():
            raise ValueError(f"{name} is {shown(value)}; give at least one number") from None
        for tensor in value.parameters() if isinstance(value, nn.Module) else [value]:
            if isinstance(tensor, Tensor) and (tensor.is_meta or tensor.dtype in (torch.float16, torch.bfloat16)):
                raise ValueError(f"{name} is {shown(value)} without numbers of float32; give one that has") from None
        if isinstance(value, Tensor) and not value.is_floating_point() and value.min() < 0:
            raise ValueError(f"{name} holds {value.min()}; an index is not negative") from None
        if isinstance(value, int | float) and not -_MOST < value < _MOST:
            raise ValueError(f"{name} is {shown(value)}; give a smaller number, that a machine has room for") from None
    model, vocab, ids = given.get("model", given.get("self")), given.get("vocab"), given.get("ids")
    known = getattr(model, "vocab_size", None)
    if known is not None and isinstance(ids, Tensor) and (ids >= known).any():
        raise ValueError(f"ids holds {ids.max()}; the network reads 0 to {known - 1}") from None
    if known is not None and vocab is not None and len(vocab) != known:
        raise ValueError(f"vocab has {len(vocab)} characters and the network {known}; give its own") from None
