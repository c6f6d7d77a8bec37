"""What objects and boundary distances add to scoring a slide.

    python benchmarks/shape_metrics.py [--side 4096] [--rounds 3]

A map of smooth regions of four classes, all of it labelled, at 0.5 µm/px; the prediction has other
smooth regions in its upper quarter and is 7 and 5 px off elsewhere. Confusion counts alone and with
shapes take turns; printed are the CPU seconds of each (medians), the ratio, the most memory that
the process held, and, once, what SciPy's distance transforms of the whole picture take.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time

import numpy as np
from scipy import ndimage
from shapely.geometry import box

from hookpath.annotations import ClassTable, PathClass, PathObject, Vectorizer
from hookpath.evaluation import ArrayMap
from hookpath.evaluation.scoring.ground_truth import truth_of
from hookpath.evaluation.scoring.pixel_counting import count_slide
from hookpath.evaluation.shape_scoring.shape_counts import ShapeTally
from hookpath.geometry import Region

CLASSES = ClassTable.of([PathClass(name) for name in "ABCD"])


def regions(side: int, rng: np.random.Generator) -> np.ndarray:
    """``(side, side)`` labels 1…4 of smooth regions."""
    coarse = ndimage.zoom(rng.normal(size=(side // 64, side // 64)), 64, order=1)
    edges = np.quantile(coarse, [0.25, 0.5, 0.75])
    return (np.digitize(coarse, edges) + 1).astype(np.uint8)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    true = regions(given.side, rng)
    guess = np.roll(true, (7, 5), (0, 1))
    guess[: given.side // 4] = regions(given.side, rng)[: given.side // 4]
    grid = Region(0, 0, given.side, given.side, 1, 1)
    predicted = ArrayMap(guess, grid, CLASSES, 0.5)
    vectorizer = Vectorizer(CLASSES, 1.0, simplify_l0=0.0)
    vectorizer.add_rows(0, true)
    objects = [PathObject(o.geometry, path_class=o.path_class) for o in vectorizer.finish()]
    truth = truth_of(objects or [PathObject(box(0, 0, 1, 1))], CLASSES)
    assert truth is not None
    truth.labels.rasterize(Region(0, 0, 8, 8, 1, 1))  # cuts the outlines once
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(given.rounds):
        for with_shapes in (False, True):
            started = time.process_time()
            tally = ShapeTally(4, 0.5) if with_shapes else None
            count_slide(truth, predicted, shapes=tally)
            if tally is not None:
                found = tally.metrics()
            seconds[with_shapes].append(time.process_time() - started)
    plain, whole = (statistics.median(seconds[key]) for key in (False, True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    mm2 = (given.side * 0.5 / 1000) ** 2
    print(f"{mm2:.1f} mm² labelled: counts {plain:.2f} s, with shapes {whole:.2f} s "
          f"(x {whole / plain:.2f}); {peak:.2f} GiB at most")  # fmt: skip
    print("objects annotated, found, false, not judged:", found.objects.sum(axis=0).tolist())
    started = time.process_time()
    for label in range(1, 5):
        for one in (true == label, guess == label):
            ndimage.distance_transform_edt(~(one ^ ndimage.binary_erosion(one)))
    print(f"SciPy's transforms of the whole picture: {time.process_time() - started:.2f} s")


if __name__ == "__main__":
    main()
