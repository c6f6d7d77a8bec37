"""Reports files of a project's folder that are unused, or used under another name."""

from __future__ import annotations

from collections.abc import Iterable

from hookpath.events import Reporter
from hookpath.projects.folder_store.folder_project import FolderProject
from hookpath.projects.pooled_projects import PooledProject
from hookpath.projects.project_protocol import Project

#: Code of warnings about files that are not used.
CODE = "file_not_used"


def report_files(reporter: Reporter, projects: Iterable[Project]) -> None:
    """What is not used is a warning with `CODE`; what is taken for a slide's is information."""
    for project in projects:
        if isinstance(project, PooledProject):
            report_files(reporter, project.projects)
        for line, is_used in project.remarks() if isinstance(project, FolderProject) else ():
            if is_used:
                reporter.info(line)
            else:
                reporter.warn(line, CODE)
