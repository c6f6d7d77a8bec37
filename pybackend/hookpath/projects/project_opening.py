"""One way in: whatever the user points at becomes a `Project`."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from hookpath.errors import ProjectError
from hookpath.projects.folder_store.folder_project import FolderProject, is_slide, is_slide_file
from hookpath.projects.path_remapping import Remap
from hookpath.projects.pooled_projects import PooledProject
from hookpath.projects.project_discovery import label_below, projects_below
from hookpath.projects.project_protocol import Project


class _Rest(TypedDict):
    override_mpp: float | None
    crop_to_bounds: bool


def open_project(
    source: str | Path,
    mpp: float | None = None,
    *,
    override_mpp: float | None = None,
    crop_to_bounds: bool = True,
    remap: Remap = Remap(),
) -> Project:
    """Open a ``project.qpproj`` (or its folder), a folder of slides, a slide, or a request file.

    A folder with neither stands for all projects and folders of slides below it, as one
    (`PooledProject`): a folder of QuPath projects, or TCGA's with one folder for each slide.

    Args:
        source: a QuPath project wins over a folder of slides where a folder is both.
        mpp: µm/px of the images of which neither the project nor the slide file says it.
        override_mpp: µm/px of all images, whatever project and file say.
        crop_to_bounds: crop to ``openslide.bounds-*`` as QuPath does (a QuPath image that was
            imported with ``--no-crop`` is never cropped).
        remap: where folders are now that a QuPath project has recorded.

    Raises:
        ProjectError: nothing usable is there.
    """
    path = Path(source).expanduser()
    rest: _Rest = {"override_mpp": override_mpp, "crop_to_bounds": crop_to_bounds}
    if not path.exists():
        raise ProjectError(
            f"{path}: no such file or folder; give a project.qpproj, a folder of slides, or a slide"
        )
    if path.suffix.lower() == ".qpproj" or (path.is_dir() and _project_file(path)):
        from hookpath.projects.qupath_store.qupath_project import QuPathProject

        return QuPathProject(_project_file(path) or path, mpp, **rest, remap=remap)
    if path.is_file() and path.suffix.lower() == ".json":
        from hookpath.projects.request_store.request_project import ExchangeProject

        return ExchangeProject(path, mpp, **rest)
    if path.is_file() and not is_slide_file(path):
        raise ProjectError(
            f"{path}: neither a project.qpproj nor a slide; give one of them, or a folder of slides"
        )
    is_shelf = path.is_dir() and not (is_slide_file(path) or _has_slides(path))
    if is_shelf and (found := projects_below(path)):
        opened = [open_project(p, mpp, **rest, remap=remap) for p in found]
        labels = [label_below(path, p) for p in found]
        return PooledProject(opened, path, labels)
    return FolderProject(path, mpp, **rest)


def _has_slides(folder: Path) -> bool:
    return any(is_slide(p) for p in folder.iterdir())


def _project_file(folder: Path) -> Path | None:
    """The folder's project file: ``project.qpproj``, else the only ``*.qpproj``."""
    if not folder.is_dir():
        return None
    found = sorted(folder.glob("*.qpproj"))
    named = [p for p in found if p.name == "project.qpproj"]
    if not named and len(found) > 1:
        raise ProjectError(f"{folder}: several *.qpproj files; name one of them")
    return next(iter(named or found), None)
