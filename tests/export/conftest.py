"""Saved models with weights that matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hookpath.export import export_model
from hookpath.models.backbones import BACKBONES
from support.families import TINY_BACKBONE
from support.saving import save_tiny


@pytest.fixture(scope="module", autouse=True)
def tiny_backbone() -> Iterator[None]:
    """Backbone ``tiny`` of `support.families`, for a module: other tests must not see it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "tiny", TINY_BACKBONE)
        yield


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """``saved("unet")``: a folder with the tiny network of that family."""

    def save(family: str, name: str = "model", **config: Any) -> Path:
        return save_tiny(tmp_path / name, family, **config)

    return save


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HookNet as ``model.onnx``, not to be written to; ``../model`` is its source."""
    folder = tmp_path_factory.mktemp("exported")
    export_model(save_tiny(folder / "model", "hooknet"), folder / "out")
    return folder / "out"
