"""How threads wait for one another while they compute together.

OpenMP's threads spin while they wait. Where other programs want the cores that eats their share and
our own: a thread that has nothing to do keeps the one that it waits for from running. Two busy
loops beside a training on two cores took it to a sixth (benchmarks/contention.py).
"""

from __future__ import annotations

import os

#: GNU's OpenMP (Linux), and LLVM's and Intel's (macOS, Windows; ms that a thread spins).
_QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}


def wait_quietly() -> None:
    """Let waiting threads sleep; to be called before anything loads torch.

    What is set in the environment already stays. Child processes inherit it.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
