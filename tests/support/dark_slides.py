"""Slides with shapes whose areas are known, a QuPath project of them, and a model that finds them.

The model (`support.networks.red_network`) says Dark where a slide is dark, and Pale elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from rasterio import Affine
from rasterio.features import geometry_mask
from shapely.geometry import Point, box
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import ClassTable, PathClass
from hookpath.models import ModelCard, load_model, save_model
from hookpath.models.storage.folder_or_zip import REFERENCE_NAME
from hookpath.models.training_slide_distance import DeepFeatures, fit_reference
from support.networks import red_network
from support.projects import add_features, feature, ring, set_classes
from support.slides import write_pyramid

WIDTH, HEIGHT, MPP = 1024, 768, 0.5
DARK_RGB, PALE_RGB = (90, 40, 120), (220, 170, 200)
CLASSES = ClassTable((PathClass("Dark", (200, 0, 0)), PathClass("Pale", (0, 0, 200))))

DISC = Point(300, 300).buffer(120, 64)
FRAME = box(560, 120, 860, 420) - box(660, 220, 760, 320)
SMALL = box(100, 600, 180, 660)

FIRST, SECOND, THIRD = "Präparat 1 (größer).tif", "second.tif", "third.tif"
#: No µm/px in the file; ten times coarser than the model.
UNKNOWN, COARSE = "no scale.tif", "coarse.tif"

#: A person's objects of the first image: a region around the disc, and work of their own.
REGION = box(150, 150, 450, 450)
HUMAN = [
    feature(
        {"type": "Polygon", "coordinates": [ring(150, 150, 300, 300)]},
        1, classification={"name": "Region*", "color": [128, 128, 128]}, name="around the disc",
    ),
    feature(
        {"type": "Polygon", "coordinates": [ring(700, 500, 60, 40)]},
        2, classification={"name": "Dark", "color": [200, 0, 0]}, isLocked=True, name="größter",
    ),
    feature(
        {"type": "Polygon", "coordinates": [ring(900, 600, 10, 10)]},
        3, objectType="detection", measurements={"Mean": 0.125},
    ),
]  # fmt: skip


def square(number: int, name: str, x: float, y: float, side: float) -> dict[str, Any]:
    """A square that somebody drew."""
    shape = {"type": "Polygon", "coordinates": [ring(x, y, side, side)]}
    return feature(shape, number, classification={"name": name, "color": [10, 20, 30]})


#: Squares of both classes on both slides, to train on: in the disc, in a frame, beside them.
DRAWN = {
    FIRST: [square(1, "Dark", 240, 240, 100), square(2, "Pale", 20, 520, 120)],
    SECOND: [square(3, "Dark", 562, 122, 96), square(4, "Pale", 200, 200, 120)],
}


def area_um2(shape: BaseGeometry, mpp: float = MPP) -> float:
    """Area of a shape in level-0 px, in µm²."""
    return float(shape.area) * mpp**2


def write_dark_slide(path: Path, shapes: Sequence[BaseGeometry], mpp: float | None = MPP) -> Path:
    """A slide that is pale but for `shapes` (level-0 px)."""
    pale = geometry_mask(list(shapes), (HEIGHT, WIDTH), Affine.identity())
    image = np.where(pale[..., None], PALE_RGB, DARK_RGB).astype(np.uint8)
    return write_pyramid(path, image, mpp, levels=3)


def save_dark_model(folder: Path) -> Path:
    """The folder of the model."""
    model = red_network()
    save_model(folder, model, ModelCard.describe(model, CLASSES))
    return folder


def learn_elsewhere(folder: Path) -> None:
    """Make a model folder's reference that of images unlike all that there are."""
    model, card = load_model(folder, "cpu")
    with DeepFeatures(model) as deep:
        (one,) = deep.of([np.zeros((1, 44, 44, 3), np.uint8)])
    far = np.random.default_rng(0).normal(50, 1, (128, len(one)))
    reference = fit_reference([far])
    assert reference is not None
    reference.save(folder / REFERENCE_NAME, card.weights_sha256)


def make_dark_project(
    root: Path,
    images: Sequence[str] = (FIRST, SECOND),
    annotated: Mapping[str, Sequence[dict[str, Any]]] = MappingProxyType({FIRST: HUMAN}),
) -> Path:
    """A project file, made by QuPath's own code, the slides in a folder beside it."""
    from paquo.projects import QuPathProject as PaquoProject

    from hookpath.projects.qupath_store.paquo_bridge import _java

    java = _java()
    slides = root.parent / f"{root.name} slides"
    slides.mkdir(parents=True, exist_ok=True)
    shapes = {
        FIRST: [DISC, FRAME],
        SECOND: [FRAME, SMALL],
        THIRD: [DISC, SMALL],
        UNKNOWN: [DISC],
        COARSE: [DISC],
    }
    spacings = {UNKNOWN: None, COARSE: 10.0}
    with PaquoProject(root / "project.qpproj", mode="x") as project:
        for name in images:
            spacing = spacings.get(name, MPP)
            entry = project.add_image(write_dark_slide(slides / name, shapes[name], spacing))  # type: ignore[arg-type]
            if name in annotated:
                add_features(java, entry, annotated[name])
        set_classes(project, [(c.name, c.color) for c in CLASSES if c.color])
        project.save()
    return root / "project.qpproj"
