"""Work on a shared folder by several processes, on one machine or many, with nobody in charge.

Each piece of work has a claim: a note that only one process can make (`_note`), with a pulse. A
process that dies leaves its claims to others: on its own machine at once, elsewhere when the pulse
has been silent for some minutes. Nothing depends on locks of the file system.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hookpath.atomic_files import make_folder, replace_text
from hookpath.context_managers import Closing
from hookpath.errors import BusyError
from hookpath.locking.lock_files import NoteLock, is_held, is_watched, note_of, try_note, who
from hookpath.temporary_files import discard, sweep
from hookpath.untrusted_files import read_bytes

CLAIMS_NAME = ".hookpath-claims"
"""The folder of claims in a folder of results; gone when nobody works there."""

_WORKER, _FAILED, _DONE = "worker-", ".failed", ".done"

_LOOK_EVERY_S = 1.0


Lease = NoteLock
"""A claim that is held; `release` gives it back."""


class Failed(BaseModel):
    """A piece of work that failed: how often, why, and for whom it failed last."""

    model_config = ConfigDict(frozen=True)
    tries: int
    message: str
    code: str
    by: str


class Claims(Closing):
    """What the processes that share a folder of results work on.

    Args:
        folder: of the results; it is there.
        work: digest of what is done; processes that do other things there are refused.
        does: what, for the message: "predicting into out".

    Attributes:
        alone: nobody else was here when this process came.

    Raises:
        BusyError: others do other work there.
        OSError: the folder cannot be written to.
    """

    def __init__(self, folder: Path, work: str, does: str) -> None:
        self._folder = folder / CLAIMS_NAME
        self._work = work
        make_folder(self._folder)
        sweep(self._folder)
        others = self._settled_others()
        for note in others:
            if not note.name.startswith(f"{_WORKER}{work}-"):
                raise BusyError(
                    f"another hookpath is {does} with another model or other settings{who(note)}; "
                    "wait until that has ended, or choose another folder"
                )
        self.alone = not others
        if self.alone:  # what those before did or failed at may be done again
            self._forget()
        self.name = f"{_WORKER}{work}-{secrets.token_hex(6)}"
        made = try_note(self._folder / self.name, shared=False)
        assert isinstance(made, NoteLock)
        self._me: NoteLock | None = made

    @property
    def others(self) -> int:
        """How many other processes share the work now."""
        return len(self._others())

    def take(self, name: str) -> Lease | None:
        """Have a piece of work to oneself until it is released; None: somebody else has it.

        Raises:
            OSError: the claim cannot be made.
        """
        lease = try_note(self._folder / name, shared=False, by_pulse=True)
        return lease if isinstance(lease, NoteLock) else None

    @contextmanager
    def taken(self, name: str) -> Iterator[bool]:
        """Inside, have a piece of work to oneself (see `take`); False: somebody else has it."""
        lease = self.take(name)
        if lease is None:
            yield False
            return
        try:
            yield True
        finally:
            lease.release()

    def failure(self, name: str) -> Failed | None:
        """What is known of a piece of work that failed."""
        try:
            return Failed.model_validate_json(read_bytes(self._folder / f"{name}{_FAILED}"))
        except (OSError, ValidationError, ValueError):
            return None

    def note_failure(self, name: str, message: str, code: str) -> Failed:
        """Keep that it failed here; everybody who shares the work sees it."""
        before = self.failure(name)
        tries = 1 if before is None else before.tries + 1
        found = Failed(tries=tries, message=message, code=code, by=self.name)
        with contextlib.suppress(OSError):
            replace_text(self._folder / f"{name}{_FAILED}", found.model_dump_json())
        return found

    def note_done(self, name: str) -> None:
        """Keep that it was done by those who share the work now; needed only to do it `again`."""
        with contextlib.suppress(OSError):
            (self._folder / f"{name}{_DONE}").touch()

    def is_done(self, name: str) -> bool:
        """Whether it was noted as done; no clock is asked, since those of machines differ."""
        return (self._folder / f"{name}{_DONE}").exists()

    def close(self) -> None:
        """Leave; the last one takes the folder of claims away."""
        if self._me is None:
            return
        self._me.release()
        self._me = None
        if not self._others():
            self._forget()
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def _forget(self) -> None:
        for ending in (_FAILED, _DONE):
            for path in self._folder.glob(f"*{ending}"):
                discard(path)

    def _settled_others(self) -> list[Path]:
        """The same, once it is known of each whether it has a pulse."""
        while any(map(is_watched, others := self._others())):
            time.sleep(_LOOK_EVERY_S)
        return others

    def _others(self) -> list[Path]:
        """Notes of the other processes that live."""
        own = None if getattr(self, "_me", None) is None else note_of(self._folder / self.name)
        notes = (p for p in self._folder.glob(f"{_WORKER}*") if p != own)
        return [note for note in notes if is_held(note)]
