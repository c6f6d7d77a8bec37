"""Settings of the pretrained preset on real slides: one left out, scored over its whole truth.

    python benchmarks/real_settings.py /data/breast-tumor bcss_1008 light augmentation=light
    python benchmarks/real_settings.py /data/breast-tumor bcss_1008 deeper model.context_depth=4

trains on all other slides of the folder (a slide, its strokes as `<slide>.geojson`, and
`full/<slide>_labels.png`, 255 for unknown) with preset ``auto`` and a fixed number of steps, one
thread, and prints a JSON line. Which value of the truth is which class follows from the strokes.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from rasterio.features import rasterize

from hookpath.annotations import read_geojson
from hookpath.confusion_metrics import confusion, f1_per_class
from hookpath.inference.predictors.predictor_factory import load_predictor
from hookpath.models import ModelCard
from hookpath.projects import open_project
from hookpath.slides import open_slide
from hookpath.training import TrainConfig, train_network

UNKNOWN = 255

#: So many steps whatever the machine, and no slide is held back: there are two or three.
FIXED = ("minutes=none", "epochs=1", "steps_per_epoch=120", "validation.fraction=0", "device=cpu")

Labels = npt.NDArray[np.uint8]


def main(folder: Path, held_out: str, name: str, settings: list[str]) -> None:
    """Train, predict, score, print."""
    start = time.process_time()
    overrides = [*FIXED, f'validation.test=["{held_out}.tif"]', *settings]
    config = TrainConfig.load(preset="auto", overrides=overrides)
    with tempfile.TemporaryDirectory() as root:
        run = train_network([open_project(folder)], config, Path(root) / "run")
        learned = time.process_time() - start
        labels, card = predicted(run.model_dir, folder / f"{held_out}.tif")
    f1 = scored(labels, card, folder, held_out)
    print(
        json.dumps(
            {
                "arm": name,
                "held_out": held_out,
                "seed": config.seed,
                "macro_f1": round(float(np.mean(list(f1.values()))), 3),
                "f1": {name: round(value, 3) for name, value in f1.items()},
                "cpu_s": round(learned),
            }
        ),
        flush=True,
    )


def predicted(model: Path, path: Path) -> tuple[Labels, ModelCard]:
    """``(h, w)`` labels of a whole slide, 1…C, and the model's card."""
    predictor, card = load_predictor(model)
    with open_slide(path) as slide:
        job = predictor.job(slide, tissue=False)
        return np.concatenate([row.labels() for row in job.rows([slide], lambda _: None)]), card


def scored(labels: Labels, card: ModelCard, folder: Path, held_out: str) -> dict[str, float]:
    """F1 by class over all known px of the truth."""
    truth = np.asarray(Image.open(folder / "full" / f"{held_out}_labels.png"))
    classes = [c.name for c in card.classes]
    values = [value_of(name, folder) for name in classes]
    known = truth != UNKNOWN
    rows, columns = (
        (np.arange(n) * m // n).clip(max=m - 1)
        for n, m in zip(truth.shape, labels.shape, strict=True)
    )
    expected = np.zeros(truth.shape, np.int64)
    for label, value in enumerate(values, start=1):
        expected[known & (truth == value)] = label
    found = labels[np.ix_(rows, columns)].astype(np.int64)
    counts = confusion(expected[expected > 0], found[expected > 0], len(classes))
    return dict(zip(classes, map(float, f1_per_class(counts)), strict=True))


def value_of(name: str, folder: Path) -> int:
    """The value of the truth that most px under a class's strokes have."""
    votes = np.zeros(256, np.int64)
    for path in sorted(folder.glob("*.geojson")):
        annotated = [o for o in read_geojson(path) if o.path_class and o.path_class.name == name]
        if annotated:
            truth = np.asarray(Image.open(folder / "full" / f"{path.stem}_labels.png"))
            under = rasterize([(o.geometry, 1) for o in annotated], truth.shape) == 1
            votes += np.bincount(truth[under], minlength=256)
    votes[UNKNOWN] = 0
    return int(votes.argmax())


if __name__ == "__main__":
    torch.set_num_threads(1)
    Image.MAX_IMAGE_PIXELS = None
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
