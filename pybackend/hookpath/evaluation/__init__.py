"""Per-slide and per-class figures over labelled pixels, comparisons, and reports to look at."""

from hookpath.evaluation.agreement import agreement
from hookpath.evaluation.compare import compare_reports
from hookpath.evaluation.compared import Comparison
from hookpath.evaluation.evaluate import annotated_images, evaluate_maps, make_report
from hookpath.evaluation.foreign import ForeignMaps
from hookpath.evaluation.maps import ArrayMap, PredictedMap
from hookpath.evaluation.pages import write_report
from hookpath.evaluation.project import evaluate_project
from hookpath.evaluation.report import EvaluationReport, load_report
from hookpath.evaluation.results import SlideResult
from hookpath.evaluation.scale import evaluate_scale
from hookpath.evaluation.scale_report import ScaleReport
from hookpath.evaluation.scores import Scores, confusion_matrix, scores
from hookpath.evaluation.train_report import train_report

__all__ = [
    "ArrayMap",
    "Comparison",
    "EvaluationReport",
    "ForeignMaps",
    "PredictedMap",
    "ScaleReport",
    "Scores",
    "SlideResult",
    "agreement",
    "annotated_images",
    "compare_reports",
    "confusion_matrix",
    "evaluate_maps",
    "evaluate_project",
    "evaluate_scale",
    "load_report",
    "make_report",
    "scores",
    "train_report",
    "write_report",
]
