"""How extraction scales with worker processes: patches per second, and ratios to one worker.

    python benchmarks/extract.py [SOURCE…] [--workers 0 1 2 4] [--at 20x 5x] [--size 256]

Every number of workers extracts the same patches, in turns, `--rounds` times; the first round is
not counted (it fills the page cache). Printed are the median seconds of a run, patches per second,
the ratio to the run with one worker of the same round (median and range), and "start": a run over
one tiny slide for each worker, which is little more than starting the processes. It does not grow
with the slides; "net" is the ratio without it, as it would be over many slides.

Without SOURCE, `--slides` slides of 8192² px are made (0.5 µm/px, JPEG tiles of 256², 5 levels).
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image

from hookpath.extraction import ExtractConfig, Magnification, extract_projects
from hookpath.projects import Project, open_project

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))


def own_slides(folder: Path, count: int, side: int) -> Path:
    """Slides of smooth blobs with some grain."""
    from support.slides import write_pyramid

    for number in range(count):
        rng = np.random.default_rng(number)
        small = Image.fromarray(rng.integers(90, 250, (side // 16, side // 16, 3), dtype=np.uint8))
        image = np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))
        grain = np.tile(
            rng.integers(0, 12, (512, 512, 1), dtype=np.uint8), (side // 512,) * 2 + (1,)
        )
        write_pyramid(folder / f"own{number}.tif", image - grain, mpp=0.5, levels=5, jpeg=True)
    return folder


def seconds_of(projects: list[Project], out: Path, config: ExtractConfig) -> tuple[float, int]:
    """Wall time of a run, and how many patches it wrote."""
    begun = time.perf_counter()
    report = extract_projects(projects, out, config)
    took = time.perf_counter() - begun
    assert not report.problems, report.problems
    return took, sum(sum(record.patches.values()) for record in report.extracted)


def tiny_slides(folder: Path, count: int) -> Path:
    """Slides of one patch each."""
    from support.slides import write_pyramid

    folder.mkdir()
    for number in range(count):
        write_pyramid(folder / f"{number}.tif", np.full((256, 256, 3), 120, np.uint8), mpp=1.0)
    return folder


Times = dict[int, list[float]]


def compare(projects: list[Project], options: argparse.Namespace, scratch: Path) -> None:
    """Run every number of workers in turns, and print the table."""
    tiny = {n: open_project(tiny_slides(scratch / f"tiny{n}", max(1, n))) for n in options.workers}
    times: Times = {n: [] for n in options.workers}
    starts: Times = {n: [] for n in options.workers}
    patches = 0
    for number in range(options.rounds + 1):
        order = options.workers if number % 2 else options.workers[::-1]
        for workers in order:
            out = scratch / "out"
            took, patches = seconds_of(projects, out, config_of(options, workers))
            one = ExtractConfig(size=64, where="all", workers=workers)
            start, _ = seconds_of([tiny[workers]], out, one)
            shutil.rmtree(out)
            if number:
                times[workers].append(took)
                starts[workers].append(start)
    report(times, starts, patches)


def config_of(options: argparse.Namespace, workers: int) -> ExtractConfig:
    """What is extracted."""
    return ExtractConfig(
        at=tuple(Magnification.parse(text) for text in options.at),
        size=options.size,
        image_format=options.format,
        workers=workers,
    )


def report(times: Times, starts: Times, patches: int) -> None:
    """Print the table."""
    base = 1 if 1 in times else next(iter(times))
    print(f"{patches} patches, {len(times[base])} rounds, {os.cpu_count()} cores")
    print("workers   seconds     start   patches/s   ratio   (range)           net")
    for workers in times:
        ratios = ratios_to(times[base], times[workers])
        net = {
            n: [a - b for a, b in zip(times[n], starts[n], strict=True)] for n in (base, workers)
        }
        seconds = statistics.median(times[workers])
        print(
            f"{workers:7} {seconds:9.1f} {statistics.median(starts[workers]):9.1f}"
            f" {patches / seconds:11.1f} {statistics.median(ratios):7.2f}"
            f"   ({min(ratios):.2f}–{max(ratios):.2f})"
            f" {statistics.median(ratios_to(net[base], net[workers])):9.2f}"
        )


def ratios_to(base: list[float], several: list[float]) -> list[float]:
    """How many times as fast, round by round."""
    return [a / b for a, b in zip(base, several, strict=True)]


def main() -> None:
    """Parse, make or open slides, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sources", nargs="*", help="projects or folders of slides")
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2, 4])
    parser.add_argument("--at", nargs="+", default=["20x", "5x"])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--format", choices=["png", "jpeg"], default="png")
    parser.add_argument("--slides", type=int, default=2)
    parser.add_argument("--side", type=int, default=8192, help="of the slides made, px")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sources = options.sources
        if not sources:
            (scratch / "slides").mkdir()
            sources = [own_slides(scratch / "slides", options.slides, options.side)]
        projects = [open_project(source) for source in sources]
        for project in projects:
            stack.callback(project.close)
        compare(projects, options, scratch)


if __name__ == "__main__":
    main()
