"""The model families by name.

Adding one: a file in this folder, a line here, and one in `hookpath.qupath.offers`.
"""

from __future__ import annotations

import difflib
import inspect
from typing import Any

from hookpath.errors import ModelDesignError
from hookpath.models.agunet import AGUNet, DAGUNet
from hookpath.models.base import Network
from hookpath.models.classifier import PatchClassifier
from hookpath.models.doubleunet import DoubleUNet
from hookpath.models.h2gnet import H2GNet
from hookpath.models.hooknet import HookNet
from hookpath.models.mrn import MRN
from hookpath.models.multiscale import MultiScaleCNN
from hookpath.models.otsu import Otsu
from hookpath.models.scale import ScaleDetector
from hookpath.models.unet import UNet
from hookpath.models.unet_lr import UNetLR

FAMILIES: dict[str, type[Network]] = {
    HookNet.family: HookNet,
    UNet.family: UNet,
    MRN.family: MRN,
    UNetLR.family: UNetLR,
    AGUNet.family: AGUNet,
    DAGUNet.family: DAGUNet,
    DoubleUNet.family: DoubleUNet,
    Otsu.family: Otsu,
    H2GNet.family: H2GNet,
    PatchClassifier.family: PatchClassifier,
    MultiScaleCNN.family: MultiScaleCNN,
    ScaleDetector.family: ScaleDetector,
}


def build_model(family: str, **config: Any) -> Network:
    """A new network of a family.

    Raises:
        ModelDesignError: unknown family or argument, or a design that cannot be built.
    """
    if family not in FAMILIES:
        near = difflib.get_close_matches(family, FAMILIES, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ModelDesignError(
            f"unknown model family {family!r}; {hint}there are: {', '.join(sorted(FAMILIES))}"
        )
    _refuse_unknown(family, config)
    try:
        return FAMILIES[family](**config)
    except TypeError as error:
        raise ModelDesignError(f"{family}: {error}") from error


def _refuse_unknown(family: str, config: dict[str, Any]) -> None:
    known = inspect.signature(FAMILIES[family]).parameters
    for name, value in config.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
            raise ModelDesignError(f"{family} takes no argument {name!r}; {hint}")
        if str(known[name].annotation).startswith("Sequence") and isinstance(value, int | float):
            raise ModelDesignError(f"{family}: {name} is a list, as in {name}=[{value}]")
