"""torch's compiler is loaded when something is compiled, not whenever something is trained.

torchvision (which timm needs) and every optimiser import ``torch._dynamo``: 3 to 4 s of CPU for
three functions that, where nothing is compiled, do nothing.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

_PACKAGE = "torch._dynamo"
_UTILS = "torch._dynamo.utils"


def load_the_compiler_late() -> None:
    """For a process of ours, before torch is imported: a stand-in until more of it is wanted."""
    if _PACKAGE not in sys.modules:
        sys.modules[_PACKAGE] = _Compiler(_PACKAGE)
        sys.modules[_UTILS] = _Utilities(_UTILS)


class _StandIn(ModuleType):
    """Becomes the real module as soon as anything is asked of it that it does not have."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and not (name == "__path__" and self.__name__ == _PACKAGE):
            raise AttributeError(name)  # the standard library looks round, or asks: a package?
        return getattr(_real(self.__name__), name)


class _Compiler(_StandIn):
    """``torch._dynamo``, as the optimisers use it."""

    @staticmethod
    def graph_break(msg: str = "") -> None:
        """Where a compiled graph would end: there is none."""

    @staticmethod
    def disable(fn: Callable[..., Any], recursive: bool = True, **rest: Any) -> Callable[..., Any]:
        """``fn`` itself, which nothing compiles."""
        return fn


class _Utilities(_StandIn):
    """``torch._dynamo.utils``, as torchvision imports it."""

    @staticmethod
    def is_compile_supported(device_type: str) -> bool:
        """Asked by torchvision's deterministic RoI align alone."""
        return bool(_real(_UTILS).is_compile_supported(device_type))


def _real(name: str) -> ModuleType:
    """The module itself; the stand-ins go first, as it would import them."""
    for there in (_PACKAGE, _UTILS):
        if isinstance(sys.modules.get(there), _StandIn):
            del sys.modules[there]
    importlib.import_module(_PACKAGE)
    return importlib.import_module(name)
