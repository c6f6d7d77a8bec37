"""What Apple's GPU (torch's device ``mps``) lacks, and how we do without."""

from __future__ import annotations

import os


def enable_cpu_fallback() -> None:
    """Operations that ``mps`` lacks run on the CPU; to be called before anything loads torch.

    What is set in the environment already stays. Child processes inherit it.
    """
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
