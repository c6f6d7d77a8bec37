"""A person's GeoJSON file written back as it was, but for objects of ours that come and go.

What is in the file stays the parsed JSON that it is: foreign properties, ids of any kind, colours,
members of the collection, objects nested in others (``childObjects``). Nothing is read into an
object and made into a feature again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from hookpath.annotations.geojson.geojson_decoder import decode_feature
from hookpath.annotations.geojson.geojson_encoder import object_to_feature
from hookpath.annotations.geojson.geojson_files import (
    features_of,
    naming,
    read_documents,
    write_features,
)
from hookpath.annotations.geojson.geojson_parsing import is_feature
from hookpath.annotations.geojson.single_ring_polygons import CHILD_KEYS
from hookpath.annotations.objects import PathObject
from hookpath.untrusted_files import refuse_deep

Json = dict[str, Any]


@dataclass
class KeptFeatures:
    """What of a file stays.

    Attributes:
        features: as they were parsed, without those that go.
        members: what the collection has besides (``crs``, ``name``…).
        ids: of the objects that stay, nested ones included.
        removed: objects that go.
    """

    features: list[Json] = field(default_factory=list[Json])
    members: Json = field(default_factory=dict[str, Any])
    ids: list[str] = field(default_factory=list[str])
    removed: int = 0

    @classmethod
    def of(cls, path: Path, goes: Callable[[PathObject], bool]) -> KeptFeatures:
        """What stays of a file (nothing, where there is none).

        Raises:
            AnnotationError: as `read_geojson`.
        """
        kept = cls()
        for document in read_documents(path) if path.is_file() else ():
            with naming(path):
                kept._take(document, goes)
        return kept

    def _take(self, document: Any, goes: Callable[[PathObject], bool]) -> None:
        refuse_deep(document)  # it is written back, with a call for each level
        if isinstance(document, dict) and document.get("type") == "FeatureCollection":
            rest = {k: v for k, v in document.items() if k not in ("type", "features")}
            self.members = rest | self.members
        self.features += self._staying(features_of(document), goes)

    def _staying(
        self, features: Iterable[Any], goes: Callable[[PathObject], bool]
    ) -> Iterator[Json]:
        """Those that stay, and of one that goes the children, in its place."""
        for feature in features:
            if not is_feature(feature):
                yield feature
                continue
            inner = {key: list(self._staying(v, goes)) for key, v in children_of(feature).items()}
            obj = next(decode_feature(feature))
            if goes(obj):
                self.removed += 1
                yield from (child for children in inner.values() for child in children)
            else:
                self.ids.append(obj.id)
                yield _with_children(feature, inner)

    def write(
        self, path: Path, new: Sequence[PathObject], before: Callable[[], object] | None = None
    ) -> None:
        """Write what stays and `new` after it (see `write_geojson`).

        Raises:
            AnnotationError: the file cannot be written.
        """
        features = chain(self.features, map(object_to_feature, new))
        write_features(path, features, self.members, before)


def children_of(feature: Mapping[str, Any]) -> dict[str, list[Json]]:
    """Features nested in one, by the property that holds them."""
    properties = feature.get("properties")
    found = properties if isinstance(properties, dict) else {}
    return {
        key: [child for child in found[key] if isinstance(child, dict)]
        for key in CHILD_KEYS
        if isinstance(found.get(key), list)
    }


def _with_children(feature: Mapping[str, Any], children: Mapping[str, list[Json]]) -> Json:
    """The feature itself where all of its children stay."""
    if all(feature["properties"][key] == kept for key, kept in children.items()):
        return dict(feature)
    return {**feature, "properties": {**feature["properties"], **children}}
