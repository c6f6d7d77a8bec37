"""GeoJSON files as they are handed about: plain, gzip, zip, and one within the other.

What they unpack to is bounded: a few megabytes can hold gigabytes of nothing.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from hookpath import limits
from hookpath.untrusted_files import TooMuchError

_SUFFIXES = (".geojson", ".json", ".geojson.gz", ".json.gz")

#: What reading and unpacking raise.
UNREADABLE = (
    OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, ValueError,
)  # fmt: skip


def unpacked(data: bytes) -> Iterator[bytes]:
    """The texts in a file's content: one, or every ``.geojson``/``.json`` of an archive.

    Raises:
        TooMuchError: more than `limits` allows.
        Exception: damaged; one of `UNREADABLE`.
    """
    most = max(limits.UNPACKED_BYTES, limits.UNPACKED_FOLD * len(data))
    yield from _Unpacking(min(most, limits.GEOJSON_BYTES)).texts(data, 0)


class _Unpacking:
    """Counts what comes out of a file."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most

    def texts(self, data: bytes, depth: int) -> Iterator[bytes]:
        if depth > limits.UNPACKED_DEPTH:
            raise TooMuchError(f"archives are nested more than {limits.UNPACKED_DEPTH} deep")
        if data[:2] == b"\x1f\x8b":
            yield from self.texts(self._gunzipped(data), depth + 1)
        elif data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            yield from self._zipped(data, depth + 1)
        else:
            yield data

    def _gunzipped(self, data: bytes) -> bytes:
        """All members, one after the other."""
        parts: list[bytes] = []
        while data:
            unzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
            parts.append(unzip.decompress(data, self._left + 1))
            self._take(len(parts[-1]))
            if not unzip.eof:
                raise EOFError("it ends in the middle")
            data = unzip.unused_data.lstrip(b"\0")
        return b"".join(parts)

    def _zipped(self, data: bytes, depth: int) -> Iterator[bytes]:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [e for e in archive.infolist() if _is_json_entry(e.filename)]
            if not entries:
                raise zipfile.BadZipFile("no .geojson or .json inside the zip")
            for entry in entries:
                if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise zipfile.BadZipFile("compressed in another way than ZIP's usual one")
                self._take(entry.file_size)  # no more than it says is read
                yield from self.texts(archive.read(entry), depth)

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise TooMuchError(
                f"it unpacks to more than {self._most / 1e6:,.0f} MB, out of proportion to its size"
            )


def _is_json_entry(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES) and not name.startswith("__MACOSX/")
