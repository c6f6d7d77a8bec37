"""The whole main job on synthetic slides: the same steps that a user takes on real ones."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from hookpath.atomic_files import make_folder, replace_text
from hookpath.demo.context_slides import Layout
from hookpath.demo.demo_figure import draw_annotations, draw_comparison
from hookpath.demo.slide_folder import TRUTH, make_slides
from hookpath.errors import OutputError, PredictionError, UsageError, write_code
from hookpath.evaluation import EvaluationReport, evaluate_project, train_report
from hookpath.events import SILENT, Reporter
from hookpath.extras import require_extra
from hookpath.inference import PredictConfig, predict_project
from hookpath.locking import is_empty
from hookpath.projects import FolderProject
from hookpath.sampling import AugmentationConfig
from hookpath.training import TrainConfig, train_network

SETTINGS_NAME = "demo.json"

#: Title → family and µm/px of the branches. Same patches, filters, steps and learning rate.
CONTESTANTS: dict[str, tuple[str, tuple[float, ...]]] = {
    "U-Net": ("unet", (1.0,)),
    "HookNet": ("hooknet", (1.0, 8.0)),
}


#: Nests whose wall lies within the context branch's receptive field from everywhere inside, but
#: not within the fine branch's.
LAYOUT = Layout(radius_um=(155.0, 195.0), pitch_um=500.0)

#: Strokes of stroma along the borders of nests, on each slide.
BESIDE = 2


@dataclass(frozen=True)
class DemoConfig:
    """Size of the demo. The defaults take a few minutes on two CPU cores.

    Attributes:
        slides: number of slides by split.
        size: side of the slides in px.
        epochs, steps_per_epoch, batch_size: training budget, the same for both networks. Of as
            many patches, smaller batches teach the wide view sooner.
        loss_weight: λ: a context branch that starts from scratch needs a loss of its own to learn
            in so few steps; by what comes back through the hook alone, some learn nothing.
        model: constructor arguments that both networks share.
    """

    slides: dict[str, int] = field(default_factory=lambda: {"train": 6, "val": 1, "test": 2})
    size: int = 4096
    epochs: int = 12
    steps_per_epoch: int = 100
    batch_size: int = 4
    loss_weight: float = 0.5
    model: dict[str, Any] = field(
        default_factory=lambda: {"filters": 8, "depth": 3, "input_size": 172}
    )
    seed: int = 0


TO_TRY = DemoConfig(slides={"train": 3, "val": 1, "test": 1}, size=3072)
"""What is enough to try things in a viewer: a few small slides, made in seconds."""


@dataclass(frozen=True)
class DemoResult:
    """Where everything is; `reports` by contestant."""

    out: Path
    slides: Path
    pictures: tuple[Path, Path]
    models: dict[str, Path]
    predictions: dict[str, Path]
    reports: dict[str, EvaluationReport]


def run_demo(
    out: Path, config: DemoConfig | None = None, reporter: Reporter = SILENT
) -> DemoResult:
    """Make slides, draw a few polygons, train HookNet and a U-Net, predict, score, draw.

    A demo that was stopped goes on where it was when it is started again.

    Raises:
        UsageError: `out` holds something else, or a demo with other settings.
        HookpathError: whatever a step of the job raises.
    """
    require_extra("train", "the demo")
    config = config or DemoConfig()
    _claim(out, config)
    project = _slides(out, config, reporter)
    models = {title: _train(project, out, title, config, reporter) for title in CONTESTANTS}
    predictions = {
        title: _predict(project, out, title, model, reporter) for title, model in models.items()
    }
    reports = {
        title: evaluate_project(
            project,
            predictions_dir=folder,
            out_dir=out / _name(title) / "evaluation",
            split="test",
            truth_dir=out / TRUTH,
            reporter=reporter,
        )
        for title, folder in predictions.items()
    }
    pictures = (
        draw_annotations(project, out / "annotations.png"),
        draw_comparison(project, out / TRUTH, predictions, reports, out / "comparison.png"),
    )
    return DemoResult(out, project.folder, pictures, models, predictions, reports)


def make_demo_slides(out: Path, config: DemoConfig = TO_TRY, reporter: Reporter = SILENT) -> Path:
    """Make slides and draw a few polygons, as `run_demo` does; nothing is trained.

    Returns:
        The folder of the slides, each with its GeoJSON but those of the split ``test``.

    Raises:
        UsageError: `out` holds something else, or a demo with other settings.
        OutputError: it cannot be written to.
    """
    _claim(out, config)
    return _slides(out, config, reporter).folder


def _slides(out: Path, config: DemoConfig, reporter: Reporter) -> FolderProject:
    return make_slides(
        out, config.slides, config.size, config.seed, reporter, layout=LAYOUT, beside=BESIDE
    )


def _name(title: str) -> str:
    return title.lower().replace("-", "")


def _claim(out: Path, config: DemoConfig) -> None:
    """Take an empty folder, or the folder of the same demo."""
    path = out / SETTINGS_NAME
    settings = json.dumps(asdict(config), indent=2)
    if path.is_file():
        if path.read_text(encoding="utf-8") != settings:
            raise UsageError(f"{out}: holds a demo with other settings; choose another with -o")
        return
    if out.exists() and (not out.is_dir() or not is_empty(out)):
        raise UsageError(f"{out}: is not an empty folder; choose another with -o")
    try:
        make_folder(out)
        replace_text(path, settings)
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written to ({error.strerror})", code=write_code(error)
        ) from error


def train_settings(title: str, config: DemoConfig) -> TrainConfig:
    """The ``fast`` preset with the demo's network, budget and λ; all slides are stained alike."""
    family, spacings = CONTESTANTS[title]
    return TrainConfig.of(
        {
            "preset": "fast",
            "family": family,
            "model": {**config.model, "spacings": list(spacings)},
            "epochs": config.epochs,
            "steps_per_epoch": config.steps_per_epoch,
            "batch_size": config.batch_size,
            "loss_weight": config.loss_weight,
            "augmentation": AugmentationConfig.light().model_dump(),
            "seed": config.seed,
        }
    )


def _train(
    project: FolderProject, out: Path, title: str, config: DemoConfig, reporter: Reporter
) -> Path:
    """Train one contestant; a run that was begun is gone on with. Returns its model."""
    run = out / _name(title) / "run"
    reporter.info(f"{title}: training")
    resume = (run / "run.json").is_file()
    result = train_network([project], train_settings(title, config), run, resume, reporter)
    train_report(run)
    return result.model_dir


def _predict(
    project: FolderProject, out: Path, title: str, model: Path, reporter: Reporter
) -> Path:
    """Predict the test slides; HookNet's objects go into the project, beside the slides."""
    folder = out / _name(title) / "predictions"
    images = tuple(e.name for e in project.images if e.name.startswith("test"))
    to_project: Literal["annotations", "none"] = "annotations" if title == "HookNet" else "none"
    reporter.info(f"{title}: predicting {len(images)} slides that nobody drew on")
    config = PredictConfig(as_=to_project, images=images)
    report = predict_project(project, model, folder, config, reporter)
    if report.problems:
        raise PredictionError(report.problems[0].message)
    return folder
