"""Standard output for events alone, whatever libraries print."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TextIO


class _Log(io.TextIOWrapper):
    """Where messages cannot be written (a full disk, a terminal that is gone), the work goes on.

    Not where their reader has left (``| head``): that is how a person ends a command.
    """

    def write(self, text: str) -> int:
        with _unless_gone():
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with _unless_gone():
            super().flush()


@contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        pass


def steady_streams() -> None:
    """Standard streams that are there, and that take any character.

    What an encoding lacks (an ASCII terminal: µ) is written as an escape; a stream that the caller
    closed goes nowhere, and so do messages for which stderr has no room.
    """
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            mode = "r" if name == "stdin" else "w"
            nowhere = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, nowhere)
        elif isinstance(stream, io.TextIOWrapper) and stream is sys.__stderr__:
            sys.stderr = _Log(
                stream.buffer, stream.encoding, "backslashreplace", line_buffering=True
            )
        elif isinstance(stream, io.TextIOWrapper) and name != "stdin":
            stream.reconfigure(errors="backslashreplace")


def flush_or_forget() -> None:
    """Write what is left for stdout; where that fails, Python must not complain at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def in_utf8() -> None:
    """Start again where the system's encoding is ASCII, in which files cannot be named.

    Python does so on its own unless that is switched off (``PYTHONUTF8=0``).
    """
    chosen = os.environ.get("PYTHONUTF8") == "1"
    if sys.getfilesystemencoding() == "ascii" and sys.executable and not chosen:
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


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
        with suppress(OSError):  # a full disk: what is left of the last line is lost
            stream.close()


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, io.UnsupportedOperation):
        return None
