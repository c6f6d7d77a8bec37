"""The checks of ``hookpath doctor``: each says what it found and how to get what is missing."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from hookpath.extras import EXTRAS, missing_packages


@dataclass(frozen=True)
class Check:
    """`state`: ``ok``; ``absent``: optional and not there; ``broken``: hookpath cannot work."""

    name: str
    state: Literal["ok", "absent", "broken"]
    found: str
    advice: str = ""

    @property
    def mark(self) -> str:
        """One character for the first column."""
        return {"ok": "✓", "absent": "–", "broken": "✗"}[self.state]


def all_checks(quick: bool = False) -> list[Check]:
    """Every check, in the order in which things build on each other.

    Args:
        quick: leave out what only building the extension and QuPath projects need.
    """
    checks = [_package(), _python(), *(_library(*entry) for entry in _LIBRARIES), _gpu(), _engine()]
    checks += [_extra(*entry) for entry in _EXTRAS]
    further = [] if quick else [_formats(), _ome_zarr(), _paquo(), _qupath(), _java(), _gradle()]
    return [*checks, *further, _temporary_space()]


def _package() -> Check:
    import hookpath

    return Check("hookpath", "ok", f"{hookpath.__version__} ({Path(hookpath.__file__).parent})")


def _python() -> Check:
    return Check("Python", "ok", f"{platform.python_version()} ({sys.executable})")


def _openslide() -> str:
    import openslide

    return f"{openslide.__version__}, library {openslide.__library_version__}"


def _torch() -> str:
    import torch

    threads = torch.get_num_threads()
    return f"{torch.__version__}, {threads} thread{'' if threads == 1 else 's'}"


def _rasterio() -> str:
    import rasterio.features

    return str(rasterio.__version__)


def _versions_of(*names: str) -> Callable[[], str]:
    def look() -> str:
        for name in names:
            importlib.import_module(name)
        return ", ".join(f"{name} {version(name)}" for name in names)

    return look


_LIBRARIES: tuple[tuple[str, Callable[[], str], str], ...] = (
    ("torch", _torch, "pip install torch"),
    ("OpenSlide", _openslide, "pip install openslide-python openslide-bin"),
    ("tifffile", _versions_of("tifffile", "imagecodecs"), "pip install tifffile imagecodecs"),
    ("rasterio", _rasterio, "pip install rasterio"),
    ("shapely", _versions_of("shapely"), "pip install shapely"),
)


def _library(name: str, look: Callable[[], str], advice: str) -> Check:
    try:
        return Check(name, "ok", look())
    except Exception as error:  # a broken library raises whatever it likes
        reason = " ".join(str(error).split())
        return Check(name, "broken", f"does not load: {reason}", advice)


def _gpu() -> Check:
    try:
        import torch
    except ImportError:
        return Check("GPU", "absent", "unknown without torch")
    if torch.backends.mps.is_available():
        return Check("GPU", "ok", "Apple's, through Metal (not tested by us)")
    if not torch.cuda.is_available():
        advice = (
            "training runs on the CPU in minutes (preset auto); an NVIDIA GPU with its driver helps"
        )
        return Check("GPU", "absent", "none that torch can use", advice)
    found = []
    for number in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(number)
        found.append(f"{properties.name} ({properties.total_memory / 2**30:.0f} GiB)")
    return Check("GPU", "ok", ", ".join(found))


def _engine() -> Check:
    """What computes predictions on the CPU."""
    from hookpath.inference.engines.openvino_graph import computes_in_bf16, has_openvino

    if not has_openvino():
        advice = "predictions on the CPU take a quarter longer by torch; pip install openvino"
        return Check("OpenVINO", "absent", "not installed", advice)
    precision = ", computes in bfloat16" if computes_in_bf16() else ""
    return Check("OpenVINO", "ok", version("openvino") + precision)


#: What is installed apart, what for, and what a person calls that.
_EXTRAS = (
    ("train", "training"),
    ("evaluate", "reports of evaluations"),
    ("export", "export to ONNX"),
    ("cluster", "--cluster"),
)


def _extra(name: str, purpose: str) -> Check:
    missing = missing_packages(name)
    if not missing:
        return Check(f"[{name}]", "ok", f"complete: {', '.join(EXTRAS[name].values())}")
    advice = f"for {purpose}: pip install 'hookpath[{name}]'"
    return Check(f"[{name}]", "absent", f"not installed: {', '.join(missing)}", advice)


def _formats() -> Check:
    from hookpath.slides.readers.fastslide_reader import has_fastslide

    if has_fastslide():
        return Check("fastslide", "ok", version("fastslide"))
    advice = "for CZI of channels, VSI and iSyntax: pip install 'hookpath[formats]'"
    return Check("fastslide", "absent", "not installed", advice)


def _ome_zarr() -> Check:
    from hookpath.slides.readers.omezarr_reader import has_zarr

    if has_zarr():
        return Check("zarr", "ok", version("zarr"))
    return Check("zarr", "absent", "not installed", "for OME-Zarr: pip install 'hookpath[formats]'")


def _paquo() -> Check:
    try:
        return Check("paquo", "ok", version("paquo"))
    except ImportError:
        advice = "for QuPath projects: pip install 'hookpath[qupath]'"
        return Check("paquo", "absent", "not installed", advice)


def _qupath() -> Check:
    from hookpath.projects import find_qupath, qupath_version

    home = find_qupath()
    if home is not None:
        return Check("QuPath", "ok", f"{qupath_version(home)} ({home})")
    given = os.environ.get("PAQUO_QUPATH_DIR")
    found = f"none in PAQUO_QUPATH_DIR={given}" if given else "not found"
    advice = (
        "for QuPath projects: install it from qupath.github.io or with `paquo get_qupath`, then "
        "set PAQUO_QUPATH_DIR to its folder"
    )
    return Check("QuPath", "absent", found, advice)


def _java() -> Check:
    return _program("Java", ["java", "-version"], "only to build the QuPath extension")


def _gradle() -> Check:
    return _program("Gradle", ["gradle", "--version"], "only to build the QuPath extension")


def _program(name: str, call: list[str], advice: str) -> Check:
    path = shutil.which(call[0])
    if path is None:
        return Check(name, "absent", "not found", advice)
    try:
        ran = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name, "absent", f"{path} does not run ({error})", advice)
    lines = [line.strip() for line in (ran.stdout + ran.stderr).splitlines()]
    said = next((line for line in lines if any(c.isdigit() for c in line)), "version unknown")
    return Check(name, "ok", f"{said} ({path})")


def _temporary_space() -> Check:
    import tempfile

    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free / 2**30
    found = f"{free:.1f} GiB free in {folder}"
    if free < 2:
        return Check("disk", "absent", found, "large slides need more: set TMPDIR to another disk")
    return Check("disk", "ok", found)
