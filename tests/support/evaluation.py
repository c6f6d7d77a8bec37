"""Tiny annotated slides with made-up predictions, for evaluation and whatever builds on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from shapely.geometry import box

from hookpath.annotations import ClassTable, PathClass, PathObject, write_geojson
from hookpath.evaluation import ArrayMap, PredictedMap
from hookpath.geometry import Region
from hookpath.projects import ImageEntry
from support.slides import write_pyramid

RED = PathClass("Tumor", (200, 30, 40))
BLUE = PathClass("Stroma", (50, 110, 200))
GREEN = PathClass("Other", (60, 160, 70))
TABLE = ClassTable((RED, BLUE, GREEN))

Box = tuple[PathClass, float, float, float, float]


def annotated(boxes: Sequence[Box]) -> list[PathObject]:
    """Rectangles (class, x0, y0, x1, y1 in level-0 px) as somebody would draw them."""
    return [PathObject(box(x0, y0, x1, y1), path_class=c) for c, x0, y0, x1, y1 in boxes]


def write_slide(
    folder: Path, name: str, boxes: Sequence[Box], size: int = 256, mpp: float = 0.5
) -> Path:
    """A slide of `size` px with these annotations in the GeoJSON file beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(name))
    image = rng.normal((225, 180, 205), 12, (size, size, 3)).clip(0, 255).astype(np.uint8)
    path = write_pyramid(folder / name, image, mpp, levels=2, tile=128)
    write_geojson(path.with_suffix(".geojson"), annotated(boxes))
    return path


def map_of_labels(
    labels: npt.NDArray[np.uint8],
    downsample: float = 1.0,
    mpp: float = 0.5,
    classes: ClassTable = TABLE,
    origin_l0: tuple[float, float] = (0.0, 0.0),
) -> ArrayMap:
    """Labels as a prediction at `downsample` level-0 px per px."""
    height, width = labels.shape
    grid = Region(*origin_l0, width, height, downsample, downsample)
    return ArrayMap(labels, grid, classes, mpp * downsample)


class FixedMaps:
    """Answers with the map that was given for an image's name."""

    def __init__(self, maps: dict[str, PredictedMap]) -> None:
        self.maps = maps

    def __call__(self, entry: ImageEntry) -> PredictedMap:
        from hookpath.errors import EvaluationError

        if entry.name not in self.maps:
            raise EvaluationError(f"{entry.name}: no prediction")
        return self.maps[entry.name]


def write_prediction(
    out_dir: Path,
    entry: ImageEntry,
    labels: npt.NDArray[np.uint8],
    classes: ClassTable = TABLE,
    downsample: float = 1.0,
    mpp: float = 0.5,
    weights: str = "aa" * 32,
    probabilities: npt.NDArray[np.uint8] | None = None,
) -> Path:
    """The folder that a finished prediction of an image leaves: class map and record.

    `probabilities` ``(h, w, C)`` uint8 are written beside it.
    """
    from hookpath.inference.prediction_record import (
        CLASS_MAP_NAME,
        PROBABILITIES_NAME,
        PredictionRecord,
        prediction_folder,
    )
    from hookpath.slides import PyramidWriter

    folder = prediction_folder(out_dir, entry.name, entry.id)
    folder.mkdir(parents=True, exist_ok=True)
    height, width = labels.shape
    colors = [(255, 255, 255), *classes.colors]
    spacing_um = mpp * downsample
    path = folder / CLASS_MAP_NAME
    with PyramidWriter(path, width, height, 1, spacing_um, tile=64, colormap=colors) as writer:
        writer.write_rows(0, labels)
    if probabilities is not None:
        path = folder / PROBABILITIES_NAME
        with PyramidWriter(path, width, height, len(classes), spacing_um, tile=64) as writer:
            writer.write_rows(0, probabilities)
    record = PredictionRecord(
        run="run", image=entry.name, slide=entry.slide.identity(),
        model={"family": "unet", "weights_sha256": weights}, settings={}, classes=classes.names,
        spacing_um=spacing_um, width=width, height=height, downsample=(downsample, downsample),
        areas_mm2={}, objects=0, seconds=1.0, versions={}, files=(CLASS_MAP_NAME,),
    )  # fmt: skip
    record.save(folder)
    return folder
