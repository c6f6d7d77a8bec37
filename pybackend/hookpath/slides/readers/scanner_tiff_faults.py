"""What OpenSlide would show wrongly, without a word, in a scanner's own kind of TIFF."""

from __future__ import annotations

from pathlib import Path

from hookpath.slides.tiff.color_conversion import JPEG, JPEG_2000, refusal
from hookpath.slides.tiff.directory_chain import directory_offsets
from hookpath.slides.tiff.page_list import Page, area, pages_at, quiet_tifffile

_BLACK_IS_ZERO, _RGB, _YCBCR = 1, 2, 6


def misread_by_openslide(path: Path) -> str | None:
    """Why the slide must not be left to OpenSlide, and what to do; None where it may.

    It takes no notice of the Orientation tag, cuts 16 bits to 8, and shows an alpha sample that
    nobody meant as nothing but white.
    """
    import tifffile

    with quiet_tifffile():
        try:
            with tifffile.TiffFile(path) as tiff:
                # Offsets above 4 GiB are written in Hamamatsu's own way; its first page is largest.
                pages = (
                    [tiff.pages.first] if tiff.is_ndpi else pages_at(tiff, directory_offsets(path))
                )
                return _unusual(max(pages, key=area))
        except Exception:  # damaged: OpenSlide will say so
            return None


def _unusual(page: Page) -> str | None:
    if reason := refusal(page):
        return reason
    photometric = int(page.photometric)
    usual = photometric in (_BLACK_IS_ZERO, _RGB) or (
        photometric == _YCBCR and page.compression in JPEG | JPEG_2000
    )
    if usual and page.samplesperpixel in (1, 3) and page.bitspersample == 8:
        return None
    return (
        "has pixels of a kind that is not known of its scanner "
        f"({page.photometric.name if hasattr(page.photometric, 'name') else photometric}, "
        f"{page.samplesperpixel} samples); convert it to a plain pyramidal TIFF"
    )
