"""A family is one file: it registers itself and says how it is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType

import pytest

from hookpath.models import FAMILIES, UNet, build_model
from hookpath.models.registry import register
from hookpath.training import TrainConfig


@pytest.fixture
def narrow() -> Iterator[type[UNet]]:
    @register
    class Narrow(UNet):
        family = "narrow"
        presets = MappingProxyType(
            {"fast": {"batch_size": 3, "model": {"filters": 2, "input_size": 92, "depth": 2}}}
        )

        def __init__(
            self,
            n_classes: int,
            spacings: Sequence[float] = (1.0,),
            input_size: int = 92,
            depth: int = 2,
            filters: int = 4,
        ) -> None:
            super().__init__(n_classes, spacings, input_size, depth, filters)

    yield Narrow
    del FAMILIES["narrow"]


def test_a_registered_family_is_built_by_its_name(narrow: type[UNet]) -> None:
    assert isinstance(build_model("narrow", n_classes=2), narrow)
    assert "narrow" in FAMILIES.names()


def test_its_presets_are_those_of_its_class(narrow: type[UNet]) -> None:
    fast = TrainConfig.load(overrides=["preset=fast", "family=narrow"])
    assert (fast.batch_size, fast.model["filters"]) == (3, 2)
    assert TrainConfig.load(overrides=["family=narrow"]).batch_size != 3


def test_a_name_is_given_once(narrow: type[UNet]) -> None:
    with pytest.raises(ValueError, match="two networks of the family 'narrow'"):
        register(narrow)
