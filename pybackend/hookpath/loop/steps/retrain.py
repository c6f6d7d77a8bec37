"""One round of training: everything known so far, from the last round's weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookpath.errors import HookpathError, TrainingError
from hookpath.events import SILENT, Reporter
from hookpath.loop.ground_truth.training_view import (
    TeachingEntry,
    TeachingProject,
    labelled_mm2,
    truth_of,
)
from hookpath.loop.state.image_records import ImageRecord, State
from hookpath.loop.state.loop_folder import LoopFolder, RoundFolder, now, write_json
from hookpath.loop.state.round_records import RoundResult, load_round
from hookpath.loop.state.step_progress import report_failure
from hookpath.loop.steps.changes_after_accept import changed_since
from hookpath.projects import SPLIT_KEY, ImageEntry, Project
from hookpath.stages import train
from hookpath.training import TrainConfig, TrainResult
from hookpath.training.data.train_val_split import Candidate, split_slides


@dataclass(frozen=True)
class _Pupil:
    """An image that has something to teach."""

    entry: ImageEntry
    record: ImageRecord
    view: TeachingEntry


def retrain(
    folder: LoopFolder, project: Project, reporter: Reporter = SILENT, overrides: Sequence[str] = ()
) -> RoundResult:
    """Train the next round's model; images that taught become ``trained``.

    A round that was stopped is gone on with if nothing changed since, else begun again.

    Slides may be corrected and proposed on meanwhile; what was accepted after the training began
    stays ``corrected``, to be learned in the next round.

    Raises:
        TrainingError: nothing to learn from (see `hookpath.training.train_network`).
        LoopError: another process is training this loop.
        KeyboardInterrupt: after Ctrl-C, once the checkpoint is written.
    """
    with folder.training_alone():
        return _retrain(folder, project, reporter, overrides)


def _retrain(
    folder: LoopFolder, project: Project, reporter: Reporter, overrides: Sequence[str]
) -> RoundResult:
    target = folder.round_folder(folder.round + 1)
    config = _config(folder, target.number, overrides)
    pupils = _settled(folder, project, _pupils(folder, project, reporter), config)
    _report_learned(pupils, folder, reporter)
    _report_changed(pupils, folder, project, reporter)
    view = TeachingProject(project, folder.root, [p.view for p in pupils])
    result = _train(view, config, target, reporter)
    found = _described(target, result, pupils, warm=config.init_from is not None)
    with project.changes():
        for pupil in pupils:
            _graduate(folder, pupil, target.number)
    write_json(target.result_file, {**vars(found), "model": "run/model", "finished": now()})
    return found


def _graduate(folder: LoopFolder, pupil: _Pupil, number: int) -> None:
    """The image is trained, unless somebody worked on it while the training ran."""
    with folder.image_alone(pupil.entry):
        now_known = folder.record(pupil.entry)
        if now_known == pupil.record and pupil.record.part != "test":
            done = {"state": State.TRAINED, "round": number}
            folder.keep(pupil.entry, now_known.model_copy(update=done))


def _config(folder: LoopFolder, number: int, overrides: Sequence[str]) -> TrainConfig:
    config = TrainConfig.of(folder.settings.train).changed(overrides)
    if number == 1:
        return config
    last = folder.round_folder(number - 1).model
    return config.model_copy(update={"init_from": str(last)})


def _pupils(folder: LoopFolder, project: Project, reporter: Reporter) -> list[_Pupil]:
    """Images with facts; those whose objects cannot be read are reported and left out."""
    found: list[_Pupil] = []
    for entry in project.images:
        record = folder.record(entry)
        try:
            truth = truth_of(folder, entry, record)
        except HookpathError as error:
            report_failure(entry, error, reporter)
            continue
        if truth.facts:
            found.append(_Pupil(entry, record, TeachingEntry(entry, truth, record.part)))
    if not found:
        raise TrainingError(
            f"{project.name}: nothing is annotated or confirmed; draw areas of two or more classes "
            "on a slide or two, or accept a corrected slide",
            code="nothing_annotated",
        )
    return found


def _settled(
    folder: LoopFolder, project: Project, pupils: list[_Pupil], config: TrainConfig
) -> list[_Pupil]:
    """The images with their part of the split, which each keeps from its first round on.

    What a person says (settings, ``hookpath.split``) wins, now or later.
    """
    named = {n: part for part in ("train", "val", "test") for n in _listed(config, part)}
    candidates = [
        Candidate(
            p.entry.id,
            p.entry.name,
            p.view.truth.area_l0(),
            named.get(p.entry.name) or p.entry.metadata.get(SPLIT_KEY) or p.record.part,
        )
        for p in pupils
    ]
    split = split_slides(candidates, {}, config.validation.fraction, config.seed)
    parts = {key: part for part, keys in vars(split).items() for key in keys}
    with project.changes():
        return [_with_part(folder, p, parts[p.entry.id]) for p in pupils]


def _report_learned(pupils: Sequence[_Pupil], folder: LoopFolder, reporter: Reporter) -> None:
    """A person made a validation slide of one that an earlier round has learned."""
    learned = {i for r in folder.rounds for i in load_round(r).slides.get("train", ())}
    for pupil in pupils:
        if pupil.record.part == "val" and pupil.entry.id in learned:
            reporter.warn(
                f"{pupil.entry.name}: validates now, but earlier rounds learned from it; the F1 "
                "on it says too much"
            )


def _report_changed(
    pupils: Sequence[_Pupil], folder: LoopFolder, project: Project, reporter: Reporter
) -> None:
    for pupil in pupils:
        try:
            changed = changed_since(folder, project, pupil.entry, pupil.record)
        except HookpathError as error:
            report_failure(pupil.entry, error, reporter)
            continue
        if changed:
            reporter.warn(
                f"{pupil.entry.name}: changed after it was accepted; accept it again, and this "
                "counts in the next round"
            )


def _listed(config: TrainConfig, part: str) -> tuple[str, ...]:
    names: tuple[str, ...] = getattr(config.validation, part)
    return names


def _with_part(folder: LoopFolder, pupil: _Pupil, part: str) -> _Pupil:
    areas = labelled_mm2(pupil.entry, pupil.view.truth)
    with folder.image_alone(pupil.entry):
        before = folder.record(pupil.entry)
        as_read = before == pupil.record
        new = {"part": part, "labelled_mm2": areas} if as_read else {"part": part}
        known = before.model_copy(update=new)
        if known != before:
            known = folder.keep(pupil.entry, known)
    # Of what somebody has just accepted, this training has an older truth (see `_graduate`).
    record = known if as_read else pupil.record.model_copy(update={"part": part})
    return _Pupil(pupil.entry, record, TeachingEntry(pupil.entry, pupil.view.truth, part))


def _train(
    view: TeachingProject, config: TrainConfig, target: RoundFolder, reporter: Reporter
) -> TrainResult:
    """Train, going on with a stopped run where the data are still the same."""
    # Names in the configuration have been turned into parts, which the view carries.
    free = config.validation.model_copy(update={"train": (), "val": (), "test": ()})
    config = config.model_copy(update={"validation": free})
    if not (target.run / "run.json").is_file():
        return train([view], config, target.run, reporter=reporter)
    try:
        return train([view], config, target.run, resume=True, reporter=reporter)
    except TrainingError as error:
        aside = _unused(target.run)
        reporter.info(f"{error}; beginning round {target.number} again, the old run is in {aside}")
        target.run.rename(aside)
    return train([view], config, target.run, reporter=reporter)


def _unused(run: Path) -> Path:
    number = 1
    while (aside := run.with_name(f"run-stopped-{number}")).exists():
        number += 1
    return aside


def _described(
    target: RoundFolder, result: TrainResult, pupils: Sequence[_Pupil], warm: bool
) -> RoundResult:
    from hookpath.models import read_card

    metrics: dict[str, Any] = read_card(result.model_dir).metrics
    areas: dict[str, float] = {}
    for pupil in pupils:
        for name, area in pupil.record.labelled_mm2.items():
            areas[name] = areas.get(name, 0.0) + area
    slides: dict[str, list[str]] = {part: [] for part in ("train", "val", "test")}
    for pupil in pupils:
        slides[pupil.record.part or "train"].append(pupil.entry.id)
    return RoundResult(
        round=target.number,
        model=result.model_dir,
        f1=result.best_f1,
        f1_by_class=dict(metrics.get("validation_f1", {})),
        slides=slides,
        labelled_mm2=areas,
        warm=warm,
    )
