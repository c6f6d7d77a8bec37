"""Files that have a slide's name and are something else: what they are, by their first bytes."""

from __future__ import annotations

_KINDS = (
    (b"version https://", "a Git LFS pointer, not the slide itself; run git lfs pull"),
    (b"<!doctype html", "a web page (a download that failed?); download the slide again"),
    (b"<html", "a web page (a download that failed?); download the slide again"),
    (b"PK\x03\x04", "a ZIP archive; unpack it"),
    (b"\x1f\x8b", "packed with gzip; unpack it"),
    (b"%PDF", "a PDF document; export the image as a pyramidal TIFF"),
    (b"\x89HDF", "an HDF5 file; export the image as OME-TIFF"),
)


def mistaken_for_slide(head: bytes) -> str | None:
    """What a file is that begins so, and what to do about it; None: nothing that is known.

    Args:
        head: its first 16 bytes or more.
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for magic, what in _KINDS:
        if start.startswith(magic.lower()):
            return what
    return None
