"""Folds: a model for each part of the slides, which it never saw and is measured on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hookpath.atomic_files import make_folder
from hookpath.errors import ModelDesignError, OutputError, TrainingError, UsageError, write_code
from hookpath.evaluation import EvaluationReport, evaluate_project
from hookpath.events import SILENT, Reporter
from hookpath.inference import ALL_ANNOTATIONS, PredictConfig, predict_project
from hookpath.locking import Claims, Failed, Work, alone, entered, share_out
from hookpath.models import EnsembleFile
from hookpath.projects import (
    SPLIT_KEY,
    Grouping,
    Project,
    SplitPlan,
    SplitTable,
    apply_split,
    assume,
    from_metadata,
    make_split,
    pooled,
)
from hookpath.stages import train
from hookpath.stages.stage_progress import Share
from hookpath.training import RunFolder, TrainConfig, TrainResult
from hookpath.training.settings_parser import toml_text

SPLITS_NAME, HELD_OUT = "splits.csv", "held-out"

#: Share of everything that training takes; measuring is the rest.
_TRAINING = 0.9


@dataclass(frozen=True)
class FoldsResult:
    """What `train_folds` leaves: the runs that were trained or found, fold by fold.

    `report`: of all slides, each scored by the model that never saw it; None: other processes still
    train folds.
    """

    out_dir: Path
    runs: dict[int, TrainResult]
    report: EvaluationReport | None
    left: tuple[int, ...] = ()


def fold_folder(out: Path, fold: int) -> Path:
    """Folder of a fold's run."""
    return out / f"fold{fold}"


def train_folds(
    projects: Sequence[Project],
    config: TrainConfig,
    out: Path,
    folds: int,
    reporter: Reporter = SILENT,
    splits: Path | None = None,
    only: int | None = None,
) -> FoldsResult:
    """Train a model for each fold and score every slide by the model that never saw it.

    Patients stay on one side. The folder is an ensemble's: `predict` takes it as one model. What is
    finished is kept when it is called again; several processes share the folds.

    Args:
        splits: table with folds; None: those of the images' metadata, or, where these say no folds
            or others, new ones, patient by patient; ``splits.csv`` keeps them.
        only: train this fold alone (an array job's); the report comes when all are there.

    Raises:
        UsageError: fewer patients than folds, or a table with another number of folds.
        TrainingError: a fold cannot be trained; the others are.
        ModelDesignError: the network cannot be built, in no fold.
        OutputError: `out` cannot be written to.
    """
    project = pooled(projects)
    _refuse_run(out)
    with entered(_alone_in(out), partial(_not_writable, out)):
        table = _table(project, config, out, folds, splits, reporter)
    work = _Folds(projects, config, out, table, reporter)
    left = work.train([only] if only else list(range(1, folds + 1)))
    missing = [k for k in range(1, folds + 1) if not (fold_folder(out, k) / "done").exists()]
    if left or missing:
        return FoldsResult(out, work.runs, None, tuple(missing))
    members = tuple(fold_folder(out, k).name for k in range(1, folds + 1))
    EnsembleFile(members=members).save(out)
    report = _measure(project, config, out, table, folds, Share(reporter, _TRAINING, 1.0))
    return FoldsResult(out, work.runs, report)


@contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Be the only one who deals out what all folds share."""
    make_folder(out)
    with alone(out / ".folds.lock", f"making folds in {out}"):
        yield


def _refuse_run(out: Path) -> None:
    if RunFolder(out).is_there:
        raise TrainingError(f"{out}: holds a run; choose another folder for the folds")


def _not_writable(out: Path, error: OSError) -> OutputError:
    return OutputError(f"{out}: cannot be written ({error.strerror})", code=write_code(error))


def _table(
    project: Project,
    config: TrainConfig,
    out: Path,
    folds: int,
    splits: Path | None,
    reporter: Reporter,
) -> Path:
    """The table of folds: the one that is given, that is there, or a new one."""
    path = splits or out / SPLITS_NAME
    if splits is None and not path.is_file() and not _of_metadata(project, folds, path, reporter):
        _drawn(project, config, folds, path, reporter)
    there = SplitTable.load(path).folds
    if there != folds:
        raise UsageError(f"{path}: has {there} folds, not {folds}; say --folds {there}")
    return path


def _of_metadata(project: Project, folds: int, path: Path, reporter: Reporter) -> bool:
    """Save the folds that `hookpath split` left in the images' metadata, if there are as many."""
    try:
        table = from_metadata(project.images)
    except UsageError:
        return False
    if table.folds != folds:
        reporter.warn(f"the images' metadata say {table.folds} folds, not {folds}: not used")
        return False
    SplitTable(tuple(row for row in table.rows if row.fold)).save(path)
    reporter.info(f"{path}: the {folds} folds of the images' metadata")
    return True


def _drawn(
    project: Project, config: TrainConfig, folds: int, path: Path, reporter: Reporter
) -> None:
    """Deal the images out, patient by patient."""
    plan = SplitPlan(Grouping(), folds, stratify=True, seed=config.seed % 2**31)
    table = make_split(project, plan).table
    table.save(path)
    patients = len({row.group for row in table.rows})
    reporter.info(f"{path}: {len(table.rows)} images of {patients} patients in {folds} folds")


class _Folds:
    """The folds of one command."""

    def __init__(
        self,
        projects: Sequence[Project],
        config: TrainConfig,
        out: Path,
        table: Path,
        reporter: Reporter,
    ) -> None:
        self.projects, self.config, self.out, self.table = projects, config, out, table
        self.reporter = reporter
        self.runs: dict[int, TrainResult] = {}
        self._errors: list[str] = []
        self._count = 1

    def train(self, folds: Sequence[int]) -> list[int]:
        """Train those that nobody else trains; the others are what is left.

        Raises:
            TrainingError: one cannot be trained.
            ModelDesignError: the network of all cannot be built.
        """
        self._count = len(folds)
        work: Work[int] = Work(
            name=lambda k: fold_folder(self.out, k).name,
            do=self._one,
            failed=self._failed,
            again=lambda k, why: self.reporter.info(f"fold {k}: {why.message} (once more)"),
            waiting=lambda _: None,
            ends=lambda why: isinstance(why, ModelDesignError),  # the others' networks are the same
            waits=False,
        )
        with Claims(self.out, "folds", f"training folds in {self.out}") as claims:
            left = share_out(folds, claims, work)
        if self._errors:
            raise TrainingError(self._errors[0])
        if left:
            self.reporter.info(
                f"fold {', '.join(map(str, left))}: trained by another process; whoever ends last "
                "makes the report"
            )
        return list(left)

    def _one(self, fold: int) -> None:
        run = RunFolder(fold_folder(self.out, fold))
        changes = [f"validation.splits={toml_text(str(self.table.absolute()))}"]
        config = self.config.changed([*changes, f"validation.fold={fold}"])
        self.reporter.info(f"fold {fold}: {run.root}")
        at = len(self.runs)
        share = Share(
            self.reporter, _TRAINING * at / self._count, _TRAINING * (at + 1) / self._count
        )
        self.runs[fold] = train(self.projects, config, run.root, run.is_there, share)
        (run.root / "done").touch()

    def _failed(self, fold: int, why: Failed) -> None:
        self._errors.append(f"fold {fold}: {why.message}")
        self.reporter.warn(self._errors[-1])


def _measure(
    project: Project, config: TrainConfig, out: Path, table: Path, folds: int, reporter: Reporter
) -> EvaluationReport:
    """Every slide by the model whose fold it is."""
    predictions = out / HELD_OUT / "predictions"
    held_out: list[str] = []
    for fold in range(1, folds + 1):
        apply_split(project, table, fold)
        tested = tuple(e.id for e in project.images if e.metadata.get(SPLIT_KEY) == "test")
        held_out += tested
        wanted = PredictConfig(
            as_="none",
            geojson=False,
            inside=None if config.rest.class_name else ALL_ANNOTATIONS,
            images=tested,
            device=config.device,
        )
        model = fold_folder(out, fold) / "model"
        predict_project(project, model, predictions, wanted, reporter)
    for entry in project.images:
        assume(entry, {SPLIT_KEY: "test" if entry.id in held_out else None})
    return evaluate_project(
        project,
        predictions_dir=predictions,
        out_dir=out / HELD_OUT,
        split="test",
        rest=config.rest,
        rules=config.labels,
        title=f"{project.name}: {folds} folds, each slide by the model that never saw it",
        mixed=True,
        reporter=reporter,
    )
