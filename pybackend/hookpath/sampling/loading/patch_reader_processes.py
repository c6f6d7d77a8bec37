"""Reading in other processes, which may die without taking the training along.

Every process has a connection of its own and there is no shared lock: a process that is killed
while it holds one would stop all others. Pixels come through shared memory, which belongs to no
file that could be left behind.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection as mp_connection
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.util import Finalize
from typing import Any

import torch

from hookpath.errors import TrainingError
from hookpath.events import Reporter
from hookpath.geometry import BranchSpec
from hookpath.sampling.annotated_slide import AnnotatedSlide
from hookpath.sampling.concentric_batch import Arrays
from hookpath.sampling.loading.patch_reader import PatchRequest, SlideFailedError
from hookpath.sampling.loading.patch_reader_worker import serve
from hookpath.sampling.loading.shared_memory import Answer, Failure, Share, SlotLayout
from hookpath.signals import signals_held

#: Say so when nothing has come for this long.
_SLOW_S = 60.0

#: How long to wait for the exit code of a process whose connection has closed.
_GRACE_S = 3.0

#: Processes that may die one after the other before one is ready to read.
_STARTS = 3

#: Signals that the code being run brings on itself; others come from outside.
_CRASHES = {
    -getattr(signal, name)
    for name in ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE")
    if hasattr(signal, name)
}


@dataclass
class _Queued:
    """A submitted batch: how many shares are still out, and what failed."""

    slot: int
    requests: Sequence[PatchRequest]
    open: int = 0
    failures: list[Failure] = field(default_factory=list)


@dataclass
class _Task:
    """A share in some process, and the positions at which a process has died with it."""

    batch: _Queued
    share: Share
    deaths: list[int] = field(default_factory=list)


@dataclass
class _Worker:
    """One process, its connection, and what it has been given and not answered, oldest first."""

    process: SpawnProcess
    connection: Connection
    progress: Any
    ready: bool = False
    tasks: deque[_Task] = field(default_factory=deque)

    def end(self, grace_s: float = 0) -> None:
        """Kill the process if it does not end in time; it only reads, so nothing is lost."""
        self.connection.close()
        self.process.join(grace_s)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()


class PoolFetcher:
    """Reads in `workers` processes, which keep their slides open (see `Fetcher`).

    Every batch is dealt out over all processes. A process that dies is reported and replaced, and
    the new one reads again what the old one owed. If the same patch ends a second process, its
    slide has failed where the process crashed alone (a damaged file can bring a decoder
    down); where it was killed from outside (memory!) nothing can go on.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        branches: Sequence[BranchSpec],
        batch_size: int,
        workers: int,
        reporter: Reporter,
    ) -> None:
        self._sources = tuple(sources)
        self._layout = SlotLayout(
            tuple(branches), batch_size, sources[0].n_channels if sources else 3
        )
        self._n_workers = workers
        self._reporter = reporter
        # Two batches ahead, and at least two patches for every process.
        self.depth = max(2, -(-2 * workers // batch_size)) + 1
        self._spawn = multiprocessing.get_context("spawn")
        self._memory: list[Any] = []
        self._workers: list[_Worker] = []
        self._in_slot: list[_Queued | None] = [None] * self.depth
        self._queue: deque[_Queued] = deque()
        self._submitted = 0
        self._dealt = 0
        self._unborn = 0
        self._crashing: dict[int, str] = {}
        self._end: Any = None

    def submit(self, requests: Sequence[PatchRequest]) -> None:
        """Queue a batch of at most `batch_size` patches."""
        if not self._workers:
            self._start()
        slot = self._submitted % self.depth
        if (before := self._in_slot[slot]) is not None:
            self._wait_for(before)  # a discarded batch may still be being read
        batch = _Queued(slot, requests)
        self._deal(batch)
        self._in_slot[slot] = batch
        self._queue.append(batch)
        self._submitted += 1

    def collect(self) -> Arrays:
        """The oldest batch (see `Fetcher`)."""
        batch = self._queue[0]
        self._wait_for(batch)
        self._queue.popleft()
        if batch.failures:
            first = min(batch.failures, key=lambda f: f.position)
            raise SlideFailedError(first.slide_index, first.message)
        images, labels = self._layout.views(self._memory[batch.slot])
        n = len(batch.requests)
        return (
            [torch.from_numpy(image[:n].copy()) for image in images],
            [torch.from_numpy(label[:n].copy()) for label in labels],
        )

    def discard(self) -> None:
        """Forget every queued batch; what is being read of it is read to no end."""
        self._queue.clear()

    def close(self) -> None:
        """End all processes; may be called twice."""
        self._queue.clear()
        if self._end is not None:
            self._end()
        self._in_slot = [None] * self.depth

    def _start(self) -> None:
        if not self._memory:
            n_bytes = self._layout.n_bytes
            self._memory = [self._spawn.RawArray("B", n_bytes) for _ in range(self.depth)]
        # Also run when this is collected, and at exit before multiprocessing waits for children.
        self._end = Finalize(self, _end_all, args=(self._workers,), exitpriority=20)
        for _ in range(self._n_workers):
            self._workers.append(self._new_worker())

    def _new_worker(self) -> _Worker:
        progress = self._spawn.RawArray("i", 1)
        ours, theirs = self._spawn.Pipe()
        process = self._spawn.Process(
            target=serve,
            args=(theirs, self._sources, self._layout, self._memory, progress),
            name="hookpath-reader",
            daemon=True,
        )
        try:
            with signals_held():
                process.start()
        except BaseException:
            ours.close()  # ends the process, if there is one already
            raise
        finally:
            theirs.close()  # so that its death closes the last copy of that end
        return _Worker(process, ours, progress)

    def _deal(self, batch: _Queued) -> None:
        """Give every process its share, going round from where the last batch ended."""
        hands: dict[int, list[tuple[int, PatchRequest]]] = {}
        for position, request in enumerate(batch.requests):
            hands.setdefault((self._dealt + position) % len(self._workers), []).append(
                (position, request)
            )
        self._dealt += len(batch.requests)
        batch.open = len(hands)
        for index, hand in hands.items():
            _give(self._workers[index], _Task(batch, Share(batch.slot, tuple(hand))))

    def _wait_for(self, batch: _Queued) -> None:
        patient = True
        while batch.open:
            waiting = {w.connection: w for w in self._workers}
            heard = mp_connection.wait(list(waiting), timeout=_SLOW_S if patient else None)
            for connection in heard:
                assert isinstance(connection, Connection)
                self._hear(waiting[connection])
            if not heard:
                patient = False
                self._reporter.warn(f"nothing read for {_SLOW_S:.0f} s; waiting for {self._slow()}")

    def _slow(self) -> str:
        """Names of the slides being read now."""
        indices = {self._at(w, w.tasks[0]).slide_index for w in self._workers if w.tasks}
        return ", ".join(sorted(self._sources[i].name for i in indices))

    def _at(self, worker: _Worker, task: _Task) -> PatchRequest:
        """The patch that a process is (or was last) busy with."""
        requests = dict(task.share.requests)
        return requests.get(worker.progress[0], task.share.requests[0][1])

    def _hear(self, worker: _Worker) -> None:
        try:
            answer = worker.connection.recv()
        except (EOFError, OSError):
            self._replace(worker)
            return
        if answer is None:
            worker.ready = True
            self._unborn = 0
        else:
            _settle(worker.tasks.popleft(), answer)

    def _replace(self, dead: _Worker) -> None:
        """Report a process that died; a new one takes over what it owed.

        Raises:
            TrainingError: there is no point in trying again.
        """
        dead.end(_GRACE_S)
        why = _cause(dead.process.exitcode)
        if dead.ready:
            self._blame(dead, why)
        else:
            self._count_unborn(dead, why)
        self._reporter.warn(f"a reading process {why}; another one takes its place")
        successor = self._new_worker()
        self._workers[self._workers.index(dead)] = successor
        for task in dead.tasks:
            if (failure := self._doomed(task)) is not None:
                _settle(task, Answer(failure))
            else:
                _give(successor, task)

    def _doomed(self, task: _Task) -> Failure | None:
        """The first patch of a share whose slide is known to crash processes."""
        return next(
            (
                Failure(position, request.slide_index, self._crashing[request.slide_index])
                for position, request in task.share.requests
                if request.slide_index in self._crashing
            ),
            None,
        )

    def _count_unborn(self, dead: _Worker, why: str) -> None:
        self._unborn += 1
        if (dead.process.exitcode or 0) > 0 or self._unborn == _STARTS:
            raise TrainingError(
                f"a reading process {why} while it started (any error of its own is above); in a "
                "script put what runs under `if __name__ == '__main__':`, or use workers=0"
            )

    def _blame(self, dead: _Worker, why: str) -> None:
        """Note where a process died; at the second death at one patch, give that patch up."""
        if not dead.tasks:
            return
        task = dead.tasks[0]
        request = self._at(dead, task)
        position = next(p for p, r in task.share.requests if r is request)
        task.deaths.append(position)
        if task.deaths.count(position) < 2:
            return
        x_l0, y_l0 = request.image_regions[0].centre_l0
        place = f"x={x_l0:.0f}, y={y_l0:.0f}"
        if dead.process.exitcode not in _CRASHES:
            name = self._sources[request.slide_index].name
            raise TrainingError(
                f"two reading processes died at the same patch ({name}, {place}; the last one "
                f"{why}); if memory is short, lower workers or batch_size"
            )
        self._crashing[request.slide_index] = (
            f"reading it at {place} crashes; copy the file again from its source"
        )


def _give(worker: _Worker, task: _Task) -> None:
    """Send a share; if the process is dead it is noticed, and made up for, when we next listen."""
    worker.tasks.append(task)
    with suppress(OSError):
        worker.connection.send(task.share)


def _settle(task: _Task, answer: Answer) -> None:
    task.batch.open -= 1
    if answer.bug is not None:
        raise RuntimeError(f"in a reading process:\n{answer.bug}")
    if answer.failure is not None:
        task.batch.failures.append(answer.failure)


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"was ended by {signal.Signals(-exit_code).name}"
    return f"ended with exit code {exit_code}"


def _end_all(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.end()
    workers.clear()
