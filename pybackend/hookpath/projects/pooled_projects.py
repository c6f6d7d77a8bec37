"""Several projects as one: one run over all their images, names and ids kept apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from hookpath.annotations.objects import PathClass
from hookpath.projects.image_planes import PlaneEntry
from hookpath.projects.image_snapshot import ImageSnapshot
from hookpath.projects.project_changes import Changes
from hookpath.projects.project_protocol import ImageEntry, Project
from hookpath.projects.project_wrappers import EntryView
from hookpath.projects.store_base_class import ImagesById


class PooledEntry(EntryView):
    """An image of one of several projects.

    Attributes:
        entry: the image as its own project has it.
        project: that project's label in the pool.
        key: (id, name) under which results of it are filed: its own ones where no other image of
            the pool has both, so that predicting a project alone or in a pool is the same.
    """

    def __init__(
        self, entry: ImageEntry, project: str, name: str, image_id: str, key: tuple[str, str]
    ) -> None:
        super().__init__(entry)
        self.project, self.key = project, key
        self._name, self._id = name, image_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def id(self) -> str:
        """Unique in the pool."""
        return self._id

    @property
    def name(self) -> str:
        """Its own; with the project behind it where another project has an image of that name."""
        return self._name

    def read(self) -> ImageSnapshot:
        """See `ImageEntry.read`."""
        return replace(self.entry.read(), id=self.id, name=self.name)


class PooledProject(ImagesById[PooledEntry]):
    """Several projects as one; closing it closes them.

    Args:
        projects: at least one.
        source: what they were all opened from; None: several places.
        labels: of the projects, which tell images of one name apart; None: their names, or their
            paths where two have one name.
    """

    def __init__(
        self,
        projects: Sequence[Project],
        source: Path | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        self.projects = tuple(projects)
        self.labels = tuple(labels or _labels(projects))
        self._source = source

    @property
    def source(self) -> Path:
        """The folder that holds all projects; of several places, the first project's."""
        return self._source or self.projects[0].source

    @property
    def name(self) -> str:
        """The folder's, or the projects' names."""
        if self._source is not None:
            return self._source.resolve().name
        first, *others = (p.name for p in self.projects)
        return (
            f"{first} and {len(others)} more" if len(others) > 2 else " + ".join([first, *others])
        )

    @property
    def images(self) -> Sequence[PooledEntry]:
        """Every image of every project."""
        return self._images

    @property
    def classes(self) -> Sequence[PathClass]:
        """Of all projects; the first to name a class gives its colour."""
        found: dict[str, PathClass] = {}
        for path_class in (c for project in self.projects for c in project.classes):
            if found.get(path_class.name, PathClass("")).color is None:
                found[path_class.name] = path_class
        return tuple(found.values())

    @property
    def _shown(self) -> str:
        return self.name

    @contextmanager
    def changes(self) -> Iterator[Changes]:
        """A block of changes in every project (see `Project.changes`)."""
        with ExitStack() as blocks:
            for project in self.projects:
                blocks.enter_context(project.changes())
            yield Changes(self.image)

    def close(self) -> None:
        """Close the projects."""
        for project in self.projects:
            project.close()

    @cached_property
    def _images(self) -> tuple[PooledEntry, ...]:
        own = [
            (label, entry)
            for label, project in zip(self.labels, self.projects, strict=True)
            for entry in project.images
        ]
        # Two images of one project may share a name; the project's name would not tell them apart.
        names = Counter(name for _, name in {(label, entry.name) for label, entry in own})
        ids = Counter(entry.id for _, entry in own)
        keys = Counter((entry.id, entry.name) for _, entry in own)
        return tuple(_pooled(entry, label, names, ids, keys) for label, entry in own)


def pooled(projects: Sequence[Project]) -> Project:
    """Several projects as one; a single one is itself."""
    return projects[0] if len(projects) == 1 else PooledProject(projects)


def own_entry(entry: ImageEntry) -> ImageEntry:
    """The image as its own project has it, whole."""
    while isinstance(entry, PooledEntry | PlaneEntry):
        entry = entry.entry
    return entry


def result_key(entry: ImageEntry) -> tuple[str, str]:
    """(name, id) under which results of an image are filed in a folder."""
    if isinstance(entry, PlaneEntry):
        name, image_id = result_key(entry.entry)
        whole = entry.entry
        return name + entry.name[len(whole.name) :], image_id + entry.id[len(whole.id) :]
    image_id, name = entry.key if isinstance(entry, PooledEntry) else (entry.id, entry.name)
    return name, image_id


def image_id_of(entry: ImageEntry) -> str:
    """Id of the image that an entry is, or is a plane of."""
    return entry.entry.id if isinstance(entry, PlaneEntry) else entry.id


def _pooled(
    entry: ImageEntry,
    label: str,
    names: Counter[str],
    ids: Counter[str],
    keys: Counter[tuple[str, str]],
) -> PooledEntry:
    name = entry.name if names[entry.name] == 1 else f"{entry.name} ({label})"
    image_id = entry.id if ids[entry.id] == 1 else f"{label}:{entry.id}"
    own = (entry.id, entry.name)
    return PooledEntry(entry, label, name, image_id, own if keys[own] == 1 else (image_id, name))


def _labels(projects: Sequence[Project]) -> list[str]:
    names = [project.name for project in projects]
    return [
        n if names.count(n) == 1 else str(p.source) for n, p in zip(names, projects, strict=True)
    ]
