"""Is this the same slide? One answer for predictions, extraction, training and every cache.

Two slides are the same where the same pixels lie at the same places at the same µm/px: equal
content, the calibration in use, the crop, and the library that gives the pixels. Neither the path
nor the time of a change counts, so a copy, a moved folder and a relative path are the same slide.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from hookpath.slides.dicom_series import whole_series
from hookpath.slides.multi_file_slide_parts import INDEX_SUFFIXES, parts_of

#: Slides up to this size (all files together) are read whole: some 5 ms.
WHOLE_BYTES = 4 * 2**20
#: Of larger ones so many stretches, evenly over each file, its beginning and end among them. What
#: is changed in place between two of them, without changing the file's length, goes unseen.
_STRETCHES = 64
_STRETCH = 2**14

#: Values of µm/px that differ by less are the same, written with fewer digits.
SAME_SPACING = 2e-3

_Sized = tuple[Path, int, int, int]
"""A file, its bytes, and when its content and its inode last changed (ns)."""


class SlideIdentity(BaseModel):
    """What makes a slide this slide, as it is opened.

    Attributes:
        content: digest of the bytes of all its files ("": not recorded).
        bytes: of all its files.
        mpp: µm/px in x and y that are in use; None: unknown.
        corner: level-0 px of the file at which (0, 0) lies (the crop).
        size: width and height in level-0 px.
        reader: the library that gives the pixels.
        transformed: what is done to the file's pixels first (turned, cut, combined); "": nothing.
    """

    model_config = ConfigDict(frozen=True)
    content: str = ""
    bytes: int = 0
    mpp: tuple[float, float] | None = None
    corner: tuple[int, int] = (0, 0)
    size: tuple[int, int] = (0, 0)
    reader: str = ""
    transformed: str = ""

    @property
    def key(self) -> str:
        """Name of the slide for whatever is kept of it: 32 hexadecimal digits."""
        left_out = None if self.transformed else {"transformed"}  # as keys were made before
        return hashlib.sha256(self.model_dump_json(exclude=left_out).encode()).hexdigest()[:32]

    def difference(self, now: SlideIdentity) -> str:
        """Why results on this slide do not hold for `now`, in words; "": they do.

        Another reader alone gives the same figures to rounding. What is unknown on one side (µm/px
        that were given on the command line, a record of an earlier version) is not held against it.
        """
        if self.bytes != now.bytes:
            return f"another file ({now.bytes} bytes, then {self.bytes})"
        if self.content and self.content != now.content:
            return "another file (as long, with other content)"
        if self.content and self.transformed != now.transformed:
            return "turned, cut or combined otherwise in QuPath"
        if self.content and (self.corner, self.size) != (now.corner, now.size):
            return (
                f"cropped otherwise ({_size(now)} from {now.corner}, then {_size(self)} from "
                f"{self.corner})"
            )
        if self.mpp and now.mpp and not same_spacing(self.mpp, now.mpp):
            found, then = spacing_text(now.mpp), spacing_text(self.mpp)
            return f"of another pixel size ({found} µm/px, then {then})"
        return ""


def content_of(path: Path, *others: Path) -> tuple[str, int]:
    """Digest of a slide's files, whatever they are called, and their bytes.

    A slide that is no file (a test's, another program's) is identified by its path.

    Args:
        path: of the slide.
        others: further files that its pixels come from.

    Raises:
        SlideError: one of them cannot be read.
    """
    from hookpath.errors import SlideError

    if not (path.is_file() or path.is_dir()):
        return hashlib.sha256(str(path).encode(errors="backslashreplace")).hexdigest()[:32], 0
    try:
        files = tuple(_sized(p) for part in (path, *others) for p in files_of(part))
        return _digest(files), sum(file[1] for file in files)
    except OSError as error:
        raise SlideError(
            f"{error.filename or path}: cannot be read ({error.strerror}); check its permissions"
        ) from error


def files_of(path: Path) -> list[Path]:
    """All files that hold the slide: of MIRAX its folder's, of DICOM its series'."""
    suffix = path.suffix.lower()
    if path.is_dir():  # OME-Zarr
        return sorted(p for p in path.rglob("*") if p.is_file())
    if suffix == ".vsi" and (folder := path.with_name(f"_{path.stem}_")).is_dir():
        return [path, *sorted(p for p in folder.rglob("*") if p.is_file())]
    if suffix == ".mrxs" and (folder := path.with_suffix("")).is_dir():
        return [path, *sorted(p for p in folder.iterdir() if p.is_file())]
    if suffix in INDEX_SUFFIXES:
        listed = parts_of(path)
        return [path, *sorted(p for p in path.parent.iterdir() if p.name.lower() in listed)]
    if suffix == ".dcm":
        return _series(path)
    return [path]


def _series(path: Path) -> list[Path]:
    beside = sorted(p for p in path.parent.iterdir() if p.suffix.lower() == ".dcm")
    listed = tuple((p, p.stat().st_mtime_ns) for p in beside)
    members = (m for m in _all_series(listed) if path in m)
    return list(next(members, (path,)))


@lru_cache(maxsize=64)
def _all_series(listed: Sequence[tuple[Path, int]]) -> list[tuple[Path, ...]]:
    """The series in a folder; kept, since each of its files asks for all of them."""
    found = whole_series(path for path, _ in listed)
    return [tuple(sorted((first, *others))) for first, others in found.items()]


def _sized(path: Path) -> _Sized:
    found = path.stat()
    return path.resolve(), found.st_size, found.st_mtime_ns, found.st_ctime_ns


@lru_cache(maxsize=4096)
def _digest(files: Sequence[_Sized]) -> str:
    """Kept for the files as they are: a command asks for the same slide several times."""
    whole = sum(file[1] for file in files) <= WHOLE_BYTES
    digest = hashlib.sha256()  # processors have instructions for it: twice as fast as any other
    looked_at = set(_spread(len(files)))
    for number, (path, size, *_) in enumerate(files):
        digest.update(size.to_bytes(8, "little"))
        if number not in looked_at:
            continue
        with path.open("rb") as file:
            if whole:
                digest.update(file.read())
                continue
            for start in _starts(size, max(3, _STRETCHES // len(files))):
                file.seek(start)
                digest.update(file.read(_STRETCH))
    return digest.hexdigest()[:32]


def _spread(count: int) -> Iterator[int]:
    """Which of so many files are looked into: all, or of an OME-Zarr's thousands some, evenly."""
    most = 16 * _STRETCHES
    step = max(1.0, (count - 1) / (most - 1))
    yield from (round(i * step) for i in range(min(count, most)))


def _starts(size: int, count: int) -> list[int]:
    """Where stretches begin, the last at the end of the file."""
    last = max(0, size - _STRETCH)
    return sorted({round(last * i / (count - 1)) for i in range(count)})


def same_spacing(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether µm/px in x and y are the same, but for the digits that they are written with."""
    return all(math.isclose(a, b, rel_tol=SAME_SPACING) for a, b in zip(one, other, strict=True))


def _size(of: SlideIdentity) -> str:
    return f"{of.size[0]}×{of.size[1]} px"


def spacing_text(mpp: tuple[float, float]) -> str:
    """µm/px in x and y in words: one number where they are the same."""
    x, y = mpp
    return f"{x:.4g}" if math.isclose(x, y, rel_tol=SAME_SPACING) else f"{x:.4g} × {y:.4g}"
