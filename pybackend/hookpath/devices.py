"""Where networks run, and how a lack of memory there is recognised."""

from __future__ import annotations

from collections.abc import Callable

import torch

from hookpath.errors import DeviceError, UsageError

_NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "alloc_failed",
    "memoryerror",
)


def choose_device(wanted: str, say: Callable[[str], None] = lambda _: None) -> torch.device:
    """The torch device of a name; ``auto``: CUDA where it works, else Apple's GPU, else the CPU.

    Args:
        wanted: ``auto``, ``cpu``, ``cuda``, ``cuda:1``…, ``mps``.
        say: gets the reason why ``auto`` takes the CPU.

    Raises:
        DeviceError: it is not there, or cannot be used.
        UsageError: no name of a device.
    """
    if wanted == "auto":
        return _best(say)
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise UsageError(
            f"device {wanted!r} is none; use auto, cpu, cuda, cuda:N or mps"
        ) from error
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError(
            f"device {wanted!r} is not there (torch sees no Apple GPU); use device auto or cpu"
        )
    count = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= count:
        there = f"torch sees {count or 'no'} GPU{'' if count == 1 else 's'}"
        raise DeviceError(
            f"device {wanted!r} is not there ({there}); use device auto or cpu, and see "
            "`hookpath doctor`"
        )
    problem = _problem(device)
    if problem:
        raise DeviceError(
            f"device {wanted!r} cannot be used here ({problem}); use device auto or cpu, and see "
            "`hookpath doctor`"
        )
    return device


def _best(say: Callable[[str], None]) -> torch.device:
    there = [torch.device("cuda")] if torch.cuda.is_available() else []
    there += [torch.device("mps")] if torch.backends.mps.is_available() else []
    for device in there:
        problem = _problem(device)
        if not problem:
            return device
        say(f"the GPU cannot be used ({problem}): computing on the CPU")
    if not there:
        say("no GPU that torch can use: computing on the CPU")
    return torch.device("cpu")


def has_bf16_tiles() -> bool:
    """Whether the CPU multiplies bfloat16 matrices by tile instructions (AMX).

    Without them torch's bfloat16 is slower on a CPU than its float32.
    """
    ask = getattr(torch.cpu, "get_capabilities", None)  # torch 2.11 and later
    return bool(ask is not None and ask().get("amx_bf16"))


def widest_float(device: torch.device) -> torch.dtype:
    """The most exact kind of number that a device computes with."""
    return torch.float32 if device.type == "mps" else torch.float64


def free_cached(device: torch.device) -> None:
    """Give back what torch keeps of a GPU's memory for later."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def _problem(device: torch.device) -> str:
    """Why nothing can be put on a device; "": it can."""
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    return ""


#: What C++ libraries (ONNX Runtime, OpenVINO) say of it, whose errors are of any kind.
_NO_ALLOCATION = ("failed to allocate", "bad_alloc", "out of memory", "cannot allocate")


def lacks_memory(error: Exception) -> bool:
    """`is_out_of_memory`, also of libraries whose errors have no common base."""
    text = str(error).lower()
    return is_out_of_memory(error) or any(sign in text for sign in _NO_ALLOCATION)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory, of the computer or of the GPU, did not suffice."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _NO_MEMORY)
