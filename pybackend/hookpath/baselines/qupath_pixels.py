"""QuPath's own pixel classifier, trained and run by QuPath itself on the strokes of a lesson.

The recipe is in ``qupath_pixels.groovy``; here is what it is asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import shapely
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hookpath.annotations import ClassTable, PathClass, PathObject, write_geojson
from hookpath.atomic_files import make_folder, replace_text
from hookpath.baselines.qupath_maps import LabelMap
from hookpath.baselines.qupath_process import run_script
from hookpath.errors import ModelFolderError, UsageError
from hookpath.geometry import Calibration
from hookpath.models import ModelCard
from hookpath.models.storage.folder_or_zip import CARD_NAME
from hookpath.models.storage.model_folder import BranchEntry, ClassEntry
from hookpath.sampling import AnnotatedSlide
from hookpath.slides import Slide

FAMILY = "qupath-pixel-classifier"
CLASSIFIER_NAME = "classifier.json"
_SCRIPT = Path(__file__).with_suffix(".groovy")

#: All features of flat images that QuPath's window offers, by its own names.
FEATURES = (
    "GAUSSIAN",
    "LAPLACIAN",
    "WEIGHTED_STD_DEV",
    "GRADIENT_MAGNITUDE",
    "STRUCTURE_TENSOR_EIGENVALUE_MAX",
    "STRUCTURE_TENSOR_EIGENVALUE_MIN",
    "STRUCTURE_TENSOR_COHERENCE",
    "HESSIAN_DETERMINANT",
    "HESSIAN_EIGENVALUE_MAX",
    "HESSIAN_EIGENVALUE_MIN",
)


class QuPathSettings(BaseModel):
    """What a person would choose in the window of QuPath's *Train pixel classifier*.

    Attributes:
        model: ``ann`` (the window's default) or ``trees``.
        features: QuPath's names of what is made of red, green and blue; the window starts with
            the Gaussian alone.
        scales: σ of the features' Gaussians, in px of `spacing_um`.
        spacing_um: resolution, µm/px.
        samples: most annotated pixels to learn from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    model: Literal["ann", "trees"] = "ann"
    features: tuple[str, ...] = FEATURES
    scales: tuple[float, ...] = (1.0, 2.0, 4.0)
    spacing_um: float = Field(default=1.0, gt=0)
    samples: int = Field(default=100_000, ge=2)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From plain values.

        Raises:
            UsageError: an unknown setting, or a bad value.
        """
        try:
            found = cls.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            known = ", ".join(cls.model_fields)
            raise UsageError(
                f"QuPath's pixel classifier: {where}: {first['msg']}; settings are {known}"
            ) from None
        for name in found.features:
            if name not in FEATURES:
                raise UsageError(
                    f"QuPath's pixel classifier has no feature {name!r}; there are "
                    + ", ".join(FEATURES)
                )
        return found


def learn(
    sources: Sequence[AnnotatedSlide],
    classes: ClassTable,
    settings: QuPathSettings,
    folder: Path,
    seed: int = 0,
) -> ModelCard:
    """Let QuPath learn from every stroke of the slides; its classifier and a card in `folder`.

    Args:
        classes: those to tell apart; output channel c is label c + 1.
        seed: 0 is the one that QuPath's window uses (100), 1 the next…

    Raises:
        ProjectError: no QuPath, or it cannot open a slide.
    """
    make_folder(folder)
    images = []
    for number, source in enumerate(sources):
        strokes = folder / f"strokes-{number}.geojson"
        write_geojson(strokes, disjoint_strokes(source, classes))
        images.append(_image(source.slide.path, source.read_facts().calibration, strokes=strokes))
    request = {**settings.model_dump(mode="json"), "classes": classes.names, "seed": 100 + seed}
    path = folder / CLASSIFIER_NAME
    _ask(folder, {"step": "train", "classifier": str(path), "images": images, **request})
    card = ModelCard(
        family=FAMILY,
        config=settings.model_dump(mode="json"),
        classes=[ClassEntry(name=c.name, color=c.color or (128, 128, 128)) for c in classes],
        branches=[BranchEntry(spacing_um=settings.spacing_um, input_size=1, output_size=1)],
        weights_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    replace_text(folder / CARD_NAME, card.model_dump_json(indent=2))
    return card


def predict_maps(folder: Path, slides: Sequence[Slide], out: Path) -> dict[Path, LabelMap]:
    """Class maps of whole slides, made by QuPath with the classifier in `folder`.

    Args:
        slides: to predict, with their calibration.
        out: folder for the maps, one byte per px.

    Returns:
        The maps by the slides' paths.

    Raises:
        ProjectError: no QuPath, or it cannot open a slide.
        ModelFolderError: the classifier is not there.
    """
    path = folder / CLASSIFIER_NAME
    if not path.is_file():
        raise ModelFolderError(f"{path}: not there; train again")
    make_folder(out)
    found = [(slide, out / f"map-{number}") for number, slide in enumerate(slides)]
    images = [_image(s.path, s.calibration, out=target) for s, target in found]
    _ask(out, {"step": "predict", "classifier": str(path), "images": images})
    spacing = json.loads((folder / CARD_NAME).read_text(encoding="utf-8"))["config"]["spacing_um"]
    return {s.path: LabelMap.load(t, spacing / s.calibration.mpp) for s, t in found}


def disjoint_strokes(source: AnnotatedSlide, classes: ClassTable) -> list[PathObject]:
    """The strokes with what another class wins cut away: QuPath paints them in no fixed order."""
    return [
        PathObject(geometry=area, path_class=PathClass(classes.names[label - 1]))
        for label, area in _disjoint(source)
        if not area.is_empty
    ]


def _disjoint(source: AnnotatedSlide) -> Iterator[tuple[int, Any]]:
    """Label and area; of `polygons` the later one wins."""
    polygons = source.polygons
    tree = shapely.STRtree([p.geometry for p in polygons])
    for number, polygon in enumerate(polygons):
        near = tree.query(polygon.geometry, predicate="intersects")
        above = [
            polygons[i].geometry for i in near if i > number and polygons[i].label != polygon.label
        ]
        area = polygon.geometry
        yield polygon.label, shapely.difference(area, shapely.union_all(above)) if above else area


def _image(path: Path, calibration: Calibration, **files: Path) -> dict[str, Any]:
    um = [calibration.mpp_x, calibration.mpp_y]
    return {"path": str(path.resolve()), "um": um, **{k: str(v) for k, v in files.items()}}


def _ask(folder: Path, request: Mapping[str, Any]) -> None:
    path = folder / "request.json"
    replace_text(path, json.dumps(request, indent=2, ensure_ascii=False))
    run_script(_SCRIPT, path)
