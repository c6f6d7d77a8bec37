"""Tasks on a cluster: each piece by one worker, what fails once more by another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hookpath.cluster.worker_projects import forget_projects
from hookpath.errors import code_of, one_line
from hookpath.locking import may_pass


@dataclass(frozen=True)
class Outcome:
    """What came of a piece: its `value`, or why it failed; and which worker did it."""

    error: str | None = None
    code: str = ""
    worker: str = ""
    value: Any = None


def run_tasks(
    client: Any,
    work: Callable[..., Outcome],
    pieces: Sequence[tuple[Any, ...]],
    done: Callable[[int, Outcome], None],
    again: Callable[[int, Outcome], None] = lambda number, why: None,
) -> None:
    """Do `work` with each piece on a cluster.

    What a worker that dies was at goes to another one (Dask sees to that). What fails is tried once
    more, elsewhere where there is another worker.

    Args:
        client: of Dask.
        work: a function of a module, called with a piece's arguments.
        done: called with each piece in the order that they end in, in this process.
        again: called with each piece that failed and is tried once more.
    """
    from distributed import as_completed

    resources = _resources(client)
    first = {
        client.submit(_guarded, work, *piece, pure=False, resources=resources): number
        for number, piece in enumerate(pieces)
    }
    running, tried = dict(first), set[int]()
    with client.as_current():
        stream = as_completed(list(running))
    try:
        for future in stream:
            number = running.pop(future)
            found = _outcome(future)
            if found.error is not None and number not in tried and may_pass(found.code):
                tried.add(number)
                again(number, found)
                second = client.submit(
                    _guarded, work, *pieces[number], pure=False, resources=resources,
                    **_elsewhere(client, found.worker),
                )  # fmt: skip
                running[second] = number
                stream.add(second)
            else:
                done(number, found)
            future.release()
    finally:
        client.cancel(list(running), force=True)


def _guarded(work: Callable[..., Outcome], *piece: Any) -> Outcome:
    """On the worker: what it raises comes back in words, whatever its class is."""
    from distributed import get_worker

    try:
        found = work(*piece)
    except Exception as error:
        found = Outcome(one_line(error), code_of(error))
    if found.error is not None:
        forget_projects()
    return replace(found, worker=str(get_worker().address))


def _outcome(future: Any) -> Outcome:
    if future.status == "finished":
        found: Outcome = future.result()
        return found
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return Outcome("the processes that worked on it died, one after the other", "died")
    return Outcome(one_line(error or RuntimeError("cancelled")), "unexpected")


def _elsewhere(client: Any, worker: str) -> dict[str, Any]:
    """Rather by another worker than this one, if there is another."""
    known = client.scheduler_info(n_workers=-1)["workers"]
    others = [address for address in known if address != worker]
    return {"workers": others, "allow_other_workers": True} if others else {}


def _resources(client: Any) -> dict[str, int] | None:
    """Where workers offer GPUs, a task takes one."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return {"GPU": 1} if any(w.get("resources", {}).get("GPU") for w in workers) else None
