"""Dense whole-slide prediction: one slide, or every slide of a project."""

from hookpath.inference.config import ALL_ANNOTATIONS, PredictConfig
from hookpath.inference.dense import DensePredictor
from hookpath.inference.importing import Imported, ImportReport, import_predictions
from hookpath.inference.outlining import ObjectConfig, draw_objects
from hookpath.inference.predictor import Predictor, SlideJob
from hookpath.inference.predictors import check_spacing, load_predictor, predictor_of
from hookpath.inference.project import (
    PredictReport,
    load_prediction,
    predict_images,
    predict_project,
    summary,
)
from hookpath.inference.record import PredictionRecord
from hookpath.inference.runner import Runner, TorchRunner
from hookpath.inference.slide import SlidePrediction, predict_slide

__all__ = [
    "ALL_ANNOTATIONS",
    "DensePredictor",
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
    "check_spacing",
    "draw_objects",
    "import_predictions",
    "load_prediction",
    "load_predictor",
    "predict_images",
    "predict_project",
    "predict_slide",
    "predictor_of",
    "summary",
]
