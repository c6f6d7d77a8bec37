"""hookpath: learn tissue classes from a few sparse polygons in QuPath.

The main steps as functions, each loaded when it is first used::

    project = hookpath.open_project("project.qpproj")
    run = hookpath.train([project], hookpath.TrainConfig.load(preset="auto"), Path("runs/first"))
    hookpath.predict_project(project, run.model_dir, Path("out"))
    hookpath.evaluate_project(project, Path("report"), predictions=Path("out"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hookpath.lazy_exports import names_from

if TYPE_CHECKING:
    from hookpath.evaluation import evaluate_project
    from hookpath.inference import predict_project
    from hookpath.models import load_model
    from hookpath.projects import open_project
    from hookpath.slides import open_slide
    from hookpath.stages.train_family import train
    from hookpath.training import TrainConfig

__version__ = "0.1.0"
__all__ = [
    "TrainConfig",
    "__version__",
    "evaluate_project",
    "load_model",
    "open_project",
    "open_slide",
    "predict_project",
    "train",
]

_ROOMS = {
    "TrainConfig": "training",
    "evaluate_project": "evaluation",
    "load_model": "models",
    "open_project": "projects",
    "open_slide": "slides",
    "predict_project": "inference",
    "train": "stages",
}

__getattr__ = names_from(__name__, _ROOMS)
