"""Reading ahead: regions are read in threads while earlier ones are computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Protocol, TypeVar

from hookpath.geometry import Region
from hookpath.inference.tile_order import RowEnd
from hookpath.slides.slide_base import RGBArray, Slide


class Place(Protocol):
    """What is to be read for one step: a region for every input."""

    @property
    def regions(self) -> Sequence[Region]: ...


P = TypeVar("P", bound=Place)


def read_ahead(
    items: Iterable[P | RowEnd], slides: Sequence[Slide]
) -> Iterator[tuple[P, list[RGBArray]] | RowEnd]:
    """The items in order, steps with the pixels of their regions; one thread per handle.

    At most two steps more than there are handles are held. What fails in a thread is raised here.
    """
    idle: SimpleQueue[Slide] = SimpleQueue()
    for slide in slides:
        idle.put(slide)

    def read(step: P) -> list[RGBArray]:
        slide = idle.get()
        try:
            return [slide.read(region) for region in step.regions]
        finally:
            idle.put(slide)

    waiting: deque[tuple[P, Future[list[RGBArray]]] | RowEnd] = deque()
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


def _ready(item: tuple[P, Future[list[RGBArray]]] | RowEnd) -> tuple[P, list[RGBArray]] | RowEnd:
    return item if isinstance(item, RowEnd) else (item[0], item[1].result())
