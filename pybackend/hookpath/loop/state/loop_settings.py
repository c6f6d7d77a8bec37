"""What a loop was started with, and keeps to in every round."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hookpath.annotations import LabelRules
from hookpath.errors import LoopError
from hookpath.limits import LENGTH_UM, SPACING_UM
from hookpath.projects.image_planes import PlaneChoice, parse_indices
from hookpath.untrusted_files import reason


class ProposalSettings(BaseModel):
    """How a probability map becomes annotations that a brush can correct.

    Attributes:
        smooth_um: standard deviation of the Gaussian over the probabilities.
        min_area_um2: smaller pieces are given to what surrounds them.
        max_hole_um2: gaps in the prediction up to this area are filled.
        simplify_um: outlines may move by this much.
        spacing_um: µm/px of the map; None: the model's, 2 at the finest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    smooth_um: float = Field(default=4.0, ge=0, le=1000)
    min_area_um2: float = Field(default=2_000.0, ge=0)
    max_hole_um2: float = Field(default=2_000.0, ge=0)
    simplify_um: float = Field(default=1.0, ge=0, le=LENGTH_UM)
    spacing_um: float | None = Field(default=None, gt=0, le=SPACING_UM)


class LoopSettings(BaseModel):
    """Settings of a loop.

    Attributes:
        train: resolved `hookpath.training.TrainConfig` as plain values.
        rest: class of all that is confirmed and that no annotation covers; it is never proposed.
            None: such area is unknown.
        seed: of draws at random.
        z, t: planes of stacks, each an image of the loop's own (``0,2-4``, ``all``); None: the one
            that QuPath shows first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    train: dict[str, Any]
    proposals: ProposalSettings = Field(default_factory=ProposalSettings)
    rest: str | None = None
    seed: int = 0
    z: str | None = None
    t: str | None = None

    @property
    def planes(self) -> PlaneChoice:
        """Which planes of stacks are images of the loop.

        Raises:
            UsageError: what stands there are no planes.
        """
        return PlaneChoice(
            self.z and parse_indices(self.z, "--z"), self.t and parse_indices(self.t, "--t")
        )

    @property
    def rules(self) -> LabelRules:
        """How what people draw becomes labels, as in training.

        Raises:
            LoopError: what stands there are no rules.
        """
        try:
            return LabelRules.model_validate(self.train.get("labels") or {})
        except ValidationError as error:
            raise LoopError(f"the loop's setting {reason(error, 'labels')}") from error

    @classmethod
    def read(cls, values: dict[str, Any], where: str) -> Self:
        """Settings from a file's values.

        Raises:
            LoopError: of another version, or damaged.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = ".".join(str(part) for part in first["loc"])
            raise LoopError(f"{where}: setting {name}: {first['msg']}") from error
