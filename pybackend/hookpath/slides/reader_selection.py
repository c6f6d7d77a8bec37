"""Open any slide: OpenSlide for scanners' formats, our own reader for other TIFFs, then Pillow.

Scanners' formats that OpenSlide does not know are fastslide's, folders of OME-Zarr are zarr's,
where these are installed.

What only QuPath can read comes with its JSON (`server`).
"""

from __future__ import annotations

import os
from pathlib import Path

from hookpath import plugins
from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.slides.misnamed_files import mistaken_for_slide
from hookpath.slides.multi_file_slide_parts import behind_link, whole_of_part
from hookpath.slides.ngff_metadata import is_ome_zarr
from hookpath.slides.readers.fastslide_reader import FORMATS, open_with_fastslide
from hookpath.slides.readers.omezarr_reader import open_ome_zarr
from hookpath.slides.readers.scanner_tiff_faults import misread_by_openslide
from hookpath.slides.slide_base import Plane, Slide
from hookpath.slides.tiff.directory_chain import TIFF_MAGIC, directory_offsets

#: OpenSlide's name for a TIFF of no scanner's kind. It looks at the first page and at tags only.
_GENERIC = "generic-tiff"
#: A format whose image is the largest page, as in any TIFF: what OpenSlide cannot decode, we may.
_PLAIN_INSIDE = "aperio"


def open_slide(
    path: Path | str,
    calibration: Calibration | None = None,
    crop_to_bounds: bool = True,
    *,
    assumed: Calibration | None = None,
    server: str = "",
    plane: Plane | None = None,
) -> Slide:
    """Open a whole-slide image or a plain image.

    Args:
        path: the file; of OME-Zarr the folder.
        calibration: µm/px that wins over the file's own (a project's value).
        crop_to_bounds: put level-0 (0, 0) at ``openslide.bounds-x/-y``, as QuPath does.
        assumed: µm/px where the file says nothing (``--mpp``).
        server: QuPath's JSON of the server to read it through (see `SlideRef`); "": not.
        plane: z and t of a stack; None: the one that QuPath shows first.

    Raises:
        SlideError: missing, a folder, unreadable, empty, damaged, or of a kind that cannot be
            used; the message names the file and says what to do.
    """
    path = behind_link(Path(path))
    if server:
        from hookpath.slides.readers.qupath_reader import open_through_qupath

        found = open_through_qupath(server, path, calibration, plane)
        found.assumed = assumed
        return found
    if is_ome_zarr(path):
        image = open_ome_zarr(path, calibration, plane)
        image.assumed = assumed
        return image
    head = _first_bytes(path)
    try:
        if head.startswith(TIFF_MAGIC):
            directory_offsets(path)
        slide = _open(path, head, calibration, crop_to_bounds, plane)
    except SlideError:
        raise
    except Exception as error:
        raise SlideError(
            f"{path}: cannot be opened as a slide ({_one_line(error)}); "
            "copy it again from its source, or convert it to a pyramidal TIFF"
        ) from error
    slide.assumed = assumed
    return slide


def _open(
    path: Path,
    head: bytes,
    calibration: Calibration | None,
    crop_to_bounds: bool,
    plane: Plane | None,
) -> Slide:
    """OpenSlide is asked first: what a MIRAX scanner writes begins like a JPEG, a VMS like text.

    Endings for which a reader was installed (`hookpath.plugins`) are that one's.
    """
    import openslide

    ending = path.suffix.lower().removeprefix(".")
    if ending and ending in plugins.names("readers"):
        return _one_plane(_of_plugin(ending, path, calibration), plane)
    is_tiff = head.startswith(TIFF_MAGIC)
    vendor = openslide.OpenSlide.detect_format(path)
    if vendor is None or vendor == _GENERIC:
        if is_tiff:
            return _one_plane(_open_tiff(path, calibration, plane), plane)
        if path.suffix.lower() in FORMATS:
            return open_with_fastslide(path, calibration, plane)
        return _one_plane(_open_other(path, head, calibration), plane)
    if is_tiff and (reason := misread_by_openslide(path)):
        if vendor == _PLAIN_INSIDE:
            return _open_tiff(path, calibration, plane)
        raise SlideError(f"{path}: {reason}")
    from hookpath.slides.readers.openslide_reader import open_with_openslide

    try:
        return _one_plane(open_with_openslide(path, calibration, crop_to_bounds), plane)
    except openslide.OpenSlideError as error:
        if path.suffix.lower() in FORMATS:  # a CZI of several channels or planes
            return open_with_fastslide(path, calibration, plane)
        refused = SlideError(
            f"{path}: OpenSlide takes it for {vendor} and refuses it ({_one_line(error)}); "
            "copy all its files again from their source, or export it as OME-TIFF"
        )
        if vendor != _PLAIN_INSIDE:
            raise refused from error
        try:
            return _open_tiff(path, calibration, plane)
        except SlideError:
            raise refused from error


def _of_plugin(ending: str, path: Path, calibration: Calibration | None) -> Slide:
    found = plugins.load("readers", ending)(path, calibration)
    if not isinstance(found, Slide):
        raise SlideError(f"{path}: the installed reader of .{ending} gives no hookpath Slide")
    return found


def _open_tiff(path: Path, calibration: Calibration | None, plane: Plane | None) -> Slide:
    from hookpath.slides.readers.tiff_reader import open_tiff

    return open_tiff(path, calibration, plane)


def _one_plane(slide: Slide, plane: Plane | None) -> Slide:
    """The slide, whose only plane is wanted."""
    from hookpath.slides.tiff.channel_stacks import plane_of

    try:
        plane_of(slide.path, slide.planes, plane)
    except SlideError:
        slide.close()
        raise
    return slide


def _open_other(path: Path, head: bytes, calibration: Calibration | None) -> Slide:
    from PIL import UnidentifiedImageError

    from hookpath.slides.readers.plain_reader import open_plain

    if reason := whole_of_part(path):
        raise SlideError(f"{path}: {reason}")
    try:
        return open_plain(path, calibration)
    except UnidentifiedImageError as error:
        if what := mistaken_for_slide(head):
            raise SlideError(f"{path}: is {what}") from error
        raise SlideError(
            f"{path}: is no slide or image that OpenSlide, tifffile or Pillow can read; "
            "check that the copy is complete, or convert it to a pyramidal TIFF"
        ) from error


def _first_bytes(path: Path) -> bytes:
    """The file's first bytes, after what commonly goes wrong has been ruled out."""
    if not path.exists():
        raise SlideError(f"{path}: no such file; check the path, or find the slide again in QuPath")
    if path.is_dir():
        raise SlideError(f"{path}: is a folder, not a slide; name the slide file in it")
    if not path.is_file():
        raise SlideError(f"{path}: is no ordinary file (a pipe or a device); name a slide file")
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
