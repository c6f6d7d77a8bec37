"""Makes a slide of 600 x 400 px at 0.5 um/px and a model that says Pale everywhere.

Called with the folder to make them in.
"""

import sys
from pathlib import Path

import numpy as np
import tifffile
import torch

from hookpath.annotations import PathClass
from hookpath.models import ModelCard, build_model, save_model

folder = Path(sys.argv[1])
pixels = np.random.default_rng(0).integers(90, 200, (400, 600, 3), dtype=np.uint8)
per_cm = (20_000, 20_000)
tifffile.imwrite(
    folder / "slide ü.tif",
    pixels,
    tile=(256, 256),
    photometric="rgb",
    compression="zlib",
    resolution=per_cm,
    resolutionunit="CENTIMETER",
    metadata=None,
)

model = build_model("unet", n_classes=2, spacings=(1.0,), input_size=92, depth=2, filters=2)
with torch.no_grad():
    for parameter in model.parameters():
        parameter.zero_()
    last = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d) and m.out_channels == 2]
    last[-1].bias.copy_(torch.tensor([0.0, 5.0]))
classes = [PathClass("Dark", (200, 0, 0)), PathClass("Pale", (0, 0, 200))]
save_model(folder / "model", model, ModelCard.describe(model, classes))
