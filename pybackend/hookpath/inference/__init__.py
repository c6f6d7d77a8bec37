"""Dense whole-slide prediction: one slide, or every slide of a project.

In: models and slides. Out: class maps, probability maps, objects in a project, ``prediction.json``.
The way through its rooms: roi (where) → dense, patchwise or overview on engines → writing.

Uses: annotations, geometry, locking, models, projects, sampling, slides.
"""

from hookpath.inference.dense.tile_loop import DensePredictor
from hookpath.inference.engines.tile_runner import Runner, TorchRunner
from hookpath.inference.prediction_config import ALL_ANNOTATIONS, PredictConfig
from hookpath.inference.prediction_dry_run import DryRun, ImageCheck, check_images
from hookpath.inference.prediction_record import PredictionRecord
from hookpath.inference.predictor_protocol import Predictor, SlideJob
from hookpath.inference.predictors.predictor_factory import (
    check_spacing,
    load_predictor,
    predictor_of,
)
from hookpath.inference.project_prediction import (
    PredictReport,
    load_prediction,
    predict_images,
    predict_project,
    summary,
)
from hookpath.inference.slide_prediction import SlidePrediction, predict_slide
from hookpath.inference.writing.import_predictions import Imported, ImportReport, import_predictions
from hookpath.inference.writing.maps_as_zarr import maps_as_zarr
from hookpath.inference.writing.objects_from_maps import ObjectConfig, draw_objects

__all__ = [
    "ALL_ANNOTATIONS",
    "DensePredictor",
    "DryRun",
    "ImageCheck",
    "ImportReport",
    "Imported",
    "ObjectConfig",
    "PredictConfig",
    "PredictReport",
    "PredictionRecord",
    "Predictor",
    "Runner",
    "SlideJob",
    "SlidePrediction",
    "TorchRunner",
    "check_images",
    "check_spacing",
    "draw_objects",
    "import_predictions",
    "load_prediction",
    "load_predictor",
    "maps_as_zarr",
    "predict_images",
    "predict_project",
    "predict_slide",
    "predictor_of",
    "summary",
]
