"""``with`` blocks that several rooms use."""

from __future__ import annotations

import gc
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self


class Closing(ABC):
    """Closed when its ``with`` block ends, with an error or without."""

    @abstractmethod
    def close(self) -> None:
        """Release what is held; may be called twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without Python's search for cyclic garbage, which looks through everything again and again.

    While millions of lists and objects are made, all of which stay, it takes longer than making
    them. What is no more referred to goes at once as ever.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
