"""A project in which the annotation loop proposed something, and somebody corrected it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import shapely

from hookpath.annotations import PathObject
from hookpath.loop.state.image_records import ImageRecord
from hookpath.loop.state.loop_folder import RoundFolder, write_objects, write_text
from hookpath.projects import open_project
from hookpath.projects.loop_proposals import proposal_files, record_file, round_path
from support.textures import DARK, PALE
from support.viewer import export_from_qupath


def propose(folder: Path, image: str, loop: bool = True) -> None:
    """Two proposals on an image without drawings; `loop`: a loop made them, and remembers."""
    (entry,) = [e for e in open_project(folder).images if e.name == image]
    shapes = (shapely.box(20, 20, 100, 100), shapely.box(150, 20, 230, 100))
    found = [PathObject(s, path_class=c) for s, c in zip(shapes, (DARK, PALE), strict=True)]
    entry.write(found, "hookpath-loop-01-01234567")
    if loop:
        remember(folder / "hookpath" / "loop", image, found)


def remember(loop: Path, image: str, proposals: list[PathObject]) -> None:
    """What a loop writes down when its first round proposes on an image without drawings."""
    record = ImageRecord(id=image, name=image, proposed_in=(1,))
    write_text(record_file(loop, image), record.model_dump_json())
    write_objects(RoundFolder(1, round_path(loop, 1)).next_proposals(image), proposals)
    assert len(proposal_files(round_path(loop, 1), image)) == 1


def nudge_first(folder: Path, image: str) -> None:
    """Somebody draws one edge of the first proposal anew, with QuPath's brush: tags stay."""

    def wider(found: list[PathObject]) -> list[PathObject]:
        first, *others = found
        grown = first.geometry.union(shapely.box(20, 20, 110, 60))
        return [replace(first, geometry=grown), *others]

    export_from_qupath(folder / image, wider)
