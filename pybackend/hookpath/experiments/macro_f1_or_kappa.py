"""The metrics that an experiment's table shows, each from one confusion matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hookpath.annotations import is_of_interest
from hookpath.evaluation import scores
from hookpath.evaluation.class_metrics import Counts

Metric = Callable[[Counts], float]


def metrics_of(metric: str, classes: Sequence[str]) -> dict[str, Metric]:
    """Column title → metric: per class and ``macro`` for F1, else the two of the classifiers.

    Args:
        metric: ``f1`` (HookNet's and MRN's papers) or ``kappa`` (the multi-scale CNN's).
    """
    counted = [is_of_interest(name) for name in classes]
    if metric == "kappa":
        return {
            "κ": lambda counts: scores(counts).kappa,
            "balanced accuracy": lambda counts: scores(counts, counted).balanced_accuracy,
        }
    per_class = {name: _f1_of(number) for number, name in enumerate(classes)}
    return {**per_class, "macro": lambda counts: scores(counts, counted).macro("f1")}


def _f1_of(number: int) -> Metric:
    return lambda counts: float(scores(counts).annotated("f1")[number])
