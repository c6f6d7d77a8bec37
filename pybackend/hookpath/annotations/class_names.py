"""Class names as files have them → as they are meant: twins that look the same become one.

What a person cannot see is not part of a name: blanks at its ends, characters without width, the
two ways in which Unicode writes an accent (macOS and Windows differ). A class that some program
wrote as text of a JSON object (geopandas does that to nested properties) is that object.
"""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from hookpath.safe_names import readable

#: What stands between the parts of a derived class.
DERIVED = ": "

_JOINERS = "\u200c\u200d"
_BEYOND_LATIN = "[\u0300-\U0010ffff]"
_JOINER_IN_LATIN = re.compile(f"(?<!{_BEYOND_LATIN})[{_JOINERS}]|[{_JOINERS}](?!{_BEYOND_LATIN})")
#: Longer texts are no class.
_LONGEST = 4096


@lru_cache(maxsize=1024)  # a slide has many objects of few classes
def plain_class_name(written: str) -> str:
    """The name without what nobody sees, its parts parted as QuPath parts them.

    Joiners stay where a script or an emoji needs them: between characters beyond Latin.
    """
    name = readable(written)
    # What is taken away may bring together what then is composed, and the other way round.
    while (plain := _once(name)) != name:
        name = plain
    return name


def _once(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    seen = "".join(c for c in composed if c in _JOINERS or unicodedata.category(c) != "Cf")
    parts = [" ".join(part.split()) for part in _JOINER_IN_LATIN.sub("", seen).split(":")]
    return DERIVED.join(parts) if all(parts) else ":".join(parts).strip()


def from_text(value: Any) -> Any:
    """What the text of a JSON (or Python) object, list or string is; else the value itself."""
    if not isinstance(value, str) or len(value) > _LONGEST or not value.strip().startswith(_OPENS):
        return value
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(value.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return found if isinstance(found, (dict, list, str)) else value
    return value


_OPENS = ("{", "[", '"')


def twins_of(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of names that differ in letter case only: two classes, most likely meant as one."""
    first: dict[str, str] = {}
    return [(first[key], n) for n in names if first.setdefault(key := n.casefold(), n) != n]


def twin_classes(names: Iterable[str]) -> list[str]:
    """One line for each of `twins_of`."""
    return [
        f"classes {a!r} and {b!r} differ in letter case only and are two classes; if they are one, "
        "rename one of them"
        for a, b in twins_of(names)
    ]


def shown(written: str, name: str) -> str:
    """A name as it is written, so that its difference from `name` is seen."""
    return ascii(written) if unicodedata.normalize("NFC", written) == name else repr(written)
