"""How a slide is stained, measured on its tissue; and the recolouring of one slide as another.

Measured once for a slide, on the same patches of its tissue wherever that is done, so that the
slide is recoloured alike in training, validation, prediction and preview.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from hookpath.geometry import BranchSpec
from hookpath.sampling.reference_patches import read_patches, tissue_centres
from hookpath.slides import Slide
from hookpath.slides.recolored_slide import Recolouring

StainMethod = Literal["reinhard", "macenko"]
Floats = npt.NDArray[np.float64]
Triple = tuple[float, float, float]

#: What is looked at: so many patches of 64 µm, a quarter of a million px.
PATCHES, PATCH_PX, PATCH_UM = 64, 64, 1.0
#: A px is tissue if its optical density (natural log) reaches this in some channel.
STAINED = 0.15
#: Fewer px of tissue say nothing of a slide's stain.
LEAST_PX = 1000
#: Share of the px whose density of a stain is above its strength (Macenko et al. 2009).
_ABOVE = 0.01

#: Red, green and blue to long, medium and short cone responses (Reinhard et al. 2001, eq. 4), and
#: their logarithms to lightness and two opponent colours (eq. 6).
_LMS = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
_LAB = np.diag([1 / 3**0.5, 1 / 6**0.5, 1 / 2**0.5]) @ [[1, 1, 1], [1, 1, -2], [1, -1, 0]]


class _Profile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class MacenkoProfile(_Profile):
    """The two stains of a slide (Macenko et al. 2009, "A method for normalizing histology slides").

    Attributes:
        stains: optical density of red, green and blue; each of length 1.
        strengths: the density of each that 1 % of the tissue exceeds.
    """

    method: Literal["macenko"] = "macenko"
    stains: tuple[Triple, Triple]
    strengths: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]

    @classmethod
    def of(cls, rgb: npt.NDArray[np.uint8]) -> MacenkoProfile:
        """From ``(N, 3)`` px of tissue."""
        import torch

        from hookpath.sampling.augmentation.stain_augmentation import macenko_stains

        pixels = torch.from_numpy(rgb.astype(np.float32) / 255).T.reshape(1, 3, -1, 1)
        (stains,) = macenko_stains([pixels]).numpy().astype(np.float64)
        densities = _density(rgb) @ np.linalg.pinv(stains)
        strengths = np.quantile(densities, 1 - _ABOVE, axis=0).clip(min=1e-3)
        return cls(stains=_rows(stains), strengths=tuple(strengths.tolist()))

    @classmethod
    def mean(cls, profiles: Sequence[MacenkoProfile]) -> MacenkoProfile:
        """Of several slides."""
        alike = [p.matched(profiles[0]) for p in profiles]
        stains = np.mean([p.stains for p in alike], axis=0)
        stains /= np.linalg.norm(stains, axis=1, keepdims=True)
        strengths = np.mean([p.strengths for p in alike], axis=0)
        return cls(stains=_rows(stains), strengths=tuple(strengths.tolist()))

    def matched(self, other: MacenkoProfile) -> MacenkoProfile:
        """The stains in the other's order: which of two is haematoxylin, one slide may not show."""
        angles = np.arccos(np.clip(np.array(self.stains) @ np.array(other.stains).T, -1, 1))
        if angles[0, 0] + angles[1, 1] <= angles[0, 1] + angles[1, 0]:
            return self
        return MacenkoProfile(stains=self.stains[::-1], strengths=self.strengths[::-1])

    def towards(self, target: MacenkoProfile) -> Recolouring:
        """A slide like this in the stains of another; what is neither stain stays as it is."""
        like = self.matched(target)
        own, wanted = (_with_rest(profile.stains) for profile in (like, target))
        gain = np.diag([*np.divide(target.strengths, like.strengths), 1.0])
        # Rows: density = amounts · stains. Columns, as `Recolouring` has it: transposed.
        return Recolouring(matrix=_rows((np.linalg.inv(own) @ gain @ wanted).T))


class ReinhardProfile(_Profile):
    """Mean and spread of a slide's colours (Reinhard et al. 2001, "Color transfer between images").

    Attributes:
        means, spreads: of lightness, yellow–blue and red–green (lαβ, natural logarithms).
    """

    method: Literal["reinhard"] = "reinhard"
    means: Triple
    spreads: tuple[
        Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]
    ]

    @classmethod
    def of(cls, rgb: npt.NDArray[np.uint8]) -> ReinhardProfile:
        """From ``(N, 3)`` px of tissue."""
        logs = np.log(np.maximum(rgb / 255 @ _LMS.T, 1 / 255)) @ _LAB.T
        spreads = logs.std(axis=0).clip(min=1e-3)
        return cls(means=tuple(logs.mean(axis=0).tolist()), spreads=tuple(spreads.tolist()))

    @classmethod
    def mean(cls, profiles: Sequence[ReinhardProfile]) -> ReinhardProfile:
        """Of several slides."""
        means, spreads = (
            np.mean([getattr(p, name) for p in profiles], axis=0) for name in ("means", "spreads")
        )
        return cls(means=tuple(means.tolist()), spreads=tuple(spreads.tolist()))

    def towards(self, target: ReinhardProfile) -> Recolouring:
        """A slide like this in the colours of another; glass stays as it is."""
        gain = np.divide(target.spreads, self.spreads)
        back = np.linalg.inv(_LAB)
        shift = back @ (np.array(target.means) - gain * self.means)
        matrix = back @ np.diag(gain) @ _LAB
        x, y, z = shift.tolist()
        return Recolouring(_rows(matrix), (x, y, z), _rows(_LMS), glass=STAINED)

    def part_way(self, other: ReinhardProfile, share: float) -> ReinhardProfile:
        """A slide between two: `share` 0 is this, 1 the other."""
        means, spreads = (
            (1 - share) * np.array(getattr(self, name)) + share * np.array(getattr(other, name))
            for name in ("means", "spreads")
        )
        return ReinhardProfile(means=tuple(means), spreads=tuple(spreads.clip(min=1e-3)))


@dataclass(frozen=True)
class StainMixing:
    """Which stains there are to show patches in (`hookpath.sampling.augmentation.stain_mixing`).

    Attributes:
        own: how each source of a stream is stained; None: nobody knows, and it stays as it is.
        all: how all slides of the project are stained, those without annotations, too.
    """

    own: tuple[ReinhardProfile | None, ...]
    all: tuple[ReinhardProfile, ...]

    def __call__(self, source: int, other: float, share: float) -> Recolouring | None:
        """See `Mixing`."""
        own, target = self.own[source], self.all[int(other * len(self.all))]
        return None if own in (None, target) else own.towards(own.part_way(target, share))


AnyProfile = MacenkoProfile | ReinhardProfile
StainProfile = Annotated[AnyProfile, Field(discriminator="method")]

_KINDS: dict[StainMethod, Any] = {"macenko": MacenkoProfile, "reinhard": ReinhardProfile}


def measure(slide: Slide, method: StainMethod) -> AnyProfile | None:
    """How an open slide is stained; None where it shows too little tissue to say.

    Raises:
        SlideError: the slide is damaged.
        MissingSpacingError: µm/px is unknown.
    """
    spacing_um = max(PATCH_UM, slide.calibration.mpp)
    branches = [BranchSpec(spacing_um, PATCH_PX, PATCH_PX)]
    centres = tissue_centres(slide, branches, PATCHES)
    if not len(centres):
        return None
    pixels = read_patches(slide, branches, centres)[0].reshape(-1, 3)
    tissue = pixels[_density(pixels).max(axis=1) >= STAINED]
    if len(tissue) < LEAST_PX:
        return None
    found: AnyProfile = _KINDS[method].of(tissue)
    return found


def mean_profile(profiles: Sequence[AnyProfile]) -> AnyProfile:
    """What several slides, measured by one method, have in common."""
    found: AnyProfile = _KINDS[profiles[0].method].mean(profiles)
    return found


def recolouring(own: AnyProfile, target: AnyProfile) -> Recolouring:
    """What makes a slide like `own` look like `target`; both of one method."""
    found: Recolouring = _KINDS[target.method].towards(own, target)
    return found


def recolouring_of(slide: Slide, target: AnyProfile) -> Recolouring | None:
    """What makes an open slide look like the target; None: too little tissue to say.

    Raises:
        SlideError, MissingSpacingError: see `measure`.
    """
    own = measure(slide, target.method)
    return None if own is None else recolouring(own, target)


def _density(rgb: npt.NDArray[np.uint8]) -> Floats:
    return np.asarray(-np.log(np.maximum(rgb, 1) / 255))


def _with_rest(stains: Sequence[Triple]) -> Floats:
    """Two stains and, at right angles to both, what is neither."""
    rest = np.cross(stains[0], stains[1])
    return np.array([*stains, rest / np.linalg.norm(rest)])


def _rows(values: Floats) -> Any:
    return tuple(tuple(map(float, row)) for row in values)
