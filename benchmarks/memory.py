"""Peak memory of predicting a slide of 100 000 × 100 000 px, and of smaller ones.

    python benchmarks/memory.py [--sides 25000 50000 100000] [--spacing 1] [--tissue 0.1]

Each slide is a real BigTIFF whose tiles are stored a few times and referred to from everywhere, so
it takes seconds to make and megabytes to keep. Its tissue is a band across the whole width: every
row of output in it is full, which is the worst case for memory, while the area that has to be
computed stays small. All outputs are on: class map, probabilities, GeoJSON, objects in a project.
Each slide is predicted in a process of its own, whose peak resident memory is reported.
"""

from __future__ import annotations

import argparse
import io
import json
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

if TYPE_CHECKING:
    from hookpath.models import SegmentationModel

MPP = 0.25
TILE = 512
DOWNSAMPLES = (1, 4, 16, 64)
RENDERED_FROM = 16
"""Levels from this downsample on are small: each of their tiles is drawn and stored."""


def texture(seed: int) -> npt.NDArray[np.uint8]:
    """A tile of pink and purple blobs with noise."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 1, (8, 8, 1)).repeat(64, axis=0).repeat(64, axis=1)
    colour = np.array((235.0, 200, 220)) - coarse * np.array((110.0, 130, 60))
    return (colour + rng.normal(0, 12, (TILE, TILE, 1))).clip(0, 255).astype(np.uint8)


def jpeg(pixels: npt.NDArray[np.uint8]) -> bytes:
    """One tile, compressed."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=85, subsampling=0)
    return out.getvalue()


class SharedTiles:
    """Appends tiles to a file and remembers where the shared ones lie."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.textures = [texture(seed) for seed in range(4)]
        self.white = self.put(np.full((TILE, TILE, 3), 255, np.uint8))
        self.shared = [self.put(pixels) for pixels in self.textures]

    def put(self, pixels: npt.NDArray[np.uint8]) -> tuple[int, int]:
        """Store a tile; its place and length."""
        data = jpeg(pixels)
        place = self.file.tell()
        self.file.write(data)
        return place, len(data)

    def tile(
        self, row: int, column: int, band: tuple[float, float], exact: bool
    ) -> tuple[int, int]:
        """Place of the tile of a level; `band`: first and last row of tissue in its px."""
        top, bottom = row * TILE, (row + 1) * TILE
        if bottom <= band[0] or top >= band[1]:
            return self.white
        number = (row * 7 + column * 3) % len(self.shared)
        inside = top >= band[0] and bottom <= band[1]
        if inside or not exact:
            return self.shared[number] if inside or _mostly(top, band) else self.white
        pixels = self.textures[number].copy()
        rows = np.arange(top, bottom)
        pixels[(rows < band[0]) | (rows >= band[1])] = 255
        return self.put(pixels)


def _mostly(top: int, band: tuple[float, float]) -> bool:
    return band[0] <= top + TILE / 2 < band[1]


def write_slide(path: Path, side: int, tissue: float) -> Path:
    """A pyramid of `side` px square at 0.25 µm/px; `tissue`: share of its area."""
    with path.open("wb") as file:
        file.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0))
        tiles = SharedTiles(file)
        link = 8
        for down in DOWNSAMPLES:
            link = write_level(file, tiles, link, -(-side // down), down, side, tissue)
    return path


def write_level(
    file: BinaryIO, tiles: SharedTiles, link: int, size: int, down: int, side: int, tissue: float
) -> int:
    """Append a level's directory and link it from `link`; where the next link goes."""
    band = side * (1 - tissue) / 2 / down, side * (1 + tissue) / 2 / down
    count = -(-size // TILE)
    exact = down >= RENDERED_FROM
    found = [tiles.tile(r, c, band, exact) for r in range(count) for c in range(count)]
    offsets = _append(file, np.array([place for place, _ in found], "<u8").tobytes())
    counts = _append(file, np.array([length for _, length in found], "<u8").tobytes())
    bits = struct.unpack("<Q", struct.pack("<HHHH", 8, 8, 8, 0))[0]
    per_cm = struct.unpack("<Q", struct.pack("<II", round(1e8 / (MPP * down)), 10_000))[0]
    entries = [  # tag, type (3: short, 4: long, 5: ratio, 16: 64 bit), count, value or place
        (254, 4, 1, int(down > 1)), (256, 4, 1, size), (257, 4, 1, size), (258, 3, 3, bits),
        (259, 3, 1, 7), (262, 3, 1, 6), (277, 3, 1, 3), (282, 5, 1, per_cm), (283, 5, 1, per_cm),
        (284, 3, 1, 1), (296, 3, 1, 3), (322, 4, 1, TILE), (323, 4, 1, TILE),
        (324, 16, len(found), offsets if len(found) > 1 else found[0][0]),
        (325, 16, len(found), counts if len(found) > 1 else found[0][1]),
        (530, 3, 2, 1 | 1 << 16),
    ]  # fmt: skip
    place = _append(file, struct.pack("<Q", len(entries)))
    for entry in entries:
        file.write(struct.pack("<HHQQ", *entry))
    end = file.tell()
    file.write(struct.pack("<Q", 0))
    file.seek(link)
    file.write(struct.pack("<Q", place))
    file.seek(0, io.SEEK_END)
    return end


def _append(file: BinaryIO, data: bytes) -> int:
    file.write(b"\0" * (-file.tell() % 8))
    place = file.tell()
    file.write(data)
    return place


def balance(model: SegmentationModel) -> None:
    """Make every class win somewhere, so that outlines and objects are many."""
    import torch
    from torch import nn

    images = [torch.from_numpy(texture(9))[:284, :284].permute(2, 0, 1)[None] / 255] * 2
    with torch.inference_mode():
        logits = model.eval()(images)[0]
    head = next(m for m in model.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1))
    assert head.bias is not None
    mean, std = logits.mean((0, 2, 3)), logits.std((0, 2, 3))
    with torch.no_grad():
        head.weight /= std[:, None, None, None]
        head.bias.copy_((head.bias - mean) / std)


def predict(folder: Path, side: int, given: argparse.Namespace) -> None:
    """Make the slide and a model, predict, print the figures as one line of JSON."""
    import torch

    from hookpath.annotations import ClassTable, PathClass
    from hookpath.inference import PredictConfig, predict_project
    from hookpath.memory import peak_memory
    from hookpath.models import ModelCard, build_model, save_model
    from hookpath.projects import open_project

    if given.threads:
        torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    spacings = (given.spacing, 4 * given.spacing)
    model = build_model("hooknet", n_classes=4, spacings=spacings, filters=given.filters)
    balance(model)
    classes = ClassTable.of(PathClass(name) for name in ("A", "B", "C", "D"))
    save_model(folder / "model", model, ModelCard.describe(model, classes))
    (folder / "slides").mkdir()
    write_slide(folder / "slides" / "large.tif", side, given.tissue)
    before = peak_memory() / 2**20
    start = time.perf_counter()
    report = predict_project(
        open_project(folder / "slides"), folder / "model", folder / "out",
        PredictConfig(device="cpu"),
    )  # fmt: skip
    if report.problems:
        sys.exit(report.problems[0].message)
    (found,) = report.predicted
    figures = {
        "before": before,
        "peak": peak_memory() / 2**20,
        "seconds": time.perf_counter() - start,
        "width": found.record.width,
        "mm2": sum(found.record.areas_mm2.values()),
        "objects": found.record.objects,
    }
    print(json.dumps(figures))


def main() -> None:
    """Predict slides of growing size and print the memory that each takes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="+", default=[25_000, 50_000, 100_000])
    parser.add_argument("--spacing", type=float, default=1.0, help="µm/px of the output")
    parser.add_argument("--tissue", type=float, default=0.1, help="share of the slide")
    parser.add_argument("--filters", type=int, default=4, help="n of the network")
    parser.add_argument("--threads", type=int, default=0, help="torch's threads; 0: its default")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        with tempfile.TemporaryDirectory() as folder:
            predict(Path(folder), given.one, given)
        return
    print(
        f"HookNet ({given.spacing:g}, {4 * given.spacing:g} µm/px), n = {given.filters}, "
        f"4 classes; slides at {MPP} µm/px, {given.tissue:.0%} tissue across the whole width"
    )
    print(
        f"{'slide px':>18}{'output px':>18}{'tissue':>12}{'objects':>9}{'time':>8}{'peak RSS':>12}"
    )
    for side in given.sides:
        command = [sys.executable, __file__, *sys.argv[1:], "--one", str(side)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        slide, output = f"{side}²", f"{found['width']}²"
        print(
            f"{slide:>18}{output:>18}{found['mm2']:>8.1f} mm²{found['objects']:>9}"
            f"{found['seconds']:>6.0f} s{found['peak'] / 1024:>8.2f} GiB"
            f" ({found['before'] / 1024:.2f} before)",
            flush=True,
        )


if __name__ == "__main__":
    main()
