"""Whole experiments: several networks, the same slides, folds and seeds; one table at the end.

In: a design (contestants, slides, folds, seeds) and a budget. Out: runs, predictions, and one
table.

Uses: annotations, baselines, demo, evaluation, inference, locking, models, projects, sampling,
stages, training.
"""

from hookpath.experiments.contestant import Lesson, Method
from hookpath.experiments.cross_validation import FoldsResult, train_folds
from hookpath.experiments.design import Contestant, Design, Expectation
from hookpath.experiments.design_options import Options
from hookpath.experiments.design_runner import ExperimentResult, run_design
from hookpath.experiments.experiment_summary import ExperimentSummary, summarise
from hookpath.experiments.predefined_designs import DESIGNS

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
