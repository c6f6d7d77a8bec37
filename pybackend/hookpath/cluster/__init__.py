"""Many slides on many machines by Dask: a task for each slide."""

from hookpath.cluster.connecting import connected
from hookpath.cluster.extracting import extract_on_cluster
from hookpath.cluster.predicting import predict_on_cluster
from hookpath.cluster.tasks import Outcome, run_tasks

__all__ = ["Outcome", "connected", "extract_on_cluster", "predict_on_cluster", "run_tasks"]
