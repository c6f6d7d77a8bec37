"""Synthetic slides as a folder project: pyramidal TIFF, sparse GeoJSON, and the truth apart."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from hookpath.annotations import PathObject, vectorize, write_geojson
from hookpath.atomic_files import replace_text, replacing
from hookpath.demo.context_slides import CLASSES, SPACING_UM, Image, Layout, synthesize_slide
from hookpath.demo.sparse_annotations import draw_sparsely
from hookpath.errors import OutputError, write_code
from hookpath.events import Reporter
from hookpath.projects import SPLIT_KEY, FolderProject

SLIDES, TRUTH = "slides", "truth"
_TILE = 256
_HALVINGS = 4


@dataclass(frozen=True)
class Stored:
    """A slide as it goes to disk.

    Attributes:
        rgb: ``(H, W, 3)`` uint8.
        annotated: what people drew on it (not kept for test slides).
        truth: what is really there.
        spacing_um: µm/px.
        metadata: of the image.
    """

    rgb: Image
    annotated: Sequence[PathObject]
    truth: Sequence[PathObject]
    spacing_um: float
    metadata: Mapping[str, str] = field(default_factory=dict)


Make = Callable[[np.random.Generator, int], Stored]
"""Makes one slide: from a generator of its own, and its number."""


def make_slides(
    folder: Path,
    splits: Mapping[str, int],
    size: int,
    seed: int,
    reporter: Reporter,
    layout: Layout = Layout(),
    beside: int = 0,
) -> FolderProject:
    """Make and store the slides of the demo; those that are there already are kept.

    Training and validation slides get a few sparse polygons, as a pathologist would draw them;
    test slides get none. What is really there goes to ``truth/``, which nothing but the final
    scoring reads.

    Args:
        folder: gets ``slides/`` and ``truth/``.
        splits: ``train``, ``val``, ``test`` → number of slides.
        size: side of the slides in px.
        layout: of the nests.
        beside: strokes along the borders of nests on each slide (see `draw_sparsely`).

    Raises:
        OutputError: the folder cannot be written to.
    """

    def make(rng: np.random.Generator, number: int) -> Stored:
        picture = synthesize_slide(rng, size, layout)
        annotated = draw_sparsely(rng, picture, beside=beside)
        return Stored(picture.rgb, annotated, vectorize(picture.truth, CLASSES, 1.0), SPACING_UM)

    return store_slides(folder, splits, seed, reporter, make)


def store_slides(
    folder: Path, splits: Mapping[str, int], seed: int, reporter: Reporter, make: Make
) -> FolderProject:
    """Store synthetic slides as a folder project with a split (see `make_slides`).

    Raises:
        OutputError: the folder cannot be written to.
    """
    slides, truth = folder / SLIDES, folder / TRUTH
    names = [f"{split}-{i + 1}" for split, n in splits.items() for i in range(n)]
    reporter.start("make slides", len(names), "slide")
    try:
        for path in (slides, truth):
            path.mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(names):
            if not (slides / f"{name}.tif").is_file():
                made = make(np.random.default_rng([seed, number]), number)
                _store(slides, truth, name, made)
            reporter.advance("make slides")
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written to ({error.strerror})", code=write_code(error)
        ) from error
    reporter.finish("make slides")
    project = FolderProject(slides)
    with project.changes():
        for entry in project.images:
            split = {SPLIT_KEY: entry.name.split("-")[0]}
            entry.set_metadata({**split, **_metadata_of(truth, entry.name)})
    return project


def _metadata_of(truth: Path, name: str) -> dict[str, str]:
    path = truth / f"{Path(name).stem}.json"
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def _with_ids(objects: Sequence[PathObject], where: str) -> list[PathObject]:
    """With ids that the content alone gives: slides of one seed are the same files each time."""
    said = (f"{where} {n} {o.geometry.wkb_hex}" for n, o in enumerate(objects))
    ids = (str(uuid.uuid5(uuid.NAMESPACE_OID, text)) for text in said)
    return [replace(o, id=new) for o, new in zip(objects, ids, strict=True)]


def _store(slides: Path, truth: Path, name: str, made: Stored) -> None:
    """One slide; the image comes last, so that its presence means that all is there."""
    if not name.startswith("test"):
        write_geojson(slides / f"{name}.geojson", _with_ids(made.annotated, f"{name} drawn"))
    write_geojson(truth / f"{name}.geojson", _with_ids(made.truth, f"{name} truth"))
    replace_text(truth / f"{name}.json", json.dumps(dict(made.metadata)))
    _write_tiff(slides / f"{name}.tif", made)


def _write_tiff(path: Path, made: Stored) -> None:
    """A tiled JPEG pyramid with µm/px, as a scanner writes it."""
    import tifffile

    per_cm = 1e4 / made.spacing_um
    options: dict[str, Any] = {
        "tile": (_TILE, _TILE),
        "photometric": "rgb",
        "compression": "jpeg",
        "compressionargs": {"level": 90},
        "resolutionunit": "CENTIMETER",
        "metadata": None,
    }
    with replacing(path) as part, tifffile.TiffWriter(part) as tiff:
        level: Image = made.rgb
        for halving in range(_HALVINGS + 1):
            resolution = (per_cm / 2**halving,) * 2
            kind = 1 if halving else 0
            tiff.write(level, subfiletype=kind, resolution=resolution, **options)
            level = _halve(level)


def _halve(image: Image) -> Image:
    height, width = (side // 2 * 2 for side in image.shape[:2])
    pairs = image[:height, :width].reshape(height // 2, 2, width // 2, 2, 3)
    halved: Image = (pairs.mean((1, 3), dtype=np.float32) + 0.5).astype(np.uint8)
    return halved
