"""What programs want to know of the machine: versions, devices, free memory."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import asdict, dataclass
from typing import Any

from hookpath import __version__
from hookpath.memory import free_memory, total_memory


@dataclass(frozen=True)
class DeviceFound:
    """A device: `name` for ``--device``, `title` for people, memory in GiB (None: unknown)."""

    name: str
    title: str
    memory_gib: float | None = None
    free_gib: float | None = None


def describe() -> dict[str, Any]:
    """The part of ``doctor`` that is not a list of checks (docs/json-events.md)."""
    devices = [*_gpus(), _cpu()]
    return {
        "hookpath": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "device": devices[0].name,
        "devices": [asdict(device) for device in devices],
    }


def _gpus() -> list[DeviceFound]:
    """Those that torch can use."""
    try:
        import torch

        if torch.backends.mps.is_available():
            return [DeviceFound("mps", "Apple GPU")]
        if not torch.cuda.is_available():
            return []
        return [_gpu(number) for number in range(torch.cuda.device_count())]
    except (ImportError, OSError, RuntimeError):
        return []  # the checks say why


def _gpu(number: int) -> DeviceFound:
    import torch

    title = torch.cuda.get_device_name(number)
    try:
        free, total = torch.cuda.mem_get_info(number)
    except RuntimeError:  # all of it is taken
        return DeviceFound(f"cuda:{number}", title)
    return DeviceFound(f"cuda:{number}", title, _gib(total), _gib(free))


def _cpu() -> DeviceFound:
    title = f"CPU, {os.cpu_count() or 1} cores"
    return DeviceFound("cpu", title, _gib(total_memory()), _gib(free_memory()))


def _gib(size: int | None) -> float | None:
    return None if size is None else round(size / 2**30, 1)
