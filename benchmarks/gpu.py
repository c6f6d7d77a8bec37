"""What hookpath does on an NVIDIA card: speed, exactness, resuming, lack of memory; one JSON.

    python benchmarks/gpu.py [-o FILE.json] [--wheels DIR] [--only PART…] [--device cpu --tiny]

Needs this checkout, a Python with torch, torchvision, timm and onnx, and no network. What else is
missing is said in one line with the ``pip download`` that fetches it elsewhere; ``--wheels DIR``
then puts those wheels beside the packages that are there, for this run alone.

Every part (gpu_parts.py) runs in a process of its own with a time budget: a part that fails, hangs
or takes the card's context down is recorded with its line, and the next one starts afresh. All of
it ends within ``--minutes`` (8). ``--device cpu --tiny`` tries the script itself where there is no
card; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "pybackend"

#: Parts in order, each with the seconds that it may take; together under eight minutes.
BUDGETS = {
    "card": 20,
    "slides": 30,
    "compute": 40,
    "training": 60,
    "dense": 50,
    "exact": 30,
    "resume": 70,
    "memory": 40,
    "features": 35,
    "encoder": 40,
    "compiled": 60,
}

#: What has to be importable, and the distribution that brings it. Those that come with torch,
#: torchvision, timm and onnx are taken to be there.
NEEDED = {
    "pydantic": "pydantic",
    "pydantic_core": "pydantic-core",
    "annotated_types": "annotated-types",
    "typing_inspection": "typing-inspection",
    "shapely": "shapely",
    "scipy": "scipy",
    "rasterio": "rasterio",
    "affine": "affine",
    "attr": "attrs",
    "certifi": "certifi",
    "click": "click",
    "cligj": "cligj",
    "pyparsing": "pyparsing",
    "geojson": "geojson",
    "openslide": "openslide-python",
    "openslide_bin": "openslide-bin",
    "tifffile": "tifffile",
    "kornia": "kornia",
    "kornia_rs": "kornia-rs",
    "tensorboard": "tensorboard",
    "absl": "absl-py",
}
EXPECTED = ("torch", "torchvision", "timm", "onnx")


@dataclass
class Outcome:
    """How a part ended.

    Attributes:
        outcome: ``passed``, ``failed``, ``skipped`` or ``out of time``.
        line: why it did not pass.
        figures: what it measured, also of a part that failed halfway.
    """

    part: str
    outcome: str
    seconds: float
    budget_s: float
    line: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


def missing_packages(modules: Mapping[str, str]) -> list[str]:
    """Distributions whose module is not importable here."""
    return [name for module, name in modules.items() if find_spec(module) is None]


def what_is_missing() -> str:
    """One line on what must be there and is not; "": nothing."""
    if absent := missing_packages({name: name for name in EXPECTED}):
        return f"missing: {', '.join(absent)}; use a Python that has them"
    absent = missing_packages(NEEDED)
    if not absent:
        return ""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"missing: {', '.join(absent)}; fetch them on a machine with a network: pip download "
        f"--no-deps --only-binary=:all: --python-version {version} --platform "
        "manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform "
        f"manylinux_2_17_x86_64 --platform manylinux2014_x86_64 -c requirements.lock -d "
        f"wheels {' '.join(absent)}; then give --wheels wheels"
    )


def add_wheels(folder: Path, target: Path) -> None:
    """Unpack all wheels of a folder to `target`, behind what is installed."""
    wheels = sorted(str(path) for path in folder.glob("*.whl"))
    if not wheels:
        sys.exit(f"{folder}: no *.whl in it")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    command += ["--no-compile", "--disable-pip-version-check", "--target", str(target), *wheels]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"{folder}: pip could not install these wheels here")
    sys.path.append(str(target))


def run_child(part: str, command: Sequence[str], budget_s: float, figures: Path) -> Outcome:
    """Run a part's process to its end, or end it with all that it started.

    The process exits with 0 (passed), 3 (skipped) or anything else (failed); its last line on
    stderr says why. What it has measured so far is in `figures`.
    """
    started = time.monotonic()
    said = figures.with_suffix(".log")
    with said.open("wb") as log:
        process = subprocess.Popen(command, stderr=log, start_new_session=True)
    try:
        process.wait(budget_s)
        outcome = {0: "passed", 3: "skipped"}.get(process.returncode, "failed")
        line = "" if outcome == "passed" else _last_line(said, process.returncode)
    except subprocess.TimeoutExpired:
        outcome, line = "out of time", f"not done after {budget_s:.0f} s"
    finally:
        _end_group(process)
    seconds = round(time.monotonic() - started, 1)
    found = json.loads(figures.read_text(encoding="utf-8")) if figures.is_file() else {}
    return Outcome(part, outcome, seconds, round(budget_s, 1), line, found)


def _last_line(log: Path, code: int) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else f"ended with exit code {code}"


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """A part's workers must not outlive it: they would slow the next one down."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def child_command(part: str, work: Path, options: argparse.Namespace) -> list[str]:
    """The process of a part."""
    command = [sys.executable, str(HERE / "gpu_parts.py"), part, str(work)]
    command += ["--device", options.device]
    return [*command, "--tiny"] if options.tiny else command


def run_parts(options: argparse.Namespace, work: Path) -> list[Outcome]:
    """Every wanted part in turn, as long as there is time."""
    end = time.monotonic() + 60 * options.minutes
    outcomes = []
    wanted = [p for p in BUDGETS if not options.only or p in options.only]
    if set(wanted) - {"card", "slides"}:
        wanted = [p for p in BUDGETS if p in wanted or p == "slides"]
    for part in wanted:
        patience = 5 if options.tiny else 1  # a CPU may be busy with other work
        budget = min(patience * BUDGETS[part], end - time.monotonic())
        if budget < 5:
            outcomes.append(Outcome(part, "out of time", 0, 0, "no time was left for it"))
            continue
        command = child_command(part, work, options)
        found = run_child(part, command, budget, work / f"{part}.json")
        print(f"{part:10} {found.outcome:12} {found.seconds:6.1f} s  {found.line}", flush=True)
        if found.outcome in ("failed", "out of time"):
            print((work / f"{part}.log").read_text(errors="replace"), file=sys.stderr, flush=True)
        for name, value in found.figures.items():
            print(f"           {name}: {value}", flush=True)
        outcomes.append(found)
    return outcomes


def write_record(path: Path, options: argparse.Namespace, outcomes: Sequence[Outcome]) -> None:
    """One JSON: the card and the versions first, then a part each."""
    card = next((o.figures for o in outcomes if o.part == "card"), {})
    record = {
        "schema": 1,
        "card": card.get("name"),
        "tiny": options.tiny,
        "device": options.device,
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "revision": _revision(),
        "machine": card,
        "seconds": round(sum(o.seconds for o in outcomes), 1),
        "parts": [asdict(o) for o in outcomes if o.part != "card"],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _revision() -> str | None:
    """The checkout's commit, where git is there to tell."""
    try:
        found = subprocess.run(
            ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, default=Path("gpu.json"))
    parser.add_argument("--wheels", type=Path, help="folder of wheels to use for this run")
    parser.add_argument("--only", nargs="+", choices=list(BUDGETS), help="parts to run")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N or cpu")
    parser.add_argument("--tiny", action="store_true", help="to try the script; no figures")
    parser.add_argument("--minutes", type=float, default=8)
    return parser.parse_args(arguments)


def main() -> None:
    """Check, run, write."""
    options = parse()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if options.wheels:
            add_wheels(options.wheels, work / "site")
        if line := what_is_missing():
            sys.exit(line)
        behind = [str(work / "site")] if options.wheels else []
        given = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(
            [str(PACKAGE), *([given] if given else []), *behind]
        )
        outcomes = run_parts(options, work)
    write_record(options.out, options, outcomes)
    failed = [o.part for o in outcomes if o.outcome in ("failed", "out of time")]
    print(f"{options.out}: {len(outcomes) - len(failed)} of {len(outcomes)} parts went well")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
