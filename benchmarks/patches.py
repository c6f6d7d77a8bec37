"""Slides patch by patch: what reading neighbours as one block saves, and what ONNX Runtime costs.

    python benchmarks/patches.py [--side 4096] [--rounds 3]

``read`` takes the pixels of every patch of a JPEG slide and computes nothing; ``torch`` and
``onnx`` run an MRN of four resolutions. Rounds alternate and the fastest of each counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from hookpath.annotations import ClassTable, PathClass
from hookpath.export import export_model
from hookpath.geometry import BranchSpec
from hookpath.inference import Predictor, load_predictor
from hookpath.inference.engines.patch_runners import PatchRunner
from hookpath.inference.patchwise import patchwise_predictor
from hookpath.inference.patchwise.patchwise_predictor import PatchSlides
from hookpath.models import ModelCard, Network, build_model, save_model
from hookpath.models.network_base import Scores
from hookpath.slides import Slide

sys.path.insert(0, str(Path(__file__).parent))
from dense import MPP, make_slide

SPACINGS = (0.5, 1.0, 2.0, 4.0)


class Nothing:
    """Takes patches and answers at once."""

    n_classes, depth = 2, 4

    def __init__(self, branches: Sequence[BranchSpec], scores: Scores) -> None:
        self.branches, self.scores = branches, scores

    def batch(self) -> int:
        """As a CPU gets."""
        return 4

    def logits(self, images: Sequence[object]) -> Tensor:
        """All alike."""
        side = self.branches[0].output_size if self.scores == "pixels" else 1
        return torch.zeros(len(images[0]), self.n_classes, side, side)  # type: ignore[arg-type]


def seconds_of(predictor: Predictor, slide: Slide, most: int) -> float:
    """A whole slide, with blocks of at most so many patches along."""
    patchwise_predictor.MOST_PATCHES = most
    started = time.perf_counter()
    for _ in predictor.job(slide, tissue=False).rows([slide], lambda _: None):
        pass
    return time.perf_counter() - started


def folders(root: Path, model: Network) -> tuple[Path, Path]:
    """The network as a model folder, and exported."""
    classes = ClassTable((PathClass("a", (9, 9, 9)), PathClass("b", (99, 9, 9))))
    save_model(root / "torch", model, ModelCard.describe(model, classes))
    export_model(root / "torch", root / "onnx")
    return root / "torch", root / "onnx"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=4096, help="of the slide, px")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--filters", type=int, default=4)
    options = parser.parse_args()
    mrn = build_model(
        "mrn", n_classes=2, spacings=SPACINGS, input_size=256, depth=3, filters=options.filters
    )
    one = [BranchSpec(0.5, 256, 256)]
    with (
        tempfile.TemporaryDirectory() as folder,
        make_slide(Path(folder) / "slide.tif", options.side) as slide,
    ):
        both = [load_predictor(f)[0] for f in folders(Path(folder), mrn)]
        reading: list[tuple[str, PatchRunner]] = [
            ("read, 4 resolutions", Nothing(mrn.branches, "pixels")),
            ("read, a class per patch", Nothing(one, "patches")),
        ]
        tasks: list[tuple[str, Callable[[], float]]] = [
            (f"{name}, {how}", lambda r=runner, m=most: seconds_of(PatchSlides(r), slide, m))
            for name, runner in reading
            for how, most in (("patch by patch", 1), ("in blocks", 32))
        ]
        tasks += [
            (name, lambda p=predictor: seconds_of(p, slide, 32))
            for name, predictor in zip(("torch", "onnx"), both, strict=True)
        ]
        best = {name: float("inf") for name, _ in tasks}
        for _ in range(options.rounds):
            for name, run in tasks:
                best[name] = min(best[name], run())
    mm2 = (options.side * MPP / 1000) ** 2
    for name, seconds in best.items():
        print(f"{name:40s} {seconds / mm2:7.2f} s/mm²")


if __name__ == "__main__":
    main()
