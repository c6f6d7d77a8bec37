"""Errors that a user can do something about.

Each message is one line: what is wrong, with which file, and what to do. The command line prints
it and ends with exit code 1 (2 for `UsageError`); a traceback appears only with ``--debug``.

`HookpathError.code` says the same to programs, which offer what helps: docs/json-events.md lists
the codes.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


class HookpathError(Exception):
    """Base of every error with a message meant for the user.

    Args:
        message: one line.
        code: what a program may act on; None: that of the class.
    """

    code: str = "failed"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class UsageError(HookpathError):
    """The call itself is wrong (exit code 2)."""

    code = "usage"


class VersionError(UsageError):
    """Caller and package do not fit together; one of them needs an update."""

    code = "version"


class PluginError(HookpathError):
    """What another package adds is not there, or cannot be used."""

    code = "plugin"


class DeviceError(HookpathError):
    """The device that is asked for is not there."""

    code = "no_gpu"


class SlideError(HookpathError):
    """A slide cannot be opened or read."""

    code = "slide_unreadable"


class ChannelError(SlideError):
    """An image has other channels than the ones that are wanted of it."""

    code = "channels"


class MissingSpacingError(SlideError):
    """The µm/px of a slide is unknown."""

    code = "missing_spacing"


def missing_spacing(path: Path, note: str = "") -> MissingSpacingError:
    """For a slide whose µm/px is unknown; `note`: why, if that can be said."""
    why = f" ({note})" if note else ""
    return MissingSpacingError(
        f"{path}: µm/px is unknown{why}; set the pixel size in QuPath or pass --mpp"
    )


class OutputError(HookpathError):
    """A file cannot be written: full disk, no permission; nothing unfinished is left behind."""

    code = "not_writable"


class BusyError(HookpathError):
    """Another process works on the same files."""

    code = "busy"


class ClusterError(HookpathError):
    """There is no such cluster, or none that answers."""

    code = "no_cluster"


class AnnotationError(HookpathError):
    """An annotation file cannot be read, or holds nothing usable."""

    code = "annotations_unreadable"


class ProjectError(HookpathError):
    """A project or one of its entries cannot be read."""

    code = "project_unreadable"


class MissingSlideError(ProjectError):
    """The file of an image is not where its project says.

    Args:
        recorded: its path as the project has it.
    """

    code = "image_missing"

    def __init__(self, message: str = "", *, recorded: str = "", code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.recorded = recorded


class WriteRefusedError(ProjectError):
    """A write would have touched human work, or the file changed since it was read."""

    code = "write_refused"


class ModelDesignError(HookpathError):
    """A network design that cannot be built; the message names the nearest valid one."""

    code = "model_design"


class ModelFolderError(HookpathError):
    """A model folder is missing, incomplete, of another version, or not what it claims."""

    code = "model_unreadable"


class TrainingError(HookpathError):
    """Training cannot start or go on; the last good checkpoint is kept."""

    code = "training_failed"


class PredictionError(HookpathError):
    """Predicting a slide failed."""

    code = "prediction_failed"


class NoNumberError(PredictionError):
    """A network answers with values that are no numbers (NaN or infinite)."""


class ExportError(HookpathError):
    """A network cannot be written for another program, or does not compute the same there."""

    code = "export_failed"


class ExtractionError(HookpathError):
    """Patches of a slide cannot be cut out."""

    code = "extraction_failed"


class EvaluationError(HookpathError):
    """Nothing to score, or predictions and annotations do not fit together."""

    code = "evaluation_failed"


class LoopError(HookpathError):
    """A step of the annotation loop cannot be done as things stand; says which one comes first."""

    code = "loop"


#: What the system says when there is no room.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_code(error: BaseException | None) -> str:
    """``disk_full`` or ``not_writable``: why writing failed, wherever in the chain it is said."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return "disk_full"
        error = error.__cause__ or error.__context__
    return "not_writable"


def code_of(error: BaseException) -> str:
    """The code of any error; ``unexpected`` for what nobody foresaw."""
    if isinstance(error, HookpathError):
        return error.code
    if isinstance(error, KeyboardInterrupt):
        return "stopped"
    if _lacks_memory(error):
        return "out_of_memory"
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return "disk_full"
    return "unexpected"


class Coded(Protocol):
    """Whatever has a code: an error, or an image's problem."""

    @property
    def code(self) -> str: ...


def shared_code(problems: Iterable[Coded]) -> str:
    """The code of all of them, if it is one; else ``several``."""
    codes = {problem.code for problem in problems}
    return codes.pop() if len(codes) == 1 else "several"


def one_line(error: BaseException) -> str:
    """What to tell a person about any error, in one line."""
    if isinstance(error, HookpathError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'a file'}: {error.strerror}"
    if isinstance(error, UnicodeEncodeError):
        text = error.object[error.start : error.end].encode("unicode_escape").decode()
        if error.encoding.lower().replace("-", "") == "utf8":
            return f"the name of a file or folder is no text ({text}); give it another"
        return f"{text} cannot be written in {error.encoding}; set PYTHONUTF8=1 and run again"
    if _lacks_memory(error):
        return "out of memory; close other programs, or use another device or machine"
    text = " ".join(str(error).split())
    return f"unexpected {type(error).__name__}: {text} (--debug shows where; please report it)"


def _lacks_memory(error: BaseException) -> bool:
    """Python's own error, torch's, which is not imported for that, or of a library's loading."""
    if isinstance(error, ImportError) and "failed to map segment" in str(error):
        return True
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
