"""Objects of a finished prediction, drawn anew from its maps: nothing is predicted again.

What was computed is in the class map and the probabilities. From which probability on a pixel is of
a class, how smooth outlines are, what is too small and what becomes of it in the project is chosen
afterwards, as often as one likes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, field_validator
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import (
    ClassTable,
    PathClass,
    PathObject,
    Vectorizer,
    plain_class_name,
)
from hookpath.annotations.object_planes import on_plane
from hookpath.annotations.objects import tagged_with
from hookpath.errors import PredictionError, UsageError
from hookpath.geometry import Calibration
from hookpath.inference.prediction_config import PredictConfig
from hookpath.inference.prediction_record import (
    CLASS_MAP_NAME,
    PROBABILITIES_NAME,
    PredictionRecord,
)
from hookpath.inference.roi.clip_objects_to_roi import Regions
from hookpath.slides import MapReader, open_map

#: Rows of a map that are read at once, columns that are smoothed at once.
_ROWS, _COLUMNS = 512, 4096
#: A band of rows is not larger than this, and not lower than a sixteenth of `_ROWS`.
_BAND_BYTES = 256 * 2**20
#: A Gaussian is cut off at so many standard deviations.
_REACH = 3.0

_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Bytes = npt.NDArray[np.uint8]


class ObjectConfig(BaseModel):
    """How the objects of a prediction are drawn from its maps.

    Attributes:
        as_: ``detections`` or ``annotations``.
        min_area_um2: smaller pieces are left out.
        simplify_um: outlines may move by this much; 0: every pixel edge stays.
        threshold: nothing is drawn where no class has this probability.
        thresholds: probability by class name from which on a pixel is of this class, also where
            another one is more probable; below it never is. Where several reach theirs, the one
            with the highest probability over threshold.
        smooth_um: standard deviation of a Gaussian that probabilities are smoothed with first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    as_: Literal["detections", "annotations"] = "detections"
    min_area_um2: float = Field(default=100.0, ge=0, allow_inf_nan=False)
    simplify_um: float = Field(default=0.5, ge=0, allow_inf_nan=False)
    threshold: _Share = 0.0
    thresholds: dict[str, _Share] = Field(default_factory=dict)
    smooth_um: float = Field(default=0.0, ge=0, le=1000, allow_inf_nan=False)

    @field_validator("thresholds")
    @classmethod
    def _names(cls, value: dict[str, float]) -> dict[str, float]:
        return {plain_class_name(name): share for name, share in value.items()}

    @property
    def as_predicted(self) -> bool:
        """Whether every pixel keeps the class that it was predicted as."""
        return not (self.threshold or self.thresholds or self.smooth_um)

    def run_id(self, record: PredictionRecord) -> str:
        """Tag of the objects: that of prediction itself where it would draw them alike."""
        look = self.model_dump(include={"as_", "min_area_um2", "simplify_um"})
        annotated = PredictConfig.recorded(record.settings).model_copy(update=look)
        tag = annotated.run_id(str(record.model.get("weights_sha256", "")))
        if self.as_predicted:
            return tag
        changed = sorted(self.model_dump(include={"threshold", "thresholds", "smooth_um"}).items())
        return f"{tag}-{hashlib.sha256(repr(changed).encode()).hexdigest()[:4]}"


def draw_objects(
    folder: Path,
    config: ObjectConfig | None = None,
    roi: Sequence[BaseGeometry | PathObject] | None = None,
) -> list[PathObject]:
    """The objects of one finished slide, drawn from its maps as `config` says.

    In level-0 px of the slide, tagged with `ObjectConfig.run_id`. As predicted and with the same
    settings they are those that prediction drew.

    Args:
        folder: the slide's results, with ``prediction.json`` and both maps.
        roi: the areas that were predicted in; None: the whole slide.

    Raises:
        PredictionError: no finished prediction, or one without maps.
        SlideError: a map is damaged.
        UsageError: a threshold is for a class that the model does not know.
    """
    config = config or ObjectConfig()
    record = PredictionRecord.load(folder)
    unknown = sorted(config.thresholds.keys() - set(map(plain_class_name, record.classes)))
    if unknown:
        raise UsageError(
            f"no class {unknown[0]!r} in {folder}; there are {', '.join(record.classes)}"
        )
    calibration = _calibration(record)
    with ExitStack() as files:
        maps = _Maps.open(folder, record, files)
        vectorizer = Vectorizer(
            maps.classes,
            record.downsample,
            min_area_l0=config.min_area_um2 / calibration.area_um2(1),
            simplify_l0=config.simplify_um / calibration.mpp,
            object_type="annotation" if config.as_ == "annotations" else "detection",
            calibration=calibration,
            size_l0=record.slide.size if all(record.slide.size) else None,
        )
        for y, labels, probabilities in maps.bands(config):
            vectorizer.add_rows(y, maps.classes.outlined[labels], probabilities)
        objects = vectorizer.finish()
    if roi is not None:
        objects = Regions(roi).fitted(objects, calibration, config.min_area_um2)
    objects = [on_plane(o, record.plane) for o in objects]
    return tagged_with(objects, config.run_id(record))


def _calibration(record: PredictionRecord) -> Calibration:
    """µm/px of level 0, as it was in use."""
    if record.slide.mpp:
        return Calibration(*record.slide.mpp)
    along_x, along_y = record.downsample
    return Calibration(record.spacing_um / along_x, record.spacing_um / along_y)


@dataclass(frozen=True)
class _Maps:
    """The two maps of a slide."""

    labels: MapReader
    probabilities: MapReader
    classes: ClassTable
    spacing_um: float

    @classmethod
    def open(cls, folder: Path, record: PredictionRecord, files: ExitStack) -> _Maps:
        """Open them; the class map's colours are the classes'."""
        found = []
        wanted = ((CLASS_MAP_NAME, 1), (PROBABILITIES_NAME, len(record.classes)))
        for name, channels in wanted:
            if name not in record.files or not (folder / name).is_file():
                raise PredictionError(
                    f"{folder}: has no {name} to draw objects from; predict the slide with TIFFs"
                )
            reader = files.enter_context(open_map(folder / name))
            is_so = (reader.width, reader.height, reader.channels, reader.dtype)
            if is_so != (record.width, record.height, channels, np.uint8):
                raise PredictionError(
                    f"{folder / name}: is not the map that {folder.name} tells of; predict again"
                )
            found.append(reader)
        labels, probabilities = found
        return cls(labels, probabilities, classes_of(labels, record), record.spacing_um)

    def bands(self, config: ObjectConfig) -> Iterator[tuple[int, _Bytes, _Bytes]]:
        """First row, labels ``(h, w)`` and probabilities ``(C, h, w)``, top to bottom."""
        width, height = self.labels.width, self.labels.height
        channels = len(self.classes)
        rows = max(_ROWS // 16, min(_ROWS, _BAND_BYTES // ((channels + 1) * width)))
        rule = _Rule.of(config, self.classes.names)
        sigma = config.smooth_um / self.spacing_um
        reach = math.ceil(_REACH * sigma)
        for y in range(0, height, rows):
            count = min(rows, height - y)
            labels, chances = self._band(y - reach, count + 2 * reach)
            if sigma:
                chances = _smoothed(chances, labels > 0, sigma, reach)
                labels = labels[reach : reach + count]
                labels = np.where(labels > 0, chances.argmax(axis=0) + 1, 0).astype(np.uint8)
            yield y, rule(labels, chances), chances

    def _band(self, y: int, rows: int) -> tuple[_Bytes, _Bytes]:
        """Off the map there is nothing."""
        width = self.labels.width
        labels = self.labels.read(0, y, width, rows)
        chances = self.probabilities.read(0, y, width, rows).reshape(rows, width, -1)
        return labels, np.ascontiguousarray(np.moveaxis(chances, -1, 0))


@dataclass(frozen=True)
class _Rule:
    """Which class a pixel has, given its probabilities (0…255) and the most probable one."""

    least: float
    own: Mapping[int, float]

    @classmethod
    def of(cls, config: ObjectConfig, names: Sequence[str]) -> _Rule:
        plain = list(map(plain_class_name, names))
        own = {plain.index(name): 255 * share for name, share in config.thresholds.items()}
        return cls(255 * config.threshold, own)

    def __call__(self, labels: _Bytes, chances: _Bytes) -> _Bytes:
        if not self.own and not self.least:
            return labels
        there = labels > 0
        best, found = self._others(labels, chances)
        reached = np.zeros(labels.shape, np.float32)
        for channel, threshold in self.own.items():
            over = chances[channel] / max(threshold, 1e-6)
            wins = there & (chances[channel] >= threshold) & (over > reached)
            found[wins], reached[wins] = channel + 1, over[wins]
            best[wins] = 255  # `least` is for classes without a threshold of their own
        found[best < self.least] = 0
        return found

    def _others(self, labels: _Bytes, chances: _Bytes) -> tuple[npt.NDArray[Any], _Bytes]:
        """The best of the classes without a threshold of their own: probability and label."""
        if not self.own:
            return chances.max(axis=0).astype(np.float32), labels.copy()
        free = [c for c in range(len(chances)) if c not in self.own]
        if not free:
            return np.zeros(labels.shape, np.float32), np.zeros_like(labels)
        best = chances[free].max(axis=0).astype(np.float32)
        label = (np.array(free)[chances[free].argmax(axis=0)] + 1).astype(np.uint8)
        return best, np.where((labels > 0) & (best > 0), label, 0).astype(np.uint8)


def _smoothed(chances: _Bytes, there: npt.NDArray[np.bool_], sigma: float, reach: int) -> _Bytes:
    """``(C, h - 2 · reach, w)``: means over what was predicted there, glass left out."""
    from scipy.ndimage import gaussian_filter

    rows, width = there.shape
    out = np.zeros((len(chances), rows - 2 * reach, width), np.uint8)
    inner = slice(reach, rows - reach)
    for left in range(0, width, _COLUMNS):
        a, b = max(0, left - reach), min(width, left + _COLUMNS + reach)
        wide = slice(left - a, left - a + min(_COLUMNS, width - left))
        weight = _gauss(gaussian_filter, there[:, a:b].astype(np.float32), sigma)
        weight = np.where(there[:, a:b], np.maximum(weight, 1e-6), np.inf)[inner, wide]
        for channel, values in enumerate(chances):
            mean = _gauss(gaussian_filter, values[:, a:b].astype(np.float32), sigma)[inner, wide]
            part = np.clip(np.rint(mean / weight), 0, 255).astype(np.uint8)
            out[channel, :, left : left + part.shape[1]] = part
    return out


def _gauss(gaussian_filter: Any, values: npt.NDArray[np.float32], sigma: float) -> Any:
    return gaussian_filter(values, sigma, mode="constant", truncate=_REACH)


def classes_of(reader: MapReader, record: PredictionRecord) -> ClassTable:
    """The classes with the colours that the class map has them in."""
    if reader.colormap is None:
        return ClassTable.of(PathClass(name) for name in record.classes)
    colors = reader.colormap[1 : len(record.classes) + 1].tolist()
    pairs = zip(record.classes, colors, strict=True)
    return ClassTable.of(PathClass(name, (r, g, b)) for name, (r, g, b) in pairs)
