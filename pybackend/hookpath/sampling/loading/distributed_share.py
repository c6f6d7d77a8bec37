"""Several processes that read one stream: each plans all of it and reads its share.

Drawing needs labels alone, which are cheap, and depends on nothing but the seed. So every process
draws every batch, the counts of seen pixels are those of all, and what goes to whom needs no word
between them. Only failures must be agreed on. (Whole slides made small are drawn without a look at
their labels; what was seen of them is added up.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from torch import Tensor

Item = TypeVar("Item")


class Together(Protocol):
    """The processes, and which of them this is."""

    @property
    def rank(self) -> int:
        """From 0."""

    @property
    def size(self) -> int:
        """How many."""

    def total(self, value: Tensor) -> Tensor:
        """Sum over the processes."""

    def first_failure(self, slide_index: int | None, message: str) -> tuple[int, str] | None:
        """Of what failed in any process the first, the same in all; None: nothing did."""


class Alone:
    """One process."""

    rank, size = 0, 1

    def total(self, value: Tensor) -> Tensor:
        """Its own."""
        return value

    def first_failure(self, slide_index: int | None, message: str) -> tuple[int, str] | None:
        """Its own."""
        return None if slide_index is None else (slide_index, message)


ALONE: Together = Alone()


def share_of(items: Sequence[Item], together: Together) -> Sequence[Item]:
    """What of a batch a process reads."""
    return items[together.rank :: together.size]
