"""Which of the images in a TIFF is the slide, and which pages are its lower levels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookpath.errors import SlideError
from hookpath.slides.metadata_spacing import FileSpacing
from hookpath.slides.slide_base import Plane
from hookpath.slides.tiff.channel_stacks import Stack, described_stack, ome_stack, single_page
from hookpath.slides.tiff.color_conversion import refusal
from hookpath.slides.tiff.directory_chain import directory_offsets
from hookpath.slides.tiff.ome_xml import OmeImage, ome_images
from hookpath.slides.tiff.page_list import (
    Page,
    area,
    is_mask,
    is_only_reduced,
    is_reduced,
    pages_at,
    size,
    sub_pages,
)
from hookpath.slides.tiff.resolution_tags import hidden_planes, page_spacing

Planes = tuple[Page, ...]
"""One page, or three: red, green and blue."""


@dataclass(frozen=True)
class TiffImage:
    """The slide in a TIFF.

    Attributes:
        levels: the slide itself, then its smaller copies, finest first.
        spacing: µm/px.
        note: what a person should know of the choice ("": nothing).
        stack: what the samples are, where they are no 8-bit RGB; None: they are.
    """

    levels: tuple[Planes, ...]
    spacing: FileSpacing
    note: str = ""
    stack: Stack | None = None


@dataclass(frozen=True)
class _Candidate:
    """An image at full size: its first page, where that stands in the file, what the OME says."""

    page: Page
    number: int
    ome: OmeImage | None = None


def slide_image(tiff: Any, path: Path, plane: Plane | None = None) -> TiffImage:
    """The largest image of an open ``tifffile.TiffFile``.

    8-bit RGB wherever it is that; else its channels as they are stored.

    Args:
        plane: of a stack; None: the one that QuPath shows first.

    Raises:
        SlideError: there is none, two are equally large, it has no such plane, or it is of a kind
            that is not read.
    """
    pages = pages_at(tiff, directory_offsets(path))
    if not pages:
        raise SlideError(f"{path}: holds no image; copy it again from its source")
    if found := described_stack(path, pages, plane):
        stack, first = found
        return TiffImage(stack.levels, page_spacing(first, pages[0].description), "", stack)
    candidates = _candidates(tiff, path, pages)
    chosen = _largest(path, candidates, pages[0].description)
    spacing, note = _spacing(chosen, pages), _note(candidates, chosen)
    if chosen.ome is not None and _is_stack(chosen, chosen.ome, pages):
        stack = ome_stack(tiff, path, pages, chosen.ome, plane)
        return TiffImage(stack.levels, spacing, note, stack)
    planes = _planes(path, chosen, pages)
    for page in planes:
        if reason := refusal(page):
            lone = _lone(tiff, path, pages, candidates, chosen) if len(planes) == 1 else None
            if lone is None:
                raise SlideError(f"{path}: {reason}")
            return TiffImage(lone.levels, spacing, note, lone)
    reduced = _reduced(tiff, pages, planes, candidates, chosen)
    return TiffImage((planes, *reduced), spacing, note)


def _spacing(chosen: _Candidate, pages: Sequence[Page]) -> FileSpacing:
    spacing = chosen.ome.spacing if chosen.ome else FileSpacing(None)
    if spacing.calibration is None and not spacing.note:
        spacing = page_spacing(chosen.page, pages[0].description)
    return spacing


def _is_stack(chosen: _Candidate, ome: OmeImage, pages: Sequence[Page]) -> bool:
    """Whether an OME-XML describes more than one plane, or channels that are no 8-bit RGB."""
    count = _planes_of(ome, pages)
    if ome.depth > 1:
        return True
    if count == 1:
        return refusal(chosen.page) is not None
    own = [pages[number] for number in ome.pages[:count]]
    is_rgb = count == 3 and ome.rgb_order() is not None and len(own) == 3 and _one_kind(own)
    return not (is_rgb and all(refusal(page) is None for page in own))


def _lone(
    tiff: Any,
    path: Path,
    pages: Sequence[Page],
    candidates: Sequence[_Candidate],
    chosen: _Candidate,
) -> Stack | None:
    """The channels of a single page, and its smaller copies; None: they cannot be read."""
    within = sub_pages(tiff, chosen.page, chosen.number)
    known = {size(level) for level in within}
    along = [p for p in _following(pages, candidates, chosen) if size(p) not in known]
    return single_page(path, chosen.page, [*within, *along])


def _candidates(tiff: Any, path: Path, pages: Sequence[Page]) -> list[_Candidate]:
    """Every image that is no smaller copy of another, in the file's order."""
    found: dict[int, _Candidate] = {}
    claimed: set[int] = set()
    for ome in _ome(path, pages):
        own = ome.pages[: _planes_of(ome, pages)]
        if own and size(pages[own[0]]) == (ome.width, ome.height):
            found[own[0]] = _Candidate(pages[own[0]], own[0], ome)
            # Some write no IFD at all: then the first image would claim every page.
            claimed |= {n for n in ome.claimed if size(pages[n]) == (ome.width, ome.height)}
        elif ome.elsewhere:
            raise SlideError(
                f"{path}: its pixels are in another file ({ome.elsewhere}); open that one"
            )
    for number in _full_size(pages):
        if number not in claimed:
            found[number] = _Candidate(pages[number], number)
        for sub in sub_pages(tiff, pages[number], number):
            if area(sub) > area(pages[number]) and not is_reduced(sub):
                found[len(pages) + len(found)] = _Candidate(sub, len(pages) + len(found))
    return [found[number] for number in sorted(found)]


def _full_size(pages: Sequence[Page]) -> list[int]:
    """Numbers of the pages that are no smaller copies, whatever the largest calls itself."""
    numbers = [n for n, page in enumerate(pages) if not is_mask(page)]
    full = [n for n in numbers if not is_reduced(pages[n])]
    largest = max(numbers, key=lambda n: area(pages[n]), default=0)
    if not full or area(pages[largest]) > max(area(pages[n]) for n in full):
        full.append(largest)
    return sorted(full)


def _ome(path: Path, pages: Sequence[Page]) -> list[OmeImage]:
    for page in pages:
        if page.description.rstrip().endswith("OME>"):
            return ome_images(page.description, path.name, len(pages))
    return []


def _planes_of(ome: OmeImage, pages: Sequence[Page]) -> int:
    """How many pages hold the channels of an image."""
    per_page = pages[ome.pages[0]].samplesperpixel if ome.pages else 1
    return max(1, -(-ome.size_c // max(1, per_page)))


def _largest(path: Path, candidates: Sequence[_Candidate], description: str) -> _Candidate:
    most = max(area(c.page) for c in candidates)
    largest = [c for c in candidates if area(c.page) == most]
    planes = max(len(largest), hidden_planes(description))
    if planes == 1:
        return largest[0]
    if any(c.ome for c in largest) or len({size(c.page) for c in largest}) > 1:
        raise SlideError(
            f"{path}: holds {_listed(candidates)}; two are equally large: export the one you want "
            "as a file of its own"
        )
    raise SlideError(
        f"{path}: has {planes} channels or planes (a stack) of one size, not RGB colour; export "
        "the view you want as RGB"
    )


def _planes(path: Path, chosen: _Candidate, pages: Sequence[Page]) -> Planes:
    """The pages that hold the image's colours."""
    ome = chosen.ome
    if ome is None:
        return (chosen.page,)
    count = _planes_of(ome, pages)
    if count == 1:
        return (chosen.page,)
    order = ome.rgb_order()
    own = [pages[number] for number in ome.pages[:count]]
    assert order is not None  # else it were a stack
    return tuple(own[index] for index in order)


def _one_kind(pages: Sequence[Page]) -> bool:
    """Whether all are of one size and 1 sample a px, where 0 is dark."""
    return len({size(p) for p in pages}) == 1 and all(
        p.samplesperpixel == 1 and int(p.photometric) == 1 for p in pages
    )


def _reduced(
    tiff: Any,
    pages: Sequence[Page],
    planes: Planes,
    candidates: Sequence[_Candidate],
    chosen: _Candidate,
) -> list[Planes]:
    """Smaller copies of the image, largest first: of its SubIFDs and of the main pages."""
    within = [sub_pages(tiff, page, chosen.number) for page in planes]
    found = _without_twins([tuple(same) for same in zip(*within, strict=False)])
    if len(planes) == 1:
        along = _without_twins([(page,) for page in _following(pages, candidates, chosen)])
        known = {size(level[0]) for level in found}
        found += [level for level in along if size(level[0]) not in known]
    fitting = [level for level in found if _fits(level, planes)]
    return sorted(fitting, key=lambda level: area(level[0]), reverse=True)


def _without_twins(levels: list[Planes]) -> list[Planes]:
    """Levels of equal size are left out: nothing says which of them is the finer."""
    sizes = Counter(size(level[0]) for level in levels)
    return [level for level in levels if sizes[size(level[0])] == 1]


def _fits(level: Planes, planes: Planes) -> bool:
    base = planes[0]
    return all(
        area(page) < area(base)
        and page.imagewidth <= base.imagewidth
        and page.imagelength <= base.imagelength
        and page.is_tiled == base.is_tiled
        and not is_mask(page)
        and refusal(page) is None
        and (len(planes) == 1 or page.samplesperpixel == 1)
        for page in level
    )


def _following(
    pages: Sequence[Page], candidates: Sequence[_Candidate], chosen: _Candidate
) -> list[Page]:
    """Main pages that call themselves smaller copies and can be of no other image.

    One belongs to the image it follows, or, where it is larger than that, to the last that is
    larger than it; before all images, to the first.
    """
    full = {c.number: c for c in candidates}
    passed: list[_Candidate] = []
    owner: _Candidate | None = None
    found = []
    for number, page in enumerate(pages):
        if number in full:
            owner = full[number]
            passed.append(owner)
        elif is_only_reduced(page):
            larger = [c for c in passed if area(c.page) > area(page)]
            if owner is None or area(owner.page) <= area(page):
                owner = larger[-1] if larger else candidates[0]
            if owner is chosen:
                found.append(page)
    return found


def _note(candidates: Sequence[_Candidate], chosen: _Candidate) -> str:
    """A note where the slide is not the first image, or another is nearly as large."""
    others = [c for c in candidates if c is not chosen]
    if all(area(c.page) * 4 < area(chosen.page) for c in others) and chosen is candidates[0]:
        return ""
    wide, high = size(chosen.page)
    return f"the file holds {_listed(candidates)}; the largest, {wide} × {high} px, is the slide"


def _listed(candidates: Sequence[_Candidate]) -> str:
    named = [
        " × ".join(str(side) for side in size(c.page))
        + (f" px ({c.ome.name})" if c.ome and c.ome.name else " px")
        for c in candidates[:8]
    ]
    more = f" and {len(candidates) - 8} more" if len(candidates) > 8 else ""
    return f"{len(candidates)} images: {', '.join(named)}{more}"
