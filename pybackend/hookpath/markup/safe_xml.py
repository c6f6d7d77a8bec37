"""XML from strangers: no entity is expanded, nothing outside the file is read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from hookpath.errors import AnnotationError
from hookpath.limits import GEOJSON_BYTES
from hookpath.untrusted_files import TooMuchError, read_bytes

_ENCODING = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][\w.-]{0,40})["']""")
_EXPAT_KNOWS = ("utf-8", "utf-16", "utf-16le", "utf-16be", "iso-8859-1", "us-ascii")
#: How names of encodings of text begin (Python's codecs are more than those).
_TEXT = (
    "gb", "big5", "shift", "sjis", "euc", "iso", "windows", "cp", "koi8", "mac", "johab", "hz",
    "ks_c", "latin", "tis", "utf", "ms",
)  # fmt: skip


class NoShapeError(ValueError):
    """What was drawn is nothing (a stray click…); the message goes on after the element's name."""


#: Three digits behind the comma may be thousands.
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,(?!\d{3}$)\d+")


@dataclass(slots=True)
class Node:
    """One element: its name, attributes, the line that it begins on, and what is in it."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    children: Sequence[Node] = ()

    def all(self, tag: str) -> Iterator[Node]:
        """Elements of this name directly inside."""
        return (child for child in self.children if child.tag == tag)

    def inside(self, *path: str) -> Iterator[Node]:
        """Elements at the end of a path of names below."""
        if len(path) == 1:
            yield from self.all(path[0])
            return
        for child in self.all(path[0]):
            yield from child.inside(*path[1:])

    def get(self, name: str, default: str = "") -> str:
        """An attribute, without the blanks around it."""
        return self.attributes.get(name, default).strip()

    def number(self, name: str) -> float:
        """An attribute that is a finite number.

        ``10,5`` is how programs write it in some languages; ``10,500`` may mean a thousand more.

        Raises:
            NoShapeError: it is missing or none; names element and line.
        """
        text = self.get(name)
        try:
            value = float(text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text)
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            return value
        said = f"{name}={text!r}" if text else f"no {name}"
        raise NoShapeError(f"has {said} in its <{self.tag}> on line {self.line}, no number")


def parse_xml(path: Path) -> Node:
    """The root element of a file.

    Entities that a file declares (a few lines can make gigabytes of them) and documents that it
    refers to are refused: none of the formats has any.

    Raises:
        AnnotationError: missing, not XML, cut short, or with entities; names file and line.
    """
    try:
        data, encoding = _plain(read_bytes(path, GEOJSON_BYTES))
        builder = _Builder(encoding)
        builder.parser.Parse(data, True)
    except OSError as error:
        raise AnnotationError(f"cannot read {path}: {error.strerror or error}") from error
    except (TooMuchError, LookupError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: {error}; export the annotations as UTF-8") from error
    except expat.ExpatError as error:
        said = expat.errors.messages[error.code]
        raise AnnotationError(
            f"{path}: line {error.lineno} is no XML ({said}); export the annotations again"
        ) from error
    except AnnotationError as error:
        raise AnnotationError(f"{path}: {error}") from error
    return builder.top.children[0]


def _plain(data: bytes) -> tuple[bytes, str | None]:
    """What expat can parse, and its encoding (None: it finds it out): it knows but a few.

    Raises:
        LookupError: nobody knows the encoding that the file names.
        UnicodeDecodeError: it is written in another one.
    """
    named = _ENCODING.match(data)
    name = named[1].decode("ascii") if named else "utf-8"
    if name.lower() in _EXPAT_KNOWS:
        return data, None
    if not name.lower().startswith(_TEXT):
        raise LookupError(f"unknown encoding: {name}")
    return data.decode(name).encode(), "utf-8"


class _Builder:
    def __init__(self, encoding: str | None) -> None:
        self.top = Node("", {}, 0)
        self._open = [self.top]
        self.parser = expat.ParserCreate(encoding, namespace_separator=None)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.EntityDeclHandler = self._refuse
        self.parser.buffer_text = True

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        node = Node(tag.rpartition(":")[2], attributes, self.parser.CurrentLineNumber)
        above = self._open[-1]
        # Files have millions of vertices with nothing in them: a list for each would cost memory.
        if not isinstance(above.children, list):
            above.children = []
        above.children.append(node)
        self._open.append(node)

    def _end(self, tag: str) -> None:
        self._open.pop()

    def _refuse(self, name: str, *declared: object) -> None:
        line = self.parser.CurrentLineNumber
        raise AnnotationError(f"line {line} declares the entity {name!r}, which is not allowed")
