"""Where a call fails, one sentence that names the argument at fault; what works is not touched.

A function under `@explained` is held against its annotations after it has failed, and costs nothing before. What this
package says itself passes. `Ids` and `Rows` are annotations that ask for more than a type: for tensors of indices.
"""

import dis
import inspect
import math
import reprlib
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from numbers import Integral, Real
from os import PathLike
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import torch
from torch import Tensor, nn


class ArgumentError(ValueError, TypeError):
    """An argument that is not of the type that is asked for; the message names it and says what is."""


_RAISE = dis.opmap["RAISE_VARARGS"]
_LARGE = 2**31  # of a size or a seed; PyTorch has no room beyond
_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "True or False", type(None): "None"}
_WORDS |= {Tensor: "a tensor", nn.Module: "a network", dict: "a dict", list: "a list", tuple: "a tuple"}
_WORDS |= {Callable: "a function", Sequence: "a list", Iterable: "a list", Mapping: "a dict"}


def explained(function):
    """`function`, whose failures say which argument is wrong: `ArgumentError` for its type, else `ValueError`.

    Of a class, its construction.
    """
    if isinstance(function, type):
        function.__init__ = explained(function.__init__)
        return function
    steps = inspect.isgeneratorfunction(function)

    @wraps(function)
    def call(*args, **named):
        try:
            return function(*args, **named)
        except Exception as error:
            _explain(error, function, args, named)
            raise

    @wraps(function)
    def walk(*args, **named):
        try:
            yield from function(*args, **named)
        except Exception as error:
            _explain(error, function, args, named)
            raise

    return walk if steps else call


def _is_a_sentence(error: Exception) -> bool:
    """Does it come from a `raise` elsewhere in this package? Else from PyTorch, NumPy, or Python in between."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "")
    ours = module != __name__ and module.startswith(f"{__name__.partition('.')[0]}.")
    return ours and trace.tb_frame.f_code.co_code[trace.tb_lasti] == _RAISE


def _explain(error: Exception, function: Callable, args: tuple, named: dict) -> None:
    """Raise the sentence on the first argument that does not fit; return if all do."""
    try:
        given = dict(_given(function, args, named))
    except TypeError:
        return  # Python's own sentence names what is missing, or one too many
    for name, (value, hint) in given.items():
        if not _fits(value, hint):
            raise ArgumentError(f"{name} is {shown(value)}; it must be {_in_words(hint)}") from None
    if _is_a_sentence(error):
        return
    for name, (value, hint) in given.items():
        for part in (hint, *get_args(hint)):
            for check in part.__metadata__ if get_origin(part) is Annotated and isinstance(value, Tensor) else ():
                check(name, value)
        held = list(value.parameters()) if isinstance(value, nn.Module) else [value]
        if any(isinstance(one, Tensor) and (one.is_meta or one.layout != torch.strided) for one in held):
            raise ValueError(f"{name} is {shown(value)} without numbers; give an ordinary one") from None
        if isinstance(value, Tensor) and value.dtype in (torch.bfloat16, torch.float16, torch.bool, *_COMPLEX):
            raise ValueError(f"{name} is {shown(value)} of {value.dtype}; give one of float32 or of indices") from None
        if isinstance(value, nn.Module) and name == "model" and not hasattr(value, "vocab_size"):
            raise ValueError(f"model is {shown(value)}; give a network that reads characters, as `LSTMModel`") from None
        if isinstance(value, Real) and not -_LARGE < value < _LARGE:
            raise ValueError(f"{name} is {shown(value)}; give a smaller number, that a machine has room for") from None
    model, vocab, ids = (given.get(name, (None, None))[0] for name in ("model", "vocab", "ids"))
    model = given["self"][0] if model is None and "self" in given else model
    known = getattr(model, "vocab_size", math.inf)
    if isinstance(ids, Tensor) and (ids >= known).any():
        raise ValueError(f"ids holds {ids.max()}; the network reads 0 to {known - 1}") from None
    if vocab is not None and len(vocab) != known < math.inf:
        raise ValueError(f"vocab has {len(vocab)} characters and the network {known}; give its own") from None


_COMPLEX = (torch.complex32, torch.complex64, torch.complex128)


def _given(function: Callable, args: tuple, named: dict) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Each argument by name, with its annotation."""
    signature, hints = inspect.signature(function), get_type_hints(function, include_extras=True)
    for name, value in signature.bind(*args, **named).arguments.items():
        hint = hints.get(name, Any)
        if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            yield from ((one, (part, hint)) for one, part in value.items())
        elif signature.parameters[name].kind is not inspect.Parameter.VAR_POSITIONAL:
            yield name, (value, hint)


def _fits(value: Any, hint: Any) -> bool:
    """Is `value` what the annotation `hint` says? Every element of a list is looked at; an array is a list as well."""
    origin, inside = get_origin(hint), get_args(hint)
    if hint is Any or isinstance(hint, str):
        return True
    if origin is Annotated:
        return _fits(value, inside[0])
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in inside)
    if origin is Callable:
        return callable(value)
    if origin is Sequence or (origin is tuple and inside[-1] is ...):
        if isinstance(value, str | bytes | Mapping | set) or not getattr(value, "__len__", None):
            return False
        try:
            return all(_fits(one, inside[0]) for one in value)
        except TypeError:  # an array without dimensions
            return False
    if origin is tuple:
        return isinstance(value, tuple) and len(value) == len(inside) and all(map(_fits, value, inside))
    if hint in (int, float):
        return isinstance(value, Integral if hint is int else Real) and not isinstance(value, bool)
    return isinstance(value, origin or hint or type(None))


def _in_words(hint: Any) -> str:
    """What an annotation asks for."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return ", or ".join(dict.fromkeys(map(_in_words, inside)))
    if origin is Annotated:
        return _in_words(inside[0])
    words = _WORDS.get(origin or hint, getattr(origin or hint, "__name__", str(hint)))
    return f"{words}, each of it {_in_words(inside[0])}" if origin is Sequence and inside else words


def shown(value: Any) -> str:
    """A value in a sentence: short, and without a look into a tensor or a network."""
    if isinstance(value, Tensor):
        return f"a tensor of the shape {tuple(value.shape)}"
    plain = isinstance(value, Real | str | bytes | PathLike | list | tuple | dict | None)
    return reprlib.repr(value) if plain else f"of the type {type(value).__name__}"


def _indices(dimensions: int, shape: str) -> Callable[[str, Tensor], None]:
    """The check of a tensor of indices: `ValueError` for one that is none."""

    def check(name: str, ids: Tensor) -> None:
        if ids.dtype != torch.long:
            raise ValueError(f"{name} is a tensor of {ids.dtype}; give indices, as `Vocabulary.encode` does") from None
        if ids.dim() != dimensions or not ids.numel():
            raise ValueError(f"{name} is {shown(ids)}; give indices {shape}, at least one of them") from None
        if not ids.is_meta and ids.min() < 0:
            raise ValueError(f"{name} holds {ids.min()}; an index is not negative") from None

    return check


Ids = Annotated[Tensor, _indices(1, "(n,)")]
Rows = Annotated[Tensor, _indices(2, "(B, T)")]
