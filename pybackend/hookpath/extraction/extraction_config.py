"""What to cut out of slides, and how magnifications are said."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass, field
from typing import Literal

from hookpath.annotations import LabelRules
from hookpath.errors import UsageError
from hookpath.geometry import UM_AT_ONE
from hookpath.limits import DESIGN_NUMBER, WORKERS
from hookpath.projects import PlaneChoice
from hookpath.slides import TissueRule

#: Numbers without a unit that are asked about: objectives are called so.
OBJECTIVES = frozenset({5.0, 10.0, 20.0, 40.0, 60.0, 63.0, 80.0, 100.0})

_SAID = re.compile(r"(\d+(?:\.\d+)?)\s*([x×]|um|µm|μm)?(?:/px)?", re.IGNORECASE)


@dataclass(frozen=True)
class Magnification:
    """µm/px, and what it is called in names of folders (``10x``, ``0.5um``)."""

    spacing_um: float
    name: str

    @classmethod
    def parse(cls, text: str) -> Magnification:
        """``10x`` is 1 µm/px; ``0.5``, ``0.5um`` and ``0.5 µm/px`` are what they say.

        Raises:
            UsageError: neither, or a bare number that may mean either (``20``).
        """
        said = _SAID.fullmatch(text.strip())
        value = float(said[1]) if said else 0.0
        if said is None or not 0.01 <= value <= 1000:
            raise UsageError(f"--at {text}: give a magnification (10x) or µm/px (0.5)")
        if not said[2] and value in OBJECTIVES:
            raise UsageError(
                f"--at {text}: is {value:g} µm/px meant, a coarse overview ({value:g}um), or the "
                f"magnification {value:g}x, which is {UM_AT_ONE / value:g} µm/px? Say which"
            )
        if (said[2] or "").lower() in ("x", "×"):
            return cls(UM_AT_ONE / value, f"{value:g}x")
        return cls(value, f"{value:g}um")

    @property
    def times(self) -> float:
        """The magnification that goes with the µm/px."""
        return UM_AT_ONE / self.spacing_um


@dataclass(frozen=True)
class ExtractConfig:
    """What to extract.

    Attributes:
        at: magnifications, in any order.
        mode: ``centres``: a grid at the finest, and about each of its patches one of every coarser
            magnification, concentric; ``grid``: every magnification has its own grid.
        size: side of the patches in px, the same at every magnification.
        stride: from patch to patch in px; None: `size`.
        where: ``tissue``: patches (of a tuple: the finest) with enough tissue; ``labels``: with
            enough of one class that people drew; ``all``.
        tissue: what is taken for tissue (see `tissue_mask`).
        tissue_share, label_share: how much of a patch is enough.
        classes: labels that count; empty: all.
        rules: how annotations become labels (lines of a width, classes folded).
        rest: class of undrawn tissue (see `Rest`); None: unknown, unless image metadata says so.
        masks: write a label image beside each patch: 0 is unknown, other values are `labels.csv`'s.
        image_format, quality: ``png`` or ``jpeg`` (8-bit RGB), ``tiff`` (any channels, as they are
            stored), and JPEG's quality.
        channels: of TIFF, by name, in this order; empty: all.
        workers: processes; 0: none but this one.
        images: only those of these names or ids; empty: all.
        planes: of stacks, each a slide of its own. Nothing chosen: the plane that QuPath shows
            first; where patches are of annotated classes, those that have annotations.
        again: extract finished slides again.
        shard: (K, N): only every N-th image, from the K-th (1…N).
    """

    at: tuple[Magnification, ...] = (Magnification(1.0, "10x"),)
    mode: Literal["centres", "grid"] = "centres"
    size: int = 256
    stride: int | None = None
    where: Literal["tissue", "labels", "all"] = "tissue"
    tissue: TissueRule = "generous"
    tissue_share: float = 0.5
    label_share: float = 0.5
    classes: tuple[str, ...] = ()
    rest: str | None = None
    rules: LabelRules = field(default_factory=LabelRules)
    image_format: Literal["png", "jpeg", "tiff"] = "png"
    channels: tuple[str, ...] = ()
    quality: int = 90
    masks: bool = False
    workers: int = 0
    images: tuple[str, ...] = field(default=())
    planes: PlaneChoice = field(default_factory=PlaneChoice)
    again: bool = False
    shard: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.channels and self.image_format != "tiff":
            raise UsageError("--channels needs --format tiff: PNG and JPEG hold RGB here")
        spacings = [m.spacing_um for m in self.at]
        if not spacings or len(set(spacings)) < len(spacings):
            raise UsageError("--at: give magnifications, each once")
        if self.size < 8 or self.step < 1:
            raise UsageError("--size must be at least 8 px and --stride at least 1")
        if self.size > DESIGN_NUMBER or not 0 <= self.workers <= WORKERS:
            raise UsageError(f"at most --size {DESIGN_NUMBER} px and --workers {WORKERS}")
        for name, share in (("tissue", self.tissue_share), ("label", self.label_share)):
            if not (math.isfinite(share) and 0 <= share <= 1):
                raise UsageError(f"--{name}-share {share:g}: a share lies between 0 and 1")

    @property
    def step(self) -> int:
        """Px from patch to patch."""
        return self.size if self.stride is None else self.stride

    @property
    def by_fineness(self) -> tuple[Magnification, ...]:
        """Magnifications, finest first."""
        return tuple(sorted(self.at, key=lambda m: m.spacing_um))

    @property
    def digest(self) -> str:
        """Changes whenever other patches would come out."""
        said = asdict(self) | {"rules": self.rules.model_dump(exclude_defaults=True)}
        for name in ("workers", "images", "planes", "again", "shard"):
            del said[name]
        if self.rest is None:  # as runs of before there was a rest
            del said["rest"]
        if not self.channels:  # as runs of before there were channels
            del said["channels"]
        if not self.masks:  # as runs of before there were masks
            del said["masks"]
        if self.rules == LabelRules():
            del said["rules"]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
