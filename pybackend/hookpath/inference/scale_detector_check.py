"""What a slide's content says of its µm/px, by a trained scale detector."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from hookpath.annotations import ClassTable, LabelSource
from hookpath.devices import choose_device
from hookpath.errors import ModelFolderError, SlideError
from hookpath.geometry import UM_AT_ONE, Calibration
from hookpath.models import Network, load_model
from hookpath.sampling import AnnotatedSlide
from hookpath.sampling.loading.patch_reader import PatchReader
from hookpath.sampling.magnification_stream import ScaleDraw, ScalePlanner, evenly_drawn
from hookpath.sampling.tissue_patches import ground_of
from hookpath.slides import SlideRef

Values = npt.NDArray[np.float64]

#: Patches looked at, in even shares of the magnifications that the slide offers.
PATCHES = 48
_AT_ONCE = 16

#: What a slide of unknown µm/px is first taken for.
_FIRST_GUESS_UM = 0.5

#: A slide is looked at again as what it seems to be, until that is within this factor.
_SETTLED = 1.25
_ROUNDS = 4

#: Half-way, in logarithms, to the next objective: scanners have 5, 10, 20 and 40×.
DISAGREES = math.sqrt(2)


@dataclass(frozen=True)
class ScaleEstimate:
    """What was found.

    Attributes:
        stated_um: µm/px of the project or the file; None: unknown.
        estimated_um: µm/px that the content looks like.
        lowest_um, highest_um: half of the patches lie between them.
        patches: how many were looked at.
    """

    stated_um: float | None
    estimated_um: float
    lowest_um: float
    highest_um: float
    patches: int

    @property
    def disagrees(self) -> bool:
        """More than √2 off, and with it three quarters of the patches are off to that side."""
        if self.stated_um is None:
            return False
        factor = self.estimated_um / self.stated_um
        same_side = self.lowest_um > self.stated_um or self.highest_um < self.stated_um
        return same_side and not 1 / DISAGREES < factor < DISAGREES

    @property
    def line(self) -> str:
        """What to tell a person; "" if all is as stated."""
        looks = f"about {self.estimated_um:.2g} µm/px ({UM_AT_ONE / self.estimated_um:.2g}×)"
        half = f"half of {self.patches} patches say {self.lowest_um:.2g} to {self.highest_um:.2g}"
        if self.stated_um is None:
            return f"µm/px is unknown; by its content it is {looks}; {half}"
        if self.disagrees:
            return (
                f"{self.stated_um:.3g} µm/px is stated, but its content looks like {looks}; {half}"
            )
        return ""


@dataclass(frozen=True)
class ScaleAnswers:
    """Of patches that were read by a slide's stated µm/px.

    Attributes:
        spacing_um: that µm/px, of level 0.
        asked, found: ``(N,)`` magnifications of the patches, and the detector's answers.
    """

    spacing_um: float
    asked: Values
    found: Values


class ScaleCheck:
    """Looks at slides with a scale detector.

    Args:
        model_dir: its model folder.
        device: ``auto``, ``cpu``, ``cuda``…

    Raises:
        ModelFolderError: no model folder, or another kind of model.
    """

    def __init__(self, model_dir: Path, device: str = "auto") -> None:
        self._device = choose_device(device)
        self._model, card = load_model(model_dir, str(self._device))
        if self._model.scores != "magnification":
            raise ModelFolderError(
                f"{model_dir}: {card.family} is no scale detector; train one with "
                "hookpath train SOURCE -m scale"
            )

    @property
    def magnifications(self) -> tuple[float, ...]:
        """The trained ones."""
        found: tuple[float, ...] = getattr(self._model, "magnifications", ())
        return found

    def measure(self, ref: SlideRef, name: str, patches: int) -> ScaleAnswers:
        """The detector's answers to patches of a slide whose µm/px is taken for right.

        Args:
            patches: at each of the trained magnifications that the slide offers.

        Raises:
            MissingSpacingError: µm/px is unknown.
            SlideError: see `look`.
        """
        ref = replace(ref, only_rgb=True)
        with ref.open() as slide:
            spacing_um = slide.calibration.mpp
        return ScaleAnswers(spacing_um, *self._answers(ref, name, lambda n: patches * n))

    def look(self, ref: SlideRef, name: str) -> ScaleEstimate:
        """Estimate µm/px of a slide from patches of its tissue.

        They are read at the trained magnifications as if the stated µm/px were right; by how much
        the detector's answers differ, so much is it wrong. Where it is far off the patches were not
        of magnifications that the detector knows, so they are read again with the new value.

        Raises:
            SlideError: it cannot be read, holds no tissue, or is too small for the patches.
        """
        ref = replace(ref, only_rgb=True)
        stated = _stated(ref)
        believed = stated or Calibration.square(_FIRST_GUESS_UM)
        for _ in range(_ROUNDS):
            ratios = self._ratios(replace(ref, overruling=believed), name)
            low, middle, high = (float(v) for v in np.quantile(ratios, (0.25, 0.5, 0.75)))
            found = ScaleEstimate(
                stated.mpp if stated else None,
                believed.mpp * middle,
                believed.mpp * low,
                believed.mpp * high,
                len(ratios),
            )
            believed = Calibration(believed.mpp_x * middle, believed.mpp_y * middle)
            if 1 / _SETTLED < middle < _SETTLED:
                break
        return found

    def _ratios(self, ref: SlideRef, name: str) -> Values:
        """Of each patch, real over believed µm/px; answers are at least half of what is lowest."""
        asked, found = self._answers(ref, name, lambda _: PATCHES)
        return asked / np.maximum(found, min(self.magnifications) / 2)

    def _answers(
        self, ref: SlideRef, name: str, patches: Callable[[int], int]
    ) -> tuple[Values, Values]:
        """The magnifications of patches of tissue, and what the network says.

        Args:
            patches: how many, by the number of magnifications that the slide offers.
        """
        source = AnnotatedSlide(name, name, ref, LabelSource([], ClassTable(())))
        with ref.open() as slide:
            ground = ground_of(slide)
        planner = ScalePlanner((source,), (ground,), self._model.branches)
        offered = [m for m in self.magnifications if planner.offering(m)]
        rng = np.random.default_rng(0)
        draws = evenly_drawn(planner, offered, patches(len(offered)), rng)
        if not draws:
            size = self._model.branches[0].input_size
            raise SlideError(
                f"{ref.path}: too small or too coarse for patches of {size} px at any of the "
                "detector's magnifications"
            )
        asked = np.array([d.magnification for d in draws])
        return asked, _magnifications(self._model, planner, draws, self._device)


def _stated(ref: SlideRef) -> Calibration | None:
    with ref.open() as slide:
        return slide.calibration if slide.has_calibration else None


@torch.inference_mode()
def _magnifications(
    model: Network, planner: ScalePlanner, draws: list[ScaleDraw], device: torch.device
) -> Values:
    """What the network says of each patch."""
    size = model.branches[0].input_size
    reader = PatchReader(planner.sources)
    found: list[Values] = []
    try:
        for start in range(0, len(draws), _AT_ONCE):
            part = draws[start : start + _AT_ONCE]
            images = np.empty((len(part), size, size, 3), np.uint8)
            for draw, image in zip(part, images, strict=True):
                reader.read(planner.request(draw), [image])
            batch = torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 255
            found.append(model([batch])[0].flatten().double().cpu().numpy())
    finally:
        reader.close()
    return np.concatenate(found)
