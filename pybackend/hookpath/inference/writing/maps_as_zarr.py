"""A finished prediction's maps as OME-Zarr, for napari and whatever else reads that."""

from __future__ import annotations

from pathlib import Path

from hookpath.annotations import ClassTable, PathClass
from hookpath.errors import OutputError, PredictionError, write_code
from hookpath.inference.prediction_record import (
    CLASS_MAP_NAME,
    PROBABILITIES_NAME,
    ZARR_NAME,
    PredictionRecord,
)
from hookpath.inference.writing.staged_folder import stage_in
from hookpath.slides import MapReader, open_map
from hookpath.slides.writing.omezarr_writer import Pixels, ReadLevel, write_image, write_labels
from hookpath.temporary_files import discard


def maps_as_zarr(folder: Path) -> Path:
    """Write ``maps.ome.zarr`` into the folder of a prediction; one that is there is replaced.

    The probabilities are its image, a channel for each class in the class's colour; the class map
    is its label image. Both have the levels of the TIFFs that they are copied from.

    Returns:
        The Zarr's folder.

    Raises:
        PredictionError: the slide was predicted without its TIFFs.
        SlideError: a TIFF is damaged.
        OutputError: it cannot be written.
    """
    for name in (CLASS_MAP_NAME, PROBABILITIES_NAME):
        if not (folder / name).is_file():
            raise PredictionError(f"{folder}: no {name} here, which OME-Zarr is made from; predict "
                                  "with --tiff")  # fmt: skip
    record = PredictionRecord.load(folder)
    target = folder / ZARR_NAME
    try:
        with (
            stage_in(folder) as stage,
            open_map(folder / CLASS_MAP_NAME) as labels,
            open_map(folder / PROBABILITIES_NAME) as probabilities,
        ):
            _write(stage / ZARR_NAME, labels, probabilities, record)
            discard(target)
            (stage / ZARR_NAME).replace(target)
    except OSError as error:
        raise OutputError(
            f"{target}: cannot be written ({error.strerror})", code=write_code(error)
        ) from error
    return target


def _write(
    part: Path, labels: MapReader, probabilities: MapReader, record: PredictionRecord
) -> None:
    names = record.classes
    if labels.colormap is None:
        colors = list(ClassTable.of(PathClass(name) for name in names).colors)
    else:
        rows = labels.colormap[1 : len(names) + 1].tolist()
        colors = [(red, green, blue) for red, green, blue in rows]
    classes = list(zip(names, colors, strict=True))
    um = record.spacing_um
    levels = _levels(probabilities)
    write_image(part, _reading(probabilities), levels, um, classes, record.image)
    write_labels(part, "classes", _reading(labels), _levels(labels), um, classes)


def _levels(reader: MapReader) -> list[tuple[int, int]]:
    return list(reader.level_sizes)


def _reading(reader: MapReader) -> ReadLevel:
    def read(x: int, y: int, width: int, height: int, level: int) -> Pixels:
        return reader.read(x, y, width, height, level).reshape(height, width, reader.channels)

    return read
