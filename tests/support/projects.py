"""Small projects of both kinds, with the work of a pretended person in them."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from rasterio.features import shapes
from scipy.ndimage import gaussian_filter
from shapely.geometry import Polygon, shape

from hookpath import __version__
from hookpath.annotations import PathObject, write_geojson
from hookpath.jvm.qupath_installation import why_no_qupath
from hookpath.projects import (
    ExchangeProject,
    FolderProject,
    Project,
    QuPathProject,
    find_qupath,
    open_project,
)
from support.slides import write_pyramid

SLIDE_NAME = "Präparat 1 (größer).tif"
OTHER_NAME = "second.tif"
REQUEST = "request.json"
WIDTH, HEIGHT, MPP = 640, 480, 0.5


def ring(x: float, y: float, width: float, height: float) -> list[list[float]]:
    """Closed rectangle ring."""
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height], [x, y]]


def feature(geometry: dict[str, Any], number: int, **properties: Any) -> dict[str, Any]:
    """A feature as QuPath exports it."""
    return {
        "type": "Feature",
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "geometry": geometry,
        "properties": {"objectType": "annotation", **properties},
    }


TUMOR = {"name": "Tumor", "color": [200, 10, 20]}
STROMA = {"name": "Stroma", "color": [10, 180, 30]}

#: What the person drew: hole, several parts, a line, points, another plane, a cell, a lock.
HUMAN = [
    feature(
        {"type": "Polygon", "coordinates": [ring(10, 10, 100, 80), ring(30, 30, 20, 10)]},
        1, classification=TUMOR, name="größter Herd", isLocked=True,
    ),
    feature(
        {"type": "MultiPolygon", "coordinates": [[ring(200, 10, 50, 50)], [ring(300, 10, 20, 50)]]},
        2, classification=STROMA, metadata={"reader": "A"},
    ),
    feature({"type": "Polygon", "coordinates": [ring(10, 200, 30, 30)]}, 3),
    feature({"type": "LineString", "coordinates": [[10, 300], [60, 300]]}, 4),
    feature({"type": "MultiPoint", "coordinates": [[5, 5], [6, 7]]}, 5, classification=TUMOR),
    feature(
        {"type": "Polygon", "coordinates": [ring(100, 200, 40, 40)],
         "plane": {"c": -1, "z": 2, "t": 0}},
        6, classification={"names": ["Tumor", "Positive"], "color": [90, 0, 90]},
    ),
    feature(
        {"type": "Polygon", "coordinates": [ring(400, 200, 10, 10)]},
        7, objectType="detection", measurements={"Area µm^2": 25.0, "Mean": 0.125},
    ),
]  # fmt: skip


def traced_outlines(seed: int = 4) -> list[Polygon]:
    """Valid outlines without holes, with many vertices, as traced from a class map.

    With seed 4, QuPath 0.6.0 and 0.7.0 lose 7040 px² of one of them when they read its geometry.
    """
    noise = np.random.default_rng(seed).normal(size=(160, 160))
    blobs = (gaussian_filter(noise, 3) > 0).astype(np.uint8)
    found = [shape(g).simplify(1) for g, inside in shapes(blobs) if inside]
    rings = [4 * shapely.get_coordinates(shapely.get_exterior_ring(f)) for f in found]
    return [polygon for polygon in map(Polygon, rings) if polygon.is_valid]


@dataclass
class Store:
    """A project on disk of one kind: how to open it, and where a person's objects lie."""

    kind: str
    root: Path

    def open(self, **options: Any) -> Project:
        """A fresh look at the project."""
        source = self.root / REQUEST if self.kind == "exchange" else self.root
        return open_project(source, **options)

    def results_folder(self) -> Path:
        """The folder that a write changes."""
        return self.root if self.kind == "exchange" else self.data_file().parent

    def data_file(self, index: int = 0) -> Path:
        """The file with the objects of an image."""
        if self.kind == "exchange":
            return self.root / "images" / f"{index + 1}.geojson"
        entry = self.open().images[index]
        return entry.annotation_file if self.kind == "folder" else entry.data_file  # type: ignore[attr-defined]

    def import_features(self, features: Sequence[dict[str, Any]]) -> None:
        """Add objects to the first image as QuPath's own import does."""
        if self.kind == "exchange":
            take_over(self)
        if self.kind in ("folder", "exchange"):
            path = self.data_file()
            content = json.loads(path.read_text(encoding="utf-8"))
            content["features"] += features
            path.write_text(json.dumps(content), encoding="utf-8")
            return
        from paquo.projects import QuPathProject as PaquoProject

        from hookpath.projects.qupath_store.paquo_bridge import _java

        with PaquoProject(self.root / "project.qpproj", mode="r+") as project:
            add_features(_java(), project.images[0], features)
            project.images[0].save()

    def hashes(self) -> dict[str, str]:
        """Content of every file below the project."""
        return {name: content for name, (_, content) in snapshot(self.root).items() if content}


def snapshot(root: Path) -> dict[str, tuple[int, str]]:
    """Time of the last change and content of every file and folder (no content) below `root`."""
    return {
        str(p.relative_to(root)): (
            p.stat().st_mtime_ns,
            hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "",
        )
        for p in sorted(root.rglob("*"))
    }


def write_project_file(
    root: Path, images: Sequence[tuple[str, dict[str, Any]]], **members: Any
) -> Path:
    """A ``project.qpproj`` as QuPath writes it, of images given by name and server."""
    root.mkdir(parents=True, exist_ok=True)
    path = root / "project.qpproj"
    records = [
        {"serverBuilder": server, "entryID": i, "imageName": name, "metadata": {}}
        for i, (name, server) in enumerate(images, start=1)
    ]
    times = {"createTimestamp": 0, "modifyTimestamp": 0}  # without them QuPath opens none
    content = {"version": "0.6.0", **times, "uri": path.as_uri(), "images": records, **members}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    return path


def make_slides(folder: Path) -> list[Path]:
    """Two tiny slides with µm/px."""
    image = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    return [write_pyramid(folder / n, image, MPP, levels=2) for n in (SLIDE_NAME, OTHER_NAME)]


def make_folder_store(root: Path) -> Store:
    """Slides and the person's GeoJSON beside the first."""
    root.mkdir(parents=True)
    first, _ = make_slides(root)
    collection = {"type": "FeatureCollection", "features": HUMAN}
    first.with_suffix(".geojson").write_text(json.dumps(collection), encoding="utf-8")
    assert isinstance(open_project(root), FolderProject)
    return Store("folder", root)


def make_exchange_store(root: Path) -> Store:
    """A job folder as the extension makes it; the slides lie elsewhere."""
    slides = root.parent / f"{root.name} slides"
    slides.mkdir(parents=True)
    (root / "images").mkdir(parents=True)
    made = make_slides(slides)
    text = json.dumps({"type": "FeatureCollection", "features": HUMAN})
    (root / "images" / "1.geojson").write_text(text, encoding="utf-8")
    project = {
        "name": "My project",
        "classes": [TUMOR, STROMA],
        "images": [
            image_part(str(i), made[i - 1], annotations=annotated)
            for i, annotated in ((1, "images/1.geojson"), (2, None))
        ],
    }
    write_request(root, "info", project)
    assert isinstance(open_project(root / REQUEST), ExchangeProject)
    return Store("exchange", root)


def image_part(image_id: str, slide: Path, **members: Any) -> dict[str, Any]:
    """One image of a request."""
    return {"id": image_id, "name": slide.name, "slide": str(slide), "mpp": None, **members}


def write_request(
    root: Path,
    command: str,
    project: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    **members: Any,
) -> Path:
    """``request.json`` in a job folder."""
    root.mkdir(parents=True, exist_ok=True)
    content = {
        "schema": 1,
        "extension": __version__,
        "command": command,
        "options": options or {},
        "project": project,
        **members,
    }
    path = root / REQUEST
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def take_over(store: Store, change: Callable[[PathObject], PathObject] = lambda o: o) -> None:
    """Import the results as the viewer does, and hand everything over once more."""
    for index, entry in enumerate(store.open().images):
        objects = entry._present(entry._index.of(entry.id))  # type: ignore[attr-defined]
        if objects:
            write_geojson(store.data_file(index), [change(o) for o in objects])
    shutil.rmtree(store.root / "results", ignore_errors=True)


def skip_without_qupath(bioformats: bool = False) -> None:
    """Skip the test with the reason if QuPath's code cannot be run here.

    Args:
        bioformats: the QuPath must have Bio-Formats (those who build it may leave it out).
    """
    if importlib.util.find_spec("paquo") is None:
        pytest.skip("Paquo is not installed (extra 'qupath')")
    if find_qupath() is None:
        pytest.skip(why_no_qupath())
    if bioformats and not any(find_qupath().rglob("*extension-bioformats*.jar")):
        pytest.skip("this QuPath has no Bio-Formats")


def make_qupath_store(root: Path, human: Sequence[dict[str, Any]] = HUMAN) -> Store:
    """The same, made by QuPath's own code; the slides lie inside the project's folder."""
    from hookpath.projects.qupath_store.paquo_bridge import _java

    java = _java()
    from paquo.projects import QuPathProject as PaquoProject

    with PaquoProject(root / "project.qpproj", mode="x") as project:
        (root / "slides").mkdir()
        for path in make_slides(root / "slides"):
            project.add_image(path)
        set_classes(project, [("Tumor", (200, 10, 20)), ("Stroma", (10, 180, 30))])
        add_features(java, project.images[0], human)
        project.save()
    assert isinstance(open_project(root), QuPathProject)
    return Store("qupath", root)


def set_classes(project: Any, classes: list[tuple[str, tuple[int, int, int]]]) -> None:
    """The project's class list, colours included."""
    from paquo.classes import QuPathPathClass

    made = [QuPathPathClass(name, color=rgb) for name, rgb in classes]
    for path_class, (_, rgb) in zip(made, classes, strict=True):
        path_class.java_object.setColor(*rgb)
    project.path_classes = made


def add_features(java: Any, entry: Any, features: Sequence[dict[str, Any]]) -> None:
    """Put objects into an open Paquo entry, by QuPath's own reader."""
    text = json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()
    stream = java.JClass("java.io.ByteArrayInputStream")(text)
    entry.hierarchy.java_object.addObjects(java.PathIO.readObjectsFromGeoJSON(stream))


def edit_with_qupath(root: Path, changed: dict[str, Any]) -> None:
    """Set geometry and class of objects as QuPath's window does, and save."""
    from hookpath.projects.qupath_store.paquo_bridge import _java

    java = _java()
    from paquo.classes import QuPathPathClass
    from paquo.projects import QuPathProject as PaquoProject

    with PaquoProject(root / "project.qpproj", mode="r+") as project:
        for annotation in project.images[0].hierarchy.annotations:
            new = changed.get(str(annotation.java_object.getID()))
            if new is not None:
                annotation.update_roi(new.geometry)
                annotation.update_path_class(QuPathPathClass(new.path_class.name))
        assert java is not None
        project.images[0].save()
