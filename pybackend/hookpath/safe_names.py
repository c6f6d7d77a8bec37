"""Names are data: how a class's, an image's or a file's name is shown, whatever is in it.

A name may hold what a terminal, a page, a table or a file system takes for a command: escape
sequences, line breaks, marks that turn the direction of writing, half a character, a formula.
It is kept as it is, and escaped where it leaves us, by the function here that is for the place.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from typing import Any

from hookpath.limits import CELL_LENGTH, MESSAGE_LENGTH

#: Controls, invisible and direction marks, halves of pairs, separators of lines and paragraphs.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
#: Joiners, which scripts and emoji are written with.
_JOINERS = "\u200c\u200d"

#: What makes a cell a formula for a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

#: Longest file name that all usual file systems take, in bytes.
LONGEST_NAME = 255

_RESERVED = {"con", "prn", "aux", "nul", *(f"{n}{i}" for n in ("com", "lpt") for i in range(10))}


def printable(text: object, longest: int = MESSAGE_LENGTH) -> str:
    r"""The text in one line that does nothing to a terminal: ``\x1b`` for an escape character.

    Where it is longer than `longest` characters, its middle is left out.
    """
    plain = str(text)
    if len(plain) > longest:
        half = (longest - 3) // 2
        plain = f"{plain[:half]} … {plain[-half:]}"
    if plain.isprintable():
        return plain
    return "".join(c if _is_seen(c) else _escaped(c) for c in plain)


def cell_text(text: object) -> str:
    """A cell of a table on a terminal."""
    return printable(text, CELL_LENGTH)


def readable(text: str) -> str:
    r"""The text with halves of surrogate pairs, which no encoding has, as ``\udcff``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def csv_cell(value: Any) -> Any:
    """A cell of a CSV file: text that a spreadsheet would compute gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    shown = "".join(c if c in "\t\n\r" or _is_seen(c) else _escaped(c) for c in value)
    return "'" + shown if shown.startswith(_FORMULA) and not _is_number(shown) else shown


def quoted(text: str) -> str:
    """An attribute's value in its quotes; XML has no control characters, not even escaped."""
    from xml.sax.saxutils import quoteattr  # it loads http and ssl, which no command needs to start

    return quoteattr(printable(text, len(text)))


def of_csv_cell(text: str) -> str:
    """What `csv_cell` made a cell of."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def file_stem(text: str, longest: int = 80) -> str:
    """The text as a part of a file name that every system takes; not unique."""
    safe = re.sub(r"[^\w.\-]+", "_", text).strip("._").lstrip("-")
    # Systems count bytes, most of them up to 255.
    safe = safe[:longest].encode()[:200].decode(errors="ignore").rstrip(".")
    if safe.partition(".")[0].casefold() in _RESERVED:
        safe = f"_{safe}"
    return safe or "image"


def shortened(name: str, room: int) -> str:
    """The file name itself, or, where `room` bytes after it are not to be had, its beginning.

    Digits then keep it unique. So a slide of any name has files beside it that are called after it.
    """
    most = LONGEST_NAME - room
    raw = os.fsencode(name)
    if len(raw) <= most:
        return name
    return f"{raw[: most - 9].decode(errors='ignore')}-{hashlib.sha256(raw).hexdigest()[:8]}"


def with_ending(name: str, ending: str) -> str:
    """The file name with something after it, `shortened` where that is too long.

    Args:
        ending: ASCII.
    """
    return shortened(name, len(ending)) + ending


def _is_seen(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _UNSEEN


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text == text.strip()
