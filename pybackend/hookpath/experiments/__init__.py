"""Whole experiments: several networks, the same slides, folds and seeds; one table at the end."""

from hookpath.experiments.design import Contestant, Design, Expectation
from hookpath.experiments.designs import DESIGNS
from hookpath.experiments.run import ExperimentResult, Options, run_design
from hookpath.experiments.summary import ExperimentSummary, summarise

__all__ = [
    "DESIGNS",
    "Contestant",
    "Design",
    "Expectation",
    "ExperimentResult",
    "ExperimentSummary",
    "Options",
    "run_design",
    "summarise",
]
