"""The model families by name.

A new family is one file in this folder and nothing else: a subclass of `Network` with `@register`,
whose constructor arguments say the architecture and whose class attributes say how it is trained.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any, TypeVar

from hookpath import plugins
from hookpath.errors import ModelDesignError, PluginError
from hookpath.models.argument_checks import argument_fault
from hookpath.models.network_base import Network

N = TypeVar("N", bound=Network)


class Families(dict[str, type[Network]]):
    """Families by name: ours, and those of other installed packages, loaded when asked for."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in plugins.names("networks")

    def __missing__(self, name: str) -> type[Network]:
        if name not in plugins.names("networks"):
            raise KeyError(name)
        found = plugins.load("networks", name)
        if not (isinstance(found, type) and issubclass(found, Network) and found.family == name):
            raise PluginError(
                f"network {name!r}: the entry point must name a subclass of "
                f"hookpath.models.Network whose `family` is {name!r}"
            )
        self[name] = found
        return found

    def get(  # type: ignore[override]  # `dict.get` never asks `__missing__`
        self, name: str, default: type[Network] | None = None
    ) -> type[Network] | None:
        """The family of a name, a plug-in's too, else `default`."""
        return self[name] if name in self else default  # noqa: SIM401

    def names(self) -> list[str]:
        """All, sorted."""
        return sorted({*self, *plugins.names("networks")})


FAMILIES = Families()
"""Filled by `register`; `hookpath.models` imports every file beside this one."""


def register(network: type[N]) -> type[N]:
    """Class decorator: the network can be built, trained, saved and opened by its `family`.

    Raises:
        ValueError: another network has that name.
    """
    if network.family in FAMILIES:
        raise ValueError(f"two networks of the family {network.family!r}")
    FAMILIES[network.family] = network
    return network


def build_model(family: str, **config: Any) -> Network:
    """A new network of a family.

    Raises:
        ModelDesignError: unknown family or argument, or a design that cannot be built.
    """
    refuse_wrong_arguments(family, config)
    try:
        return FAMILIES[family](**config)
    except TypeError as error:
        raise ModelDesignError(f"{family}: {error}") from error


def refuse_wrong_arguments(family: str, config: Mapping[str, Any]) -> None:
    """Raise `ModelDesignError` for an unknown family, or arguments that it cannot have."""
    if family not in FAMILIES:
        near = difflib.get_close_matches(family, FAMILIES.names(), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ModelDesignError(
            f"unknown model family {family[:80]!r}; {hint}there are: {', '.join(FAMILIES.names())}"
        )
    known = inspect.signature(FAMILIES[family]).parameters
    for name, value in config.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
            raise ModelDesignError(f"{family} takes no argument {name!r}; {hint}")
        if wrong := argument_fault(FAMILIES[family], name, value):
            raise ModelDesignError(f"{family}: {name} {wrong}, not {_short(value)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 80 else f"{text[:76]} …"
