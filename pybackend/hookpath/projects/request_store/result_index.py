"""``results/index.json``: what a job hands back, for each image, to the program that asked.

::

    {"schema": 1, "images": {"<id>": {"objects": "0.geojson", "run": "hookpath-…", "count": 12,
     "replaces_all": true, "removed_runs": [], "metadata": {"key": "value", "gone": null}}}}

``objects`` is null where there are none to add, else a number and ``.geojson``: a file of the same
folder. ``replaces_all``: every earlier object of ours goes first; ``removed_runs``: those of these
runs go. The index names only complete files.

The folder may come from anybody, and the file that is named is read and later deleted: no other
name is taken, and no folder that is a link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hookpath.annotations.objects import PathObject
from hookpath.atomic_files import make_folder
from hookpath.errors import ProjectError, WriteRefusedError
from hookpath.projects.project_changes import Metadata
from hookpath.projects.stamped_json_files import changing, write_errors, write_json
from hookpath.untrusted_files import read_json, reason

RESULTS = "results"
INDEX = "index.json"
SCHEMA = 1

#: What `ResultIndex` itself calls its files.
ObjectsName = Annotated[str, Field(pattern=r"^[0-9]{1,9}\.geojson$")]


class ImageResult(BaseModel):
    """What one image gets (see the module)."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    objects: ObjectsName | None = None
    run: str | None = None
    count: int = Field(default=0, ge=0)
    replaces_all: bool = False
    removed_runs: tuple[str, ...] = ()
    metadata: dict[str, str | None] = Field(default_factory=dict)

    def with_metadata(self, values: Mapping[str, str | None]) -> ImageResult:
        """The same with other metadata values (None: to be removed)."""
        return self.model_copy(update={"metadata": dict(values)})

    def removes(
        self, o: PathObject, is_replaceable: Callable[[PathObject, str | None], bool]
    ) -> bool:
        """Whether an object that the image had before goes."""
        runs = (None,) if self.replaces_all else self.removed_runs
        return any(is_replaceable(o, run) for run in runs)

    def written(self, run: str, count: int) -> ImageResult:
        """After `count` objects of `run` took the place of all earlier ones of ours."""
        new = {"run": run, "count": count, "replaces_all": True, "removed_runs": ()}
        return self.model_copy(update=new)

    def beside(self, run: str, count: int) -> ImageResult:
        """After `count` objects of `run` took the place of those that it had before."""
        new = {"run": run, "count": self.count + count}
        return self.without(run).model_copy(update=new)

    def without(self, run: str | None) -> ImageResult:
        """After the objects of `run` (None: of all runs) were removed."""
        everything = self.replaces_all or run is None
        removed = () if everything else tuple(dict.fromkeys((*self.removed_runs, str(run))))
        new: dict[str, object] = {"replaces_all": everything, "removed_runs": removed}
        if run in (None, self.run):
            new |= {"run": None, "count": 0}
        return self.model_copy(update=new)


class _Index(BaseModel):
    """Content of ``index.json``."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    images: dict[str, ImageResult]


class ResultIndex:
    """The index of one job folder; read anew when it changed, replaced atomically."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / RESULTS
        self._file = self._folder / INDEX
        self._known: tuple[tuple[int, ...], dict[str, ImageResult]] | None = None

    def of(self, image_id: str) -> ImageResult:
        """What the image gets so far.

        Raises:
            ProjectError: the index cannot be read.
        """
        return self._read().get(image_id, ImageResult())

    def objects_file(self, result: ImageResult) -> Path | None:
        """The GeoJSON with the objects to add."""
        return None if result.objects is None else self._folder / result.objects

    def put(
        self,
        image_id: str,
        result: ImageResult,
        name: str,
        objects: Sequence[PathObject] | None = None,
    ) -> ImageResult:
        """Set what an image gets; `objects` (None: as before) in a new file of their own.

        Returns:
            `result` with the name of that file.

        Raises:
            ProjectError: it cannot be written; everything is as before.
        """
        with self._changing(name):
            images = self._read()
            before = self.objects_file(self.of(image_id))
            fresh: Path | None = None
            if objects is not None:
                fresh = self._write(objects) if objects else None
                result = result.model_copy(update={"objects": fresh.name if fresh else None})
            try:
                images[image_id] = result
                self._save(images)
            except BaseException:
                if fresh:
                    fresh.unlink(missing_ok=True)
                raise
            if objects is not None and before is not None:
                before.unlink(missing_ok=True)
        return result

    def put_metadata(self, changed: Metadata, name: str) -> None:
        """Change metadata of images, in one write.

        Raises:
            ProjectError: the index cannot be read or written.
        """
        with self._changing(name):
            images = self._read()
            for image_id, values in changed.items():
                found = images.get(image_id, ImageResult())
                images[image_id] = found.with_metadata({**found.metadata, **values})
            self._save(images)

    @contextmanager
    def _changing(self, name: str) -> Iterator[None]:
        with write_errors(self._file, name):
            make_folder(self._folder)
        with changing(self._file, name):
            yield

    def _save(self, images: Mapping[str, ImageResult]) -> None:
        written = {key: found.model_dump(mode="json") for key, found in images.items()}
        write_json(self._file, {"schema": SCHEMA, "images": written})

    def refuse_if_changed(self, seen: ImageResult, now: ImageResult, name: str) -> None:
        """Raise `WriteRefusedError` where somebody else wrote objects meanwhile."""
        if seen.with_metadata({}) != now.with_metadata({}):
            raise WriteRefusedError(
                f"{name}: {self._file} changed since it was read, so nothing was written; run again"
            )

    def _write(self, objects: Sequence[PathObject]) -> Path:
        from hookpath.annotations import write_geojson

        number = 0
        while (path := self._folder / f"{number}.geojson").exists():
            number += 1
        write_geojson(path, objects, compact=True)
        return path

    def _read(self) -> dict[str, ImageResult]:
        if self._folder.is_symlink():
            raise ProjectError(
                f"{self._folder}: is a link to another folder; remove it and run again"
            )
        try:
            found = self._file.stat()
            stamp = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            if self._known is None or self._known[0] != stamp:
                self._known = stamp, _Index.model_validate(read_json(self._file)).images
            return dict(self._known[1])
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ProjectError(
                f"{self._file}: not what hookpath wrote ({reason(error)}); delete it and run again"
            ) from error
