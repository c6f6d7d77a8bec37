"""The cluster that ``--cluster`` names."""

from __future__ import annotations

import atexit
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from hookpath.errors import ClusterError, UsageError
from hookpath.signals import stop_deferred

_KINDS = "local, local:4, slurm, slurm:10, or the address of a scheduler (tcp://host:8786)"

#: Seconds to wait for a scheduler.
_PATIENCE_S = 30

#: Seconds in which a worker of this machine that died must be there again. Dask's own 15 are over
#: on a busy machine before torch is imported, and then nobody takes the worker's place.
_RESTART_S = 600


@contextmanager
def connected(cluster: str) -> Iterator[Any]:
    """A client of Dask (`distributed.Client`) of the cluster; what was started here ends with it.

    Args:
        cluster: ``local[:workers]``; ``slurm[:jobs]``, as ``~/.config/dask/jobqueue.yaml`` says
            what a job is; or an address.

    Raises:
        ClusterError: Dask is not installed, or no scheduler answers.
        UsageError: no such kind of cluster.
    """
    kind, _, count = cluster.partition(":")
    if cluster.startswith(("tcp://", "tls://", "ucx://")):
        with _quiet_when_stopped(), _client(cluster) as client:
            yield client
        return
    if kind not in ("local", "slurm") or (count and not (count.isdecimal() and int(count))):
        raise UsageError(f"--cluster {cluster}: there are {_KINDS}")
    make = _local if kind == "local" else _slurm
    jobs = int(count) if count else None
    with _quiet_when_stopped(), make(jobs) as started, _client(started) as client:
        yield client


@contextmanager
def _quiet_when_stopped() -> Iterator[None]:
    """A stop may come while Dask starts or waits: neither must leave a traceback of its own.

    What tornado says of a callback that failed would be such a traceback, and at the end of the
    process Dask closes clusters, which fails for one that is half there; its workers end with us.
    """
    _dask()
    from distributed.deploy.spec import close_clusters

    logging.getLogger("tornado.application").disabled = True
    # Another cluster of this machine has it: Dask takes the next one.
    warnings.filterwarnings("ignore", message="Port .* is already in use", category=UserWarning)
    try:
        yield
    except KeyboardInterrupt:
        atexit.unregister(close_clusters)
        for name in [*logging.root.manager.loggerDict]:
            if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
                logging.getLogger(name).disabled = True
        raise


@contextmanager
def _local(count: int | None) -> Iterator[Any]:
    distributed = _dask()
    import dask

    lost = {"distributed.deploy.lost-worker-timeout": f"{_RESTART_S}s"}
    with dask.config.set(lost), ExitStack() as ends:
        with stop_deferred():  # a process that is half started would say what it lacks
            started = distributed.LocalCluster(
                n_workers=count or _gpus() or max(1, (os.cpu_count() or 2) // 2),
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.ERROR,
            )
            ends.enter_context(started)
        yield started


def _slurm(count: int | None) -> Any:
    _dask()
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError as error:
        raise _missing() from error
    try:
        started = SLURMCluster()
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise ClusterError(
            f"jobs for SLURM cannot be made ({reason}); say cores and memory of a job in "
            "~/.config/dask/jobqueue.yaml (docs/cluster.md)"
        ) from error
    started.scale(jobs=count or 1)
    return started


def _client(of: Any) -> Any:
    distributed = _dask()
    try:
        return distributed.Client(of, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"{of}: no Dask scheduler answers there ({' '.join(str(error).split())}); start one "
            "with dask scheduler"
        ) from error


def _gpus() -> int:
    import torch

    return torch.cuda.device_count()


def _dask() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise _missing() from error
    return distributed


def _missing() -> ClusterError:
    return ClusterError("--cluster needs Dask; install it with pip install 'hookpath[cluster]'")
