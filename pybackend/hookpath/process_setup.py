"""What every process of ours does before it loads anything large."""

from __future__ import annotations

import gc
import os

from hookpath.lazy_dynamo import load_the_compiler_late

#: Python looks for circles among its objects each time so many more are there than before (700 by
#: itself). Reading 100,000 polygons makes millions, and took four times as long by that.
_NEW_OBJECTS = 10_000

#: Threads of OpenMP spin while they wait for one another. Where other programs want the cores that
#: eats their share and our own: two busy loops beside a training on two cores took it to a sixth
#: (benchmarks/contention.py). GNU's (Linux), LLVM's and Intel's (macOS, Windows; ms of spinning).
_SLEEP_WHILE_WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}

#: What Apple's GPU (torch's device ``mps``) lacks runs on the CPU.
_CPU_FALLBACK = {"PYTORCH_ENABLE_MPS_FALLBACK": "1"}


def begin() -> None:
    """To be called before torch is imported."""
    set_environment()
    load_the_compiler_late()
    gc.set_threshold(_NEW_OBJECTS, 20, 100)


def set_environment() -> None:
    """What torch reads when it is loaded; what is set already stays. Child processes inherit it."""
    for name, value in (_SLEEP_WHILE_WAITING | _CPU_FALLBACK).items():
        os.environ.setdefault(name, value)
