"""How to open projects again: on another machine, in another process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hookpath.projects.path_remapping import Remap
from hookpath.projects.pooled_projects import pooled
from hookpath.projects.project_opening import open_project
from hookpath.projects.project_protocol import Project


@dataclass(frozen=True)
class ProjectSpec:
    """Sources that are opened as one project; small, and the same wherever the files are seen.

    Attributes:
        sources: absolute.
        mpp, override_mpp: see `open_project`.
        remap: ``OLD=NEW``: where folders of slides are.
    """

    sources: tuple[Path, ...]
    mpp: float | None = None
    override_mpp: float | None = None
    remap: tuple[str, ...] = ()

    @contextmanager
    def opened(self) -> Iterator[Project]:
        """The projects as one, closed at the end (see `each`)."""
        with self.each() as projects:
            yield pooled(projects)

    @contextmanager
    def each(self) -> Iterator[list[Project]]:
        """The projects, closed at the end.

        Raises:
            ProjectError: nothing usable is there.
        """
        places = Remap.parsed(self.remap)
        with ExitStack() as stack:
            projects: list[Project] = []
            for source in self.sources:
                found = open_project(source, self.mpp, override_mpp=self.override_mpp, remap=places)
                projects.append(found)
                stack.callback(found.close)
            yield projects
