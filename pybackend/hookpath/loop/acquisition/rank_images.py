"""``loop next``: which slide, and where on it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from hookpath.errors import LoopError
from hookpath.events import SILENT, Reporter
from hookpath.inference import SlidePrediction
from hookpath.inference.predictors.model_input_channels import seen_by
from hookpath.inference.predictors.stain_normalized_slides import seen, stain_target
from hookpath.loop.acquisition.acquisition_score import Measure, Strategy, Worth, rank
from hookpath.loop.acquisition.regions_to_check import WORTH, regions_to_check
from hookpath.loop.acquisition.uncertainty import Survey, Surveyor
from hookpath.loop.ground_truth.ground_truth_rules import Truth
from hookpath.loop.proposals.proposal_annotations import ProbabilityMap
from hookpath.loop.state.image_records import State
from hookpath.loop.state.loop_folder import LoopFolder
from hookpath.loop.state.step_progress import Inner, report_failure
from hookpath.loop.steps.project_writer import Display, publish, run_of, untouched
from hookpath.loop.steps.propose import predicted
from hookpath.loop.steps.retrain import retrain
from hookpath.loop.steps.start import is_test
from hookpath.models import load_model
from hookpath.projects import ImageEntry, Problem, Project

#: Finest µm/px at which places are looked for.
PLACES_UM = 4.0


@dataclass(frozen=True)
class Choice:
    """How to choose.

    Attributes:
        strategy: `both`: uncertainty and diversity alike.
        measure: of uncertainty: entropy, or disagreement of augmented passes.
        regions: at most so many rectangles on a slide; 0: none.
        region_um: their side.
    """

    strategy: Strategy = "both"
    measure: Measure = "entropy"
    regions: int = 5
    region_um: float = 500.0


@dataclass(frozen=True)
class NextReport:
    """Slides that are to do, most worthwhile first; rectangles written, by image id."""

    ranked: tuple[Worth, ...]
    regions: dict[str, list[dict[str, object]]]
    problems: tuple[Problem, ...]


def choose_next(
    folder: LoopFolder,
    project: Project,
    images: Sequence[ImageEntry] = (),
    count: int = 1,
    choice: Choice | None = None,
    reporter: Reporter = SILENT,
) -> NextReport:
    """Rank the slides that are to do, and show where to look on the best `count` of them.

    Trains the first model if there is none. What was looked at once in a round is kept.

    Args:
        images: only show where to look on these; nothing is ranked.

    Raises:
        LoopError: nothing is to do.
    """
    choice = choice or Choice()
    if folder.round == 0:
        retrain(folder, project, Inner(reporter))
    problems: list[Problem] = []
    ranked: list[Worth] = []
    if not images:
        ranked = _rank_all(folder, project, choice, reporter, problems)
        by_id = {e.id: e for e in project.images}
        images = [by_id[w.id] for w in ranked[:count]]
    found: dict[str, list[dict[str, object]]] = {}
    with project.changes():
        for entry in images if choice.regions else ():
            try:
                found[entry.id] = show_regions(folder, project, entry, choice, reporter)
            except Exception as error:  # one bad image must not stop the others
                problems.append(report_failure(entry, error, reporter))
    return NextReport(tuple(ranked), found, tuple(problems))


def _rank_all(
    folder: LoopFolder,
    project: Project,
    choice: Choice,
    reporter: Reporter,
    problems: list[Problem],
) -> list[Worth]:
    records = [(e, folder.record(e)) for e in project.images]
    todo = [(e, r) for e, r in records if r.state is State.TODO and not is_test(e, r)]
    teaching = [e for e, r in records if r.state in (State.CORRECTED, State.TRAINED)]
    if not todo:
        raise LoopError(
            f"{project.source}: no image is left to propose on (test images are left alone)"
        )
    surveys = look_at_all(folder, [e for e, _ in todo] + teaching, reporter, problems)
    candidates = {e.id: surveys[e.id] for e, _ in todo if e.id in surveys}
    if not candidates:
        raise LoopError(f"{project.source}: none of the images that are to do can be read")
    known = [surveys[e.id] for e in teaching if e.id in surveys]
    seed = folder.settings.seed + folder.round
    ranked = rank(candidates, known, choice.strategy, choice.measure, seed)
    with project.changes():
        _keep_worth(folder, [e for e, _ in todo], ranked)
    return ranked


def look_at_all(
    folder: LoopFolder,
    entries: Sequence[ImageEntry],
    reporter: Reporter = SILENT,
    problems: list[Problem] | None = None,
) -> dict[str, Survey]:
    """Surveys by image id with the round's model, made or as they were kept."""
    here = folder.round_folder(folder.round)
    model, card = load_model(here.model)
    target = stain_target(card)
    device = str(folder.settings.train.get("device", "auto"))
    surveyor = Surveyor(model, device, seed=folder.settings.seed)
    found: dict[str, Survey] = {}
    reporter.start("look", len(entries), "slide")
    for entry in entries:
        path = here.survey(entry.id)
        try:
            with seen_by(card, entry.slide).open() as slide:
                which = slide.identity.key
                kept = Survey.load(path, which)
                if kept is None:
                    kept = surveyor.look(seen(slide, target))
                    kept.save(path, which)
            found[entry.id] = kept
        except Exception as error:  # one bad image must not stop the others
            problem = report_failure(entry, error, reporter)
            if problems is not None:
                problems.append(problem)
        reporter.advance("look")
    reporter.finish("look")
    return found


def _keep_worth(folder: LoopFolder, todo: Sequence[ImageEntry], ranked: Sequence[Worth]) -> None:
    by_id = {w.id: w for w in ranked}
    for entry in todo:
        if (found := by_id.get(entry.id)) is not None:
            values = {k: round(v, 6) for k, v in vars(found).items() if k != "id"}
            with folder.image_alone(entry):
                # Looking at many slides takes its time: what is known now counts.
                folder.keep(entry, folder.record(entry).model_copy(update=values))


def show_regions(
    folder: LoopFolder,
    project: Project,
    entry: ImageEntry,
    choice: Choice,
    reporter: Reporter = SILENT,
) -> list[dict[str, object]]:
    """Write rectangles into the project in place of earlier ones; proposals stay.

    Raises:
        HookpathError: the image cannot be predicted or written to.
    """
    found = predicted(folder, project, entry, reporter)
    with folder.image_alone(entry):
        return _show(folder, entry, choice, found)


def _show(
    folder: LoopFolder, entry: ImageEntry, choice: Choice, found: SlidePrediction
) -> list[dict[str, object]]:
    objects = folder.objects(entry)
    truth = Truth.load(folder.truth_file(entry.id))
    size = entry.description.size_l0
    spacing = max(found.record.spacing_um, PLACES_UM)
    with closing(ProbabilityMap.open(found.folder, found.record, spacing)) as maps:
        checks = regions_to_check(maps, truth.confirmed, size, choice.region_um, choice.regions)
    publish(entry, Display(untouched(objects), (), checks), truth, folder.round, run_of(folder))
    return [
        {"name": o.name, "bounds": list(o.geometry.bounds), "worth": o.measurements[WORTH]}
        for o in checks
    ]
