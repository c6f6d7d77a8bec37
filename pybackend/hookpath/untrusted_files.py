"""Reading a file that anybody may have made: bounded in time and memory, never a device.

Functions raise `OSError` where the system refuses and `ValueError` (one line, without the file's
name) where the content does; every room makes its own error of both.
"""

from __future__ import annotations

import codecs
import csv
import errno
import io
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from hookpath import limits


class TooMuchError(ValueError):
    """A file asks for more than `hookpath.limits` allows."""


def read_bytes(path: Path, most: int = limits.TEXT_BYTES) -> bytes:
    """The content of an ordinary file.

    Raises:
        OSError: it cannot be read, or is a pipe, a device…, which might never end.
        TooMuchError: it is larger than `most` bytes.
    """
    # Opening a pipe that nobody writes to would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            kind = errno.EISDIR if stat.S_ISDIR(found.st_mode) else errno.EINVAL
            reason = os.strerror(kind) if kind == errno.EISDIR else "is no ordinary file"
            raise OSError(kind, reason, str(path))
        content = file.read(most + 1) if found.st_size <= most else b""
    if found.st_size > most or len(content) > most:
        raise TooMuchError(
            f"it has {found.st_size / 1e6:,.0f} MB, no more than {most / 1e6:,.0f} MB are read"
        )
    return content


def refuse_special(path: Path) -> None:
    """Raise `OSError` where a path is a pipe, a device or a socket: a reader might never end."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "is no ordinary file", str(path))


_BINARY = getattr(os, "O_BINARY", 0)


def read_text(path: Path, most: int = limits.TEXT_BYTES, encoding: str = "utf-8") -> str:
    """The text of an ordinary file; see `read_bytes`."""
    return read_bytes(path, most).decode(encoding).replace("\r\n", "\n")


def read_json(path: Path, most: int = limits.TEXT_BYTES) -> Any:
    """The content of a JSON file; see `read_bytes` and `parse_json`."""
    return parse_json(read_bytes(path, most))


_SEPARATOR_LINE = re.compile(r"sep=[,;\t][\r\n]+", re.IGNORECASE)


def parse_json(data: bytes | str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: no JSON, or nested more than `limits.JSON_DEPTH` deep.
    """
    try:
        found = json.loads(data)
    except RecursionError:
        raise _too_deep() from None
    refuse_deep(found)
    return found


def read_table(path: Path) -> list[dict[str, Any]]:
    """The rows of an ordinary file with a table (see `parse_table`), UTF-8 or marked UTF-16.

    Raises:
        OSError: there is none, or none that can be read.
        ValueError: it is no table, or in no such encoding.
    """
    data = read_bytes(path, limits.TEXT_BYTES)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError('it is no UTF-8 text; save it as "CSV UTF-8"') from None
    return parse_table(text.replace("\r\n", "\n"))


def parse_table(text: str) -> list[dict[str, Any]]:
    """The rows of a table with a header, by the names of its columns in small letters.

    Columns are parted by commas, semicolons (a spreadsheet of many languages) or tabs. A line
    ``sep=;`` above the header, as spreadsheets understand it, says nothing else.

    Raises:
        ValueError: it is none.
    """
    plain = _SEPARATOR_LINE.sub("", text.lstrip("\r\n"))
    mark = max(",;\t", key=plain.partition("\n")[0].count)
    try:
        rows = list(csv.DictReader(io.StringIO(plain, newline=""), delimiter=mark))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    named = ({k: v for k, v in row.items() if k is not None} for row in rows)
    return [{k.strip().lower(): v for k, v in row.items()} for row in named]


def reason(error: Exception, above: str = "") -> str:
    """In one line why a file's content cannot be used: ``images.0.name: Field required``.

    Args:
        error: of reading it (`OSError`, `ValueError`) or of validating it (pydantic's).
        above: name of what was validated, put before the place.
    """
    from pydantic import ValidationError

    if isinstance(error, OSError):
        return error.strerror or str(error)
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split()) or type(error).__name__
    found = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in ([above] if above else []) + list(found["loc"]))
    said = str(found["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def refuse_deep(value: Any) -> None:
    """Whatever walks over the value later does so with a call for each level.

    Raises:
        TooMuchError: lists and objects are nested more than `limits.JSON_DEPTH` deep.
    """
    level = [value]
    for _ in range(limits.JSON_DEPTH + 1):
        inside = [v for v in level if isinstance(v, (dict, list))]
        if not inside:
            return
        level = [v for c in inside for v in (c.values() if isinstance(c, dict) else c)]
    raise _too_deep()


def _too_deep() -> TooMuchError:
    return TooMuchError(f"lists and objects are nested more than {limits.JSON_DEPTH} deep")
