"""Detects the format of a file of annotations by its content."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from hookpath.errors import AnnotationError
from hookpath.markup import asap, imagescope
from hookpath.untrusted_files import refuse_special

Source = Literal["asap", "imagescope", "geojson", "mask"]
Target = Literal["geojson", "asap", "imagescope", "mask", "mask-tiff"]
"""What `convert` writes; ``mask-tiff``: a pyramidal TIFF."""

#: File name of each kind of result after the slide's.
ENDINGS: dict[Target, str] = {
    "geojson": ".geojson",
    "asap": ".xml",
    "imagescope": ".xml",
    "mask": "_mask.png",
    "mask-tiff": "_mask.tif",
}

_IMAGES = (b"\x89PNG", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM", b"GIF8")


def source_format(path: Path) -> Source:
    """The format of a file (HALO's is read as ImageScope's).

    Raises:
        AnnotationError: not readable, or none that is known; names the file.
    """
    if path.is_dir():
        raise AnnotationError(f"{path} is a folder; name the files in it, as in {path / '*.xml'}")
    try:
        refuse_special(path)
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise AnnotationError(f"cannot read {path}: {error.strerror or error}") from error
    if head.startswith(_IMAGES):
        return "mask"
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        return "geojson"
    text = _text(head)
    if text.startswith(("{", "[")):
        return "geojson"
    if f"<{asap.ROOT}" in text:
        return "asap"
    if f"<{imagescope.ROOT}" in text:
        return "imagescope"
    raise AnnotationError(
        f"{path}: is none of ASAP XML, ImageScope XML, HALO .annotations, GeoJSON, and label "
        "masks (PNG, TIFF)"
    )


def _text(head: bytes) -> str:
    """XML may be UTF-16."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
