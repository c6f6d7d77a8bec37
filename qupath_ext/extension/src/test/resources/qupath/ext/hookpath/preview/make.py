"""A small random model and two slides of noise for PreviewWorkerTest, into the given folder."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import tifffile
import torch

from hookpath.models import ModelCard, build_model, save_model

folder = Path(sys.argv[1])
torch.manual_seed(0)
model = build_model("hooknet", n_classes=2, spacings=(0.5, 1.0), input_size=92, depth=2, filters=3)
classes = [
    SimpleNamespace(name="Tumör", color=(200, 0, 0)),
    SimpleNamespace(name="Stroma", color=(0, 160, 0)),
]
save_model(folder / "modèle" / "model", model, ModelCard.describe(model, classes))
for seed, name in enumerate(("a.tif", "b.tif")):
    noise = np.random.default_rng(seed).uniform(40, 220, (600, 800, 3)).astype(np.uint8)
    px_per_cm = 1e4 / 0.25
    tifffile.imwrite(
        folder / name,
        noise,
        tile=(256, 256),
        photometric="rgb",
        metadata=None,
        resolution=(px_per_cm, px_per_cm),
        resolutionunit="CENTIMETER",
    )
