"""Arguments of networks, checked by pydantic against their constructors' annotations.

A model folder may come from a stranger, and settings are typed by hand: what a constructor says of
its arguments must hold before it runs, within the bounds of `hookpath.limits`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Optional, Union, get_args, get_origin

from pydantic import (
    BeforeValidator,
    Field,
    PydanticSchemaGenerationError,
    PydanticUserError,
    TypeAdapter,
    ValidationError,
)

from hookpath.limits import BRANCHES, DESIGN_DEPTH, DESIGN_NUMBER

#: Counts that may be 0, for none.
_MAY_BE_NONE = ("heatmaps", "aspp", "hidden")


#: pydantic's types of errors where there is too much of something.
_TOO_MUCH = {"less_than_equal", "too_long"}


def argument_fault(network: type, name: str, value: object) -> str:
    """What an argument of a network must be, where `value` is not that; "": it is.

    Args:
        name: an argument that the network's constructor has.
    """
    annotation = _annotations(network).get(name, Any)
    adapter = _adapter(annotation, name)
    if adapter is None:
        return ""
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return _in_words(annotation, name, value, error)
    return ""


@cache
def _annotations(network: type) -> Mapping[str, Any]:
    """Of the constructor's arguments; those of another package may name what is not there."""
    try:
        found = inspect.signature(network, eval_str=True).parameters
    except (NameError, AttributeError, SyntaxError, TypeError):
        return {}
    return {name: parameter.annotation for name, parameter in found.items()}


@cache
def _adapter(annotation: Any, name: str) -> TypeAdapter[Any] | None:
    """What checks an argument; None: nothing is known of its type."""
    if annotation in (inspect.Parameter.empty, Any):
        return None
    kind, optional = _without_none(annotation)
    bounded = _bounded(kind, _least(name, optional), _most(name))
    try:
        return TypeAdapter(Optional[bounded] if optional else bounded)  # noqa: UP045
    except (PydanticSchemaGenerationError, PydanticUserError):  # a type of another package's
        return None


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """``int | None`` → ``int``, True; what is no such choice stays as it is."""
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    if get_origin(annotation) in (Union, UnionType) and len(kinds) == 1:
        return kinds[0], True
    return annotation, False


def _least(name: str, optional: bool) -> int:
    """Of whole numbers: a count begins at 1, the place of a class or a depth at 0."""
    return 0 if optional or name in _MAY_BE_NONE else 1


def _most(name: str) -> int:
    return DESIGN_DEPTH if name == "depth" else DESIGN_NUMBER


def _bounded(kind: Any, least: int, most: int) -> Any:
    """The annotation with the bounds that a design has."""
    if kind is int:
        return Annotated[int, Field(ge=least, le=most), _PLAIN_NUMBER]
    if kind is float:
        return Annotated[float, Field(allow_inf_nan=False), _PLAIN_NUMBER]
    if kind is bool:
        return Annotated[bool, Field(strict=True)]
    if item := _item(kind):
        bounds = Field(gt=0, le=DESIGN_NUMBER)
        number = Annotated[item, bounds, _PLAIN_NUMBER]  # type: ignore[valid-type]
        return Annotated[list[number], Field(max_length=BRANCHES), _PLAIN_LIST]
    return kind


def _item(kind: Any) -> Any:
    """The type of the numbers that a sequence holds; None: it is something else."""
    inside = get_args(kind)
    return inside[0] if get_origin(kind) is Sequence and inside[0] in (int, float) else None


def _plain_number(value: object) -> object:
    """Numbers alone: neither ``true`` nor the text of one; NumPy's become Python's."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError("no number")
    try:
        return int(value) if isinstance(value, Integral) else float(value)
    except OverflowError as error:  # hundreds of digits
        raise ValueError("no number that a computer knows") from error


def _plain_list(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError("no list")
    return value


_PLAIN_NUMBER = BeforeValidator(_plain_number)
_PLAIN_LIST = BeforeValidator(_plain_list)


def _in_words(annotation: Any, name: str, value: object, error: ValidationError) -> str:
    """What the argument must be, as it goes on after its name."""
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    problems = {str(found["type"]) for found in errors}
    kind, optional = _without_none(annotation)
    too_much = problems <= _TOO_MUCH
    if kind is int:
        bound = f"at most {_most(name)}" if too_much else f"at least {_least(name, optional)}"
        return f"must be a whole number, {bound}"
    if _item(kind):
        if not isinstance(value, list | tuple):
            return f"is a list, as in {name}=[{value}]"
        numbers = f"at most {BRANCHES} numbers up to {DESIGN_NUMBER}"
        return f"must be a list of {numbers if too_much else 'numbers above 0'}"
    if get_origin(kind) is Literal:
        return f"must be one of {', '.join(map(str, get_args(kind)))}"
    words = {float: "a number", bool: "true or false", str: "a text"}
    if kind in words:
        return f"must be {words[kind]}"
    return f"does not fit ({errors[0]['msg']})"
