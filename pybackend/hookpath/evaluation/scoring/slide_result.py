"""What was counted of one slide, and its JSON form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from hookpath.evaluation.class_metrics import Counts, Scores
from hookpath.evaluation.scoring.annotation_scores import AreaResult, LeftOutAreas
from hookpath.evaluation.scoring.roc import N_BINS, Bins
from hookpath.evaluation.scoring.slide_metrics import Measured
from hookpath.evaluation.shape_scoring.shape_metrics import ShapeMetrics


@dataclass(frozen=True)
class Place:
    """An annotated area that was predicted otherwise.

    Attributes:
        picture: file under the report's folder: the tissue, what was drawn, what was predicted.
        label: class that was drawn.
        predicted: class that most of it was predicted as; None: nothing was.
        wrong_mm2: area that is predicted as another class, or not at all.
        right: share of the area that is right.
        object_id: of the annotation.
    """

    picture: str
    label: str
    predicted: str | None
    wrong_mm2: float
    right: float
    object_id: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class SlideResult:
    """Counts of one slide.

    Attributes:
        name, id: of the image in its project.
        split: its ``hookpath.split``, if set.
        spacing_um: µm/px of the grid on which pixels were counted: that of the class map, or a
            finer one for coarse maps.
        counts: ``(C, C + 1)``: rows = truth, last column = not predicted.
        unknown: annotated class that the model does not know → ``(C + 1,)`` what was predicted.
        pictures: kind (``slide``, ``truth``, ``prediction``, ``errors``) → file under the
            report's folder.
        groups: metadata key → the slide's value, for those keys that slides are grouped by.
        bins: ``(C, 2, 256)`` counted probabilities, if there was a probability map.
        map_spacing_um: µm/px of the class map; None: as `spacing_um`.
        ood: how unlike the training slides it is, and up to what that is usual; None: unknown.
        counted: ``(C,)`` of each class whether it enters means; None: all do.
        taught: what the slide was for the model: ``train``, ``val`` or ``unseen``; None: unknown.
        places: the worst ones, as pictures.
        patient: whose slide it is, as far as metadata or its name tell; None: unknown.
        areas: what is predicted in each annotated area; none in a report that was read again.
        shapes: objects and boundaries; None: of an older version.
    """

    name: str
    id: str
    spacing_um: float
    counts: Counts
    split: str | None = None
    unknown: Mapping[str, Counts] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    bins: Bins | None = None
    map_spacing_um: float | None = None
    ood: tuple[float, float] | None = None
    counted: tuple[bool, ...] | None = None
    areas: tuple[AreaResult, ...] = ()
    taught: str | None = None
    patient: str | None = None
    places: tuple[Place, ...] = ()
    shapes: ShapeMetrics | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, macro F1 {self.measured.value('f1'):.3f})"

    @cached_property
    def measured(self) -> Measured:
        """All metrics of this slide."""
        return Measured(self.counts, self.bins, self.counted, self.shapes)

    @property
    def scores(self) -> Scores:
        """The metrics that follow from the counts."""
        return self.measured.scores

    @property
    def labelled_mm2(self) -> float:
        """Area of the labelled pixels."""
        return int(self.counts.sum()) * self.spacing_um**2 / 1e6

    def as_dict(self, names: Sequence[str], probabilities: bool = True) -> dict[str, Any]:
        """Plain Python for JSON; with or without the counted probabilities."""
        bins = self.bins if probabilities else None
        return {
            "name": self.name,
            "id": self.id,
            "split": self.split,
            "taught": self.taught,
            "patient": self.patient,
            "places": [place.as_dict() for place in self.places],
            "groups": dict(self.groups),
            "spacing_um": self.spacing_um,
            "map_spacing_um": self.map_spacing_um or self.spacing_um,
            "ood_score": self.ood[0] if self.ood else None,
            "ood_limit": self.ood[1] if self.ood else None,
            "labelled_pixels": int(self.counts.sum()),
            "labelled_mm2": self.labelled_mm2,
            "confusion": self.counts.tolist(),
            "unknown": {name: row.tolist() for name, row in self.unknown.items()},
            "pictures": dict(self.pictures),
            **self.measured.as_dict(names),
            "shapes": None if self.shapes is None else self.shapes.as_dict(names),
            "areas": [area.as_dict() for area in self.areas],
            "probabilities": None if bins is None else _packed(bins, names),
        }

    @classmethod
    def from_dict(
        cls, raw: Mapping[str, Any], counted: tuple[bool, ...] | None = None
    ) -> SlideResult:
        """The result that `as_dict` described, also of an older version."""
        packed, shapes = raw.get("probabilities"), raw.get("shapes")
        return cls(
            name=raw["name"],
            id=raw["id"],
            split=raw["split"],
            spacing_um=raw["spacing_um"],
            counts=np.array(raw["confusion"], dtype=np.int64),
            unknown={k: np.array(v, dtype=np.int64) for k, v in raw["unknown"].items()},
            pictures=raw["pictures"],
            groups=raw.get("groups", {}),
            bins=None if packed is None else _unpacked(packed),
            map_spacing_um=raw.get("map_spacing_um"),
            ood=None if raw.get("ood_score") is None else (raw["ood_score"], raw["ood_limit"]),
            counted=counted,
            taught=raw.get("taught"),
            patient=raw.get("patient"),
            places=tuple(Place(**place) for place in raw.get("places", ())),
            shapes=None if shapes is None else ShapeMetrics.from_dict(shapes),
        )


def _packed(bins: Bins, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Class → ``{"class": "probability × 255:pixels …", "others": …}``, empty bins left out."""
    return {
        name: {"class": _text(own), "others": _text(others)}
        for name, (others, own) in zip(names, bins, strict=True)
    }


def _text(counts: Counts) -> str:
    return " ".join(f"{value}:{counts[value]}" for value in np.flatnonzero(counts).tolist())


def _unpacked(packed: Mapping[str, Mapping[str, str]]) -> Bins:
    pairs = [(_counts(sides["others"]), _counts(sides["class"])) for sides in packed.values()]
    return np.array(pairs, dtype=np.int64)


def _counts(text: str) -> Counts:
    counts = np.zeros(N_BINS, dtype=np.int64)
    for pair in text.split():
        value, pixels = pair.split(":")
        counts[int(value)] = int(pixels)
    return counts


def with_left_out(results: Sequence[SlideResult], judged: LeftOutAreas) -> list[SlideResult]:
    """The results, their areas with what was judged of them."""
    return [
        replace(
            result,
            areas=tuple(
                replace(area, left_out=judged.get((result.id, area.object_id)))
                for area in result.areas
            ),
        )
        for result in results
    ]
