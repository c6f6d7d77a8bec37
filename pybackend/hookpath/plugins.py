"""What other installed packages add: networks, encoders, samplers, slide readers, loggers.

A package says so by entry points (docs/plugins.md). Nothing of it is imported before it is asked
for by name, and nothing is ever found through a model folder: only what is installed here runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Literal

from hookpath.errors import PluginError, one_line

Kind = Literal["networks", "encoders", "samplers", "readers", "loggers"]
"""The entry point group is ``hookpath.<kind>``."""


def names(kind: Kind) -> tuple[str, ...]:
    """What there is, sorted; nothing is imported."""
    return tuple(sorted(_found(kind)))


def load(kind: Kind, name: str) -> Any:
    """The object behind a name.

    Raises:
        PluginError: there is none, or its package cannot be imported.
    """
    point = _found(kind).get(name)
    if point is None:
        raise PluginError(
            f"no installed package adds {kind[:-1]} {name!r}; there are: "
            f"{', '.join(names(kind)) or 'none'}"
        )
    return _loaded(point, kind)


@lru_cache
def _found(kind: Kind) -> Mapping[str, EntryPoint]:
    return MappingProxyType({p.name: p for p in entry_points(group=f"hookpath.{kind}")})


@lru_cache
def _loaded(point: EntryPoint, kind: Kind) -> Any:
    try:
        return point.load()
    except Exception as error:  # whatever a stranger's module does when it is imported
        package = point.dist.name if point.dist is not None else point.module
        raise PluginError(
            f"{kind[:-1]} {point.name!r} of the package {package} cannot be loaded "
            f"({one_line(error)}); update the package, or uninstall it"
        ) from error


def forget() -> None:
    """Look again at what is installed."""
    _found.cache_clear()
    _loaded.cache_clear()
