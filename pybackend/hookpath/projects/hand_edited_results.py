"""Results that somebody changed: a person's objects, though most of each is the machine's word."""

from __future__ import annotations

from collections.abc import Iterable

from hookpath.annotations import PathObject, class_names_in
from hookpath.projects.object_ownership import EDITED_KEY


def count_edited(objects: Iterable[PathObject]) -> int:
    """Areas of a class that a run of ours made and a person then changed."""
    return sum(bool(class_names_in([o])) for o in objects if EDITED_KEY in o.metadata)
