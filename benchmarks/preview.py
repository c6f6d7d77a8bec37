"""How long a view of the live preview takes, against dense prediction of the whole slide.

    python benchmarks/preview.py [--filters 8] [--side 2048] [--rounds 3] [--threads 0]

A view is one tile of QuPath's overlay: 512 × 512 px, at the model's µm/px and at twice that. Each
is cut out of the whole slide's grid with a margin of its own and context of its own, so a px of a
view costs more than one of the whole slide; the last column says how much more. Rounds alternate
and the fastest of each counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import torch

from hookpath.inference import DensePredictor, TorchRunner
from hookpath.inference.dense.dense_predictor import DenseSlides
from hookpath.inference.roi.tissue_tiles import OutputGrid, cover_of
from hookpath.models import build_model
from hookpath.qupath import Preview, View

sys.path.insert(0, str(Path(__file__).parent))
from dense import make_slide

SPACINGS = (0.5, 4.0)
TILE = 512


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filters", type=int, default=8)
    parser.add_argument("--side", type=int, default=2048, help="of the slide, px")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0: torch's own choice")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    model = build_model(
        "hooknet", n_classes=3, spacings=SPACINGS, input_size=172, depth=3, filters=options.filters
    )
    runner = TorchRunner(model.eval(), "cpu")
    best = {"dense": float("inf"), "view": float("inf"), "view at half": float("inf")}
    with (
        tempfile.TemporaryDirectory() as folder,
        make_slide(Path(folder) / "slide.tif", options.side) as slide,
    ):
        started = time.perf_counter()
        preview = Preview(DenseSlides(runner), [slide], tissue=False)
        opened = time.perf_counter() - started
        predictor = DensePredictor(runner)
        cover = cover_of(slide, OutputGrid.of_slide(slide, SPACINGS[0]), tissue=False)
        for index in range(options.rounds):
            at = TILE * (index % 2)
            for what, run in (
                ("dense", lambda: list(predictor.rows(slide, predictor.plan(cover)))),
                ("view", lambda at=at: preview.classify(View(at, at, TILE, TILE, 1.0))),
                ("view at half", lambda at=at: preview.classify(View(at, at, TILE, TILE, 2.0))),
            ):
                started = time.perf_counter()
                run()
                best[what] = min(best[what], time.perf_counter() - started)
    px = {"dense": options.side**2, "view": TILE**2, "view at half": 4 * TILE**2}
    print(f"opened (no tissue mask) in {opened:.3f} s; {torch.get_num_threads()} threads")
    for what, seconds in best.items():
        per_px = seconds / px[what]
        ratio = per_px / (best["dense"] / px["dense"])
        print(f"{what:13s} {seconds:7.3f} s  {1e-6 / per_px:6.2f} Mpx/s  {ratio:5.2f} × dense a px")


if __name__ == "__main__":
    main()
