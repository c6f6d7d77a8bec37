"""Reading ahead: regions are read in threads while earlier ones are computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

from hookpath.inference.plan import RowEnd, Step
from hookpath.slides.base import RGBArray, Slide


def read_ahead(
    items: Iterable[Step | RowEnd], slides: Sequence[Slide]
) -> Iterator[tuple[Step, RGBArray] | RowEnd]:
    """The items in order, steps with their pixels; one thread per handle in `slides`.

    At most two tiles more than there are handles are held. What fails in a thread is raised here.
    """
    idle: SimpleQueue[Slide] = SimpleQueue()
    for slide in slides:
        idle.put(slide)

    def read(step: Step) -> RGBArray:
        slide = idle.get()
        try:
            return slide.read(step.region)
        finally:
            idle.put(slide)

    waiting: deque[tuple[Step, Future[RGBArray]] | RowEnd] = deque()
    pool = ThreadPoolExecutor(len(slides), thread_name_prefix="read")
    try:
        for item in items:
            waiting.append(item if isinstance(item, RowEnd) else (item, pool.submit(read, item)))
            if len(waiting) > len(slides) + 2:
                yield _ready(waiting.popleft())
        while waiting:
            yield _ready(waiting.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ready(item: tuple[Step, Future[RGBArray]] | RowEnd) -> tuple[Step, RGBArray] | RowEnd:
    return item if isinstance(item, RowEnd) else (item[0], item[1].result())
