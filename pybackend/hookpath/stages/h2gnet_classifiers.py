"""The first stage of H2G-Net: classifiers, and the heatmaps that the refinement learns from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from hookpath.errors import HookpathError, TrainingError, write_code
from hookpath.events import SILENT, OnStep, Reporter
from hookpath.inference import PredictConfig
from hookpath.inference.overview.overview_predictor import FirstStage
from hookpath.inference.prediction_record import prediction_folder
from hookpath.inference.predictors.predictor_factory import check_spacing, predictor_of
from hookpath.models import H2GNet, load_model
from hookpath.projects import Project
from hookpath.sampling import AnnotatedSlide, Heatmap, HeatmapOf
from hookpath.sampling.loading.distributed_share import share_of
from hookpath.stages.stage_folds import Stage, plan_stages
from hookpath.stages.stage_progress import Quiet, Share
from hookpath.training import RunFolder, TrainConfig, train_network
from hookpath.training.data.dataloaders import Order
from hookpath.training.distributed import Group, refuse_for_one
from hookpath.training.settings_parser import merge
from hookpath.training.training_loop import InnerRun

STAGES, HEATMAPS = "stages", "heatmaps"

#: Settings of the whole that are those of its classifiers, too.
_SHARED = {
    "seed", "workers", "device", "amp", "checkpoint_every", "hierarchy", "rest", "clusters",
    "normalisation",
}  # fmt: skip


@dataclass(frozen=True)
class FirstStages:
    """Prepares a run of H2G-Net (see `hookpath.training.session_setup.Prepare`).

    Every classifier is an ordinary run in ``stages/``, every heatmap a small file in
    ``heatmaps/``. What is there already is not made again.

    Attributes:
        projects: of the run.
        reporter: gets progress, and the result ``stopped`` if one of these stages is stopped.
    """

    projects: Sequence[Project]
    reporter: Share
    _reported: set[str] = field(default_factory=set)

    def check(self, order: Order) -> None:
        """Plan everything.

        Raises:
            TrainingError: see `plan_stages`.
            UsageError: a setting of the classifiers is wrong.
            TrainingError: see `refuse_for_one`.
        """
        for stage in _stages(order):
            refuse_for_one(classifier_config(order, stage), order.group.size)

    def __call__(self, order: Order, root: Path) -> HeatmapOf:
        """Train what is not trained, show what is not shown, give the network its first stage.

        Raises:
            TrainingError: see `hookpath.training.train_network`.
        """
        stages = _stages(order)
        files = HeatmapFolder(root / HEATMAPS)
        for number, stage in enumerate(stages):
            part = Quiet(
                self.reporter, number / len(stages), (number + 1) / len(stages), self._reported
            )
            try:
                self._do(stage, order, root, files, part)
            except KeyboardInterrupt:
                self._report_stopped(order, root, f"{number + 1} of {len(stages)}")
                raise
        _take_over(order.model, root / STAGES / stages[-1].name)
        return files.load

    def _do(
        self, stage: Stage, order: Order, root: Path, files: HeatmapFolder, reporter: Quiet
    ) -> None:
        run = RunFolder(root / STAGES / stage.name)
        missing = [source for source in stage.shows if not files.has(source)]
        if run.model.is_dir() and not missing and (run.root / "done").exists():
            return
        self.reporter.info(
            f"{stage.name}: classifier of {len(stage.learns)} slides, then heatmaps of "
            f"{len(missing)} others"
        )
        started = (run.root / "run.json").is_file()
        config = None if started else classifier_config(order, stage)
        order.group.from_first(InnerRun(run.root))
        result = train_network(self.projects, config, run.root, started, Share(reporter, 0.0, 0.9))
        assert isinstance(order.model, H2GNet)
        show = Showing(missing, result.model_dir, order.config.device, order.model.shown, files)
        order.group.from_first(show)
        show.make(order.group, reporter)
        (run.root / "done").touch()

    def done(self, root: Path) -> HeatmapOf:
        """The heatmaps that the first process had made."""
        return HeatmapFolder(root / HEATMAPS).load

    def _report_stopped(self, order: Order, root: Path, stage: str) -> None:
        self.reporter.info(f"{root}: stopped in first stage {stage}; --resume goes on there")
        config = order.config
        nothing = {"model_dir": None, "best_f1": None, "best_score": None, "score": "macro F1"}
        steps = {"best_epoch": 0, "epochs": 0, "steps": 0}
        total = config.epochs * config.steps_per_epoch
        self.reporter.result("stopped", {"run_dir": root, **nothing, **steps, "total_steps": total})


def _stages(order: Order) -> list[Stage]:
    config = order.config
    return plan_stages(order.data.train, order.data.val, config.stages.folds, config.seed)


def classifier_config(order: Order, stage: Stage) -> TrainConfig:
    """The settings of one classifier: its family's preset, the run's data, the user's changes."""
    config, names = order.config, order.data.classes.names
    design = dict(order.model.config["patch"])
    design.pop("background", None)
    held_out = [*order.data.split["test"], *(s.name for s in stage.shows)]
    val = [s.name for s in order.data.val]
    learns = {s.name for s in stage.learns}
    values = {
        "preset": config.preset,
        "family": design.pop("family"),
        "model": design,
        "classes": names,
        "background": config.background or names[-1],
        "validation": {
            "fraction": 0.0,
            "train": sorted(learns),
            "val": val,
            "test": sorted(set(held_out) - set(val)),
        },
        **config.model_dump(include=_SHARED),
    }
    if config.hierarchy:
        values["sampler"] = config.sampler
    if config.backbone_weights is not None:
        values["backbone_weights"] = config.backbone_weights
    return TrainConfig.of(merge(values, config.stages.classifier))


@dataclass(frozen=True)
class Showing:
    """Heatmaps of slides that a classifier was not trained on, made by all processes.

    Attributes:
        sources: the slides; each process takes its share.
        model_dir: of the classifier.
        device: as `TrainConfig.device`.
        shown: which of its classes the heatmaps have.
        files: where they go.
    """

    sources: Sequence[AnnotatedSlide]
    model_dir: Path
    device: str
    shown: tuple[int, ...]
    files: HeatmapFolder

    def join(self, projects: Sequence[Project], group: Group) -> None:
        """Take part, as another than the first process."""
        self.make(group, SILENT)

    def make(self, group: Group, reporter: Reporter) -> None:
        """Make this process's share, and wait for all others."""
        network, card = load_model(self.model_dir)
        config = PredictConfig(device=group.device(self.device))
        predictor = predictor_of(network, card, config, reporter)
        first = FirstStage(predictor, self.shown)
        failed = []
        for source in share_of(self.sources, group):
            try:
                self._one(first, source, reporter)
            except HookpathError as error:
                # It has no heatmap; the stream of overviews leaves it out.
                failed.append(f"{source.name}: no heatmap ({error})")
        for messages in group.from_all(failed):
            for message in messages:
                reporter.warn(message)

    def _one(self, first: FirstStage, source: AnnotatedSlide, reporter: Reporter) -> None:
        with ExitStack() as handles:
            slides = [handles.enter_context(source.slide.open()) for _ in range(2)]
            check_spacing(slides[0], first.predictor.reads_um(slides[0]), reporter)
            job, task = first.job(slides[0]), f"heatmap of {source.name}"
            reporter.start(task, job.count(), "tile")
            self.files.save(source, first.heatmap(job, slides, _steps(reporter, task)))
            reporter.finish(task)


def _steps(reporter: Reporter, task: str) -> OnStep:
    return lambda _: reporter.advance(task)


def _take_over(model: object, run: Path) -> None:
    """Give the system the weights of its first stage."""
    network, _ = load_model(run / "model")
    assert isinstance(model, H2GNet)
    try:
        model.patch.load_state_dict(network.state_dict())
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(f"{run}: not the classifier of this run ({reason})") from error


@dataclass(frozen=True)
class HeatmapFolder:
    """Heatmaps on disk, one small file per slide, named after which slide it is."""

    folder: Path

    def has(self, source: AnnotatedSlide) -> bool:
        """Whether a slide's heatmap was made."""
        return self._path(source).is_file()

    def save(self, source: AnnotatedSlide, heatmap: Heatmap) -> None:
        """Keep a slide's heatmap.

        Raises:
            TrainingError: it cannot be written.
        """
        try:
            heatmap.save(self._path(source))
        except OSError as error:
            raise TrainingError(
                f"{self._path(source)}: cannot be written ({error.strerror}); free some space and "
                "go on with --resume",
                code=write_code(error),
            ) from error

    def load(self, source: AnnotatedSlide) -> Heatmap:
        """A slide's heatmap.

        Raises:
            TrainingError: it was not made, or is damaged.
        """
        return Heatmap.load(self._path(source))

    def _path(self, source: AnnotatedSlide) -> Path:
        place = prediction_folder(self.folder, source.name, source.id)
        return place.with_name(f"{place.name}-{source.read_identity().key[:8]}.npz")
