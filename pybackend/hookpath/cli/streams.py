"""Standard output for events alone, whatever libraries print."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO


@contextmanager
def stdout_for_events() -> Iterator[TextIO]:
    """A UTF-8 stream to what stdout was; everything else that goes to stdout goes to stderr.

    That holds for prints of Python code, for C libraries (a JVM…), and for processes started
    meanwhile, which then cannot hold the reader's end open either.
    """
    original = sys.stdout
    original.flush()
    if (_descriptor(original), _descriptor(sys.stderr)) != (1, 2):
        with redirect_stdout(sys.stderr):  # replaced by something in memory
            yield original
        return
    kept = os.dup(1)
    os.dup2(2, 1)
    # A name that is no valid text becomes an escape, which is also JSON's.
    stream = os.fdopen(kept, "w", encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        with redirect_stdout(sys.stderr):
            yield stream
    finally:
        os.dup2(kept, 1)
        stream.close()


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, io.UnsupportedOperation):
        return None
