"""Whether training computes in bfloat16."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from hookpath.devices import has_bf16_tiles
from hookpath.models import Network

#: Bfloat16 must save this share of the time to be worth its rounding.
_WORTH = 0.15
#: Networks with fewer weights have little to gain, and two runs of theirs must not differ by what a
#: busy moment said.
_LARGE = 1_000_000
#: Samples that are tried, and how often (the first time, which sets things up, does not count).
_SAMPLES, _TRIES = 4, 3


def use_bf16(amp: str, device: torch.device, model: Network, batch_size: int) -> bool:
    """Whether to autocast; ``auto``: where the device computes in it, and a CPU also faster.

    A CPU must have tile instructions for it (AMX). Those with AVX-512's alone are left out: on an
    EPYC with avx512_bf16 (torch 2.15, two cores, other work beside) a step of `fast` took 1.7 times
    as long in bfloat16, one of HookNet with n = 32 0.6 times, and evaluation 1.0 and 1.1 times.
    Where there are tiles, a step of this very network is tried both ways.
    """
    if amp != "auto":
        return amp == "on"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    large = sum(p.numel() for p in model.parameters()) >= _LARGE
    return large and has_bf16_tiles() and faster_in_bf16(model, min(batch_size, _SAMPLES))


def faster_in_bf16(model: Network, samples: int) -> bool:
    """Try a network forwards and backwards on noise, both ways; it stays as it was."""
    if not any(p.requires_grad for p in model.parameters()):
        return False
    with without_trace(model, torch.device("cpu")):
        images = [
            torch.rand(samples, channels, b.input_size, b.input_size).contiguous(
                memory_format=torch.channels_last
            )
            for channels, b in zip(model.channels, model.branches, strict=True)
        ]
        plain, short = (_seconds(model, images, bf16) for bf16 in (False, True))
    model.zero_grad(set_to_none=True)
    return short < (1 - _WORTH) * plain


def _seconds(model: Network, images: list[Tensor], bf16: bool) -> float:
    """The shortest of some tries: other work on the machine only ever adds to it."""
    taken = []
    for _ in range(_TRIES):
        started = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            outputs = model(images)
        torch.autograd.backward(torch.stack([o.float().mean() for o in outputs]).sum())
        taken.append(time.perf_counter() - started)
    return min(taken[1:])


@contextmanager
def without_trace(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Put random numbers and buffers (running statistics) back to what they were."""
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
    finally:
        with torch.no_grad():
            for name, buffer in model.named_buffers():
                buffer.copy_(before[name])
