"""Per-slide and per-class metrics over labelled pixels, comparisons, and reports to look at.

In: predictions and annotations. Out: confusion counts, metrics with intervals, tests, figures and
pages. The way through its rooms: predictions → scoring → statistics → plotting → report →
comparison.

Uses: annotations, conversion, geometry, inference, locking, models, projects, slides.
"""

from hookpath.evaluation.annotator_agreement import agreement
from hookpath.evaluation.class_metrics import Scores, confusion_matrix, scores
from hookpath.evaluation.comparison.compare_evaluations import compare_reports
from hookpath.evaluation.comparison.comparison_result import Comparison
from hookpath.evaluation.notebook_overlay import overlay
from hookpath.evaluation.predictions.class_map_source import ArrayMap, PredictedMap
from hookpath.evaluation.predictions.other_programs_predictions import ForeignMaps
from hookpath.evaluation.project_evaluation import evaluate_project
from hookpath.evaluation.report.evaluation_page import write_report
from hookpath.evaluation.report.evaluation_report import EvaluationReport, load_report
from hookpath.evaluation.report.training_page import train_report
from hookpath.evaluation.scale_detector.detector_report import ScaleReport
from hookpath.evaluation.scale_detector.score_detector import evaluate_scale
from hookpath.evaluation.scoring.slide_result import SlideResult
from hookpath.evaluation.slide_evaluation import annotated_images, evaluate_maps, make_report

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
    "overlay",
    "scores",
    "train_report",
    "write_report",
]
