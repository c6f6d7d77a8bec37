"""Errors that a user can do something about.

Each message is one line: what is wrong, with which file, and what to do. The command line prints
it and ends with exit code 1 (2 for `UsageError`); a traceback appears only with ``--debug``.
"""

from __future__ import annotations


class HookpathError(Exception):
    """Base of every error with a message meant for the user."""


class UsageError(HookpathError):
    """The call itself is wrong (exit code 2)."""


class SlideError(HookpathError):
    """A slide cannot be opened or read."""


class MissingSpacingError(SlideError):
    """The µm/px of a slide is unknown."""


class OutputError(HookpathError):
    """A file cannot be written: full disk, no permission; nothing unfinished is left behind."""


class AnnotationError(HookpathError):
    """An annotation file cannot be read, or holds nothing usable."""


class ProjectError(HookpathError):
    """A project or one of its entries cannot be read."""


class WriteRefusedError(ProjectError):
    """A write would have touched human work, or the file changed since it was read."""


class ModelDesignError(HookpathError):
    """A network design that cannot be built; the message names the nearest valid one."""


class ModelFolderError(HookpathError):
    """A model folder is missing, incomplete, of another version, or not what it claims."""


class TrainingError(HookpathError):
    """Training cannot start or go on; the last good checkpoint is kept."""


class PredictionError(HookpathError):
    """Predicting a slide failed."""


class EvaluationError(HookpathError):
    """Nothing to score, or predictions and annotations do not fit together."""


class LoopError(HookpathError):
    """A step of the annotation loop cannot be done as things stand; says which one comes first."""
