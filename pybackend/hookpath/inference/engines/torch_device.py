"""A network on a torch device, ready to compute: where it is, in which precision, and no memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Generic, TypeVar

import torch
from torch import nn

from hookpath.devices import choose_device, free_cached, is_out_of_memory
from hookpath.errors import DeviceError

N = TypeVar("N", bound=nn.Module)
T = TypeVar("T")


class TileTooLargeError(Exception):
    """The device has no memory for a tile of this size, or for so many patches; halve it."""


class OnDevice(Generic[N]):
    """A network in evaluation mode on a torch device.

    Args:
        device: ``auto`` (CUDA where there is one), or any torch device.
        amp: bfloat16 autocast, for GPUs; results differ slightly.
        say: gets the reason why ``auto`` takes the CPU.

    Raises:
        DeviceError: no such device here, or no memory left on it for the network.
    """

    def __init__(
        self,
        model: N,
        device: str = "auto",
        amp: bool = False,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.device = choose_device(device, say)
        self.amp = amp
        # channels-last: 1.3 to 1.5 times as fast on CPU (65 against 43 pairs/s at n = 16).
        self.model = _placed(model, self.device).to(memory_format=torch.channels_last).eval()

    def computed(self, run: Callable[[], T]) -> T:
        """What `run` gives, without gradients and in the chosen precision.

        Raises:
            TileTooLargeError: not enough memory on the device.
        """
        try:
            with torch.inference_mode(), self._autocast():
                return run()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            reason = str(error).splitlines()[0] if str(error) else "out of memory"
        # Out of the handler: the failed step's tensors hang on the error's traceback.
        free_cached(self.device)
        raise TileTooLargeError(reason)

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.amp)


def _placed(model: N, device: torch.device) -> N:
    try:
        return model.to(device)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise DeviceError(
            f"device {device}: no memory left for the network; end what else uses it, or use "
            "device cpu",
            code="out_of_memory",
        ) from error
