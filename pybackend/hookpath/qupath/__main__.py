"""The process behind the live preview; its scripts call `hookpath.qupath.preview_worker`."""

from __future__ import annotations

import os
import sys

from hookpath.process_setup import begin

begin()

# Appose reads stdin in a thread; on Windows numpy hangs when it is imported after that
# (https://github.com/numpy/numpy/issues/24290). The worker imports it, and torch.
import hookpath.qupath.preview_worker as worker  # noqa: E402

FEW_CORES = 4


def _keep_stdout_clean() -> None:
    """What libraries print, natively too, goes to stderr; stdout is for the protocol alone."""
    sys.stdout.flush()
    protocol = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(protocol, "w", encoding="utf-8", newline="\n")


def _leave_room() -> None:
    """One core stays with the viewer, which draws while this computes; but not one of a few."""
    import torch

    cores = os.cpu_count() or 1
    torch.set_num_threads(cores if cores < FEW_CORES else cores - 1)


def main() -> None:
    """Serve until stdin ends."""
    from appose.python_worker import Worker

    class Stubborn(Worker):  # type: ignore[misc]
        """A line that is no request is reported and skipped; Appose's own would stop reading."""

        def _process_input(self) -> None:
            while True:
                try:
                    super()._process_input()
                    return
                except Exception as error:
                    print(f"skipped what is no request: {error!r}", file=sys.stderr, flush=True)

    _keep_stdout_clean()
    _leave_room()
    Stubborn().run()
    worker.SESSION.close()


if __name__ == "__main__":
    main()
