"""The page of a look: patches beside their labels, balance, what lies off the slides, settings."""

from __future__ import annotations

from typing import Any

from hookpath.evaluation.plotting.overlay_drawing import add_scale_bar, data_uri, encode, overlay
from hookpath.evaluation.report.html_templates import inline_svg, render
from hookpath.training_preview.sample_patches import Sample, UInt8, field_um
from hookpath.training_preview.training_dry_run import Look

#: Pictures are so many pixels wide, by nearest neighbour where the patch is smaller.
_WIDE = 224


def look_page(found: Look, title: str) -> str:
    """One self-contained page."""
    names = [c.name for c in found.classes]
    return render(
        "look.html.j2",
        title=title,
        look=found,
        columns=found.classes,
        cards=_cards(found),
        notes=[f.message for f in found.findings],
        branches=_branches(found),
        balance=_balance(found),
        plot=inline_svg(_plot(found)) if names else None,
        groups=_groups(found),
        split=list(found.split.items()),
        settings=sorted(found.settings.items()),
    )


def _cards(found: Look) -> list[tuple[str, str]]:
    train, val = (len(found.split.get(part, ())) for part in ("train", "val"))
    cost = found.cost
    step = "" if cost.step_s is None else f"{cost.step_s:.2g} s a step on {cost.device}"
    memory = cost.memory_text if cost.fits else "a batch does not fit"
    return [
        (f"{train} + {val}", "slides that train and validate"),
        (cost.time_text, step or cost.device),
        (memory, "memory in use during a step"),
        (found.network, "network"),
    ]


def _branches(found: Look) -> list[dict[str, Any]]:
    off = found.off_slide or (None,) * len(found.branches)
    return [
        {
            "number": number,
            "spacing": branch.spacing_um,
            "input": branch.input_size,
            "output": branch.output_size,
            "field": field_um(branch),
            "off": share,
        }
        for number, (branch, share) in enumerate(zip(found.branches, off, strict=True))
    ]


def _balance(found: Look) -> list[dict[str, Any]]:
    pixels = found.sampled.pixels
    total = int(pixels.sum())
    areas = found.areas_mm2
    annotated = sum(areas["train"].values())
    return [
        {
            "cls": c,
            "train": areas["train"].get(c.name, 0.0),
            "val": areas["val"].get(c.name, 0.0),
            "drawn": areas["train"].get(c.name, 0.0) / annotated if annotated else None,
            "seen": int(pixels[i]) / total if total else None,
        }
        for i, c in enumerate(found.classes)
    ]


def _plot(found: Look) -> Any:
    """Share of every class in what is annotated, and in what the network will see."""
    from hookpath.evaluation.plotting.figure_style import (
        new_figure,
        plain_axes,
        plain_text,
        shorten,
    )

    rows = _balance(found)
    drawing = new_figure(6.4, 0.7 + 0.45 * len(rows))
    axes = drawing.add_subplot()
    for place, row in enumerate(rows):
        color = [v / 255 for v in row["cls"].color or (128, 128, 128)]
        axes.barh(place - 0.18, row["drawn"] or 0, 0.32, color=color, alpha=0.45)
        axes.barh(place + 0.18, row["seen"] or 0, 0.32, color=color)
    axes.set_yticks(range(len(rows)), [plain_text(shorten(r["cls"].name, 28)) for r in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel("share: annotated (pale), in the sampled patches (full)")
    plain_axes(axes)
    drawing.tight_layout()
    return drawing


def _groups(found: Look) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Class (None: nothing is labelled) → its patches."""
    groups: dict[int, list[dict[str, Any]]] = {}
    for sample in found.sampled.samples:
        groups.setdefault(sample.label, []).append(_shown(sample, found))
    classes = list(found.classes)
    return [(classes[n - 1] if n else None, shown) for n, shown in groups.items()]


def _shown(sample: Sample, found: Look) -> dict[str, Any]:
    pictures = [
        (f"{branch.spacing_um:g} µm/px", _uri(_barred(image, branch.spacing_um)))
        for image, branch in zip(sample.images, found.branches, strict=True)
    ]
    target = found.branches[0]
    centre = _middle(sample.images[0], target.output_size)
    if sample.labels.size > 1 and len(found.classes):
        labelled = overlay(_enlarged(centre), sample.labels, found.classes.colors, 0.35, 2)
        pictures.insert(1, ("labels, where the network is asked", _uri(labelled)))
    return {
        "slide": sample.slide,
        "pictures": [*pictures, ("varied", _uri(_enlarged(sample.varied)))],
    }


def _middle(image: UInt8, side: int) -> UInt8:
    """The part of a patch that its output covers."""
    cut = max(0, (image.shape[0] - side) // 2)
    return image[cut : cut + side, cut : cut + side]


def _barred(image: UInt8, spacing_um: float) -> UInt8:
    large = _enlarged(image)
    return add_scale_bar(large, spacing_um * image.shape[1] / large.shape[1])


def _enlarged(image: UInt8) -> UInt8:
    """The picture at `_WIDE` px, area-averaged if it is larger."""
    import numpy as np
    from PIL import Image

    size = (_WIDE, _WIDE)
    how = Image.Resampling.NEAREST if image.shape[0] < _WIDE else Image.Resampling.BOX
    return np.asarray(Image.fromarray(image).resize(size, how))


def _uri(image: UInt8) -> str:
    return data_uri(encode(image, "jpeg", 85), "image/jpeg")
