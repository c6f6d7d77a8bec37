"""Pieces of work, one after the other, beside other processes that do the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hookpath.errors import BusyError, code_of, one_line
from hookpath.locking.work_claims import Claims, Failed

Piece = TypeVar("Piece")

#: A piece is tried so often, if possible by two processes.
TRIES = 2

#: Errors (by code) that may be gone the next time, or on another machine.
_PASSING = frozenset(
    {
        "slide_unreadable", "prediction_failed", "extraction_failed", "project_unreadable",
        "not_writable", "out_of_memory", "unexpected", "failed",
    }
)  # fmt: skip

#: Looks at what others work on are so many seconds apart: at first, and at most.
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10.0

#: So many looks a piece that failed here is left for others to try.
_LEFT_FOR_OTHERS = 3


@dataclass(frozen=True)
class Work(Generic[Piece]):
    """What is to be done with each piece.

    Attributes:
        name: of its claim; a file name.
        do: does it, or finds that it is done; what it raises is a failure, but a `BusyError` says
            that somebody else has it.
        failed: called with a piece that is given up, and the reason.
        again: called with a piece that failed once and will be tried once more.
        waiting: called once with the pieces that only others still work on.
        ends: whether an error ends everything (a full disk).
        waits: for what others work on; False: that is left to them.
    """

    name: Callable[[Piece], str]
    do: Callable[[Piece], None]
    failed: Callable[[Piece, Failed], None]
    again: Callable[[Piece, Failed], None]
    waiting: Callable[[Sequence[Piece]], None]
    ends: Callable[[Exception], bool]
    waits: bool = True


def share_out(pieces: Sequence[Piece], claims: Claims, work: Work[Piece]) -> Sequence[Piece]:
    """Do all pieces, or see that others did them; what is left to others (`Work.waits`).

    In the end each piece is done by somebody or has failed `TRIES` times. Pieces of a process that
    dies are taken over. What cannot get better on its own (a µm/px that is not known) fails at
    once.
    """
    return _Sharing(claims, work).all_of(list(pieces))


class _Sharing(Generic[Piece]):
    def __init__(self, claims: Claims, work: Work[Piece]) -> None:
        self.claims, self.work = claims, work
        self.idle = 0

    def all_of(self, todo: list[Piece]) -> list[Piece]:
        reported = False
        while todo:
            left = [piece for piece in todo if not self._is_over(piece)]
            self.idle = self.idle + 1 if len(left) == len(todo) else 0
            if left and self.idle > _LEFT_FOR_OTHERS and not self.work.waits:
                return left
            if left and self.idle:
                if not reported and self.claims.others:
                    reported = True
                    self.work.waiting(left)
                self._wait()
            todo = left
        return todo

    def _wait(self) -> None:
        if self.claims.others:
            time.sleep(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**self.idle))

    def _is_over(self, piece: Piece) -> bool:
        """Take a piece, if nobody else has it; whether there is nothing more to do about it."""
        name = self.work.name(piece)
        with self.claims.taken(name) as mine:
            if not mine:
                return False
            before = self.claims.failure(name)
            if before is not None and before.tries >= TRIES:
                self.work.failed(piece, before)
                return True
            if before is not None and before.by == self.claims.name and not self._my_turn():
                return False
            try:
                self.work.do(piece)
            except BusyError:
                return False
            except Exception as error:
                if self.work.ends(error):
                    raise
                return self._failed(piece, name, error)
            return True

    def _my_turn(self) -> bool:
        """Whether to try again what failed here: all else is done, and no other process came."""
        return self.idle >= (_LEFT_FOR_OTHERS if self.claims.others else 1)

    def _failed(self, piece: Piece, name: str, error: Exception) -> bool:
        found = self.claims.note_failure(name, one_line(error), code_of(error))
        if found.tries < TRIES and may_pass(found.code):
            self.work.again(piece, found)
            return False
        self.work.failed(piece, found)
        return True


def may_pass(code: str) -> bool:
    """Whether an error of this code may be gone the next time, or on another machine."""
    return code in _PASSING
