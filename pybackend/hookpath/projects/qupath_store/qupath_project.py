"""A QuPath project: images, calibration and metadata from its JSON, objects through Paquo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookpath.annotations.objects import PathClass, PathObject
from hookpath.atomic_files import replace_file
from hookpath.errors import ProjectError
from hookpath.projects.backups import Backups
from hookpath.projects.class_spelling import as_spelled
from hookpath.projects.image_snapshot import LOOP_PLACE, Found, ImageSnapshot, StoredImage
from hookpath.projects.object_ownership import claimed_by_people, refuse_stolen_ids, tagged
from hookpath.projects.path_remapping import Remap
from hookpath.projects.project_changes import Ledger, Metadata, metadata_of
from hookpath.projects.project_protocol import WriteReport
from hookpath.projects.qupath_store import project_json
from hookpath.projects.qupath_store.image_server_frame import Inside, locate, parse_server
from hookpath.projects.qupath_store.reader_for_entry import slide_of
from hookpath.projects.spacing_override import GivenSpacing
from hookpath.projects.stamped_json_files import (
    Stamp,
    changing,
    refuse_if_changed,
    stamp_of,
    write_errors,
)
from hookpath.projects.store_base_class import StoredProject

if TYPE_CHECKING:
    from hookpath.projects.qupath_store.paquo_bridge import DataFile


class QuPathProject(StoredProject):
    """A ``project.qpproj``. Opening one, its images and their metadata need no QuPath.

    Objects do: the first `ImageEntry.objects` or `write` starts QuPath's code in this process
    (Paquo, extra ``qupath``), once. Start processes that load data before that, or with the
    ``spawn`` method: a JVM does not survive a fork.

    The project must be closed in QuPath's window while results are written; QuPath leaves no mark
    by which that could be seen. What is noticed is a file that changed since it was read: then
    nothing is written. The other way round, QuPath writes what its window holds when the person
    saves, without looking: the results written meanwhile are gone, the person's work is not, and
    predicting again writes them again.

    Raises:
        ProjectError: not a QuPath project.
    """

    def __init__(
        self,
        source: str | Path,
        mpp: float | None = None,
        *,
        override_mpp: float | None = None,
        crop_to_bounds: bool = True,
        remap: Remap = Remap(),
    ) -> None:
        given = GivenSpacing(mpp, override_mpp)
        path = Path(source).expanduser()
        self._file = path / "project.qpproj" if path.is_dir() else path
        content = project_json.read_project(self._file)
        shared = _Shared(
            self._file, content.get("version"), content.get("uri"), given, Inside(self._file, remap)
        )
        self._images = tuple(
            QuPathEntry(shared, record, self.ledger) for record in content["images"]
        )

    @property
    def source(self) -> Path:
        """The ``project.qpproj``."""
        return self._file

    @property
    def name(self) -> str:
        """Name of the project's folder."""
        return self._file.resolve().parent.name

    @property
    def images(self) -> Sequence[QuPathEntry]:
        """Every image, in the project's order."""
        return self._images

    @property
    def classes(self) -> Sequence[PathClass]:
        """The project's class list with colours, as it is on disk now."""
        return project_json.read_classes(_class_file(self._file))

    def _put_metadata(self, changed: Metadata, backups: Backups) -> None:
        project_json.put_metadata(self._file, changed, backups)

    def close(self) -> None:
        """Nothing is held (a JVM, once started, ends with the process)."""


@dataclass(frozen=True)
class _Shared:
    """What all images of a project have in common.

    Attributes:
        version: of the QuPath that saved it.
        saved_as: its own URI at that time.
    """

    file: Path
    version: str | None
    saved_as: str | None
    given: GivenSpacing
    inside: Inside

    @property
    def class_file(self) -> Path:
        """The project's class list."""
        return _class_file(self.file)

    @cached_property
    def classes(self) -> tuple[PathClass, ...]:
        """The class list when the first objects were read."""
        return project_json.read_classes(self.class_file)


class QuPathEntry(StoredImage):
    """One image of a QuPath project."""

    _stamp: Stamp | None = None

    def __init__(self, project: _Shared, record: dict[str, Any], ledger: Ledger) -> None:
        super().__init__(ledger)
        self._project, self._record = project, record

    @property
    def id(self) -> str:
        """The project's own number of the image."""
        return str(self._record.get("entryID"))

    @property
    def name(self) -> str:
        """The image's name (also where QuPath masks it)."""
        return str(self._record.get("imageName") or f"image {self.id}")

    @property
    def loop_folder(self) -> Path:
        """Beside the project's file."""
        return self._project.file.parent / LOOP_PLACE

    @property
    def recorded_planes(self) -> tuple[int, int] | None:
        """Planes along z and in time as the project notes them; None: it does not."""
        try:
            recorded = parse_server(self._server_record, self.name).pixels
        except ProjectError:
            return None
        return None if recorded is None else recorded.planes

    def _find_slide(self) -> Found:
        """In QuPath's frame; the calibration is the project's own, else the file's, else given."""
        server = parse_server(self._server_record, self.name)
        return slide_of(server, self._place, self._project.given, self.name)

    def _place(self, uri: str) -> Path:
        """Where a file of the image is now."""
        project = self._project
        return locate(uri, project.file, project.saved_as, self.name, project.inside)

    def _stored_metadata(self) -> dict[str, str]:
        return metadata_of(self._record)

    @property
    def data_file(self) -> Path:
        """QuPath's file with the objects; it need not exist."""
        if not self.id.isdecimal():  # anything else could lead out of the project
            raise ProjectError(f"{self.name}: {self._project.file} gives it no number; repair it")
        return self._project.inside.folder / "data" / self.id / "data.qpdata"

    def objects(self) -> list[PathObject]:
        """All objects, read by QuPath's code (ellipses become polygons, as QuPath exports them)."""
        from hookpath.annotations import objects_from_geojson
        from hookpath.projects.qupath_store import paquo_bridge

        paquo_bridge.require_qupath(self._project.version, False, self.name)
        path = self._readable_data()
        self._stamp = Stamp.of(self.data_file)
        features = paquo_bridge.read_features(path, self._project.classes, self.name)
        return claimed_by_people(objects_from_geojson([dict(f) for f in features]))

    def write(
        self,
        objects: Sequence[PathObject],
        run: str,
        read: ImageSnapshot | None = None,
        beside: bool = False,
    ) -> WriteReport:
        """Replace our earlier objects in ``data.qpdata`` (see `ImageEntry.write`).

        Classes that the project's list lacks are added to it; colours there never change.
        """
        with self._ledger.changes() as changes:
            new = as_spelled(objects, self._project.classes)
            report = self._replace(tagged(new, run), run if beside else None, changes.backups, read)
            used = {o.path_class for o in objects if o.path_class}
            self._list_classes(used, changes.backups)
        return report

    def remove_results(self, run: str | None = None) -> WriteReport:
        """Remove the objects of one run of ours (None: of all)."""
        with self._ledger.changes() as changes:
            return self._replace([], run, changes.backups)

    def _list_classes(self, used: Iterable[PathClass], backups: Backups) -> None:
        path = self._project.class_file
        try:
            project_json.add_missing_classes(path, sorted(used, key=lambda c: c.name), backups)
        except ProjectError as error:
            cause = error.__cause__
            reason = cause.strerror if isinstance(cause, OSError) else error
            raise ProjectError(
                f"{self.name}: the results are in the project, but their classes could not be "
                f"added to {path} ({reason}); make it writable and run again"
            ) from error

    def _replace(
        self,
        new: list[PathObject],
        run: str | None,
        backups: Backups,
        read: ImageSnapshot | None = None,
    ) -> WriteReport:
        from hookpath.annotations import object_to_feature
        from hookpath.projects.qupath_store import paquo_bridge

        paquo_bridge.require_qupath(self._project.version, True, self.name)
        path = self.data_file
        if path != self._readable_data():
            raise ProjectError(
                f"{self.name}: {path} is missing, only QuPath's backup is there; "
                "open the image in QuPath and save it, then run again"
            )
        seen = stamp_of(read) or self._stamp or Stamp.of(path)
        refuse_if_changed(path, seen, self.name)
        data = paquo_bridge.DataFile(path, self._server_record, self._project.classes, self.name)
        gone = data.ours(run)
        refuse_stolen_ids(data.ids() - gone, new, self.name)
        if not new and not gone:
            return WriteReport(0, 0, None)
        data.remove(gone)
        data.add([object_to_feature(o) for o in new])
        backup = self._save(data, path, seen, backups)
        return WriteReport(len(new), len(gone), backup)

    def _save(self, data: DataFile, path: Path, seen: Stamp, backups: Backups) -> Path | None:
        def last_check() -> None:
            refuse_if_changed(path, seen, self.name)
            backups.make(path)

        with write_errors(path, self.name):
            path.parent.mkdir(parents=True, exist_ok=True)
        with changing(path, self.name):
            replace_file(path, data.write, last_check)
        self._stamp = Stamp.of(path)
        return backups.make(path)

    @property
    def _server_record(self) -> dict[str, Any]:
        project_json.refuse_other_image(self._record, self._project.file, self.name)
        record = self._record.get("serverBuilder")
        if not isinstance(record, dict):
            raise ProjectError(f"{self.name}: the project does not say where its image is")
        return record

    def _readable_data(self) -> Path:
        """The data file, or the backup that QuPath itself would fall back to."""
        backup = self.data_file.with_name("data.qpdata.bkp")
        return backup if backup.is_file() and not self.data_file.is_file() else self.data_file


def _class_file(project_file: Path) -> Path:
    return project_file.resolve().parent / "classifiers" / "classes.json"
