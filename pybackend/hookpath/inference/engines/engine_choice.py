"""Which library computes a network: on a CPU OpenVINO, where it is there and agrees with torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hookpath.devices import has_bf16_tiles
from hookpath.errors import DeviceError
from hookpath.inference.engines.openvino_graph import computes_in_bf16, has_openvino
from hookpath.inference.engines.openvino_runners import CompiledPatches, CompiledTiles
from hookpath.inference.engines.patch_runners import TorchPatches
from hookpath.inference.engines.tile_runner import TorchRunner
from hookpath.inference.prediction_config import Engine
from hookpath.models import Network, SegmentationModel

Say = Callable[[str], None]

#: Converting a network of fewer weights takes longer than what it is mostly used for. A `fitted`
#: one (the quick network) hands on maps so wide that copying them takes what OpenVINO gains.
_LARGE = 100_000

R = TypeVar("R", TorchRunner, TorchPatches)


def tile_runner(
    model: SegmentationModel, device: str, engine: Engine, bf16: bool, say: Say
) -> TorchRunner:
    """What computes tiles.

    Args:
        engine: ``openvino``: by OpenVINO on the CPU; ``auto``: so where that can be and gains time,
            else by torch.
        bf16: in bfloat16; a CPU that would be slower in it computes in float32 after all.
        say: hears what becomes of the wishes.

    Raises:
        DeviceError: no such device or engine here, or not for this network.
    """
    plain = TorchRunner(model, device, False, say)
    return _chosen(plain, engine, bf16, say, lambda short: CompiledTiles(model, short, say))


def patch_runner(model: Network, device: str, engine: Engine, bf16: bool, say: Say) -> TorchPatches:
    """What computes batches of patches; see `tile_runner`."""
    plain = TorchPatches(model, device, False, say)
    return _chosen(plain, engine, bf16, say, lambda short: CompiledPatches(model, short, say))


def _chosen(plain: R, engine: Engine, bf16: bool, say: Say, compiled: Callable[[bool], R]) -> R:
    if _wants_openvino(engine, plain):
        try:
            return compiled(bf16 and _gains(plain, computes_in_bf16, say))
        except Exception as error:  # converting can fail in any way
            if engine == "openvino":
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise DeviceError(
                    f"engine openvino: cannot compute this network ({reason}); use engine torch"
                ) from error
    plain.amp = bf16 and _gains(plain, has_bf16_tiles, say)
    return plain


def _wants_openvino(engine: Engine, plain: TorchRunner | TorchPatches) -> bool:
    if engine == "torch":
        return False
    here = plain.device.type == "cpu"
    if engine == "openvino" and not here:
        raise DeviceError(f"engine openvino computes on the CPU, not on {plain.device}; use torch")
    if engine == "openvino" and not has_openvino():
        raise DeviceError("engine openvino is not installed; pip install openvino, or use torch")
    weights = sum(p.numel() for p in plain.model.parameters())
    gains = weights >= _LARGE and not plain.model.fitted
    return engine == "openvino" or (here and has_openvino() and gains)


def _gains(plain: TorchRunner | TorchPatches, computes: Callable[[], bool], say: Say) -> bool:
    """Whether bfloat16 is worth asking for."""
    if plain.device.type != "cpu" or computes():
        return True
    say("this processor would be slower in bfloat16: computing in float32")
    return False
