"""Two steps at once on one loop: what must not cross is kept apart.

Training takes hours, and correcting goes on meanwhile: so there is one lock for training, and one
for each image, held only while its files are read and written. The system drops a lock with its
process, so that nothing stays locked after a crash.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hookpath.errors import LoopError, write_code
from hookpath.writable import make_folder

#: An image is held for seconds; whoever waits longer than this is told.
PATIENCE_S = 60.0


@contextmanager
def alone(root: Path, what: str, told: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Be the only one, in all processes on this machine, that does `what` in a loop.

    Args:
        root: the loop's folder.
        what: name of the lock.
        told: subject of the message: "round 3 is being trained".

    Raises:
        LoopError: another process has not ended after `patience_s`, or the folder cannot be
            written.
    """
    from filelock import FileLock, Timeout

    try:
        make_folder(root / ".locks")
        lock = FileLock(root / ".locks" / f"{what}.lock", timeout=patience_s)
        lock.acquire()
    except Timeout:
        raise LoopError(
            f"{root}: {told} by another hookpath; wait until that has ended, or end it", code="busy"
        ) from None
    except OSError as error:
        raise LoopError(
            f"{root}: cannot be written to ({error.strerror})", code=write_code(error)
        ) from error
    try:
        yield
    finally:
        lock.release()
