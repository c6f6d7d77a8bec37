"""A command's projects on a worker: opened once, not for every slide."""

from __future__ import annotations

import secrets
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field

from hookpath.projects import Project
from hookpath.projects.pooled_projects import pooled
from hookpath.projects.reopen_projects import ProjectSpec


@dataclass(frozen=True)
class WorkerProjects:
    """The projects of one command, as each thread of its workers opens them; it travels.

    Attributes:
        command: the next command reads anew what may have changed since.
    """

    spec: ProjectSpec
    command: str = field(default_factory=lambda: secrets.token_hex(8))

    def each(self) -> list[Project]:
        """The projects, opened unless this thread has them open.

        Raises:
            ProjectError: nothing usable is there.
        """
        if _held.of != self:
            forget_projects()
            _held.projects = _held.stack.enter_context(self.spec.each())
            _held.of = self
        return _held.projects

    def as_one(self) -> Project:
        """The same as one project; raises as `each`."""
        return pooled(self.each())


class _Held(threading.local):
    """What a thread has open."""

    def __init__(self) -> None:
        self.of: WorkerProjects | None = None
        self.projects: list[Project] = []
        self.stack = ExitStack()


_held = _Held()


def forget_projects() -> None:
    """Close what this thread has open: what failed to be read may be readable the next time."""
    _held.of = None
    _held.stack.close()
