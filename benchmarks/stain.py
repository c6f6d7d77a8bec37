"""A slide stained otherwise: what augmentation, normalisation and the rest make of it.

    python benchmarks/stain.py run --data DIR --out OUT --arm strong --held-out a --seed 0
    python benchmarks/stain.py table --out OUT

`DIR` holds slides with sparse strokes beside them (``<slide>.geojson``) and ``full/`` with the
whole truth. One run learns from all slides but the one held out, and predicts that one as it is,
and copies of it whose stain was changed (`SHIFTS`). Figures go to ``OUT/figures.jsonl``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from hookpath.evaluation import evaluate_project
from hookpath.geometry import Region
from hookpath.inference import PredictConfig
from hookpath.projects import open_project
from hookpath.sampling.augmentation.stain_augmentation import fixed_stains
from hookpath.slides import open_slide
from hookpath.training import TrainConfig, train_network

#: Settings of training by arm, on top of those of ``--set``.
ARMS: dict[str, list[str]] = {
    "light": [],
    "strong": ["augmentation=strong"],
    "macenko": ["normalisation=macenko"],
    "strong+macenko": ["augmentation=strong", "normalisation=macenko"],
    "strong+reinhard": ["augmentation=strong", "normalisation=reinhard"],
}

#: Ways to predict, and the copies that are predicted so (None: all).
WAYS: dict[str, tuple[dict[str, bool], tuple[str, ...] | None]] = {
    "": ({}, None),
    "--adapt-bn": ({"adapt_bn": True}, None),
    "--tta": ({"tta": True}, ("as it is",)),
}

#: (haematoxylin, eosin, rest) times, and what red, green and blue of the light are multiplied by.
SHIFTS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "pale": ((0.6, 0.6, 0.6), (1.0, 1.0, 1.0)),
    "blue": ((1.4, 0.6, 1.0), (1.0, 1.0, 1.0)),
    "pink": ((0.6, 1.4, 1.0), (1.0, 1.0, 1.0)),
    "scanner": ((1.0, 1.0, 1.0), (1.0, 0.94, 0.86)),
}

RGB = npt.NDArray[np.uint8]


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--arm", choices=sorted(ARMS), default="light")
    parser.add_argument("--held-out", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--family", default="hooknet")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--set", action="append", default=[], dest="settings")
    parser.add_argument("--name", default="", help="of the network in the table")
    parser.add_argument("--model", type=Path, help="trained already: only predict")
    args = parser.parse_args()
    if args.what == "table":
        print_table(args.out)
    else:
        run(args)


def run(args: argparse.Namespace) -> None:
    """One training, and the prediction of every copy of the held-out slide."""
    name = args.name or f"{args.family}-{args.preset}"
    work = args.out / f"{name}-{args.arm}-{args.held_out}-{args.seed}"
    shutil.rmtree(work, ignore_errors=True)
    project = make_project(args.data, args.held_out, work / "slides")
    changes = [
        f"family={args.family}", f"seed={args.seed}", "validation.fraction=0.0",
        *args.settings, *ARMS[args.arm],
    ]  # fmt: skip
    started = time.process_time()
    config = TrainConfig.load(None, args.preset, changes)
    model = args.model or train_network([open_project(project)], config, work / "run").model_dir
    seconds = round(time.process_time() - started, 1)
    folders = copies(args.data, args.held_out, args.out / "copies")
    for way, (settings, only) in WAYS.items():
        for shift in only or folders:
            out = work / (shift + way)
            found = score(folders[shift], model, args.data / "full", out, settings)
            line = {
                "network": name, "arm": args.arm + (f" {way}" if way else ""),
                "held_out": args.held_out, "seed": args.seed, "shift": shift,
                "training_s": seconds, **found,
            }  # fmt: skip
            with (args.out / "figures.jsonl").open("a") as file:
                file.write(json.dumps(line) + "\n")
            print(line)


def score(
    folder: Path, model: Path, truth: Path, out: Path, settings: Mapping[str, bool]
) -> dict[str, float | None]:
    """Macro F1 over the whole truth of the one slide in `folder`, glass predicted, too."""
    how = PredictConfig(tissue=False, **settings)
    report = evaluate_project(
        open_project(folder), out_dir=out, model_dir=model, truth_dir=truth, predict=how
    )
    (slide,) = report.slides
    ood = slide.ood or (None, None)
    return {"f1": round(report.pooled.macro("f1"), 4), "ood": ood[0], "ood_limit": ood[1]}


def make_project(data: Path, held_out: str, folder: Path) -> Path:
    """All slides but the one held out, with their strokes."""
    folder.mkdir(parents=True)
    for slide in sorted(data.glob("*.tif")):
        if slide.stem != held_out:
            (folder / slide.name).symlink_to(slide.resolve())
            shutil.copy(slide.with_suffix(".geojson"), folder)
    return folder


def copies(data: Path, held_out: str, root: Path) -> dict[str, Path]:
    """Folders with the slide as it is and changed, one slide each; made once."""
    folders = {"as it is": root / held_out / "plain"}
    slide = data / f"{held_out}.tif"
    if not folders["as it is"].exists():
        folders["as it is"].mkdir(parents=True)
        (folders["as it is"] / slide.name).symlink_to(slide.resolve())
    for name, shift in SHIFTS.items():
        folder = folders[name] = root / held_out / name
        if not folder.exists():
            folder.mkdir(parents=True)
            write_changed(slide, folder / slide.name, *shift)
    return folders


def write_changed(
    path: Path,
    out: Path,
    stains: tuple[float, float, float],
    light: tuple[float, float, float],
) -> None:
    """A copy, pixel by pixel (so that the truth lies on it), in other stains and another light."""
    with open_slide(path) as slide:
        image = slide.read(Region(0, 0, slide.width_l0, slide.height_l0, 1, 1))
        spacing = slide.calibration.mpp
    basis = fixed_stains().numpy()
    matrix = (np.linalg.inv(basis) @ np.diag(stains) @ basis).astype(np.float32)
    density = -np.log(np.maximum(image, 1).astype(np.float32) / 255) @ matrix
    level = (np.exp(-density) * np.float32(light) * 255).clip(0, 255).round().astype(np.uint8)
    write_pyramid(out, level, spacing)


def write_pyramid(path: Path, level: RGB, spacing_um: float) -> None:
    """Levels halved four times."""
    per_cm = 1e4 / spacing_um
    with tifffile.TiffWriter(path) as writer:
        for index in range(5):
            writer.write(
                level, tile=(256, 256), photometric="rgb", compression="deflate", metadata=None,
                subfiletype=int(index > 0), resolutionunit="CENTIMETER",
                resolution=(per_cm / 2**index, per_cm / 2**index),
            )  # fmt: skip
            rows, columns = level.shape[0] // 2 * 2, level.shape[1] // 2 * 2
            four = level[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2, 3)
            level = four.mean(axis=(1, 3)).round().astype(np.uint8)


def print_table(out: Path) -> None:
    """Mean over seeds, one row a network and arm, one column a slide and copy."""
    lines: list[Mapping[str, Any]] = [
        json.loads(line) for line in (out / "figures.jsonl").read_text().splitlines()
    ]
    shifts = ["as it is", *SHIFTS]
    slides = sorted({line["held_out"] for line in lines})
    columns = [(slide, shift) for slide in slides for shift in shifts]
    titles = (f"{slide}: {shift}" for slide, shift in columns)
    print("| network | " + " | ".join(titles) + " | CPU s |")
    print("|---|" + "---|" * (len(columns) + 1))
    for network, arm in dict.fromkeys((line["network"], line["arm"]) for line in lines):
        here = [x for x in lines if (x["network"], x["arm"]) == (network, arm)]
        cells = [_cell(here, column) for column in columns]
        seconds = statistics.mean(x["training_s"] for x in here)
        print(f"| {network}, {arm} | " + " | ".join(cells) + f" | {seconds:.0f} |")


def _cell(lines: list[Mapping[str, Any]], column: tuple[str, str]) -> str:
    found = [x["f1"] for x in lines if (x["held_out"], x["shift"]) == column]
    return ", ".join(f"{value:.2f}" for value in found) or "–"


if __name__ == "__main__":
    main()
