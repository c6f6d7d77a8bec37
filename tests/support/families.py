"""The smallest network of every family that still has all its parts."""

from __future__ import annotations

from typing import Any

from torch import nn

from hookpath.annotations import ClassTable, PathClass
from hookpath.models.backbones import BackboneKind


def _features() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


TINY_BACKBONE = BackboneKind(_features, 4, "none", (), 8)
"""To be put into `BACKBONES` as ``tiny`` while a test runs: ImageNet's networks export slowly."""

_OVERVIEW = {"n_classes": 2, "size": 16, "heatmaps": 1, "filters": (2, 2, 4)}

TINY: dict[str, dict[str, Any]] = {
    "unet": {"n_classes": 3, "spacings": (1.0,), "input_size": 52, "depth": 2, "filters": 2},
    "hooknet": {"n_classes": 3, "spacings": (1.0, 4.0), "input_size": 60, "depth": 2, "filters": 2},
    "probe": {"n_classes": 3, "spacings": (1.0, 2.0), "input_size": 64, "depth": 2, "hidden": 4},
    "mrn": {"n_classes": 3, "spacings": (1.0, 2.0), "input_size": 32, "depth": 2, "filters": 2},
    "unet-lr": _OVERVIEW,
    "agunet": _OVERVIEW,
    "dagunet": _OVERVIEW,
    "doubleunet": _OVERVIEW,
    "otsu": {"n_classes": 2, "size": 16},
    "classifier": {"n_classes": 3, "input_size": 32, "backbone": "tiny", "head": "h2gnet"},
    "multiscale": {"n_classes": 3, "input_size": 32, "backbone": "tiny"},
    "scale": {"input_size": 32, "backbone": "tiny"},
    "h2gnet": {
        "n_classes": 2,
        "patch": {"input_size": 32, "backbone": "tiny", "head": "h2gnet"},
        "refine": {"size": 16, "filters": (2, 2, 4)},
    },
}


def class_table(n: int) -> ClassTable:
    """``A``, ``B``…, each of its own colour."""
    return ClassTable(tuple(PathClass(chr(65 + i), (200 - 20 * i, 30, 40 * i)) for i in range(n)))
