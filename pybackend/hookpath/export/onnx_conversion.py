"""A torch module as the bytes of an ONNX file that has been run and compared."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hookpath.errors import ExportError
from hookpath.extras import require_extra

TOLERANCE = 1e-4
"""Largest difference to torch that is accepted, as a share of the largest output (at least 1)."""


@dataclass(frozen=True)
class Verified:
    """A file's content, and by how much its outputs differ from torch's (see `TOLERANCE`)."""

    data: bytes
    difference: float


def verified_onnx(
    module: nn.Module,
    trials: Sequence[Sequence[Tensor]],
    inputs: Sequence[str],
    output: str,
    metadata: Mapping[str, str],
    opset: int | None = None,
    free: Sequence[Mapping[int, str]] | None = None,
) -> Verified:
    """Export, look over with `onnx.checker`, run in ONNX Runtime and compare with torch.

    Args:
        module: in evaluation mode; takes one list of tensors, gives one tensor.
        trials: lists of inputs to compare with; sizes that are not free are those of the first,
            whose free ones must be ≥ 2 (torch takes a 1 for a constant).
        inputs, output: names in the file.
        metadata: written to the file's ``metadata_props``.
        opset: of the file, for older runtimes; None: the exporter's own.
        free: per input the axes whose size is free, and their names; None: axis 0, the batch.

    Raises:
        ExportError: the exporter, the checker or the runtime refuses, or the outputs differ.
        MissingPackageError: what writes ONNX is not installed.
    """
    require_extra("export", "writing ONNX")
    try:
        data = _onnx_bytes(
            module, trials[0], inputs, output, metadata, opset, free or [{0: "batch"}] * len(inputs)
        )
        return Verified(data, _largest_difference(data, module, trials, inputs))
    except ExportError:
        raise
    except Exception as error:  # the exporter, the checker and the runtime have no common class
        raise ExportError(f"this network cannot be written as ONNX: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """First line of what started it; the exporter wraps that in advice to its developers."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _onnx_bytes(
    module: nn.Module,
    images: Sequence[Tensor],
    inputs: Sequence[str],
    output: str,
    metadata: Mapping[str, str],
    opset: int | None,
    free: Sequence[Mapping[int, str]],
) -> bytes:
    import onnx

    names = {name for axes in free for name in axes.values()}
    sizes = {name: torch.export.Dim(name, min=1) for name in names}
    with _quiet():
        program = torch.onnx.export(
            module,
            (list(images),),
            dynamo=True,
            external_data=False,
            input_names=list(inputs),
            output_names=[output],
            opset_version=None if opset is None else max(opset, _LOWEST),
            dynamic_shapes=([{axis: sizes[name] for axis, name in axes.items()} for axes in free],),
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    _forget_the_source(proto)
    if opset is not None and opset < _LOWEST:
        _lower(proto, opset)
    onnx.helper.set_model_props(proto, dict(metadata))
    onnx.checker.check_model(proto, full_check=True)
    return bytes(proto.SerializeToString())


_LOWEST = 18
"""torch's exporter writes no opset below."""

_IR_VERSION = 8
"""Of ONNX 1.10 to 1.12, whose opsets are 15 to 17."""


_NEW_IN_18 = {"antialias": 0, "keep_aspect_ratio_policy": b"stretch", "noop_with_empty_axes": 0}
"""Attributes and the values at which opset 17 does the same without them."""


def _lower(proto: Any, opset: int) -> None:
    """Rewrite what changed with opset 18; the checker refuses what else there might be."""
    from onnx import helper, numpy_helper

    graph = proto.graph
    constants = {value.name: value for value in graph.initializer}
    for node in graph.node:
        kept = [
            a for a in node.attribute if _NEW_IN_18.get(a.name) != helper.get_attribute_value(a)
        ]
        if node.op_type in _AXES_WERE_ATTRIBUTES and len(node.input) > 1:
            axes = numpy_helper.to_array(constants[node.input[1]]).tolist()
            kept.append(helper.make_attribute("axes", axes))
            del node.input[1:]
        del node.attribute[:]
        node.attribute.extend(kept)
    used = {name for node in graph.node for name in node.input}
    left = [value for value in graph.initializer if value.name in used]
    del graph.initializer[:]
    graph.initializer.extend(left)
    proto.opset_import[0].version, proto.ir_version = opset, _IR_VERSION


_AXES_WERE_ATTRIBUTES = ("ReduceMean", "ReduceMax", "ReduceMin")


def _forget_the_source(proto: Any) -> None:
    """Take out torch's notes on where each node came from: paths of this machine are among them."""
    for thing in (*proto.graph.node, *proto.graph.initializer, *proto.graph.value_info):
        thing.doc_string = ""
        del thing.metadata_props[:]
    for thing in (*proto.graph.input, *proto.graph.output, proto.graph):
        del thing.metadata_props[:]
    proto.producer_name, proto.doc_string = "hookpath", ""


def _largest_difference(
    data: bytes, module: nn.Module, trials: Sequence[Sequence[Tensor]], inputs: Sequence[str]
) -> float:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    found = []
    for images in trials:
        fed = {name: image.numpy() for name, image in zip(inputs, images, strict=True)}
        with torch.inference_mode():
            found.append(difference(session.run(None, fed)[0], module(list(images))))
    return max(found)


def difference(ours: np.ndarray[Any, Any], torchs: Tensor) -> float:
    """Largest absolute difference over the largest absolute value (at least 1).

    Raises:
        ExportError: it is above `TOLERANCE`, or the shapes differ.
    """
    wanted = torchs.detach().numpy()
    if ours.shape != wanted.shape:
        raise ExportError(f"the exported network gives {ours.shape}, torch gives {wanted.shape}")
    scale = max(1.0, float(np.abs(wanted).max()))
    worst = float(np.abs(ours - wanted).max()) / scale
    if not worst <= TOLERANCE:  # NaN, too
        raise ExportError(
            f"the exported network's output differs from torch's by {worst:.1e}, more than "
            f"{TOLERANCE:.0e}; nothing was written"
        )
    return worst


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on itself."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
