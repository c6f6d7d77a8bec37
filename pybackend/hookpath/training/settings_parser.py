"""Reading settings from files and ``key=value`` texts, and saying in one line what is wrong."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from hookpath.errors import UsageError
from hookpath.untrusted_files import read_text, reason, refuse_deep

Values = dict[str, Any]


def read_toml(path: Path) -> Values:
    """The parsed file.

    Raises:
        UsageError: missing, unreadable or not TOML.
    """
    try:
        found = tomllib.loads(read_text(path))
        refuse_deep(found)
        return found
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    except RecursionError:
        raise UsageError(f"{path}: not valid TOML (nested too deep)") from None
    except ValueError as error:
        raise UsageError(f"{path}: not valid TOML ({reason(error)})") from None


def parse_override(text: str) -> tuple[str, Any]:
    """``"a.b=3"`` → ``("a.b", 3)``; what is no TOML value is text."""
    key, sign, raw = text.partition("=")
    if not sign or not key.strip():
        raise UsageError(f"--set {text}: write key=value, as in --set batch_size=4")
    raw = raw.strip()
    if raw.lower() in {"none", "null"}:
        return key.strip(), None
    try:
        return key.strip(), tomllib.loads(f"v = {raw}")["v"]
    except (ValueError, RecursionError):
        return key.strip(), raw


def toml_text(text: str) -> str:
    """A text as a TOML value, so that `parse_override` gives it back whatever it looks like."""
    return json.dumps(text, ensure_ascii=False)


def toml_table(values: Mapping[str, str]) -> str:
    """Texts by name as a TOML value (see `toml_text`)."""
    return "{" + ", ".join(f"{toml_text(k)} = {toml_text(v)}" for k, v in values.items()) + "}"


def nested(key: str, value: Any) -> Values:
    """``("a.b", 3)`` → ``{"a": {"b": 3}}``."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return dict(value)


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Values:
    """`base` with `changes` put over it, table by table; neither is changed.

    Raises:
        UsageError: a part is to change of what was given as a whole, by a name.
    """
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, str) and isinstance(value, Mapping):
            first = next(iter(value), "")
            raise UsageError(f"{key} = {old!r} is all of it; leave that out, or {key}.{first}")
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(old, value) if both and old is not None else value
    return merged


def overridden(values: Mapping[str, Any], overrides: Sequence[str]) -> Values:
    """`values` with ``key=value`` texts put over them, in order."""
    for text in overrides:
        values = merge(values, nested(*parse_override(text)))
    return dict(values)


def given_settings(path: Path | None, overrides: Sequence[str]) -> set[str]:
    """Dotted names of what a file and ``key=value`` texts say themselves.

    Raises:
        UsageError: as `read_toml`, `parse_override`.
    """
    values = overridden(read_toml(path) if path else {}, overrides)
    return set(_dotted(values))


def _dotted(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{key}.")
        else:
            yield prefix + key


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """The first problem of a validation, in one line."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return f"unknown setting {key!r}; {_suggest(key, list(setting_names(model)))}"
    reason = str(first["msg"]).removeprefix("Value error, ")
    if not key:
        return f"settings do not fit together: {reason}"
    if first["type"] in {"tuple_type", "list_type"}:
        reason = f"it is a list, as in {key}=['{first['input']}']"
    return f"setting {key} = {first['input']!r} is not valid: {reason}"


def setting_names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Dotted names of all settings."""
    for name, field in model.model_fields.items():
        inner = _inner_model(field.annotation)
        if inner is None:
            yield prefix + name
        else:
            yield from setting_names(inner, f"{prefix}{name}.")


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    options = (annotation, *get_args(annotation))
    found = (a for a in options if isinstance(a, type) and issubclass(a, BaseModel))
    return next(found, None)


#: Constructor arguments that people look for at the top.
_MODEL_ARGUMENTS = (
    "filters", "spacings", "input_size", "depth", "size", "backbone", "combine", "magnifications",
    "label_share", "upscaling", "dropout",
)  # fmt: skip


def _suggest(key: str, names: list[str]) -> str:
    if key in _MODEL_ARGUMENTS:
        return f"did you mean 'model.{key}'?"
    last = {name.rsplit(".", 1)[-1]: name for name in reversed(names)}
    near = difflib.get_close_matches(key, names, n=1)
    near = near or [last[n] for n in difflib.get_close_matches(key.rsplit(".", 1)[-1], last, n=1)]
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
