"""Where slides and annotations come from, and where predictions go."""

from hookpath.projects.base import (
    SPLIT_KEY,
    ImageEntry,
    Problem,
    Project,
    WriteReport,
)
from hookpath.projects.folder import FolderProject
from hookpath.projects.opening import open_project

__all__ = [
    "SPLIT_KEY",
    "FolderProject",
    "ImageEntry",
    "Problem",
    "Project",
    "WriteReport",
    "open_project",
]
