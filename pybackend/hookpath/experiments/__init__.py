"""Whole experiments: several networks, the same slides, folds and seeds; one table at the end."""

from hookpath.experiments.cross_validation import FoldsResult, train_folds
from hookpath.experiments.design import Contestant, Design, Expectation
from hookpath.experiments.designs import DESIGNS
from hookpath.experiments.method import Lesson, Method
from hookpath.experiments.options import Options
from hookpath.experiments.run import ExperimentResult, run_design
from hookpath.experiments.summary import ExperimentSummary, summarise

__all__ = [
    "DESIGNS",
    "Contestant",
    "Design",
    "Expectation",
    "ExperimentResult",
    "ExperimentSummary",
    "FoldsResult",
    "Lesson",
    "Method",
    "Options",
    "run_design",
    "summarise",
    "train_folds",
]
