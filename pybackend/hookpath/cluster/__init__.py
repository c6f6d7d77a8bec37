"""Many slides on many machines by Dask: a task for each slide.

In: a command's images and the address of a cluster. Out: what the command would have written on one
machine, written by one process.

Uses: annotations, evaluation, experiments, extraction, inference, locking, models, projects.
"""

from hookpath.cluster.cluster_connection import connected
from hookpath.cluster.evaluate_task import evaluation_on_cluster
from hookpath.cluster.experiment_task import design_on_cluster
from hookpath.cluster.extract_task import extract_on_cluster
from hookpath.cluster.predict_task import predict_on_cluster
from hookpath.cluster.task_retries import Outcome, run_tasks

__all__ = [
    "Outcome",
    "connected",
    "design_on_cluster",
    "evaluation_on_cluster",
    "extract_on_cluster",
    "predict_on_cluster",
    "run_tasks",
]
