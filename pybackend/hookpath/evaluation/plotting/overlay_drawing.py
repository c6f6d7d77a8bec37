"""Pictures of label maps over slides: overlays, error maps and scale bars.

Arrays: images are ``(H, W, 3)`` uint8 RGB; label maps ``(h, w)`` uint8 with 0 = nothing (left
transparent) and label ``i`` in ``colors[i - 1]``. A label map of another size than its image is
stretched over it (nearest neighbour), so a coarse prediction may be laid over a finer picture.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hookpath.annotations.objects import RGB

if TYPE_CHECKING:
    from PIL import ImageFont

Image = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

#: Labelled pixels that were predicted right and wrong, in error pictures.
RIGHT_COLOR: RGB = (60, 130, 190)
WRONG_COLOR: RGB = (225, 20, 30)

#: Annotated areas of classes that the model does not know.
UNKNOWN_COLOR: RGB = (128, 128, 128)


def overlay(
    rgb: Image, labels: Labels, colors: Sequence[RGB], alpha: float = 0.4, outline: int = 1
) -> Image:
    """The picture with every labelled area tinted in its class colour and outlined.

    Args:
        rgb: ``(H, W, 3)`` uint8.
        labels: ``(h, w)`` label map over the same area.
        colors: colour of label 1, 2, …
        alpha: share of the class colour in a filled area, 0…1.
        outline: width of the borders between areas, in pixels of `rgb`; 0: none.

    Returns:
        ``(H, W, 3)`` uint8; `rgb` itself is not changed.

    Raises:
        ValueError: a label has no colour.
    """
    labels = fit_labels(labels, rgb.shape[0], rgb.shape[1])
    if labels.size and labels.max() > len(colors):
        raise ValueError(f"label {labels.max()} has no colour; {len(colors)} are given")
    table = np.array([(0, 0, 0), *colors], dtype=np.float32)
    tint = table[labels]
    weight = np.where(labels > 0, np.float32(alpha), np.float32(0))
    weight = np.where(borders(labels, outline), np.float32(1), weight)[..., None]
    return np.asarray(rgb * (1 - weight) + tint * weight + 0.5, dtype=np.uint8)


def error_overlay(rgb: Image, right: Mask, wrong: Mask, fade: float = 0.55) -> Image:
    """The picture in pale grey, labelled pixels blue where right and red where wrong.

    Args:
        rgb: ``(H, W, 3)`` uint8.
        right, wrong: ``(h, w)`` bool; `wrong` wins where both are set.
        fade: how far the picture itself is washed out towards white, 0…1.
    """
    grey = rgb.mean(axis=2, keepdims=True) * (1 - fade) + 255 * fade
    pale = np.repeat(grey, 3, axis=2).astype(np.uint8)
    verdict = np.where(wrong, 2, np.where(right, 1, 0)).astype(np.uint8)
    blended = overlay(pale, verdict, (RIGHT_COLOR, WRONG_COLOR), alpha=0.45, outline=0)
    wrong_only = np.where(verdict == 2, 1, 0).astype(np.uint8)
    return overlay(blended, wrong_only, (WRONG_COLOR,), alpha=0.75, outline=0)


def borders(labels: Labels, width: int = 1) -> Mask:
    """Pixels of labelled areas within `width` px of another label (the picture's rim is none)."""
    from scipy import ndimage

    if width <= 0:
        return np.zeros(labels.shape, dtype=bool)
    size = 2 * width + 1
    # Square min/max filters: a pixel is inside its area when all its neighbours carry its label.
    low = ndimage.minimum_filter(labels, size, mode="nearest")
    high = ndimage.maximum_filter(labels, size, mode="nearest")
    return np.asarray((labels > 0) & (low != high))


def fit_labels(labels: Labels, height: int, width: int) -> Labels:
    """The label map stretched to ``(height, width)`` by nearest neighbour (pixel centres)."""
    if labels.shape == (height, width):
        return labels
    rows = (np.arange(height) + 0.5) * labels.shape[0] / height
    columns = (np.arange(width) + 0.5) * labels.shape[1] / width
    stretched: Labels = labels[rows.astype(np.intp)[:, None], columns.astype(np.intp)]
    return stretched


def scale_bar_um(width_um: float, share: float = 0.3) -> float:
    """Longest round length (1, 2 or 5 × 10ⁿ µm) of at most `share` of a picture's width."""
    limit = width_um * share
    power = 10.0 ** math.floor(math.log10(limit))
    return max(step * power for step in (1, 2, 5) if step * power <= limit)


def length_text(length_um: float) -> str:
    """``200 µm``, from 1000 µm on ``2 mm``."""
    if length_um >= 1000:
        return f"{length_um / 1000:g} mm"
    return f"{length_um:g} µm"


def add_scale_bar(rgb: Image, spacing_um: float) -> Image:
    """The picture with a labelled scale bar in its lower right corner.

    Args:
        rgb: ``(H, W, 3)`` uint8.
        spacing_um: µm per pixel of `rgb`.
    """
    from PIL import Image as PILImage
    from PIL import ImageDraw

    height, width = rgb.shape[:2]
    length_um = scale_bar_um(width * spacing_um)
    bar = length_um / spacing_um
    text, font = length_text(length_um), _font(max(11, round(width / 36)))
    picture = PILImage.fromarray(rgb)
    draw = ImageDraw.Draw(picture, "RGBA")
    text_width, line = draw.textlength(text, font=font), font.size
    pad = max(4, line // 2)
    thick = max(3, line // 4)
    box_width = max(bar, text_width) + 2 * pad
    x1, y1 = width - pad, height - pad
    x0, y0 = x1 - box_width, y1 - (line + thick + 2.4 * pad)
    draw.rounded_rectangle((x0, y0, x1, y1), radius=pad, fill=(255, 255, 255, 225))
    middle = (x0 + x1) / 2
    bar_box = (middle - bar / 2, y1 - pad - thick, middle + bar / 2, y1 - pad)
    draw.rectangle(bar_box, fill=(20, 20, 20, 255))
    draw.text((middle, y0 + 0.6 * pad), text, fill=(20, 20, 20, 255), font=font, anchor="ma")
    return np.asarray(picture)


def encode(rgb: Image, kind: str = "png", quality: int = 88) -> bytes:
    """The picture as the bytes of a ``png`` or ``jpeg`` (of this quality) file."""
    from PIL import Image as PILImage

    buffer = io.BytesIO()
    options = {"quality": quality, "subsampling": 0} if kind == "jpeg" else {"optimize": True}
    PILImage.fromarray(rgb).save(buffer, format=kind, **options)
    return buffer.getvalue()


def data_uri(content: bytes, mime: str) -> str:
    """``data:`` address that puts a picture inside an HTML page."""
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"


def _font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which matplotlib brings: it has µ wherever the program runs."""
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)
