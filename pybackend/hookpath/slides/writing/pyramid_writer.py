"""Results as pyramidal TIFF, written row by row."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self

import numpy as np
import numpy.typing as npt

from hookpath.atomic_files import GivenUpError, replacing
from hookpath.errors import OutputError
from hookpath.slides.writing.halving import Level, mean_of_4, mode_of_4
from hookpath.slides.writing.ome_description import RGB
from hookpath.slides.writing.tiff_directories import ImageSpec
from hookpath.slides.writing.tiff_file import Directory, TiffFile

Rows = npt.NDArray[Any]

#: Fast, and a few percent larger than zlib's default 6.
ZLIB_LEVEL = 4
JPEG_QUALITY = 90


class PyramidWriter:
    """A tiled, pyramidal OME-TIFF, written top to bottom: class maps and probabilities.

    Each channel is a page of its own whose lower levels (halved until they fit a tile) are SubIFDs,
    as in QuPath's own OME-TIFF; those of the first channel are main pages, too, where OpenSlide
    looks for them. BigTIFF where 4 GiB might be exceeded. Tiles of one value are stored once.

    About 2 · width · tile · channels samples are held: one row of tiles of every level.

    The file appears under its name only when the ``with`` block ends without an error; until then
    it is a hidden one beside it (`replacing`), gone after any error. Rows never written are 0.

    Args:
        path: of the file; one that exists is replaced at the end.
        width, height: of level 0 in px.
        channels: samples per px.
        spacing_um: µm per level-0 px.
        tile: side of the tiles in px, a multiple of 16.
        dtype: ``uint8``, ``uint16`` or ``float32``.
        compression: ``deflate`` (exact) or ``jpeg`` (uint8 only, not for class maps).
        colormap: RGB 0…255 of the labels 0, 1, …; makes it a class map (one channel of uint8)
            whose lower levels have the commonest label of 2 × 2 px. Others have the mean.
        description: kept with the image.
        channel_names: what QuPath calls the channels; None: ``Channel 1``…
        channel_colors: RGB 0…255 that QuPath shows them in; None: its own choice.

    Raises:
        ValueError: arguments that do not fit together.
        OutputError: no room on the disk, no permission… (from ``with`` and from every method).
    """

    def __init__(
        self,
        path: Path | str,
        width: int,
        height: int,
        channels: int,
        spacing_um: float,
        tile: int = 512,
        dtype: str = "uint8",
        compression: Literal["deflate", "jpeg"] = "deflate",
        colormap: Sequence[RGB] | None = None,
        description: str | None = None,
        channel_names: Sequence[str] | None = None,
        channel_colors: Sequence[RGB | None] | None = None,
    ) -> None:
        self.path = Path(path)
        names = tuple(channel_names or (f"Channel {c + 1}" for c in range(channels)))
        if len(names) != channels:
            raise ValueError(f"{len(names)} names for {channels} channels")
        self._spec = ImageSpec(
            width=width,
            height=height,
            channel_names=names,
            channel_colors=tuple(channel_colors or (None,) * channels),
            spacing_um=spacing_um,
            tile=tile,
            dtype=np.dtype(dtype),
            compression=compression,
            colormap=tuple(colormap) if colormap is not None else None,
            name=self.path.name,
            description=description or "",
        )
        self._pages = self._spec.pages()
        self._levels = self._make_levels()
        self._replacing = replacing(self.path)
        self._file: BinaryIO | None = None
        self._tiff: TiffFile | None = None
        self._uniform: dict[bytes, tuple[int, int]] = {}

    def _make_levels(self) -> list[Level]:
        """Finest first, each knowing the next."""
        spec, found = self._spec, list[Level]()
        halve = mean_of_4 if spec.colormap is None else mode_of_4
        for index in reversed(range(len(spec.sizes))):
            pages = [page.reduced[index - 1] if index else page for page in self._pages]

            def put(channel: int, pixels: Rows, pages: list[Directory] = pages) -> None:
                self._put_tile(pages[channel], pixels)

            coarser = found[0] if found else None
            shape = (*spec.sizes[index], spec.channels)
            found.insert(0, Level(shape, spec.tile, spec.dtype, put, halve, coarser))
        return found

    def __enter__(self) -> Self:
        with self._all_or_nothing():
            part = self._replacing.__enter__()
            self._file = part.open("wb")
            self._tiff = TiffFile(self._file, self._spec.needs_big)
        return self

    def write_rows(self, y: int, rows: Rows) -> None:
        """Write full-width rows; what lies between the rows before and `y` is 0.

        Args:
            y: of the first row, not above the end of the rows before.
            rows: ``(h, width)`` (one channel) or ``(h, width, channels)``, of the image's dtype.

        Raises:
            ValueError: rows of another shape or dtype, out of order, or beyond the image's end.
            OutputError: they cannot be written; the file is gone.
        """
        spec, level = self._spec, self._levels[0]
        self._tiff_file()
        rows = rows[..., None] if rows.ndim == 2 else rows
        if rows.ndim != 3 or rows.shape[1:] != (spec.width, spec.channels):
            raise ValueError(f"rows of {rows.shape} px do not fit {spec.width} × {spec.channels}")
        if rows.dtype != spec.dtype:
            raise ValueError(f"rows are {rows.dtype}, the image is {spec.dtype}")
        if y < level.y or y + len(rows) > spec.height:
            raise ValueError(f"rows {y} to {y + len(rows)} come after {level.y} of {spec.height}")
        with self._all_or_nothing():
            level.add_empty(y - level.y)
            level.add(rows)

    def _put_tile(self, page: Directory, pixels: Rows) -> None:
        first = pixels[0, 0]
        key = first.tobytes() if (pixels == first).all() else None
        place = self._uniform.get(key) if key is not None else None
        if place is None:
            data = self._encoded(pixels)
            place = self._tiff_file().append(data), len(data)
            if key is not None:
                self._uniform[key] = place
        page.offsets.append(place[0])
        page.counts.append(place[1])

    def _tiff_file(self) -> TiffFile:
        if self._tiff is None:
            raise ValueError(f"{self.path}: is not open for writing")
        return self._tiff

    def _encoded(self, pixels: Rows) -> bytes:
        if self._spec.compression == "deflate":
            little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
            return zlib.compress(little.tobytes(), ZLIB_LEVEL)
        import imagecodecs

        return bytes(imagecodecs.jpeg_encode(np.ascontiguousarray(pixels), level=JPEG_QUALITY))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._discard()
        elif self._file is not None:
            with self._all_or_nothing():
                self._finish(self._file)

    def _finish(self, file: BinaryIO) -> None:
        level = self._levels[0]
        level.add_empty(self._spec.height - level.y)
        self._tiff_file().finish(self._pages, chained=self._pages[0].reduced)
        file.close()
        self._file = self._tiff = None
        self._replacing.__exit__(None, None, None)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._discard()
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise OutputError(
                f"{self.path}: cannot be written ({reason}); free some space, check the "
                "permissions, or choose another folder"
            ) from error
        except BaseException:
            self._discard()
            raise

    def _discard(self) -> None:
        """Close and remove the unfinished file."""
        file, self._file, self._tiff = self._file, None, None
        if file is None:
            return
        with suppress(OSError):
            file.close()  # writes what is buffered: on a full disk that fails once more
        given_up = GivenUpError()
        self._replacing.__exit__(type(given_up), given_up, None)
