"""Images in a TIFF that are no RGB: which pages hold which channel of which plane.

OME-TIFF says so in its XML, PerkinElmer's QPTIFF and ImageJ in the descriptions of their pages; a
page alone may hold grey of 16 bits, floats, or several samples a px.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from hookpath.errors import SlideError
from hookpath.slides.channels import RGB, RGB_CHANNELS, Channel, with_names
from hookpath.slides.slide_base import Plane, default_plane
from hookpath.slides.tiff.color_conversion import frame_refusal, refusal
from hookpath.slides.tiff.ome_xml import OmeImage
from hookpath.slides.tiff.page_list import Page, area, is_mask, is_reduced, size, sub_pages

_GREY, _COLOUR = 1, 2
_TYPES = frozenset({"uint8", "uint16", "uint32", "int16", "int32", "float32", "float64"})
_QPI = "PerkinElmer-QPI-ImageDescription"
_RGB_NAMES = ("red", "green", "blue")


@dataclass(frozen=True)
class Stack:
    """One plane of an image of any channels.

    Attributes:
        levels: the pages of its channels, of the image itself and its smaller copies.
        channels: one for each sample of these pages, page by page.
        planes, plane: how many there are, and which it is.
        bright: light shines through where there is nothing (16-bit RGB).
        is_rgb: each page is 8-bit RGB or grey alone.
    """

    levels: tuple[tuple[Page, ...], ...]
    channels: tuple[Channel, ...]
    planes: Plane = (1, 1)
    plane: Plane = (0, 0)
    bright: bool = False
    is_rgb: bool = False


def stored_refusal(page: Page) -> str | None:
    """Why the samples of a page cannot be taken as they are stored; None if they can."""
    if reason := frame_refusal(page):
        return reason
    photometric = int(page.photometric)
    if photometric not in (_GREY, _COLOUR) or (photometric, page.samplesperpixel) == (_COLOUR, 4):
        return "has colours of a kind that are no channels; export it as OME-TIFF"
    kind = str(page.dtype)
    if kind not in _TYPES or page.bitspersample != 8 * page.dtype.itemsize:
        what = f"{page.bitspersample}-bit" if page.dtype is None else kind
        return f"has {what} samples, which are not read; export it with 8 or 16 bits"
    return None


def plane_of(path: Path, planes: Plane, wanted: Plane | None) -> Plane:
    """The plane to read.

    Raises:
        SlideError: there is none of that number.
    """
    if wanted is None:
        return default_plane(planes)
    for name, index, count in zip("zt", wanted, planes, strict=True):
        if not 0 <= index < count:
            has = "only 0" if count == 1 else f"0 to {count - 1}"
            raise SlideError(f"{path}: has no plane {name} = {index} ({has}); choose another")
    return wanted


def ome_stack(
    tiff: Any, path: Path, pages: Sequence[Page], ome: OmeImage, wanted: Plane | None
) -> Stack:
    """What an OME-XML describes.

    Raises:
        SlideError: planes are missing, or of a kind that is not read.
    """
    planes = ome.size_z, ome.size_t
    z, t = plane_of(path, planes, wanted)
    samples = max(1, int(pages[ome.pages[0]].samplesperpixel)) if ome.pages else 1
    numbers = [ome.places.get((c, z, t)) for c in range(math.ceil(ome.size_c / samples))]
    if None in numbers:
        raise SlideError(
            f"{path}: its OME-XML does not say where channel {numbers.index(None) + 1} of the "
            f"plane z = {z}, t = {t} is; export it as OME-TIFF again"
        )
    own = [(n, pages[n]) for n in numbers if n is not None]
    _refuse(path, [page for _, page in own])
    within = [sub_pages(tiff, page, number) for number, page in own]
    levels = [tuple(page for _, page in own), *(tuple(s) for s in zip(*within, strict=False))]
    names = [c.name for c in ome.channels] if len(ome.channels) == ome.size_c else []
    colors = [_rgb(c.color) for c in ome.channels] if names else []
    return _stack(levels, names, colors, planes, (z, t))


def described_stack(
    path: Path, pages: Sequence[Page], wanted: Plane | None
) -> tuple[Stack, Page] | None:
    """What QPTIFF or ImageJ describes, and its first page; None: it is neither, or RGB.

    Raises:
        SlideError: it is of a kind that is not read.
    """
    first = pages[0].description
    if _QPI in first[:400]:
        return _qpi(path, pages)
    return _imagej(path, pages, wanted) if first.startswith("ImageJ=") else None


def single_page(path: Path, page: Page, levels: Sequence[Page]) -> Stack | None:
    """A page whose samples are channels, with its smaller copies; None: they are not."""
    if stored_refusal(page):
        return None
    return _stack([(page,), *((level,) for level in levels)], [], [], (1, 1), (0, 0))


def _stack(
    levels: Sequence[tuple[Page, ...]],
    names: Sequence[str],
    colors: Sequence[RGB | None],
    planes: Plane,
    plane: Plane,
) -> Stack:
    base = levels[0]
    is_rgb = len(base) == 1 and refusal(base[0]) is None
    count = sum(int(page.samplesperpixel) for page in base)
    bright = len(base) == 1 and int(base[0].photometric) == _COLOUR and count == len(RGB_CHANNELS)
    bright = bright or [n.strip().lower() for n in names] == list(_RGB_NAMES)
    if bright or is_rgb:
        channels = RGB_CHANNELS
    else:
        channels = with_names(names or [""] * count, colors or [None] * count)
    fitting = [base, *(level for level in _without_twins(levels[1:]) if _fits(level, base))]
    return Stack(tuple(fitting), channels, planes, plane, bright or is_rgb, is_rgb)


def _without_twins(levels: Sequence[tuple[Page, ...]]) -> list[tuple[Page, ...]]:
    sizes = Counter(size(level[0]) for level in levels)
    once = [level for level in levels if sizes[size(level[0])] == 1]
    return sorted(once, key=lambda level: area(level[0]), reverse=True)


def _fits(level: tuple[Page, ...], base: tuple[Page, ...]) -> bool:
    return len(level) == len(base) and all(
        area(page) < area(whole)
        and size(page) == size(level[0])
        and page.is_tiled == whole.is_tiled
        and page.samplesperpixel == whole.samplesperpixel
        and page.dtype == whole.dtype
        and not is_mask(page)
        and (refusal(page) is None or stored_refusal(page) is None)
        for page, whole in zip(level, base, strict=True)
    )


def _refuse(path: Path, pages: Sequence[Page]) -> None:
    for page in pages:
        if (reason := refusal(page)) and stored_refusal(page):
            raise SlideError(f"{path}: {reason}")
    if len({(size(p), p.dtype, p.samplesperpixel) for p in pages}) > 1:
        raise SlideError(
            f"{path}: its channels differ in size or type; export them as one OME-TIFF"
        )


def _qpi(path: Path, pages: Sequence[Page]) -> tuple[Stack, Page] | None:
    """Channels are full-size pages in a row, each named in its own XML; then come smaller copies.

    The XML of PerkinElmer's image descriptions: ``ImageType``, ``Name`` or ``Biomarker``,
    ``Color``.
    """
    full = [p for p in pages if size(p) == size(pages[0]) and not is_mask(p)]
    if any(int(p.photometric) != _GREY or p.samplesperpixel != 1 for p in full):
        return None
    _refuse(path, full)
    said = [_qpi_says(page.description) for page in full]
    groups: dict[tuple[int, int], list[Page]] = {}
    for page in pages:
        if is_reduced(page) or "<ImageType>ReducedResolution<" in page.description:
            groups.setdefault(size(page), []).append(page)
    levels = [tuple(full), *(tuple(g) for g in groups.values() if len(g) == len(full))]
    names, colors = [name for name, _ in said], [color for _, color in said]
    return _stack(levels, names, colors, (1, 1), (0, 0)), full[0]


def _qpi_says(description: str) -> tuple[str, RGB | None]:
    """Name and colour of a channel."""
    try:
        root = ElementTree.fromstring(re.sub(r"^<\?xml[^>]*\?>", "", description.strip()))
    except ElementTree.ParseError:
        return "", None
    name = root.findtext("Biomarker") or root.findtext("Name") or ""
    numbers = re.findall(r"\d+", root.findtext("Color") or "")
    color = tuple(min(255, int(n)) for n in numbers)
    return name, (color[0], color[1], color[2]) if len(color) == 3 else None


def _imagej(path: Path, pages: Sequence[Page], wanted: Plane | None) -> tuple[Stack, Page] | None:
    """ImageJ counts channels first, then slices, then frames, a page each."""
    said = pages[0].description
    count = _line(said, "images")
    channels, slices, frames = (_line(said, key) for key in ("channels", "slices", "frames"))
    if channels * slices * frames != count:
        channels, slices, frames = (count, 1, 1) if channels == count else (1, count, 1)
    if count == 1 or len(pages) < count:
        return None  # no stack, or pages that only ImageJ finds
    z, t = plane_of(path, (slices, frames), wanted)
    start = (t * slices + z) * channels
    own = list(pages[start : start + channels])
    _refuse(path, own)
    return _stack([tuple(own)], [], [], (slices, frames), (z, t)), own[0]


def _line(description: str, key: str) -> int:
    found = re.search(rf"^{key}=(\d+)\s*$", description, re.MULTILINE)
    return max(1, int(found[1])) if found else 1


def _rgb(color: int | None) -> RGB | None:
    """OME's RGBA in a signed 32-bit number."""
    if color is None:
        return None
    red, green, blue, _ = (color & 0xFFFFFFFF).to_bytes(4, "big")
    return red, green, blue
