"""Proposals that somebody edited: a person's objects, though most of each is the machine's word."""

from __future__ import annotations

from collections.abc import Iterable

from hookpath.annotations import PathObject, class_names_in
from hookpath.projects._results import EDITED_KEY
from hookpath.projects.base import Project

#: Image metadata of the annotation loop begin so.
LOOP_KEYS = "hookpath.loop."


def count_edited(objects: Iterable[PathObject]) -> int:
    """Areas of a class that a run of ours made and a person then changed."""
    return sum(bool(class_names_in([o])) for o in objects if EDITED_KEY in o.metadata)


def edited_in_loop(project: Project, edited: int) -> str:
    """What to warn of where a loop ran on the project and `edited` areas are learned from whole.

    "" where nothing was edited, or no loop ran: then the person who edited results had no other
    way to say that they are right.
    """
    if not edited or not _has_loop(project):
        return ""
    areas = "1 edited proposal" if edited == 1 else f"{edited} edited proposals"
    return (
        f"{project.name}: {areas} of the annotation loop count as drawn by hand, what nobody "
        "touched of them, too; hookpath loop retrain learns only from what was drawn or confirmed"
    )


def _has_loop(project: Project) -> bool:
    return any(key.startswith(LOOP_KEYS) for entry in project.images for key in entry.metadata)
