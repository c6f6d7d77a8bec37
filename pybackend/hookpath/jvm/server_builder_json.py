"""QuPath's JSON of how an image is opened (a ``serverBuilder``), without starting QuPath.

A server reads a file by its ``uri``, or changes what another one reads (``builder``): turned, cut
out, its channels combined with those of others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from hookpath.jvm.omero_login import is_omero, without_login

#: Members that say where a file lies, or what follows from its content.
_PLACES = frozenset({"uri", "metadata", "providerClassName"})


#: px of tiles where a project says nothing that can be meant.
_TILE, _SMALLEST_TILE = 256, 16


def path_of(uri: str) -> Path:
    """Path of a ``file:`` URI on this machine (a Windows path stays one, also elsewhere)."""
    parts = urlsplit(uri)
    text = f"//{parts.netloc}{parts.path}" if parts.netloc else parts.path
    return Path(url2pathname(text) if os.name == "nt" else unquote(text))


def is_file_uri(uri: str) -> bool:
    """Whether a URI says where a file is; one without a scheme does, too."""
    try:
        return urlsplit(uri).scheme in ("", "file")
    except ValueError:  # "http://[": no address at all
        return False


def uris_in(builder: Any) -> Iterator[str]:
    """Every ``uri`` of a server's JSON, outermost and first come first."""
    return _texts(builder, "uri")


def providers_in(builder: Any) -> Iterator[str]:
    """The Java classes that open the files of a server's JSON."""
    return _texts(builder, "providerClassName")


def _texts(builder: Any, key: str) -> Iterator[str]:
    if isinstance(builder, Mapping):
        if isinstance(text := builder.get(key), str):
            yield text
        for member in builder.values():
            yield from _texts(member, key)
    elif isinstance(builder, list):
        for member in builder:
            yield from _texts(member, key)


def series_in(how: str) -> int:
    """Which image inside its (first) file a server's JSON reads; 0: the first.

    Args:
        how: the JSON; "": the file is read as it is.
    """
    return next(_series(json.loads(how)), 0) if how else 0


def _series(builder: Any) -> Iterator[int]:
    if isinstance(builder, Mapping):
        if isinstance(builder.get("uri"), str):
            args = [str(a) for a in builder.get("args") or ()]
            named = args[args.index("--series") + 1] if "--series" in args[:-1] else "0"
            yield int(named) if named.isdecimal() else 0
        builder = list(builder.values())
    if isinstance(builder, list):
        for member in builder:
            yield from _series(member)


def files_in(how: str) -> list[Path]:
    """Every file that a server's JSON names, each once."""
    named = (path_of(uri) for uri in uris_in(json.loads(how)) if is_file_uri(uri))
    return list(dict.fromkeys(named))


def moved(builder: Any, place: Callable[[str], Path]) -> Any:
    """The same JSON with every file where it is now.

    Args:
        builder: JSON of a server.
        place: from the URI of a file to its path.
    """
    if isinstance(builder, Mapping):
        found = {key: moved(member, place) for key, member in builder.items()}
        uri = builder.get("uri")
        if isinstance(uri, str) and is_file_uri(uri):
            found["uri"] = place(uri).absolute().as_uri()
        return found
    return [moved(member, place) for member in builder] if isinstance(builder, list) else builder


def with_tile_sizes(builder: Any) -> Any:
    """The same JSON with a size of tiles wherever there is none: QuPath would count for ever."""
    if isinstance(builder, Mapping):
        found = {key: with_tile_sizes(member) for key, member in builder.items()}
        if isinstance(about := found.get("metadata"), dict):
            for side in ("preferredTileWidth", "preferredTileHeight"):
                size = about.get(side)
                known = isinstance(size, (int, float)) and size >= _SMALLEST_TILE
                about[side] = size if known else _TILE
        return found
    return [with_tile_sizes(m) for m in builder] if isinstance(builder, list) else builder


def transformation(how: str) -> str:
    """What a server's JSON says of how pixels come out of files, without where the files are.

    The same slide at another place, or read by another user, has the same; "" for a file as it is.
    """
    kept = _without_places(json.loads(how))
    plain = set(kept) <= {"builderType", "args"} and not kept.get("args")
    return "" if plain else json.dumps(kept, sort_keys=True)


def _without_places(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {key: _without_places(v) for key, v in value.items() if key not in _PLACES}
        return {**kept, "args": without_login(kept.get("args") or ())} if is_omero(value) else kept
    return [_without_places(v) for v in value] if isinstance(value, list) else value
