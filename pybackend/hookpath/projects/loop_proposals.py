"""What the annotation loop of a project remembers of an image: what it proposed, what was there.

The loop's folder is read only; see `hookpath.loop.state.loop_folder`, which writes it.
"""

from __future__ import annotations

import glob
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookpath import safe_names
from hookpath.annotations.object_planes import FIRST
from hookpath.annotations.objects import PathObject
from hookpath.errors import ProjectError
from hookpath.projects.image_planes import PlaneEntry, planes_in
from hookpath.projects.image_snapshot import StoredImage
from hookpath.projects.pooled_projects import own_entry
from hookpath.projects.project_protocol import ImageEntry
from hookpath.slides.slide_base import default_plane
from hookpath.untrusted_files import read_json, reason


def file_stem(image_id: str) -> str:
    """File name of an image: its id made safe, and digits that keep it unique."""
    digest = hashlib.sha256(image_id.encode(errors="backslashreplace")).hexdigest()
    return f"{safe_names.file_stem(image_id, 60)}-{digest[:6]}"


def record_file(loop: Path, image_id: str) -> Path:
    """What the loop knows of an image."""
    return loop / "images" / f"{file_stem(image_id)}.json"


def round_path(loop: Path, number: int) -> Path:
    """Folder of a round."""
    return loop / "rounds" / f"{number:02d}"


def proposal_files(round_folder: Path, image_id: str) -> list[Path]:
    """GeoJSON of what a round proposed on an image, each time that it did."""
    stem = file_stem(image_id)
    found = (round_folder / "proposals").glob(f"{glob.escape(stem)}.*.geojson")
    return sorted(found, key=lambda p: int(p.name[len(stem) + 1 : -len(".geojson")]))


@dataclass(frozen=True)
class Proposed:
    """What was proposed on one image.

    `drawn_ids`: objects that a person drew before the first proposal.
    """

    loop: Path
    image_id: str
    drawn_ids: tuple[str, ...]
    rounds: tuple[int, ...]

    def objects(self) -> list[PathObject]:
        """Every proposal, of whatever round.

        Raises:
            AnnotationError: one of the loop's files is damaged.
        """
        from hookpath.annotations import read_geojson

        return [
            o
            for number in self.rounds
            for path in proposal_files(round_path(self.loop, number), self.image_id)
            for o in read_geojson(path)
        ]


def proposed_on(entry: ImageEntry) -> Proposed | None:
    """What the project's loop proposed on an image; None: there is no loop, or it never did.

    Raises:
        ProjectError: the loop's file is damaged.
    """
    whole = own_entry(entry)
    loop = whole.loop_folder if isinstance(whole, StoredImage) else None
    if loop is None:
        return None
    image_id = _id_in_loop(entry, whole, loop)
    path = record_file(loop, image_id)
    try:
        record: Any = read_json(path)
        rounds = tuple(int(n) for n in record.get("proposed_in", ()))
        annotated = tuple(str(i) for i in record.get("drawn_ids", ()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ProjectError(
            f"{path}: damaged ({reason(error)}); restore it from a copy of the loop"
        ) from error
    return Proposed(loop, image_id, annotated, rounds) if rounds else None


def _id_in_loop(entry: ImageEntry, whole: ImageEntry, loop: Path) -> str:
    """A plane goes by an id of its own where it was chosen; one by the image's, where none was.

    That is the one that QuPath shows first. An image that is no plane stands for its first.
    """
    view = entry if isinstance(entry, PlaneEntry) else PlaneEntry(whole, FIRST)
    own = whole.id + view.id[len(view.entry.id) :]
    if record_file(loop, own).is_file() or not record_file(loop, whole.id).is_file():
        return own
    return whole.id if view.plane == default_plane(planes_in(whole)) else own
