"""Patches with masks in the layouts that other frameworks read: nnU-Net's, and COCO's JSON."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.atomic_files import replace_text
from hookpath.errors import UsageError
from hookpath.extraction.extraction_worker import write_mask
from hookpath.safe_names import file_stem, of_csv_cell

#: Which value of masks is which class.
LABELS_NAME = "labels.csv"
COCO_NAME = "coco.json"

Values = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class PatchFile:
    """A patch on disk: its image and mask, where it is from, and the part of the split."""

    image: Path
    mask: Path
    name: str
    split: str
    magnification: str


def patch_files(table: Path) -> Iterator[PatchFile]:
    """What ``patches.csv`` lists, in its order."""
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            image = table.parent / row["file"]
            folder = image.parent
            mask = folder.with_name(f"{folder.name}_labels") / f"{image.stem}.png"
            # Each of the three is safe and short.
            name = f"{folder.parent.name}_{folder.name}_{image.stem}"
            yield PatchFile(image, mask, name, of_csv_cell(row["split"]), folder.name)


def write_coco(table: Path, values: Mapping[str, int]) -> Path:
    """``coco.json`` beside the table: an annotation for each connected piece of a class.

    Pieces are run lengths (columns first), which holes and pixels keep exactly.

    Raises:
        OSError: it cannot be written.
    """
    images: list[dict[str, Any]] = []
    pieces: list[dict[str, Any]] = []
    for number, patch in enumerate(patch_files(table), start=1):
        mask = _read(patch.mask)
        name = patch.image.relative_to(table.parent).as_posix()
        images.append(
            {"id": number, "file_name": name, "width": mask.shape[1], "height": mask.shape[0]}
        )
        for piece in _pieces(mask):
            pieces.append({"id": len(pieces) + 1, "image_id": number, "iscrowd": 0, **piece})
    categories = [{"id": value, "name": name} for name, value in values.items()]
    content = {"images": images, "categories": categories, "annotations": pieces}
    path = table.with_name(COCO_NAME)
    replace_text(path, json.dumps(content, ensure_ascii=False))
    return path


def write_nnunet(table: Path, values: Mapping[str, int], name: str) -> Path:
    """nnU-Net's raw data set beside the table: ``Dataset001_<name>``.

    What nobody drew is nnU-Net's ``ignore``, its largest value; ``background`` (0), which it wants,
    is on no pixel. Patches of test slides are in ``imagesTs`` and ``labelsTs``.

    Raises:
        UsageError: patches of several magnifications, or JPEG images, which nnU-Net does not read.
        OSError: it cannot be written.
    """
    files = list(patch_files(table))
    if len({f.magnification for f in files}) > 1:
        raise UsageError("--layout nnunet takes patches of one magnification: give --at once")
    if any(f.image.suffix != ".png" for f in files):
        raise UsageError("--layout nnunet takes PNG images: leave out --format jpeg")
    root = table.parent / f"Dataset001_{file_stem(name, 40)}"
    if root.exists():
        shutil.rmtree(root)
    root.mkdir()  # of no patch at all, too
    ignore = max(values.values(), default=0) + 1
    training = [f for f in files if f.split.lower() != "test"]
    for file in files:
        part = "Ts" if file.split.lower() == "test" else "Tr"
        _place(file, root / f"images{part}", root / f"labels{part}", ignore)
    content = {
        "channel_names": {"0": "R", "1": "G", "2": "B"},
        "labels": {"background": 0, **{_own(n): v for n, v in values.items()}, "ignore": ignore},
        "numTraining": len(training),
        "file_ending": ".png",
    }
    replace_text(root / "dataset.json", json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return root


def _own(name: str) -> str:
    """A class's name that is none of the two which mean something else to nnU-Net."""
    return f"{name} (class)" if name in ("background", "ignore") else name


def _place(file: PatchFile, images: Path, labels: Path, ignore: int) -> None:
    images.mkdir(parents=True, exist_ok=True)
    labels.mkdir(parents=True, exist_ok=True)
    target = images / f"{file.name}_0000.png"
    try:
        os.link(file.image, target)  # the same bytes once
    except OSError:
        shutil.copyfile(file.image, target)
    values = _read(file.mask)
    write_mask(labels / f"{file.name}.png", np.where(values == 0, ignore, values).astype(np.uint8))


def _read(path: Path) -> Values:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image, dtype=np.uint8)


def _pieces(mask: Values) -> Iterator[dict[str, Any]]:
    from scipy import ndimage

    for value in np.unique(mask[mask > 0]).tolist():
        pieces, _ = ndimage.label(mask == value)
        for number, box in enumerate(ndimage.find_objects(pieces), start=1):
            rows, columns = box
            inside = pieces == number
            yield {
                "category_id": int(value),
                "area": int(inside.sum()),
                "bbox": [int(columns.start), int(rows.start),
                         int(columns.stop - columns.start), int(rows.stop - rows.start)],
                "segmentation": {"counts": run_lengths(inside), "size": list(mask.shape)},
            }  # fmt: skip


def run_lengths(inside: npt.NDArray[np.bool_]) -> Sequence[int]:
    """COCO's uncompressed run lengths: pixels off, on, off … down the columns."""
    flat = inside.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    runs: list[int] = np.diff([0, *edges.tolist(), flat.size]).tolist()
    return [0, *runs] if flat.size and flat[0] else runs
