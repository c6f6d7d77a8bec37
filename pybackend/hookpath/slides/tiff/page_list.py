"""The pages of a TIFF, each read at a place that `directory_chain` has found."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Page = Any
"""A page of tifffile."""

#: Levels in the SubIFDs of one page; each halves the one before.
MAX_SUB_PAGES = 64

_REDUCED, _MASK = 0b1, 0b100


def pages_at(tiff: Any, offsets: Sequence[int], above: tuple[int, ...] = ()) -> list[Page]:
    """Pages of an open ``tifffile.TiffFile``, without its own (unbounded) walk along the chain."""
    import tifffile

    found = []
    for index, offset in enumerate(offsets):
        if not above and index == 0:
            found.append(tiff.pages.first)  # opening the file has read it
            continue
        tiff.filehandle.seek(offset)
        found.append(tifffile.TiffPage(tiff, (*above, index)))
    return [page for page in found if page.imagewidth and page.imagelength]


def sub_pages(tiff: Any, page: Page, number: int) -> list[Page]:
    """The pages in a page's SubIFDs."""
    offsets = page.subifds or ()
    return pages_at(tiff, offsets[:MAX_SUB_PAGES], (number,))


def is_reduced(page: Page) -> bool:
    """Whether the page calls itself a smaller copy of another."""
    return bool(page.subfiletype & _REDUCED)


def is_only_reduced(page: Page) -> bool:
    """The same, and nothing else (Aperio marks the macro picture as reduced, too)."""
    return bool(page.subfiletype == _REDUCED)


def is_mask(page: Page) -> bool:
    """Whether the page is a transparency mask of another."""
    return bool(page.subfiletype & _MASK)


def area(page: Page) -> int:
    """In px."""
    return int(page.imagewidth) * int(page.imagelength)


def size(page: Page) -> tuple[int, int]:
    """(width, height) in px."""
    return int(page.imagewidth), int(page.imagelength)


@contextmanager
def quiet_tifffile() -> Iterator[None]:
    """Keep tifffile's log lines about odd tags off the user's screen."""
    logger = logging.getLogger("tifffile")
    before = logger.disabled
    logger.disabled = True  # changing its level would make every logger look at itself anew
    try:
        yield
    finally:
        logger.disabled = before
