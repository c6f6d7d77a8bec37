"""A QuPath project: images, calibration and metadata from its JSON, objects through Paquo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookpath.annotations.objects import PathClass, PathObject
from hookpath.errors import ProjectError, SlideError
from hookpath.projects import _qpproj
from hookpath.projects._files import Stamp, back_up, refuse_if_changed, write_errors
from hookpath.projects._results import claimed_by_people, refuse_stolen_ids, tagged
from hookpath.projects._server import ImageServer, locate, parse_server
from hookpath.projects.base import WriteReport
from hookpath.projects.spacing import GivenSpacing
from hookpath.slides.base import SlideRef
from hookpath.writable import replace_file

if TYPE_CHECKING:
    from hookpath.projects._bridge import DataFile


class QuPathProject:
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
    ) -> None:
        given = GivenSpacing(mpp, override_mpp)
        path = Path(source).expanduser()
        self._file = path / "project.qpproj" if path.is_dir() else path
        content = _qpproj.read_project(self._file)
        self._images = tuple(
            QuPathEntry(self._file, content, record, given) for record in content["images"]
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
        return _qpproj.read_classes(_class_file(self._file))

    def close(self) -> None:
        """Nothing is held (a JVM, once started, ends with the process)."""


class QuPathEntry:
    """One image of a QuPath project."""

    def __init__(
        self,
        project_file: Path,
        project: Mapping[str, Any],
        record: dict[str, Any],
        given: GivenSpacing,
    ) -> None:
        self._project_file = project_file
        self._version: str | None = project.get("version")
        self._saved_as: str | None = project.get("uri")
        self._record = record
        self._given = given
        self._seen: Stamp | None = None

    @property
    def id(self) -> str:
        """The project's own number of the image."""
        return str(self._record.get("entryID"))

    @property
    def name(self) -> str:
        """The image's name (also where QuPath masks it)."""
        return str(self._record.get("imageName") or f"image {self.id}")

    @property
    def slide(self) -> SlideRef:
        """How to open the slide in QuPath's frame.

        The calibration is the project's own, else the file's, else ``mpp`` of `open_project`.
        """
        server = parse_server(self._server_record, self.name)
        path = locate(server.uri, self._project_file, self._saved_as, self.name)
        reference = self._given.reference(path, server.calibration, server.crop_to_bounds)
        self._refuse_other_frame(reference, server)
        return reference

    @property
    def metadata(self) -> Mapping[str, str]:
        """Image metadata as QuPath shows it, as it is on disk now."""
        return _qpproj.entry_metadata(self._project_file, self.id)

    def set_metadata(self, values: Mapping[str, str | None]) -> None:
        """Set (None: remove) metadata values in the project file; everything else in it stays."""
        _qpproj.set_entry_metadata(self._project_file, self.id, self.name, values)

    @property
    def data_file(self) -> Path:
        """QuPath's file with the objects; it need not exist."""
        if not self.id.isdecimal():  # anything else could lead out of the project
            raise ProjectError(f"{self.name}: {self._project_file} gives it no number; repair it")
        return self._project_file.resolve().parent / "data" / self.id / "data.qpdata"

    def objects(self) -> list[PathObject]:
        """All objects, read by QuPath's code (ellipses become polygons, as QuPath exports them)."""
        from hookpath.annotations import objects_from_geojson
        from hookpath.projects import _bridge

        _bridge.require_qupath(self._version, False, self.name)
        path = self._readable_data()
        self._seen = Stamp.of(self.data_file)
        features = _bridge.read_features(path, self._classes(), self.name)
        return claimed_by_people(objects_from_geojson([dict(f) for f in features]))

    def write(self, objects: Sequence[PathObject], run: str) -> WriteReport:
        """Replace our earlier objects in ``data.qpdata`` (see `ImageEntry.write`).

        Classes that the project's list lacks are added to it; colours there never change.
        """
        report = self._replace(tagged(objects, run), None)
        self._list_classes({o.path_class for o in objects if o.path_class})
        return report

    def remove_results(self, run: str | None = None) -> WriteReport:
        """Remove the objects of one run of ours (None: of all)."""
        return self._replace([], run)

    def _list_classes(self, used: Iterable[PathClass]) -> None:
        path = _class_file(self._project_file)
        try:
            _qpproj.add_missing_classes(path, sorted(used, key=lambda c: c.name))
        except ProjectError as error:
            cause = error.__cause__
            reason = cause.strerror if isinstance(cause, OSError) else error
            raise ProjectError(
                f"{self.name}: the results are in the project, but their classes could not be "
                f"added to {path} ({reason}); make it writable and run again"
            ) from error

    def _replace(self, new: list[PathObject], run: str | None) -> WriteReport:
        from hookpath.annotations import object_to_feature
        from hookpath.projects import _bridge

        _bridge.require_qupath(self._version, True, self.name)
        path = self.data_file
        if path != self._readable_data():
            raise ProjectError(
                f"{self.name}: {path} is missing, only QuPath's backup is there; "
                "open the image in QuPath and save it, then run again"
            )
        seen = self._seen or Stamp.of(path)
        refuse_if_changed(path, seen, self.name)
        data = _bridge.DataFile(path, self._server_record, self._classes(), self.name)
        gone = data.ours(run)
        refuse_stolen_ids(data.ids() - gone, new, self.name)
        if not new and not gone:
            return WriteReport(0, 0, None)
        data.remove(gone)
        data.add([object_to_feature(o) for o in new])
        backup = self._save(data, path, seen)
        return WriteReport(len(new), len(gone), backup)

    def _save(self, data: DataFile, path: Path, seen: Stamp) -> Path | None:
        backups: list[Path | None] = []

        def last_check() -> None:
            refuse_if_changed(path, seen, self.name)
            backups.append(back_up(path))

        with write_errors(path, self.name):
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, data.write, last_check)
        self._seen = Stamp.of(path)
        return backups[0]

    @property
    def _server_record(self) -> dict[str, Any]:
        record = self._record.get("serverBuilder")
        if not isinstance(record, dict):
            raise ProjectError(f"{self.name}: the project does not say where its image is")
        return record

    def _readable_data(self) -> Path:
        """The data file, or the backup that QuPath itself would fall back to."""
        backup = self.data_file.with_name("data.qpdata.bkp")
        return backup if backup.is_file() and not self.data_file.is_file() else self.data_file

    def _classes(self) -> tuple[PathClass, ...]:
        return _qpproj.read_classes(_class_file(self._project_file))

    def _refuse_other_frame(self, reference: SlideRef, server: ImageServer) -> None:
        """Objects fit only if we see the same level-0 pixels as QuPath does."""
        if not server.width or not server.height:
            return
        try:
            with reference.open() as slide:
                size = (slide.width_l0, slide.height_l0)
        except SlideError:
            return  # whoever opens the slide gets the clearer message
        if size != (server.width, server.height):
            raise ProjectError(
                f"{self.name}: QuPath sees {server.width}×{server.height} px, {reference.path} has "
                f"{size[0]}×{size[1]}; annotations would not fit: add the slide to QuPath again"
            )


def _class_file(project_file: Path) -> Path:
    return project_file.resolve().parent / "classifiers" / "classes.json"
