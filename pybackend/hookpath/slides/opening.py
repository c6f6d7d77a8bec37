"""Open any slide: OpenSlide first, then tiffslide, then Pillow; one clear error if none can."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.slides._tiff_layout import TIFF_MAGIC, TiffLayout, tiff_layout
from hookpath.slides.base import Slide

if TYPE_CHECKING:
    from hookpath.slides._openslide import OpenSlideSlide

_PLAIN_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF8")


def open_slide(
    path: Path | str, calibration: Calibration | None = None, crop_to_bounds: bool = True
) -> Slide:
    """Open a whole-slide image or a plain image.

    Args:
        path: the file.
        calibration: µm/px that wins over the file's own (a project's value, ``--mpp``).
        crop_to_bounds: put level-0 (0, 0) at ``openslide.bounds-x/-y``, as QuPath does.

    Raises:
        SlideError: missing, a folder, unreadable, empty, damaged, or of a kind that cannot be
            used; the message names the file and says what to do.
    """
    path = Path(path)
    head = _first_bytes(path)
    try:
        if head.startswith(_PLAIN_MAGIC):
            return _open_other(path, calibration)
        return _open_whole_slide(path, head, calibration, crop_to_bounds)
    except SlideError:
        raise
    except Exception as error:
        raise SlideError(
            f"{path}: cannot be opened as a slide ({_one_line(error)}); "
            "copy it again from its source, or convert it to a pyramidal TIFF"
        ) from error


def _open_whole_slide(
    path: Path, head: bytes, calibration: Calibration | None, crop_to_bounds: bool
) -> Slide:
    import openslide

    from hookpath.slides._openslide import open_with_openslide

    try:
        slide = open_with_openslide(path, calibration, crop_to_bounds)
    except openslide.OpenSlideError:
        if not head.startswith(TIFF_MAGIC):
            return _open_other(path, calibration)
        return _open_refused_tiff(path, calibration)
    if slide.vendor != "generic-tiff":
        return slide
    return _generic_tiff(slide, path, calibration)


def _generic_tiff(slide: OpenSlideSlide, path: Path, calibration: Calibration | None) -> Slide:
    """OpenSlide looks at the main pages only: no SubIFD levels, no channels, no OME-XML."""
    try:
        layout = tiff_layout(path)
        _refuse(path, layout)
    except SlideError:
        slide.close()
        raise
    if layout.n_levels <= len(slide.levels):
        return slide
    from hookpath.slides._tiffslide import open_with_tiffslide

    slide.close()
    return open_with_tiffslide(path, calibration, layout.spacing)


def _open_refused_tiff(path: Path, calibration: Calibration | None) -> Slide:
    layout = tiff_layout(path)
    _refuse(path, layout)
    if layout.is_rgb and layout.is_tiled:
        from hookpath.slides._tiffslide import open_with_tiffslide

        return open_with_tiffslide(path, calibration, layout.spacing)
    return _open_other(path, calibration)


def _open_other(path: Path, calibration: Calibration | None) -> Slide:
    from PIL import UnidentifiedImageError

    from hookpath.slides._plain import open_plain

    try:
        return open_plain(path, calibration)
    except UnidentifiedImageError as error:
        raise SlideError(
            f"{path}: is no slide or image that OpenSlide, tiffslide or Pillow can read; "
            "check that the copy is complete, or convert it to a pyramidal TIFF"
        ) from error


def _refuse(path: Path, layout: TiffLayout) -> None:
    reason = layout.refusal()
    if reason:
        raise SlideError(f"{path}: {reason}")


def _first_bytes(path: Path) -> bytes:
    """The file's first bytes, after what commonly goes wrong has been ruled out."""
    if not path.exists():
        raise SlideError(f"{path}: no such file; check the path, or find the slide again in QuPath")
    if path.is_dir():
        raise SlideError(f"{path}: is a folder, not a slide; name the slide file in it")
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SlideError(f"{path}: cannot be read ({reason}); check its permissions") from error
    if len(head) < 16:
        what = "empty" if not head else f"only {len(head)} bytes long"
        raise SlideError(f"{path}: is {what}, not a slide; copy it again from its source")
    return head


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
