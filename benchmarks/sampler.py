"""Patches per second of the sampler, against plain OpenSlide reads of the same regions.

    python benchmarks/sampler.py [--slide SLIDE --geojson FILE]

Both sides run in this one process on the same patches, each with slide handles of its own that
stay open, batch by batch in turns (whoever comes second finds warmer caches, so they change
places every round); the first round is not counted. A patch is what all branches see of one place.

* **hookpath**: `PatchStream` with ``workers=0``: draws, reads all branches at their exact µm/px,
  rasterises and counts the labels of all branches, makes the batch.
* **plain**: for every branch ``OpenSlide.read_region`` of the region on the nearest finer level
  (the coarsest whose downsample is at most 2 % above the branch's), placed to the nearest level-0
  pixel, then ``convert("RGB")`` and `numpy.asarray`; where the level's spacing is not the
  branch's, PIL's ``resize`` with the BOX filter in between. No labels.

Printed are patches per second of CPU time (per core) and of wall time, from the median over the
rounds (other work on the machine disturbs some of them), and their ratios.

Without ``--slide`` a slide of 8192² px is made: 0.5 µm/px, JPEG tiles of 256², levels halving down
to 8 µm/px.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import shapely
from PIL import Image

from hookpath.annotations import (
    ClassTable,
    LabelSource,
    PathClass,
    PathObject,
    class_names_in,
    read_geojson,
)
from hookpath.geometry import BranchSpec, Region
from hookpath.sampling import (
    AnnotatedSlide,
    BalancedSampler,
    Draw,
    LoaderConfig,
    PatchStream,
    Sampler,
    SamplerChoice,
    SlideFacts,
)
from hookpath.sampling.patch_alignment import image_regions
from hookpath.slides import SlideRef

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))


class Recording(BalancedSampler):
    """Keeps what was drawn, batch by batch."""

    drawn: list[list[Draw]]

    def draw(self, n: int) -> list[Draw]:
        """See `BalancedSampler.draw`."""
        self.drawn.append(super().draw(n))
        return self.drawn[-1]


@dataclass(frozen=True)
class Given(SamplerChoice):
    """A sampler that is there already."""

    sampler: Sampler | None = None

    def make(self, *_: Any) -> Sampler:
        """That sampler."""
        assert self.sampler is not None
        return self.sampler


class PlainReader:
    """The baseline."""

    def __init__(self, path: Path, facts: SlideFacts, branches: Sequence[BranchSpec]) -> None:
        self._slide = openslide.OpenSlide(path)
        self._facts, self._branches = facts, branches

    def read(self, draw: Draw) -> list[Any]:
        """RGB arrays of all branches."""
        regions = image_regions(self._facts, self._branches, (draw.x_l0, draw.y_l0))
        return [self._read(region) for region in regions]

    def _read(self, region: Region) -> Any:
        factors = self._slide.level_downsamples
        fine = [i for i, factor in enumerate(factors) if factor <= region.downsample_x * 1.02]
        level = max(fine, default=0)
        ratio = region.downsample_x / factors[level]
        size = (round(region.width * ratio), round(region.height * ratio))
        place = (round(region.x_l0), round(region.y_l0))
        image = self._slide.read_region(place, level, size).convert("RGB")
        if size != (region.width, region.height):
            image = image.resize((region.width, region.height), Image.Resampling.BOX)
        return np.asarray(image)


def own_slide(folder: Path) -> tuple[Path, list[PathObject]]:
    """A slide of smooth blobs with some grain, and 60 round polygons of three classes."""
    from support.slides import write_pyramid

    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(90, 250, (512, 512, 3), dtype=np.uint8))
    image = np.asarray(small.resize((8192, 8192), Image.Resampling.BICUBIC))
    grain = np.tile(rng.integers(0, 12, (512, 512, 1), dtype=np.uint8), (16, 16, 1))
    path = write_pyramid(folder / "own.tif", image - grain, mpp=0.5, levels=5, jpeg=True)
    return path, [_blob(rng, i) for i in range(60)]


def _blob(rng: np.random.Generator, number: int) -> PathObject:
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    radius = rng.uniform(60, 400) * (1 + 0.2 * np.sin(5 * angle))
    x, y = rng.uniform(600, 7600, 2)
    ring = np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)
    return PathObject(shapely.Polygon(ring), path_class=PathClass(f"class {number % 3}"))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of CPU and of wall time."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def compare(
    path: Path, objects: list[PathObject], branches: tuple[BranchSpec, ...], options: Any
) -> None:
    """Run both in turns and print the figures."""
    classes = ClassTable.of(class_names_in(objects))
    with SlideRef(path).open() as slide:
        facts = SlideFacts.of(slide)
    labels = LabelSource(objects, classes, slide_size=facts.size_l0)
    source = AnnotatedSlide("0", path.name, SlideRef(path), labels, facts)
    draws = drawn_by(source, facts, classes, branches, options)
    plain = PlainReader(path, facts, branches)
    rounds = []
    loader = LoaderConfig(options.batch_size, options.seed)
    with PatchStream([source], classes, branches, loader) as stream:
        for number, batch in enumerate(draws):
            sides: list[Callable[[], object]] = [
                lambda: next(stream),
                lambda batch=batch: [plain.read(draw) for draw in batch],
            ]
            order = (0, 1) if number % 2 else (1, 0)
            times = {side: timed(sides[side]) for side in order}
            rounds.append((times[0], times[1]))
    report(np.median(rounds[1:], axis=0), options.batch_size, options.batches)


def drawn_by(
    source: AnnotatedSlide,
    facts: SlideFacts,
    classes: ClassTable,
    branches: tuple[BranchSpec, ...],
    options: Any,
) -> list[list[Draw]]:
    """The batches that the timed stream will draw, from one like it that is not timed."""
    sampler = Recording([source], [facts], classes, branches, options.seed)
    sampler.drawn = []
    given = Given(sampler=sampler)
    loader = LoaderConfig(options.batch_size, options.seed)
    with PatchStream([source], classes, branches, loader, given) as stream:
        sampler.drawn.clear()  # the stream's own check at its start
        for _ in range(options.batches + 1):
            next(stream)
    return sampler.drawn


def report(seconds: Any, batch_size: int, rounds: int) -> None:
    """Print patches/s (rows: hookpath, plain; columns: CPU, wall time) and the ratios."""
    print(f"{rounds} rounds of {batch_size:<4}     per CPU second   per second")
    names = ("hookpath, with labels", "plain OpenSlide")
    for name, (cpu, wall) in zip(names, batch_size / seconds, strict=True):
        print(f"{name:22} {cpu:14.1f} {wall:12.1f}")
    cpu, wall = seconds[1] / seconds[0]
    print(f"{'ratio':22} {cpu:14.2f} {wall:12.2f}")


def main() -> None:
    """Parse, make or open a slide, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--slide", type=Path, help="a slide that OpenSlide opens")
    parser.add_argument("--geojson", type=Path, help="its annotations")
    parser.add_argument("--spacings", type=float, nargs="+", default=[0.5, 8.0], help="µm/px")
    parser.add_argument("--input-size", type=int, default=284)
    parser.add_argument("--output-size", type=int, default=70)
    parser.add_argument("--batch-size", type=int, default=12)
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if (options.slide is None) != (options.geojson is None):
        parser.error("--slide and --geojson belong together")
    branches = tuple(
        BranchSpec(spacing, options.input_size, options.output_size) for spacing in options.spacings
    )
    with tempfile.TemporaryDirectory() as folder:
        if options.slide is None:
            path, objects = own_slide(Path(folder))
        else:
            path, objects = options.slide, read_geojson(options.geojson)
        compare(path, objects, branches, options)


if __name__ == "__main__":
    main()
