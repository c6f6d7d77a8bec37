"""What a person changed after an image was accepted: it counts once the image is accepted again."""

from __future__ import annotations

from collections.abc import Sequence

from shapely.geometry.base import BaseGeometry

from hookpath.annotations import PathObject
from hookpath.loop.ground_truth.disjoint_areas import union_of
from hookpath.loop.ground_truth.ground_truth_rules import (
    SLACK_PX,
    Truth,
    accepted,
    confirmed_by_hand,
)
from hookpath.loop.state.image_records import ImageRecord, State
from hookpath.loop.state.loop_folder import LoopFolder
from hookpath.loop.steps.accept import evidence
from hookpath.projects import ImageEntry, Project


def changed_since(
    folder: LoopFolder, project: Project, entry: ImageEntry, record: ImageRecord
) -> bool:
    """Whether accepting the image again would teach something else than what is known.

    False where nothing was accepted yet, and where new proposals wait for a person anyway. Reads
    the image's annotations.

    Raises:
        ProjectError: they cannot be read.
    """
    path = folder.truth_file(entry.id)
    if record.state not in (State.CORRECTED, State.TRAINED) or not path.is_file():
        return False
    known, objects = Truth.load(path), folder.objects(entry)
    said = folder.proposals(entry.id, record.proposed_in)
    again = accepted(known, evidence(folder, project, record, objects, said, known.confirmed))
    return differ(known, again) or _confirms_more(objects, known)


def differ(one: Truth, other: Truth) -> bool:
    """Whether two truths say different things about more than the edges of outlines."""
    mine, theirs = _by_class(one), _by_class(other)
    return any(
        _more_than_an_edge(_of(mine, name).symmetric_difference(_of(theirs, name)))
        for name in mine.keys() | theirs.keys()
    )


def _confirms_more(objects: Sequence[PathObject], known: Truth) -> bool:
    """An area was marked as confirmed and not accepted yet."""
    marked = union_of(o.geometry for o in confirmed_by_hand(objects))
    return _more_than_an_edge(marked.difference(known.confirmed))


def _more_than_an_edge(area: BaseGeometry) -> bool:
    return not area.buffer(-SLACK_PX).is_empty


def _by_class(truth: Truth) -> dict[str, list[BaseGeometry]]:
    found: dict[str, list[BaseGeometry]] = {}
    for fact in truth.facts:
        found.setdefault(fact.path_class.name, []).append(fact.geometry)
    return found


def _of(areas: dict[str, list[BaseGeometry]], name: str) -> BaseGeometry:
    return union_of(areas.get(name, ()))
