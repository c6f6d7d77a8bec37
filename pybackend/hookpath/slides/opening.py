"""Open any slide: OpenSlide first, then tiffslide, then Pillow; one clear error if none can."""

from __future__ import annotations

import os
from pathlib import Path

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.slides.base import Slide

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
            from hookpath.slides._plain import open_plain

            return open_plain(path, calibration)
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
    from hookpath.slides._openslide import open_with_openslide

    return open_with_openslide(path, calibration, crop_to_bounds)


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
