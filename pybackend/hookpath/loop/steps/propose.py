"""Predict the next slides, and hand the result to a person as annotations to be corrected."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from hookpath.annotations import ClassTable, PathObject, area_of, read_geojson
from hookpath.errors import LoopError
from hookpath.events import SILENT, Reporter
from hookpath.inference import PredictConfig, SlidePrediction, load_prediction, predict_project
from hookpath.loop.ground_truth.disjoint_areas import person_s_areas
from hookpath.loop.ground_truth.ground_truth_rules import Truth, confirmed_by_hand, drawn_ids
from hookpath.loop.proposals.proposal_annotations import leave_room, measured, propose_objects
from hookpath.loop.state.image_records import ImageRecord, State
from hookpath.loop.state.loop_folder import LoopFolder, RoundFolder, write_objects
from hookpath.loop.state.loop_settings import ProposalSettings
from hookpath.loop.state.step_progress import Inner, ReportedError, report_failure
from hookpath.loop.steps.project_writer import Display, missing_from, publish, run_of, untouched
from hookpath.loop.steps.retrain import retrain
from hookpath.loop.steps.start import is_test
from hookpath.models import read_card
from hookpath.projects import ImageEntry, Problem, Project
from hookpath.slides import Slide

PROBABILITY_FILE = "probabilities.tif"


@dataclass(frozen=True)
class Proposed:
    """What one image got. `probabilities`: the map, to be shown over the slide."""

    id: str
    name: str
    objects: int
    areas_mm2: dict[str, float]
    probabilities: Path


@dataclass(frozen=True)
class ProposeReport:
    """Images that got proposals, and those that could not."""

    round: int
    proposed: tuple[Proposed, ...]
    problems: tuple[Problem, ...]


def choose(folder: LoopFolder, project: Project, count: int) -> list[ImageEntry]:
    """The images to propose on next: ``todo``, most worthwhile first, then in random order.

    Raises:
        LoopError: none is left.
    """
    open_ = [
        (e, record)
        for e in project.images
        if (record := folder.record(e)).state is State.TODO and not is_test(e, record)
    ]
    if not open_:
        raise LoopError(
            f"{project.name}: no image is left to propose on; choose one to propose on it again"
        )
    random.Random(f"{folder.settings.seed}:{folder.round}").shuffle(open_)
    open_.sort(key=lambda pair: -(pair[1].worth or 0.0))
    return [entry for entry, _ in open_[:count]]


def propose(
    folder: LoopFolder,
    project: Project,
    images: Sequence[ImageEntry] = (),
    count: int = 1,
    reporter: Reporter = SILENT,
) -> ProposeReport:
    """Propose annotations; trains the first model if there is none.

    Args:
        images: on which; empty: `count` images that are ``todo``.

    Raises:
        LoopError: no image is left.
        TrainingError: there is nothing to train the first model on.
    """
    if folder.round == 0:
        retrain(folder, project, Inner(reporter))
    chosen = list(images) or choose(folder, project, count)
    done: list[Proposed] = []
    problems: list[Problem] = []
    with project.changes():
        for number, entry in enumerate(chosen):
            reporter.overall(number / len(chosen))
            try:
                done.append(_propose_on(folder, project, entry, reporter))
                reporter.result("proposed", vars(done[-1]))
            except Exception as error:  # one bad image must not stop the others
                problems.append(report_failure(entry, error, reporter))
    reporter.overall(1.0)
    return ProposeReport(folder.round, tuple(done), tuple(problems))


def predicted(
    folder: LoopFolder, project: Project, entry: ImageEntry, reporter: Reporter
) -> SlidePrediction:
    """This round's prediction of an image; made now unless it is there.

    Raises:
        HookpathError: the image cannot be predicted.
    """
    here = folder.round_folder(folder.round)
    device = str(folder.settings.train.get("device", "auto"))
    config = PredictConfig(as_="none", geojson=False, images=(entry.id,), device=device)
    report = predict_project(project, here.model, here.predictions, config, Inner(reporter))
    if report.problems:
        raise ReportedError(report.problems[0].line, code=report.problems[0].code)
    return load_prediction(here.predictions, entry)


def _propose_on(
    folder: LoopFolder, project: Project, entry: ImageEntry, reporter: Reporter
) -> Proposed:
    found = predicted(folder, project, entry, reporter)
    with folder.image_alone(entry):
        new = _publish(folder, entry, found)
    return Proposed(
        entry.id, entry.name, len(new), _areas_mm2(new), found.folder / PROBABILITY_FILE
    )


def _publish(folder: LoopFolder, entry: ImageEntry, found: SlidePrediction) -> list[PathObject]:
    """Keep the proposals and write them into the project; returns them."""
    record, objects = folder.record(entry), folder.objects(entry)
    truth = Truth.load(folder.truth_file(entry.id))
    settings, rest = folder.settings.proposals, folder.settings.rest
    classes = ClassTable.of(read_card(folder.round_folder(folder.round).model).classes)
    with entry.slide.open() as slide:
        raw = propose_objects(found.folder, found.record, classes, slide, settings, rest)
        new = _room_left(raw, objects, truth, slide, settings)
        adopted = missing_from(truth, person_s_areas(objects), _least_l0(slide, settings))
    # First what was said, then the project: what is shown has always been written down.
    new = _written(folder.round_folder(folder.round), entry.id, new)
    record = folder.keep(entry, _known(record, folder.round, objects))
    checks = untouched(objects, checks=True)
    publish(entry, Display(new, adopted, checks), truth, folder.round, run_of(folder))
    folder.keep(entry, record.model_copy(update={"state": State.PROPOSED, "round": folder.round}))
    return new


def _written(here: RoundFolder, image_id: str, new: list[PathObject]) -> list[PathObject]:
    """Put the proposals on record; the same as the last ones, as after a kill, are those."""
    earlier = here.proposals(image_id)
    if earlier and _same(last := read_geojson(earlier[-1]), new):
        return last
    write_objects(here.next_proposals(image_id), new)
    return new


def _same(some: Sequence[PathObject], others: Sequence[PathObject]) -> bool:
    return len(some) == len(others) and all(
        a.path_class == b.path_class and a.geometry.equals_exact(b.geometry, 0.0)
        for a, b in zip(some, others, strict=True)
    )


def _known(record: ImageRecord, number: int, objects: Sequence[PathObject]) -> ImageRecord:
    """With the round among those that proposed, and what was drawn before the first."""
    annotated = record.drawn_ids
    if not record.proposed_in:
        annotated = drawn_ids(objects)
    rounds = tuple(sorted({*record.proposed_in, number}))
    return record.model_copy(update={"drawn_ids": annotated, "proposed_in": rounds})


def _room_left(
    raw: Sequence[PathObject],
    objects: Sequence[PathObject],
    truth: Truth,
    slide: Slide,
    settings: ProposalSettings,
) -> list[PathObject]:
    """Nothing is proposed where a person has drawn or confirmed.

    That holds for confirmed areas that are not accepted yet, too: what is put into them now would
    count as confirmed though nobody has seen it.
    """
    own = [*person_s_areas(objects), *confirmed_by_hand(objects)]
    areas = (area_of(o.geometry)[0] for o in own)
    taken: list[BaseGeometry] = [area for area in areas if area is not None]
    taken += [truth.confirmed] if not truth.confirmed.is_empty else []
    return measured(leave_room(raw, taken, _least_l0(slide, settings)), slide.calibration)


def _least_l0(slide: Slide, settings: ProposalSettings) -> float:
    return settings.min_area_um2 / slide.calibration.area_um2(1.0)


def _areas_mm2(objects: Sequence[PathObject]) -> dict[str, float]:
    areas: dict[str, float] = {}
    for o in objects:
        name = o.path_class.name if o.path_class else ""
        areas[name] = areas.get(name, 0.0) + o.measurements.get("Area µm^2", 0.0) * 1e-6
    return areas
