"""Projects of every kind for the annotation loop, and a person who corrects in them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hookpath.annotations import (
    PathClass,
    PathObject,
    object_to_feature,
    read_geojson,
    write_geojson,
)
from hookpath.loop import LoopFolder, LoopSettings, ProposalSettings, start
from hookpath.projects import Project, open_project
from hookpath.training import TrainConfig
from support.projects import REQUEST, image_part, write_request
from support.textures import DARK, PALE, texture_objects, texture_slide
from support.training import LEARNS
from support.viewer import export_from_qupath

SIZE = 256
SLIDES = ("s0.tif", "s1.tif", "s2.tif", "s3.tif")
#: The first two have two rectangles each, annotated by hand.
DRAWN = 2

Edit = Callable[[list[PathObject]], list[PathObject]]


@dataclass
class LoopStore:
    """A project of one kind with four slides, and a loop beside it."""

    kind: str
    root: Path

    @property
    def source(self) -> Path:
        return self.root / REQUEST if self.kind == "exchange" else self.root

    @property
    def loop(self) -> Path:
        return self.root.parent / "loop"

    def begin(
        self, *settings: str, rest: str | None = None, model: Path | None = None
    ) -> LoopFolder:
        """Start a loop with a tiny network (or `model`), which will propose both classes."""
        train = TrainConfig.load(overrides=[*LEARNS, "device=cpu", *settings])
        proposals = ProposalSettings(smooth_um=1, min_area_um2=200, max_hole_um2=200)
        chosen = LoopSettings(
            train=train.model_dump(mode="json"), proposals=proposals, rest=rest, seed=1
        )
        with self.project() as project:
            return start(self.loop, project, chosen, model=model)

    @contextmanager
    def project(self) -> Iterator[Project]:
        """A fresh look; afterwards a viewer takes over what was handed back."""
        project = open_project(self.source)
        try:
            yield project
        finally:
            project.close()
            if self.kind == "exchange":
                self._take_over()

    def objects(self, image: int) -> list[PathObject]:
        """What the project holds on an image."""
        with self.project() as project:
            return project.images[image].objects()

    def metadata(self, image: int) -> dict[str, str]:
        """What people see of an image."""
        with self.project() as project:
            return dict(project.images[image].metadata)

    def correct(self, image: int, edit: Edit) -> None:
        """The person changes objects: `edit` gets them as they are stored, tags and all."""
        if self.kind == "qupath":
            self._correct_in_qupath(image, edit)
            return
        if self.kind == "folder":
            export_from_qupath(self.root / SLIDES[image], edit)
            return
        path = self._annotations(image)
        before = read_geojson(path) if path.is_file() else []
        write_geojson(path, edit(before))

    def _annotations(self, image: int) -> Path:
        if self.kind == "exchange":
            return self.root / "images" / f"{image}.geojson"
        return self.root / f"s{image}.geojson"

    def _take_over(self) -> None:
        """Import results and metadata as a viewer does, and hand over anew."""
        if not (self.root / "results" / "index.json").is_file():
            return
        request = json.loads((self.root / REQUEST).read_text(encoding="utf-8"))
        index = json.loads((self.root / "results" / "index.json").read_text(encoding="utf-8"))
        project = open_project(self.source)
        for number, (part, entry) in enumerate(
            zip(request["project"]["images"], project.images, strict=True)
        ):
            found = index["images"].get(entry.id)
            if found is None:
                continue
            present = entry._present(entry._index.of(entry.id))  # type: ignore[attr-defined]
            write_geojson(self._annotations(number), present)
            part["annotations"] = f"images/{number}.geojson"
            values = {**part.get("metadata", {}), **found["metadata"]}
            part["metadata"] = {k: v for k, v in values.items() if v is not None}
        (self.root / REQUEST).write_text(json.dumps(request), encoding="utf-8")
        shutil.rmtree(self.root / "results")

    def _correct_in_qupath(self, image: int, edit: Edit) -> None:
        from paquo.projects import QuPathProject as PaquoProject

        from hookpath.annotations import objects_from_geojson
        from hookpath.projects.qupath_store.paquo_bridge import _java
        from support.projects import add_features

        java = _java()
        with PaquoProject(self.root / "project.qpproj", mode="r+") as project:
            entry = project.images[image]
            before = objects_from_geojson(json.loads(json.dumps(entry.hierarchy.to_geojson())))
            entry.hierarchy.java_object.clearAll()
            add_features(java, entry, [object_to_feature(o) for o in edit(before)])
            entry.save()


def make_loop_store(kind: str, root: Path) -> LoopStore:
    """Four slides, dark on the left and pale on the right; two of them annotated."""
    root.mkdir(parents=True)
    slides = root.with_name(f"{root.name} slides") if kind == "qupath" else root
    slides.mkdir(exist_ok=True)
    paths = [texture_slide(slides / name, seed=i, size=SIZE) for i, name in enumerate(SLIDES)]
    if kind == "folder":
        for path in paths[:DRAWN]:
            write_geojson(path.with_suffix(".geojson"), texture_objects(SIZE))
    elif kind == "exchange":
        _write_request(root, paths)
    else:
        _make_qupath_project(root, paths)
    return LoopStore(kind, root)


def _write_request(root: Path, slides: Sequence[Path]) -> None:
    (root / "images").mkdir()
    parts = []
    for number, path in enumerate(slides):
        annotations = f"images/{number}.geojson" if number < DRAWN else None
        if annotations:
            write_geojson(root / annotations, texture_objects(SIZE))
        parts.append(image_part(str(number + 1), path, annotations=annotations))
    classes = [{"name": c.name, "color": c.color} for c in (DARK, PALE)]
    write_request(root, "loop", {"name": "loop", "classes": classes, "images": parts})


def _make_qupath_project(root: Path, slides: Sequence[Path]) -> None:
    from paquo.projects import QuPathProject as PaquoProject

    from hookpath.projects.qupath_store.paquo_bridge import _java
    from support.projects import add_features

    java = _java()
    with PaquoProject(root / "project.qpproj", mode="x") as project:
        for number, path in enumerate(slides):
            entry = project.add_image(path)
            if number < DRAWN:
                annotated = [object_to_feature(o) for o in texture_objects(SIZE)]
                add_features(java, entry, annotated)
        project.save()


def reshaped(o: PathObject, geometry: object) -> PathObject:
    """The same object with another outline, as a brush makes it: tags stay."""
    return PathObject(**{**vars(o), "geometry": geometry})  # type: ignore[arg-type]


def reclassified(o: PathObject, path_class: PathClass) -> PathObject:
    """The same object with another class: tags stay."""
    return PathObject(**{**vars(o), "path_class": path_class})
