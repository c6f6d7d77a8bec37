"""What reading a slide costs by our own tiles and through QuPath, against OpenSlide.

    python benchmarks/readers.py SLIDE [--rounds 5] [--patches 200] [--size 284] [--once]

Patches lie at random places, the same for all readers, at µm/px of level 0, of twice and of eight
times that; with `--once` edge to edge at level 0 (with the size of the slide's tiles, none of them
is read twice). Rounds take turns; each opens the slide anew, so that nothing is kept from the round
before. CPU time of the whole process counts (a JVM compiles and collects in threads of its own),
and the first round is left out: the JVM compiles what it runs often. Printed are patches per CPU
second and the ratio to OpenSlide of the same round (median and range; above 1: faster). Through
QuPath only where there is one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import openslide

from hookpath.geometry import Region
from hookpath.jvm import java, why_no_java
from hookpath.slides import Slide, SlideRef
from hookpath.slides.readers.openslide_reader import OpenSlideSlide

OPENSLIDE = "qupath.lib.images.servers.openslide.OpenslideServerBuilder"


def server_of(path: Path) -> str:
    """QuPath's JSON of a file that it reads with OpenSlide."""
    uri = path.absolute().as_uri()
    return json.dumps(
        {"builderType": "uri", "providerClassName": OPENSLIDE, "uri": uri, "args": []}
    )


def regions(slide: Slide, downsample: float, count: int, size: int, seed: int) -> list[Region]:
    """Random places, also reaching over the edge where the slide is smaller than a patch."""
    draw = np.random.default_rng(seed)
    span = size * downsample
    places = zip(
        draw.uniform(0, max(1.0, slide.width_l0 - span), count),
        draw.uniform(0, max(1.0, slide.height_l0 - span), count),
        strict=True,
    )
    return [Region(int(x), int(y), size, size, downsample, downsample) for x, y in places]


def grid(slide: Slide, size: int, most: int) -> list[Region]:
    """Edge to edge from the corner on, row by row, inside the slide at level 0."""
    columns, rows = slide.width_l0 // size, slide.height_l0 // size
    places = itertools.islice(itertools.product(range(rows), range(columns)), most)
    return [Region(column * size, row * size, size, size, 1.0, 1.0) for row, column in places]


def forget_tiles() -> None:
    """Empty what QuPath's servers share."""
    table = java()
    image = table.JClass("java.awt.image.BufferedImage").class_
    table.JClass("qupath.lib.images.servers.ImageServerProvider").getCache(image).clear()


Opener = Callable[[], Slide]


def openers(path: Path) -> dict[str, Opener]:
    """Every way to read the slide; OpenSlide as it is on its own comes first."""

    def by_openslide() -> Slide:
        handle = openslide.OpenSlide(path)
        found = OpenSlideSlide(path, handle)
        found._block_sizes = tuple(None for _ in found.levels)
        return found

    def through_qupath() -> Slide:
        forget_tiles()
        return SlideRef(path, server=server_of(path)).open()

    found: dict[str, Opener] = {"OpenSlide": by_openslide, "ours": SlideRef(path).open}
    return found if why_no_java() else {**found, "QuPath": through_qupath}


Plan = Callable[[Slide], list[Region]]


def seconds(opener: Opener, plan: Plan) -> float:
    """CPU seconds a patch of a slide that was just opened."""
    with opener() as slide:
        wanted = plan(slide)
        started = time.process_time()
        for region in wanted:
            slide.read(region)
        return (time.process_time() - started) / len(wanted)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("slide", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patches", type=int, default=200)
    parser.add_argument("--size", type=int, default=284)
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    count, size = options.patches, options.size
    readers = openers(options.slide)
    for downsample in (1.0,) if options.once else (1.0, 2.0, 8.0):
        taken: dict[str, list[float]] = {name: [] for name in readers}
        for number in range(options.rounds + 1):
            draw = partial(regions, downsample=downsample, count=count, size=size, seed=number)
            plan: Plan = partial(grid, size=size, most=count) if options.once else draw
            for name, opener in readers.items():
                taken[name].append(seconds(opener, plan))
        for name, times in taken.items():
            rate = 1 / statistics.median(times[1:])
            ratios = [a / b for a, b in zip(taken["OpenSlide"][1:], times[1:], strict=True)]
            spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            print(f"downsample {downsample:g}: {name:9} {rate:6.0f}/s, ratio {spread}")


if __name__ == "__main__":
    main()
