"""What a prediction run is asked to do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from hookpath.annotations import plain_class_name
from hookpath.errors import PredictionError
from hookpath.inference.prediction_record import CLASS_MAP_NAME, GEOJSON_NAME, PROBABILITIES_NAME
from hookpath.inference.roi.tissue_tiles import Tissue
from hookpath.limits import BATCH, DESIGN_NUMBER
from hookpath.models import ModelCard
from hookpath.projects.image_planes import PlaneChoice
from hookpath.safe_names import readable
from hookpath.slides import TissueRule

Engine = Literal["auto", "torch", "openvino"]
"""What computes networks on a CPU."""

ALL_ANNOTATIONS = "*"
"""`PredictConfig.inside`: every annotation that a person drew, whatever its class."""


class PredictConfig(BaseModel):
    """Settings of a prediction run.

    Attributes:
        as_: what the project gets: ``detections``, ``annotations`` or ``none``.
        tiff: write the class map and the probabilities as pyramidal TIFF.
        geojson: write the objects as GeoJSON (always done when the project gets them, too).
        min_area_um2: smaller pieces are left out of the objects.
        simplify_um: outlines may move by this much; 0: every pixel edge stays.
        inside: class of the annotations to predict in, ``*``: any annotation; None: everywhere.
        tissue: only where there is tissue, found by this rule (see
            `hookpath.slides.tissue_detection`; True: ``generous``); False: on glass, too; ``auto``:
            True, but for models whose classes were annotated on glass (`for_model`).
        planes: of images that have several along z or in time; each gets a folder of its own.
        images: names or ids of the images to predict; empty: all.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``…
        engine: what computes on a CPU (`inference.engines.engine_choice`); ``auto``: OpenVINO where
            it is installed and agrees with torch, whose numbers it gives in less time.
        amp: bfloat16 on the device: faster, results differ slightly; a CPU that would be slower
            in it stays with float32.
        tile: side of a target tile in output px; None: as large as the device takes.
        overlap: share that neighbouring patches have in common, for networks that predict patch by
            patch; None: a half where convolutions are padded, else none.
        batch: such patches at once; None: what suits the device.
        readers: threads that read, each with its own slide handle.
        hook_memory_mb: context maps held in memory; more goes to temporary files.
        tta: average the probabilities of the eight ways to lay a tile (eight times the work).
        adapt_bn: batch normalisation by the statistics of each slide (`batch_norm_adaptation`).
        again: predict slides again that are finished already.
        into_project: False: the objects stay in the folder of results.
        shard: (K, N): only every N-th image, from the K-th (1…N).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    as_: Literal["detections", "annotations", "none"] = "detections"
    tiff: bool = True
    geojson: bool = True
    min_area_um2: float = Field(default=100.0, ge=0, allow_inf_nan=False)
    simplify_um: float = Field(default=0.5, ge=0, allow_inf_nan=False)
    inside: str | None = None
    tissue: bool | TissueRule | Literal["auto"] = "auto"
    planes: PlaneChoice = PlaneChoice()
    images: tuple[str, ...] = ()
    device: str = "auto"
    engine: Engine = "auto"
    amp: bool = False
    tile: int | None = Field(default=None, ge=1, le=DESIGN_NUMBER)
    overlap: float | None = Field(default=None, ge=0, le=0.9)
    batch: int | None = Field(default=None, ge=1, le=BATCH)
    readers: int = Field(default=2, ge=1, le=64)
    hook_memory_mb: int = Field(default=512, ge=0)
    tta: bool = False
    adapt_bn: bool = False
    again: bool = False
    into_project: bool = True
    shard: tuple[int, int] | None = None

    @field_validator("inside")
    @classmethod
    def _as_classes_are_read(cls, name: str | None) -> str | None:
        return None if name is None else plain_class_name(name)

    @field_validator("images")
    @classmethod
    def _as_images_are_called(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(readable, names))

    @field_validator("shard")
    @classmethod
    def _is_a_part(cls, shard: tuple[int, int] | None) -> tuple[int, int] | None:
        if shard is not None and not 1 <= shard[0] <= shard[1]:
            raise ValueError(f"part {shard[0]} of {shard[1]} is none")
        return shard

    @property
    def object_type(self) -> Literal["annotation", "detection"]:
        """QuPath's type of the objects."""
        return "annotation" if self.as_ == "annotations" else "detection"

    def for_model(self, card: ModelCard) -> PredictConfig:
        """With ``auto`` replaced by what suits a model."""
        if self.tissue != "auto":
            return self
        return self.model_copy(update={"tissue": not card.glass})

    @property
    def cover(self) -> Tissue:
        """Where to predict."""
        return True if self.tissue == "auto" else self.tissue

    @property
    def wants_geojson(self) -> bool:
        """Objects for the project are kept on disk first: a refused write loses no work."""
        return self.geojson or self.as_ != "none"

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the result files of a slide."""
        maps = (CLASS_MAP_NAME, PROBABILITIES_NAME) if self.tiff else ()
        return maps + ((GEOJSON_NAME,) if self.wants_geojson else ())

    @classmethod
    def recorded(cls, settings: Mapping[str, Any]) -> PredictConfig:
        """As a record has them, which another version may have written.

        Raises:
            PredictionError: they make no sense.
        """
        known = {name: settings[name] for name in cls.model_fields.keys() & settings.keys()}
        try:
            return cls.model_validate(known)
        except ValidationError as error:
            first = error.errors()[0]
            raise PredictionError(
                f"recorded setting {'.'.join(map(str, first['loc']))} is not valid; predict again"
            ) from error

    @property
    def computed(self) -> dict[str, Any]:
        """What decides the maps: another value needs another prediction."""
        found = self.model_dump(include={"inside", "tissue", "amp"})
        if self.overlap is not None:
            found["overlap"] = self.overlap
        # Named only where they are on: what was finished before they came stays finished.
        return found | {name: True for name in ("tta", "adapt_bn") if getattr(self, name)}

    @property
    def annotated(self) -> dict[str, Any]:
        """What decides the objects, given the maps (`inference.writing.objects_from_maps`)."""
        return self.model_dump(include={"as_", "min_area_um2", "simplify_um"})

    def run_id(self, weights_sha256: str) -> str:
        """Tag of all objects of a run: the same model with the same settings gives the same."""
        shaping = self.annotated | self.computed
        digest = hashlib.sha256(repr(sorted(shaping.items())).encode()).hexdigest()
        return f"hookpath-{weights_sha256[:8]}-{digest[:6]}"
