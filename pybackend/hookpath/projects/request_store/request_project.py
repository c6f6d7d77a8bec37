"""A project handed over in a file: what another program has open, and what it shall take back.

A viewer writes ``request.json`` with the images it has, and one GeoJSON file for each; results go
beside it into ``results/``, listed in ``results/index.json``. Nothing of the viewer's own files
is opened, let alone written to: the viewer imports the results itself.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hookpath.annotations.objects import PathClass, PathObject
from hookpath.errors import ProjectError
from hookpath.geometry import Calibration
from hookpath.jvm.server_builder_json import path_of
from hookpath.limits import NAME_LENGTH
from hookpath.projects.backups import Backups
from hookpath.projects.class_spelling import as_spelled
from hookpath.projects.image_snapshot import Found, ImageSnapshot, StoredImage
from hookpath.projects.object_ownership import (
    claimed_by_people,
    is_replaceable,
    refuse_stolen_ids,
    tagged,
)
from hookpath.projects.project_changes import Ledger, Metadata, merged
from hookpath.projects.project_protocol import WriteReport
from hookpath.projects.qupath_store.image_server_frame import parse_server
from hookpath.projects.qupath_store.reader_for_entry import slide_of
from hookpath.projects.request_store.result_index import ImageResult, ResultIndex
from hookpath.projects.spacing_override import GivenSpacing
from hookpath.projects.store_base_class import StoredProject
from hookpath.untrusted_files import read_json, reason

_Byte = Annotated[int, Field(ge=0, le=255)]
_Mpp = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Part(BaseModel):
    """Members that we do not know are left alone: the schema only grows."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ClassPart(_Part):
    """A class and its colour."""

    name: str = Field(max_length=NAME_LENGTH)
    color: tuple[_Byte, _Byte, _Byte] | None = None


class ImagePart(_Part):
    """One image.

    Attributes:
        id: stable within the project, unique in the file.
        slide: path of the slide file; relative ones start at the request file's folder. None
            with `server`: a package that does not know `server` must not read the file as it is.
        mpp: µm/px of level 0 in x and y; None: the slide file's own.
        crop_to_bounds: whether the viewer crops to ``openslide.bounds-*``.
        server: QuPath's JSON of how it opens the image; None: the file as it is.
        annotations: path of the GeoJSON with all objects; None: nothing is annotated.
        problem: why the image cannot be handed over; None: it can.
    """

    id: str
    name: str
    slide: str | None = None
    mpp: tuple[_Mpp, _Mpp] | None = None
    crop_to_bounds: bool = True
    annotations: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    problem: str | None = None
    server: dict[str, Any] | None = None


class ProjectPart(_Part):
    """The member ``project`` of a request file.

    Attributes:
        loop: folder of the project's annotation loop, which remembers what was proposed; None:
            there is none.
    """

    name: str
    classes: tuple[ClassPart, ...] = ()
    images: tuple[ImagePart, ...]
    loop: str | None = None


class ExchangeProject(StoredProject):
    """The images of a request file (``request.json``).

    Args:
        source: the request file; relative paths in it start at its folder.
        mpp: µm/px of images for which the file gives none.

    Raises:
        ProjectError: the file is not readable, or not a request with a project.
    """

    def __init__(
        self,
        source: str | Path,
        mpp: float | None = None,
        *,
        override_mpp: float | None = None,
        crop_to_bounds: bool = True,
    ) -> None:
        given = GivenSpacing(mpp, override_mpp)
        self._source = Path(source).expanduser()
        self._part = _read_part(self._source)
        folder = self._source.absolute().parent
        self._index = ResultIndex(folder)
        loop = None if self._part.loop is None else folder / self._part.loop
        shared = _Shared(folder, self._index, given, crop_to_bounds, self.classes, loop)
        self._images = tuple(ExchangeEntry(part, shared, self.ledger) for part in self._part.images)

    @property
    def source(self) -> Path:
        """The request file."""
        return self._source

    @property
    def name(self) -> str:
        """The name that the viewer gave."""
        return self._part.name

    @property
    def images(self) -> Sequence[ExchangeEntry]:
        """Every image, in the file's order."""
        return self._images

    @property
    def classes(self) -> Sequence[PathClass]:
        """The viewer's class list with colours."""
        return tuple(PathClass(c.name, c.color) for c in self._part.classes)

    def _put_metadata(self, changed: Metadata, backups: Backups) -> None:
        """Without a backup: all of the index is this job's."""
        self._index.put_metadata(changed, self.name)

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class _Shared:
    """What all images of a request have in common; `folder` is the request file's."""

    folder: Path
    index: ResultIndex
    given: GivenSpacing
    crop_to_bounds: bool
    classes: Sequence[PathClass] = ()
    loop: Path | None = None


class ExchangeEntry(StoredImage):
    """One image of a request file."""

    _stamp: ImageResult | None = None

    def __init__(self, part: ImagePart, request: _Shared, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._part, self._request = part, request
        self._folder, self._index = request.folder, request.index

    @property
    def id(self) -> str:
        """The viewer's own id."""
        return self._part.id

    @property
    def name(self) -> str:
        """The viewer's own name."""
        return self._part.name

    @property
    def loop_folder(self) -> Path | None:
        """As the viewer says."""
        return self._request.loop

    def _find_slide(self) -> Found:
        if self._part.problem:
            raise ProjectError(_named(self.name, self._part.problem), code="image_unusable")
        if self._part.server is not None:
            server = parse_server(self._part.server, self.name)
            given = self._request.given
            return slide_of(server, lambda uri: self._here(path_of(uri)), given, self.name)
        if not self._part.slide:
            raise ProjectError(
                f"{self.name}: the request does not say which file the image is",
                code="image_missing",
            )
        path = self._here(Path(self._part.slide))
        request = self._request
        crop = request.crop_to_bounds and self._part.crop_to_bounds
        return request.given.reference(path, self._calibration(), crop), None

    def _here(self, named: Path) -> Path:
        path = self._folder / named
        if not os.path.exists(path):  # noqa: PTH110 - a name that no system takes is missing, too
            raise ProjectError(
                f"{self.name}: {path} is missing; if it was moved, open the project in QuPath and "
                "show it where the file is",
                code="image_missing",
            )
        return path

    def _stored_metadata(self) -> dict[str, str]:
        """The viewer's values, with what this job changed."""
        return merged(self._part.metadata, self._index.of(self.id).metadata)

    def objects(self) -> list[PathObject]:
        """What the viewer handed over, with this job's results in the place of earlier ones."""
        self._stamp = self._index.of(self.id)
        return claimed_by_people(self._present(self._stamp))

    def handed_over(self) -> list[PathObject]:
        """The objects of the viewer's file, whatever this job wrote since."""
        from hookpath.annotations import read_geojson

        if self._part.annotations is None:
            return []
        return read_geojson(self._folder / self._part.annotations)

    def write(
        self,
        objects: Sequence[PathObject],
        run: str,
        read: ImageSnapshot | None = None,
        beside: bool = False,
    ) -> WriteReport:
        """Results in the place of all earlier ones of ours; the viewer imports them."""
        new = tagged(as_spelled(objects, self._request.classes), run)
        if beside:
            return self._replace(new, run, lambda now: now.beside(run, len(new)), read, beside)
        return self._replace(new, None, lambda now: now.written(run, len(new)), read)

    def remove_results(self, run: str | None = None) -> WriteReport:
        """Tell the viewer to remove the objects of one run of ours (None: of all)."""
        return self._replace([], run, lambda now: now.without(run))

    def _replace(
        self,
        new: list[PathObject],
        gone: str | None,
        change: Callable[[ImageResult], ImageResult],
        read: ImageSnapshot | None = None,
        beside: bool = False,
    ) -> WriteReport:
        """Also recorded where nothing changes: the viewer may hold more than it handed over."""
        now = self._index.of(self.id)
        stamp = None if read is None else read.stamp
        seen = stamp if isinstance(stamp, ImageResult) else self._stamp or now
        self._index.refuse_if_changed(seen, now, self.name)
        present = self._present(now)
        kept = [o for o in present if not is_replaceable(o, gone)]
        refuse_stolen_ids((o.id for o in kept), new, self.name)
        own_stay = gone is not None and gone != now.run
        own = None if own_stay else new
        if beside:
            own = [o for o in self._written(now) if not is_replaceable(o, gone)] + new
        self._stamp = self._index.put(self.id, change(now), self.name, own)
        return WriteReport(len(new), len(present) - len(kept), None)

    def _present(self, result: ImageResult) -> list[PathObject]:
        """All objects as the viewer has them once it took over what `result` says."""
        handed = [o for o in self.handed_over() if not result.removes(o, is_replaceable)]
        return handed + self._written(result)

    def _written(self, result: ImageResult) -> list[PathObject]:
        from hookpath.annotations import read_geojson

        path = self._index.objects_file(result)
        return read_geojson(path) if path else []

    def _calibration(self) -> Calibration | None:
        return None if self._part.mpp is None else Calibration(*self._part.mpp)


def _read_part(path: Path) -> ProjectPart:
    try:
        content: Any = read_json(path)
        part = content.get("project") if isinstance(content, dict) else None
        if part is None:
            raise ProjectError(f"{path}: a JSON file without a project; give a request file")
        found = ProjectPart.model_validate(part)
    except ValidationError as error:
        raise ProjectError(f"{path}: {reason(error, 'project')}") from error
    except (OSError, ValueError) as error:
        raise ProjectError(f"{path}: not readable as JSON ({reason(error)})") from error
    ids = [image.id for image in found.images]
    if len(set(ids)) != len(ids):
        raise ProjectError(f"{path}: several images have the id {_twice(ids)!r}")
    return found


def _twice(ids: Sequence[str]) -> str:
    return Counter(ids).most_common(1)[0][0]


def _named(name: str, message: str) -> str:
    return message if name in message else f"{name}: {message}"
