"""Two steps at once on one loop: what must not cross is kept apart.

Training takes hours, and correcting goes on meanwhile: so there is one lock for training, and one
for each image, held only while its files are read and written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hookpath import locking
from hookpath.atomic_files import make_folder
from hookpath.errors import LoopError, write_code


@contextmanager
def alone(
    root: Path, what: str, does: str, patience_s: float = locking.PATIENCE_S
) -> Iterator[None]:
    """Be the only one, in all processes, that does `what` in a loop (see `locking.alone`).

    Args:
        root: the loop's folder.
        what: name of the lock.
        does: for the message: "training round 3".

    Raises:
        BusyError: another process has not ended after `patience_s`.
        LoopError: the folder cannot be written.
    """
    with ExitStack() as held:
        try:
            make_folder(root / locking.STEP_LOCKS)
            lock = root / locking.STEP_LOCKS / f"{what}.lock"
            held.enter_context(locking.alone(lock, f"{does} of {root}", patience_s))
        except OSError as error:
            raise LoopError(
                f"{root}: cannot be written to ({error.strerror})", code=write_code(error)
            ) from error
        yield
