"""Exported networks (``model.onnx``) run by ONNX Runtime, without torch's layers or our classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hookpath.devices import choose_device, lacks_memory
from hookpath.errors import DeviceError, ModelFolderError
from hookpath.geometry import BranchSpec
from hookpath.inference.engines.patch_runners import batch_of
from hookpath.inference.engines.torch_device import TileTooLargeError
from hookpath.models import ModelCard
from hookpath.slides.slide_base import RGBArray


class OnnxPatches:
    """Runs an exported network on batches of patches of the size that it was exported for.

    Args:
        data: the file's content.
        card: of its folder.
        device: ``auto`` (CUDA where ONNX Runtime has it), ``cpu``, ``cuda``, ``cuda:1``…
        say: gets the reason why ``auto`` takes the CPU.

    Raises:
        DeviceError: the device is not there, or ONNX Runtime cannot use it.
        ModelFolderError: the file is no network that ONNX Runtime can run.
    """

    def __init__(
        self,
        data: bytes,
        card: ModelCard,
        device: str = "auto",
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.device, provider = _provider(device, say)
        self.branches = tuple(
            BranchSpec(b.spacing_um, b.input_size, b.output_size) for b in card.branches
        )
        self.n_classes, self.scores = len(card.classes), card.scores
        self.depth = int(card.config.get("depth", 0))
        self._scale = np.float32(card.normalisation["scale"])
        self._session = _session(data, card.family, provider)

    def batch(self) -> int:
        return batch_of(self.device.type, self.branches)

    def logits(self, images: Sequence[RGBArray]) -> Tensor:
        inputs = {
            f"image_{index}": image.transpose(0, 3, 1, 2).astype(np.float32) * self._scale
            for index, image in enumerate(images)
        }
        try:
            (scores,) = self._session.run(["target"], inputs)
        except Exception as error:  # ONNX Runtime's errors have no common base
            if lacks_memory(error):
                raise TileTooLargeError(str(error).splitlines()[0]) from error
            raise
        return torch.from_numpy(np.ascontiguousarray(scores, np.float32))


def _provider(wanted: str, say: Callable[[str], None]) -> tuple[torch.device, Any]:
    """The device, and ONNX Runtime's name of it."""
    import onnxruntime

    has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if wanted == "auto" and not has_cuda:
        say("ONNX Runtime has no GPU here (onnxruntime-gpu has): computing on the CPU")
        return torch.device("cpu"), "CPUExecutionProvider"
    device = choose_device(wanted, say)
    if device.type == "cpu":
        return device, "CPUExecutionProvider"
    if not has_cuda:
        raise DeviceError(
            f"device {wanted!r} cannot be used with an exported model: this ONNX Runtime has no "
            "CUDA (install onnxruntime-gpu, or use device cpu)"
        )
    return device, ("CUDAExecutionProvider", {"device_id": device.index or 0})


def _session(data: bytes, family: str, provider: Any) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(data, options, providers=[provider])
    except Exception as error:  # ONNX Runtime's errors have no common base
        reason = str(error).splitlines()[0]
        raise ModelFolderError(f"{family}: ONNX Runtime cannot run its file ({reason})") from error
