"""What other programs predicted, as class maps: label images and outlines, a file for each image.

A label image (PNG, TIFF) covers its slide at any scale, a value a pixel; which value is which class
says a table (`hookpath.conversion.read_class_values`). Outlines are GeoJSON with classes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.annotations import ClassTable, LabelSource, PathClass, PathObject, class_names_in
from hookpath.conversion import ClassValues, mask_downsample
from hookpath.conversion.foreign_geojson_input import read_foreign_geojson
from hookpath.conversion.label_image_io import LabelImage, open_label_image
from hookpath.conversion.label_mask_conversion import label_table, labels_of_values
from hookpath.errors import AnnotationError, EvaluationError
from hookpath.evaluation.predictions.class_map_source import (
    Labels,
    PredictedMap,
    Probabilities,
    nearest_pixels,
)
from hookpath.geometry import Region
from hookpath.projects import ImageEntry, PlaneEntry, own_entry, result_key

_OUTLINES = (".geojson", ".json", ".geojson.gz", ".json.gz", ".geojson.zip", ".json.zip")
_IMAGES = (".ome.tiff", ".ome.tif", ".tiff", ".tif", ".png")
#: What may follow an image's name in that of its map.
_ENDINGS = r"[._ -](labels?|masks?|pred(iction)?s?|seg(mentation)?s?|classes|objects|output)"

#: µm/px at which outlines are scored unless said otherwise.
OUTLINE_UM = 1.0


class ForeignMaps:
    """Finds another program's map of an image (a `MapOf`).

    Args:
        folder: with ``<image>.png``, ``.tif`` or ``.geojson``, named as the image with or without
            its ending, `_labels`, `_mask`, `_pred` and the like behind it.
        values: class of each value of label images; None: there are only outlines.
        spacing_um: µm/px at which outlines are scored; None: `OUTLINE_UM`.

    Raises:
        EvaluationError: no such folder, nothing in it, or label images and no `values`.
        AnnotationError: outlines that cannot be read.
    """

    #: Nothing is known of a model.
    model: Mapping[str, Any] = {}
    predicted_with: Mapping[str, Any] = {}

    def __init__(
        self, folder: Path, values: ClassValues | None = None, spacing_um: float | None = None
    ) -> None:
        self.folder, self.values = folder, values
        self._spacing_um = spacing_um or OUTLINE_UM
        self._named = _Named.of(folder)
        self._image_of: dict[Path, ImageEntry] = {}
        found = {p: read_foreign_geojson(p) for p in self._named.files if _is_outlines(p)}
        self._outlines = {path: _plain(f.objects) for path, f in found.items()}
        #: What may be meant otherwise in these files, with their names.
        self.notes = [f"{path}: {note}" for path, f in found.items() for note in f.notes]
        if values is None and len(self._outlines) < len(self._named.files):
            image = next(p for p in self._named.files if not _is_outlines(p))
            raise EvaluationError(
                f"{image}: which value is which class? name a table (value, name) with --classes"
            )
        self.classes = self._class_table()

    def __call__(self, entry: ImageEntry) -> PredictedMap:
        """The map of an image.

        Raises:
            EvaluationError: there is none, or it does not cover its slide.
            SlideError, ProjectError: the slide cannot be opened.
        """
        path = self._file_of(entry)
        found = entry.description
        spacing_um = found.known_calibration().mpp
        if _is_outlines(path):
            scale = self._spacing_um / spacing_um
            width, height = (max(1, int(np.ceil(n / scale))) for n in found.size_l0)
            grid = Region(0, 0, width, height, scale, scale)
            return OutlineMap(self._outlines[path], grid, self.classes, self._spacing_um)
        return self._image(path, found.size_l0, spacing_um)

    def part_of(self, _: str) -> None:
        """Nobody knows what another program's model learned from."""
        return

    def ood_of(self, _: str) -> None:
        """Nor how unlike its slides these are."""
        return

    def _image(self, path: Path, size_l0: tuple[int, int], spacing_um: float) -> PredictedMap:
        assert self.values is not None, "asked for when the folder was opened"
        image = open_label_image(path)
        try:
            dx, dy = mask_downsample((image.width, image.height), size_l0)
        except AnnotationError as error:
            image.close()
            raise EvaluationError(f"{path}: {error}") from error
        grid = Region(0, 0, image.width, image.height, dx, dy)
        table = label_table(self.values, self.classes)
        return ImageMap(path, image, table, grid, self.classes, spacing_um * (dx + dy) / 2)

    def _file_of(self, entry: ImageEntry) -> Path:
        own = own_entry(entry).name
        stem = Path(own).stem
        names = (entry.name, own, stem, stem.removesuffix(".ome"))
        found = next((files for name in names if (files := self._named.of_image(name))), [])
        if not found:
            raise EvaluationError(
                f"{entry.name}: nothing in {self.folder} is named like it (looked for "
                f"{stem}.png, .tif, .geojson)"
            )
        if len(found) > 1:
            fitting = ", ".join(file.name for file in found)
            raise EvaluationError(
                f"{entry.name}: {fitting} in {self.folder} are all named like it; leave one there"
            )
        whole = entry.entry if isinstance(entry, PlaneEntry) else entry
        other = self._image_of.setdefault(found[0], whole)
        if result_key(other) != result_key(whole):
            raise EvaluationError(
                f"{entry.name}: {found[0]} is named like {other.name}, too; give each of them a "
                "map of its exact name"
            )
        return found[0]

    def _class_table(self) -> ClassTable:
        named = [c for c in self.values.classes.values() if c] if self.values else []
        annotated = [c for objects in self._outlines.values() for c in class_names_in(objects)]
        found: dict[str, PathClass] = {}
        for path_class in (*named, *annotated):
            found.setdefault(path_class.name, path_class)
        if not found:
            raise EvaluationError(f"{self.folder}: no class in any of its maps")
        return ClassTable.of(found.values())


@dataclass(frozen=True)
class ImageMap:
    """A label image on disk as a `PredictedMap`; `table` gives each value's label."""

    path: Path
    image: LabelImage
    table: npt.NDArray[np.uint8]
    grid: Region
    classes: ClassTable
    spacing_um: float

    def labels_of(self, region: Region) -> Labels:
        """See `PredictedMap.labels_of`.

        Raises:
            AnnotationError: the file is damaged there, or a value has no class.
        """
        rows, columns = nearest_pixels(region, self.grid)
        on_y = (rows >= 0) & (rows < self.grid.height)
        on_x = (columns >= 0) & (columns < self.grid.width)
        found = np.zeros((region.height, region.width), np.uint8)
        if on_y.any() and on_x.any():
            top = int(rows[on_y][0])
            read = self.image.rows(top, int(rows[on_y][-1]) - top + 1)
            picked = read[np.ix_(rows[on_y] - top, columns[on_x])]
            found[np.ix_(on_y, on_x)] = labels_of_values(self.path, top, picked, self.table)
        return found

    def probabilities_of(self, _: Region) -> Probabilities | None:
        """There are none."""
        return None

    def close(self) -> None:
        """Release the file."""
        self.image.close()


class OutlineMap:
    """Outlines with classes as a `PredictedMap`; where two overlap, the smaller one is seen."""

    def __init__(
        self, objects: Sequence[PathObject], grid: Region, classes: ClassTable, spacing_um: float
    ) -> None:
        self.grid, self.classes, self.spacing_um = grid, classes, spacing_um
        self._source = LabelSource(objects, classes)

    def labels_of(self, region: Region) -> Labels:
        """See `PredictedMap.labels_of`."""
        return self._source.rasterize(region)

    def probabilities_of(self, _: Region) -> Probabilities | None:
        """There are none."""
        return None

    def close(self) -> None:
        """Nothing to release."""


@dataclass(frozen=True)
class _Named:
    """The maps in a folder by the name of their image.

    Attributes:
        tables: the name as it is written, the same folded, folded without an ending.
    """

    files: Sequence[Path]
    tables: Sequence[Mapping[str, list[Path]]]

    @classmethod
    def of(cls, folder: Path) -> _Named:
        if not folder.is_dir():
            raise EvaluationError(f"{folder}: no such folder; give one with a map for each image")
        files: list[Path] = []
        tables: list[dict[str, list[Path]]] = [{}, {}, {}]
        for path in sorted(p for p in folder.iterdir() if p.is_file()):
            ends = (e for e in (*_OUTLINES, *_IMAGES) if path.name.lower().endswith(e))
            if path.name.startswith(".") or (ending := next(ends, None)) is None:
                continue
            files.append(path)
            base = path.name[: -len(ending)]
            less = re.sub(f"{_ENDINGS}$", "", base, flags=re.IGNORECASE)
            for table, name in zip(tables, (base, _folded(base), _folded(less)), strict=True):
                table.setdefault(name, []).append(path)
        if not files:
            raise EvaluationError(f"{folder}: no .png, .tif or .geojson in this folder")
        return cls(files, tables)

    def of_image(self, name: str) -> list[Path]:
        """Those for an image, by the nearest form of its name that any has."""
        written, folded, near = self.tables
        return written.get(name) or folded.get(_folded(name)) or near.get(_folded(name)) or []


def _plain(objects: Sequence[PathObject]) -> list[PathObject]:
    """As if annotated: whoever predicted them, they are what is scored."""
    return [
        replace(o, object_type="annotation", metadata={})
        for o in objects
        if o.object_type in ("annotation", "detection")
    ]


def _is_outlines(path: Path) -> bool:
    return path.name.lower().endswith(_OUTLINES)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
