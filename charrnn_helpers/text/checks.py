"""Check the arguments of a public function against its annotations, so that a wrong one gets one plain sentence.

jaxtyping checks the shapes of tensors, beartype all else. Importing both takes 0.25 s, so they come at the first call.
"""

from __future__ import annotations

import inspect
import reprlib
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial, wraps
from numbers import Real
from os import PathLike
from typing import Annotated, Any, SupportsFloat, SupportsIndex, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import torch
from torch import Tensor, nn

Numbers = Sequence[float] | np.ndarray
Decorated = TypeVar("Decorated", bound=Callable)
_LARGEST = 2**31  # of a size or a seed; PyTorch has no room for larger ones
_ORDINARY = (torch.float32, torch.float64, torch.int32, torch.int64)
_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "True or False", types.NoneType: "None"}
_WORDS |= {Tensor: "a tensor", nn.Module: "a network", np.ndarray: "an array", Callable: "a function"}
_WORDS |= {dict: "a dict", list: "a list", tuple: "a tuple", Sequence: "a list"}
_SEVERAL = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class ArgumentError(ValueError, TypeError):
    """An argument that is not of the type that is asked for; the message names it and says what is."""


def checked(function: Decorated, before: bool = True) -> Decorated:
    """Decorate a public function so that a wrong argument is named in one sentence: an `ArgumentError` or `ValueError`.

    Types and shapes are checked before the call, or with `before=False` only once it has failed. Of a class, its
    construction is checked.
    """
    if isinstance(function, type):
        function.__init__ = checked(function.__init__, before)
        return function

    @wraps(function)
    def call(*args, **named):
        if before:
            _check_types(function, args, named)
        try:
            return function(*args, **named)
        except Exception as error:
            _check_types(function, args, named, each=True)
            if not isinstance(error, ValueError | FloatingPointError):  # the sentences of this package
                _check_values({name: value for name, value, _ in _given(function, args, named)})
            raise

    return call


def checked_on_failure(function: Decorated) -> Decorated:
    """Decorate a function that is called so often that a check before each call would slow it down."""
    return checked(function, before=False)


@cache
def _annotations(function: Callable) -> tuple[inspect.Signature, dict[str, Any]]:
    """The parameters of a function, and the type that each of them asks for."""
    import jaxtyping

    plain = inspect.unwrap(function)
    shapes = {name: getattr(jaxtyping, name) for name in ("Bool", "Float", "Num")}
    shapes["Int"] = jaxtyping.Integer  # whose numbers may be unsigned: a text of bytes
    signature, hints = inspect.signature(plain), get_type_hints(plain, localns=shapes, include_extras=True)
    single = [part.name for part in signature.parameters.values() if part.kind not in _SEVERAL]
    return signature, {name: hints.get(name, object) for name in single}


@cache
def _beartype() -> Callable[[Any, Any], bool]:
    """Import beartype's check of a value; a number may also be NumPy's, or a tensor's without dimensions."""
    from beartype import BeartypeConf, FrozenDict
    from beartype.door import is_bearable
    from beartype.vale import Is

    single = Is[lambda value: getattr(value, "ndim", 0) == 0]
    numbers = {int: Annotated[SupportsIndex, single], float: Annotated[SupportsFloat, single]}
    return partial(is_bearable, conf=BeartypeConf(hint_overrides=FrozenDict(numbers)))


def _fits(value: Any, hint: Any, each: bool) -> bool:
    """Say whether a value has a type; with `each`, look at each item of a list or dict as well.

    Beartype would look at one item, and draw it from Python's own random numbers, which belong to the reader.
    """
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_fits(value, part, each) for part in parts)
    if origin not in (Sequence, Mapping, dict):
        return _beartype()(value, hint)
    items = value.values() if isinstance(value, Mapping) else value
    fits = isinstance(value, origin) and not isinstance(value, str | bytes)
    return fits and (not each or all(_fits(item, parts[-1], each) for item in items))


def _given(function: Callable, args: tuple, named: dict) -> Iterator[tuple[str, Any, Any]]:
    """Each argument of a call: its name, its value, and the type that its annotation asks for."""
    signature, hints = _annotations(function)
    try:
        values = signature.bind(*args, **named).arguments
    except TypeError:
        return  # Python's own sentence names what is missing, or one too many
    for name, value in values.items():
        if name in hints:
            yield name, value, hints[name]


def _check_types(function: Callable, args: tuple, named: dict, each: bool = False) -> None:
    """Raise `ArgumentError` for the first argument that does not fit; with `each`, look at each item of a list."""
    from jaxtyping import jaxtyped

    with jaxtyped("context"):  # in which a name stands for the same size in all shapes
        for name, value, hint in _given(function, args, named):
            if not _fits(value, hint, each):
                with jaxtyped("context"):
                    alone = ", which does not go with the arguments before it" if _fits(value, hint, each) else ""
                raise ArgumentError(f"{name} is {shown(value)}{alone}; it must be {_in_words(hint)}") from None


def _in_words(hint: Any) -> str:
    """What an annotation asks for."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return ", or ".join(dict.fromkeys(map(_in_words, parts)))
    if hasattr(hint, "dim_str"):  # of jaxtyping
        kind = {"Integer": "whole numbers", "Bool": "True and False"}.get(hint.__name__.split("[")[0], "numbers")
        return f"{_in_words(hint.array_type)} of {kind} of the shape ({', '.join(hint.dim_str.split())})"
    words = _WORDS.get(origin or hint, getattr(origin or hint, "__name__", str(hint)))
    return f"{words}, each of it {_in_words(parts[-1])}" if origin in (Sequence, dict) else words


def shown(value: Any) -> str:
    """A value in a sentence: short, and without a look into a tensor or a network."""
    if isinstance(value, Tensor):
        return f"a tensor of {str(value.dtype).removeprefix('torch.')} of the shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} of the shape {value.shape}"
    plain = isinstance(value, Real | str | bytes | PathLike | list | tuple | dict | None)
    return reprlib.repr(value) if plain else f"of the type {type(value).__name__}"


def _check_values(given: Mapping[str, Any]) -> None:
    """Raise `ValueError` for an argument of a call that has failed, whose type fits and whose numbers do not."""
    for name, value in given.items():
        if isinstance(value, nn.Module) and name == "model" and not hasattr(value, "vocab_size"):
            raise ValueError(f"model is {shown(value)}; give a network that reads characters, as `LSTMModel`") from None
        for tensor in value.parameters() if isinstance(value, nn.Module) else [value]:
            if not isinstance(tensor, Tensor):
                continue
            if tensor.is_meta or tensor.layout != torch.strided or tensor.dtype not in _ORDINARY:
                raise ValueError(f"{name} is {shown(value)}; give ordinary numbers, float32 or indices") from None
            if not tensor.numel():
                raise ValueError(f"{name} is {shown(tensor)}; give at least one number") from None
            if tensor.dtype in _ORDINARY[2:] and tensor.min() < 0:
                raise ValueError(f"{name} holds {tensor.min()}; an index is not negative") from None
        if isinstance(value, Real) and not -_LARGEST < value < _LARGEST:
            raise ValueError(f"{name} is {shown(value)}; give a smaller number, that a machine has room for") from None
    model, vocab, ids = (given.get(name) for name in ("model", "vocab", "ids"))
    known = getattr(given.get("self") if model is None else model, "vocab_size", None)
    if known is not None and isinstance(ids, Tensor) and (ids >= known).any():
        raise ValueError(f"ids holds {ids.max()}; the network reads 0 to {known - 1}") from None
    if known is not None and vocab is not None and len(vocab) != known:
        raise ValueError(f"vocab has {len(vocab)} characters and the network {known}; give its own") from None
