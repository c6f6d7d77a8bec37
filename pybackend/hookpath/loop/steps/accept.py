"""Accepting a correction: what a person confirmed becomes ground truth, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import PathClass, PathObject, keep_area
from hookpath.errors import LoopError, UsageError
from hookpath.geometry import Calibration
from hookpath.loop.ground_truth.disjoint_areas import union_of
from hookpath.loop.ground_truth.edit_effort import Correction, measure
from hookpath.loop.ground_truth.ground_truth_rules import (
    CONFIRMED_CLASS,
    SLACK_PX,
    Evidence,
    Truth,
    accepted,
    confirmed_by_hand,
    drawn_ids,
)
from hookpath.loop.proposals.proposal_annotations import class_named
from hookpath.loop.state.image_records import ImageRecord, State
from hookpath.loop.state.loop_folder import LoopFolder, write_json
from hookpath.loop.steps.project_writer import Display, publish, run_of, untouched
from hookpath.projects import ImageEntry, Project


@dataclass(frozen=True)
class Accepted:
    """What accepting an image gave. `labelled_mm2`: area that teaches now, by class."""

    id: str
    name: str
    whole: bool
    confirmed_mm2: float
    labelled_mm2: dict[str, float]
    correction: Correction | None


def accept(
    folder: LoopFolder,
    project: Project,
    entry: ImageEntry,
    regions: Sequence[str] = (),
    whole: bool = False,
) -> Accepted:
    """Take over what a person corrected on an image.

    Confirmed is the whole slide (`whole`), or the annotations that `regions` name (by name or id,
    of any class), and always those of class `CONFIRMED_CLASS` that a person drew, and objects that
    a person locked. Besides, what a person drew or added counts
    (`hookpath.loop.ground_truth.ground_truth_rules`).

    Raises:
        LoopError: there is nothing to take over.
        UsageError: no annotation of that name.
    """
    with folder.image_alone(entry), project.changes():
        return _accept(folder, project, entry, regions, whole)


def _accept(
    folder: LoopFolder, project: Project, entry: ImageEntry, regions: Sequence[str], whole: bool
) -> Accepted:
    record = folder.record(entry)
    objects = folder.objects(entry)
    calibration = entry.description.known_calibration()
    page = shapely.box(0, 0, *entry.description.size_l0)
    area = page if whole else _confirmed_area(objects, regions, entry.name).intersection(page)
    said = folder.proposals(entry.id, record.proposed_in)
    found = evidence(folder, project, record, objects, said, area)
    truth = accepted(Truth.load(folder.truth_file(entry.id)), found)
    _refuse_nothing(truth, record, entry)
    correction = _measured(folder, record, found, said, calibration)
    # First the truth: should the project refuse, the same command can be given once more.
    truth.save(folder.truth_file(entry.id))
    _show(folder, entry, objects, truth, area)
    known = folder.keep(entry, _corrected(record, folder.round, truth, calibration, whole))
    return Accepted(
        entry.id, entry.name, known.whole, known.confirmed_mm2, dict(known.labelled_mm2), correction
    )


def evidence(
    folder: LoopFolder,
    project: Project,
    record: ImageRecord,
    objects: Sequence[PathObject],
    said: Sequence[Sequence[PathObject]],
    area: BaseGeometry,
) -> Evidence:
    """What accepting an image goes by.

    Args:
        objects: all that the project holds on it now.
        said: what was proposed on it, time by time.
        area: what is confirmed, in level-0 px.
    """
    # What was drawn first is on record only once something was proposed.
    annotated = record.drawn_ids if record.proposed_in else drawn_ids(objects)
    return Evidence(
        objects=objects,
        drawn_ids=frozenset(annotated),
        said=[o for several in said for o in several],
        area=area,
        rest=_rest(folder, project),
    )


def _confirmed_area(
    objects: Sequence[PathObject], regions: Sequence[str], image: str
) -> BaseGeometry:
    chosen = confirmed_by_hand(objects)
    for name in regions:
        named = [o for o in objects if name in (o.name, o.id) and keep_area(o.geometry)]
        if not named:
            raise UsageError(
                f"{image}: no area annotation is called {name!r}; name one that is there, or "
                f"draw one of class {CONFIRMED_CLASS!r} around what is right"
            )
        chosen += named
    return union_of(shapely.make_valid(o.geometry) for o in chosen)


def _rest(folder: LoopFolder, project: Project) -> PathClass | None:
    name = folder.settings.rest
    return None if name is None else class_named(project.classes, name)


def _refuse_nothing(truth: Truth, record: ImageRecord, entry: ImageEntry) -> None:
    if truth.facts:
        return
    what = "untouched proposals teach nothing" if record.proposed_in else "no annotations here"
    raise LoopError(
        f"{entry.name}: {what}; confirm the whole slide or an area of it, lock the objects that "
        f"are right, or draw an annotation of class {CONFIRMED_CLASS!r} around them"
    )


def _measured(
    folder: LoopFolder,
    record: ImageRecord,
    found: Evidence,
    said: Sequence[Sequence[PathObject]],
    calibration: Calibration,
) -> Correction | None:
    """Metrics of the last proposals; kept in their round's folder."""
    if not said:
        return None
    last = record.proposed_in[-1]
    known = found.drawn_ids.union(*({o.id for o in several} for several in said[:-1]))
    correction = measure(said[-1], found.objects, found.area, calibration, known)
    values = {
        "id": record.id,
        "name": record.name,
        "saved": correction.saved,
        "left_as_it_was": correction.left_as_it_was,
        **asdict(correction),
    }
    write_json(folder.round_folder(last).correction(record.id), values)
    return correction


def _show(
    folder: LoopFolder,
    entry: ImageEntry,
    objects: Sequence[PathObject],
    truth: Truth,
    area: BaseGeometry,
) -> None:
    """Confirmed proposals become the person's; the others and the open regions stay."""
    ours = untouched(objects)
    inside = [o for o in ours if _covered(o.geometry, area)]
    outside = [o for o in ours if not _covered(o.geometry, area)]
    checks = [o for o in untouched(objects, checks=True) if not _covered(o.geometry, area)]
    publish(entry, Display(outside, inside, checks), truth, folder.round, run_of(folder))


def _covered(geometry: BaseGeometry, area: BaseGeometry) -> bool:
    left = geometry.difference(area).area
    return bool(left <= SLACK_PX * geometry.length * 0.05)


def _corrected(
    record: ImageRecord, number: int, truth: Truth, calibration: Calibration, whole: bool
) -> ImageRecord:
    mm2 = calibration.area_um2(1.0) * 1e-6
    return record.model_copy(
        update={
            "state": State.CORRECTED,
            "round": number,
            "whole": whole or record.whole,
            "confirmed_mm2": truth.confirmed.area * mm2,
            "labelled_mm2": {n: a * mm2 for n, a in truth.area_l0().items()},
        }
    )
