"""By what command and on what machine a run was started."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from pathlib import Path
from typing import Any

import torch

from hookpath.memory import total_memory
from hookpath.models import Network


def command_line() -> str:
    """As it was typed; "": not started by the command ``hookpath``."""
    program = Path(sys.argv[0])
    if program.stem == "hookpath":
        return shlex.join(["hookpath", *sys.argv[1:]])
    if program.name == "__main__.py" and program.parent.name == "hookpath":
        return shlex.join(["python", "-m", "hookpath", *sys.argv[1:]])
    return ""


def machine_facts(device: torch.device, bf16: bool) -> dict[str, Any]:
    """Processor, memory, GPU and what is computed in."""
    facts: dict[str, Any] = {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor_name(),
        "cores": os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
        "memory_gib": _memory_gib(),
        "device": str(device),
        "precision": "bfloat16" if bf16 else "float32",
    }
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts["gpu"] = properties.name
        facts["gpu_memory_gib"] = round(properties.total_memory / 2**30, 1)
    return facts


def _memory_gib() -> float | None:
    found = total_memory()
    return None if found is None else round(found / 2**30, 1)


def processor_name() -> str:
    """As its maker calls it, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (named or [platform.processor() or platform.machine()])[0]


def parameter_counts(model: Network) -> dict[str, int]:
    """``learned`` and ``all`` numbers of a network."""
    every = list(model.parameters())
    learned = sum(p.numel() for p in every if p.requires_grad)
    return {"learned": learned, "all": sum(p.numel() for p in every)}
