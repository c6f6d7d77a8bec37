"""A torch module as OpenVINO computes it on a CPU: the same numbers in three quarters of the time.

OpenVINO folds batch normalisation into convolutions, fuses what follows them and picks kernels for
the processor. Converted in memory, in half a second; nothing is written or reported anywhere.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
import warnings
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Array = np.ndarray
FreeAxes = Sequence[int]
"""Axes of an input that may have any size."""

_TELEMETRY = "openvino_telemetry"


def has_openvino() -> bool:
    """Whether it is installed (it has no wheels for some systems)."""
    return importlib.util.find_spec("openvino") is not None


@cache
def computes_in_bf16() -> bool:
    """Whether this processor multiplies bfloat16 numbers itself."""
    capabilities: Any = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "BF16" in capabilities


class Graph:
    """A module's graph for inputs of any size along some axes.

    Args:
        module: in evaluation mode, on the CPU; takes tensors, gives one.
        examples: inputs to follow it with, as small as it takes them.
        free: of each input.
        bf16: compute in bfloat16.

    Raises:
        Exception: of any kind, where the module cannot be followed or converted.
    """

    def __init__(
        self,
        module: nn.Module,
        examples: Sequence[Tensor],
        free: Sequence[FreeAxes],
        bf16: bool = False,
    ) -> None:
        openvino = _openvino()
        model = _converted(_followed(module, examples))
        for given, example, axes in zip(model.inputs, examples, free, strict=True):
            node = given.get_node()
            node.set_element_type(openvino.Type(example.numpy().dtype))
            sizes = [-1 if axis in axes else n for axis, n in enumerate(example.shape)]
            node.set_partial_shape(openvino.PartialShape(sizes))
        model.validate_nodes_and_infer_types()
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,  # others want the cores, too
        }
        compiled = _core().compile_model(model, "CPU", settings)
        self._request: Any = compiled.create_infer_request()
        self._lock = threading.Lock()

    def __call__(self, *inputs: Array) -> Array:
        """What the module gives, as an array of its own.

        Raises:
            RuntimeError: OpenVINO's, where memory does not suffice.
        """
        with self._lock:
            given = [np.require(array, requirements="C") for array in inputs]
            found = self._request.infer(given, share_inputs=True)
            return np.asarray(found[0])


@cache
def _core() -> Any:
    """One for as long as the process lives.

    It gives signals a stack of its own. With the last of them that memory goes, the stack stays
    set, and the next Ctrl-C is a crash (2026.4).
    """
    return _openvino().Core()


def _openvino() -> ModuleType:
    """The package, without the part of it that reports its use to its makers' statistics."""
    if "openvino" not in sys.modules:
        sys.modules.setdefault(_TELEMETRY, None)  # type: ignore[arg-type]  # as if not installed
    return importlib.import_module("openvino")


def _followed(module: nn.Module, examples: Sequence[Tensor]) -> Any:
    """TorchScript of what happened to the examples."""
    with warnings.catch_warnings(), torch.no_grad():
        # Sizes become constants where Python computed with them: whoever uses the graph compares.
        warnings.simplefilter("ignore")
        trace: Any = torch.jit.trace
        traced = trace(module, tuple(examples), check_trace=False)
        return torch.jit.freeze(traced.eval()), tuple(examples)


def _converted(followed: Any) -> Any:
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    script, examples = followed
    frontend = FrontEndManager().load_by_framework("pytorch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        decoder = TorchScriptPythonDecoder(script, example_input=examples)
    return frontend.convert(frontend.load(decoder))
