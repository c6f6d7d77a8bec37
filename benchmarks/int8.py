"""What 8-bit integers would save on this CPU, and what they would cost in labels, one thread.

    python benchmarks/int8.py [--rounds 5]

HookNet of preset `auto` (pretrained branches) on patches of 256 px, quantised after training by
ONNX Runtime on three patches, and computed by it and by OpenVINO. Runs alternate; printed are the
medians of the ratios to torch's float32, their quartiles, and the share of equal labels. The
decoder has random weights, so labels are harder to keep than those of a trained network.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import openvino
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from engines import NETWORKS, Run, tell
from hookpath.models import build_model

SIDE, CALIBRATING = 256, 3
Images = dict[str, np.ndarray]


class Logits(nn.Module):
    """The first head of HookNet, of two images."""

    def __init__(self) -> None:
        super().__init__()
        self.network = build_model("hooknet", n_classes=4, **NETWORKS["hooknet"]).eval()

    def forward(self, near: Tensor, wide: Tensor) -> Tensor:
        """``(N, C, h, w)``."""
        return self.network([near, wide])[0]


class Patches(CalibrationDataReader):  # type: ignore[misc]
    """What the ranges of activations are measured on."""

    def __init__(self, images: list[Images]) -> None:
        self._left = iter(images)

    def get_next(self) -> Images | None:
        return next(self._left, None)


def patch(rng: np.random.Generator) -> Images:
    """Smooth colours with some noise."""
    found = {}
    for name in ("near", "wide"):
        coarse = torch.from_numpy(rng.random((1, 3, 8, 8), dtype=np.float32))
        fine = nn.functional.interpolate(coarse, SIDE, mode="bicubic").numpy()
        noise = 0.05 * rng.standard_normal(fine.shape, dtype=np.float32)
        found[name] = np.clip(fine + noise, 0, 1)
    return found


def exported(model: Logits, images: list[Images], folder: Path) -> tuple[Path, Path]:
    """The network in float32 and in 8 bits."""
    plain, ready, short = (folder / f"{name}.onnx" for name in ("plain", "ready", "int8"))
    example = tuple(torch.from_numpy(value) for value in images[0].values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, example, str(plain), input_names=list(images[0]), dynamo=False, opset_version=17
        )
    quant_pre_process(plain, ready, skip_symbolic_shape=True)
    reader = Patches(images[:CALIBRATING])
    quantize_static(ready, short, reader, quant_format=QuantFormat.QDQ, per_channel=True)
    return plain, short


def by_onnxruntime(path: Path, images: Images) -> Run:
    """One thread of ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, images)[0]


def by_openvino(path: Path, images: Images, kind: str) -> Run:
    """One thread of OpenVINO."""
    settings: Any = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": kind}
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    return lambda: next(iter(compiled(images).values()))


def main() -> None:
    """Measure one patch on every engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    rng, model = np.random.default_rng(0), Logits().eval()
    images = [patch(rng) for _ in range(CALIBRATING + 1)]
    last = images[-1]
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        plain, short = exported(model, images, Path(folder))
        runs: dict[str, Run] = {
            "torch": lambda: model(*(torch.from_numpy(v) for v in last.values())).numpy(),
            "onnxruntime fp32": by_onnxruntime(plain, last),
            "onnxruntime int8": by_onnxruntime(short, last),
            "openvino fp32": by_openvino(plain, last, "f32"),
            "openvino bf16": by_openvino(plain, last, "bf16"),
            "openvino int8": by_openvino(short, last, "f32"),
        }
        labels = {name: np.asarray(run()).argmax(1) for name, run in runs.items()}
        for name, found in labels.items():
            print(f"{name:24} labels equal: {(found == labels['torch']).mean():.1%}", flush=True)
        tell("hooknet", runs, rounds)


if __name__ == "__main__":
    main()
