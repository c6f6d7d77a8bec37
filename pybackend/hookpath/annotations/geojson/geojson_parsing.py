"""The text of a GeoJSON file → lists and objects, of large collections some features at a time."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import from_json

from hookpath.annotations.geojson.single_ring_polygons import RingPacker

#: Bytes of text that are parsed at a time: what becomes of them fits into a core's own cache.
_PART = 30_000
#: How a feature begins. What else does is found out: see `_in_parts`.
_FEATURE = rb'\{\s*"(?:type"\s*:\s*"Feature"|(?:id|geometry|properties)"\s*:)'
_FIRST = re.compile(rb"\[\s*(?=" + _FEATURE + rb")")
_BETWEEN = re.compile(rb"\}\s*,\s*(?=" + _FEATURE + rb")")


def is_feature(item: Any) -> bool:
    """Whether something among features is one."""
    return isinstance(item, dict) and item.get("type") == "Feature"


def parsed(text: bytes) -> Any:
    """`json.loads`: the same values, in half the time of all but the rarest texts.

    Raises:
        ValueError, RecursionError: no JSON.
    """
    try:
        return from_json(text, cache_strings="keys")
    except ValueError:  # half a surrogate pair, UTF-16, 200 levels; or no JSON
        return json.loads(text)


def parsed_and_packed(text: bytes) -> Any:
    """`parsed`; in a collection of features rings are `packed`. Raises as `parsed`."""
    try:
        return _in_parts(text)
    except ValueError:
        return parsed(text)


def _in_parts(text: bytes) -> Any:
    """What is cut anywhere but between two members of one list is no list by itself.

    So the parts, one after the other, are what the text is.

    Raises:
        ValueError: no such collection, or it was cut elsewhere.
    """
    first = _FIRST.search(text)
    if first is None:
        raise ValueError("no list of features")
    begin, end = first.end(), text.rindex(b"]")
    document = parsed(text[:begin] + b"0" + text[end:])
    is_collection = isinstance(document, dict) and document.get("type") == "FeatureCollection"
    features = document.get("features") if is_collection else document
    if features != [0]:
        raise ValueError("a list of something else")
    features.clear()
    packer = RingPacker()
    while begin < end:
        cut = _BETWEEN.search(text, begin + _PART, end)
        part = text[begin : cut.start() + 1 if cut else end]
        found = from_json(b"[%b]" % part, cache_strings="keys")
        packer.take(filter(is_feature, found))
        features += found
        begin = cut.end() if cut else end
    packer.build()
    return document
