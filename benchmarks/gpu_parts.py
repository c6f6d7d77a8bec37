"""The parts of gpu.py, each run in a process of its own: ``gpu_parts.py PART FOLDER``.

Exit code 0: passed; 3: skipped, the reason is the last line on stderr; 1: failed, likewise.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import traceback
from importlib import import_module
from pathlib import Path

import torch

from gpu_here import Here, NotHereError


def card(here: Here) -> None:
    """Names, versions, and the two ceilings: bf16 matrix products, and copies on the card."""
    from gpu_clock import rate_of
    from hookpath.training.run.run_folder import library_versions

    here.note("name", _card_name(here))
    here.note("cpu_cores", os.cpu_count())
    here.note("versions", library_versions())
    here.note("platform", platform.platform())
    if here.on_gpu:
        properties = torch.cuda.get_device_properties(here.device)
        here.note("memory_gb", properties.total_memory / 1e9)
        here.note("capability", f"{properties.major}.{properties.minor}")
        here.note("driver", _driver())
        here.note("cuda", torch.version.cuda)
        here.note("cudnn", torch.backends.cudnn.version())
    side = 256 if here.tiny else 8192
    square = torch.randn(side, side, device=here.device, dtype=torch.bfloat16)
    rate = rate_of(lambda: square @ square, here.device, 3 if here.tiny else 20)
    here.note("matmul_bf16_tflops", 2 * side**3 * rate / 1e12)
    block = torch.zeros(side**2 * 8, device=here.device, dtype=torch.uint8)
    target = torch.empty_like(block)
    rate = rate_of(lambda: target.copy_(block), here.device, 3 if here.tiny else 20)
    here.note("copy_gb_per_s", 2 * block.numel() * rate / 1e9)


def _card_name(here: Here) -> str:
    return torch.cuda.get_device_name(here.device) if here.on_gpu else "no card: CPU"


def _driver() -> str | None:
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        found = subprocess.run(query, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.splitlines()[0] if found.stdout else None


def slides(here: Here) -> None:
    """Make what the other parts read: pyramids of 0.5 µm/px, blobs of three classes annotated."""
    from gpu_slides import compression, make_slides

    here.slides.mkdir(exist_ok=True)
    make_slides(here.slides, here.side)
    size = (here.slides / "s0.tif").stat().st_size
    here.note("side_px", here.side)
    here.note("compression", compression())
    here.note("mb_per_slide", size / 1e6)


#: Module and function of each part; imported when it runs, since each needs other packages.
PARTS = {
    "card": "gpu_parts.card",
    "slides": "gpu_parts.slides",
    "compute": "gpu_training.compute",
    "training": "gpu_training.with_data",
    "dense": "gpu_predicting.dense",
    "exact": "gpu_predicting.exact",
    "resume": "gpu_resuming.resume",
    "memory": "gpu_memory.memory",
    "features": "gpu_predicting.features",
    "encoder": "gpu_training.encoder",
    "compiled": "gpu_training.compiled",
    "_train": "gpu_resuming.train_aloud",
}


def run_part(here: Here) -> None:
    """Do what `here.part` names."""
    module, name = PARTS[here.part].split(".")
    getattr(import_module(module), name)(here)


def main() -> int:
    """Run one part; see the exit codes above."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("part")
    parser.add_argument("work", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    try:
        here = Here(options.part, options.work, torch.device(options.device), options.tiny)
        if here.on_gpu and not torch.cuda.is_available():
            raise RuntimeError("torch sees no NVIDIA card here; --device cpu --tiny tries the rest")
        run_part(here)
    except NotHereError as reason:
        print(reason, file=sys.stderr)
        return 3
    except Exception as error:
        traceback.print_exc()
        print(_line_of(error), file=sys.stderr)
        return 1
    return 0


def _line_of(error: Exception) -> str:
    """Where and what, in one line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    said = (str(error).strip().splitlines() or [""])[0]
    return f"{Path(last.filename).name}:{last.lineno}: {type(error).__name__}: {said}"


if __name__ == "__main__":
    sys.exit(main())
