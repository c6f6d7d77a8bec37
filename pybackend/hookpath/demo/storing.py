"""Painted slides as a folder project: pyramidal TIFF, sparse GeoJSON, and the truth apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hookpath.annotations import vectorize, write_geojson
from hookpath.demo.drawing import draw_sparsely
from hookpath.demo.painting import CLASSES, SPACING_UM, Image, PaintedSlide, paint_slide
from hookpath.errors import OutputError, write_code
from hookpath.events import Reporter
from hookpath.projects import SPLIT_KEY, FolderProject

SLIDES, TRUTH = "slides", "truth"
_TILE = 256
_HALVINGS = 4


def make_slides(
    folder: Path, splits: dict[str, int], size: int, seed: int, reporter: Reporter
) -> FolderProject:
    """Paint and store the slides of the demo; those that are there already are kept.

    Training and validation slides get a few sparse polygons, as a pathologist would draw them;
    test slides get none. What is really there goes to ``truth/``, which nothing but the final
    scoring reads.

    Args:
        folder: gets ``slides/`` and ``truth/``.
        splits: ``train``, ``val``, ``test`` → number of slides.
        size: side of the slides in px.

    Raises:
        OutputError: the folder cannot be written to.
    """
    slides, truth = folder / SLIDES, folder / TRUTH
    names = [f"{split}-{i + 1}" for split, n in splits.items() for i in range(n)]
    reporter.start("paint slides", len(names), "slide")
    try:
        for path in (slides, truth):
            path.mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(names):
            if not (slides / f"{name}.tif").is_file():
                _store(slides, truth, name, size, np.random.default_rng([seed, number]))
            reporter.advance("paint slides")
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written to ({error.strerror})", code=write_code(error)
        ) from error
    reporter.finish("paint slides")
    project = FolderProject(slides)
    for entry in project.images:
        entry.set_metadata({SPLIT_KEY: entry.name.split("-")[0]})
    return project


def _store(slides: Path, truth: Path, name: str, size: int, rng: np.random.Generator) -> None:
    """One slide; the image comes last, so that its presence means that all is there."""
    painted = paint_slide(rng, size)
    if not name.startswith("test"):
        write_geojson(slides / f"{name}.geojson", draw_sparsely(rng, painted))
    write_geojson(truth / f"{name}.geojson", vectorize(painted.truth, CLASSES, 1.0))
    _write_tiff(slides / f"{name}.tif", painted)


def _write_tiff(path: Path, painted: PaintedSlide) -> None:
    """A tiled JPEG pyramid with µm/px, as a scanner writes it."""
    import tifffile

    per_cm = 1e4 / SPACING_UM
    options: dict[str, Any] = {
        "tile": (_TILE, _TILE),
        "photometric": "rgb",
        "compression": "jpeg",
        "compressionargs": {"level": 90},
        "resolutionunit": "CENTIMETER",
        "metadata": None,
    }
    part = path.with_name(f".{path.name}.part")
    try:
        with tifffile.TiffWriter(part) as tiff:
            level: Image = painted.rgb
            for halving in range(_HALVINGS + 1):
                resolution = (per_cm / 2**halving,) * 2
                kind = 1 if halving else 0
                tiff.write(level, subfiletype=kind, resolution=resolution, **options)
                level = _halve(level)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _halve(image: Image) -> Image:
    height, width = (side // 2 * 2 for side in image.shape[:2])
    pairs = image[:height, :width].reshape(height // 2, 2, width // 2, 2, 3)
    halved: Image = (pairs.mean((1, 3), dtype=np.float32) + 0.5).astype(np.uint8)
    return halved
