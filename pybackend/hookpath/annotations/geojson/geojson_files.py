"""Reading and writing QuPath's GeoJSON files: plain, gzip and zip."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from hookpath import limits
from hookpath.annotations.geojson.geojson_compression import UNREADABLE, unpacked
from hookpath.annotations.geojson.geojson_decoder import GEOMETRY_TYPES, decode_feature, stray
from hookpath.annotations.geojson.geojson_encoder import object_to_feature
from hookpath.annotations.geojson.geojson_parsing import is_feature, parsed, parsed_and_packed
from hookpath.annotations.geojson.single_ring_polygons import polygons_of
from hookpath.annotations.objects import PathObject
from hookpath.atomic_files import replacing
from hookpath.context_managers import collector_paused
from hookpath.errors import AnnotationError, write_code
from hookpath.untrusted_files import TooMuchError, read_bytes

_AGAIN = "export the objects from QuPath again as GeoJSON"


def read_geojson(path: str | Path) -> list[PathObject]:
    """All objects of a file, in file order (nested ones after their parent).

    Gzip and zip are recognised by content, not by name; every ``.geojson``/``.json`` inside a zip
    is read. Coordinates are level-0 px as QuPath wrote them. Reading the same file twice gives
    equal objects, ids included.

    Raises:
        AnnotationError: missing, unreadable, empty, truncated, or not GeoJSON; names the file.
    """
    path = Path(path)
    with collector_paused():
        documents = _documents(path, pack=True)
        with naming(path):
            found = [obj for document in documents for obj in objects_from_geojson(document)]
        documents.clear()  # before anybody looks through it
    return found


def read_collection(path: Path) -> tuple[list[PathObject], dict[str, Any]]:
    """`read_geojson`, and what the file's collections have besides features."""
    documents = _documents(path, pack=True)
    members: dict[str, Any] = {}
    for document in documents:
        if isinstance(document, dict) and document.get("type") == "FeatureCollection":
            members |= {k: v for k, v in document.items() if k not in ("type", "features")}
    with naming(path):
        return [obj for document in documents for obj in objects_from_geojson(document)], members


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """What is wrong with the content of a file names the file."""
    try:
        yield
    except (AnnotationError, TooMuchError) as error:
        raise AnnotationError(f"{path}: {error}; {_AGAIN}") from error
    except RecursionError as error:
        raise AnnotationError(f"{path}: objects are nested too deep; {_AGAIN}") from error


def read_documents(path: Path) -> list[Any]:
    """The parsed JSON of a file, of a zip that of each ``.geojson`` and ``.json`` in it.

    Raises:
        AnnotationError: missing, unreadable, empty, truncated, or no JSON; names the file.
    """
    return _documents(path)


def _documents(path: Path, pack: bool = False) -> list[Any]:
    """`read_documents`; with `pack` rings are packed (`single_ring_polygons`)."""
    try:
        data = read_bytes(path, limits.GEOJSON_BYTES)
        with collector_paused():
            return [_parse(text, path, pack) for text in unpacked(data)]
    except UNREADABLE as error:
        raise AnnotationError(f"cannot read {path}: {error}; {_AGAIN}") from error


def objects_from_geojson(document: dict[str, Any] | list[Any]) -> list[PathObject]:
    """Objects of parsed GeoJSON: a feature collection, a feature, a geometry, or a list of these.

    A geometry that cannot be built gives an object with an empty geometry, and
    so does what is no feature (see `stray`): one bad feature costs nothing else.

    Raises:
        AnnotationError: no GeoJSON.
    """
    with collector_paused():
        every = list(features_of(document))
        numbered = enumerate(zip(every, polygons_of(every), strict=True), 1)
        return [
            obj
            for number, (item, polygon) in numbered
            for obj in (
                decode_feature(item, polygon) if is_feature(item) else [stray(number, item)]
            )
        ]


def features_of(document: Any) -> Iterator[Any]:
    """The features of parsed GeoJSON, as they are; a bare geometry is made one.

    What else is among them (``null``, words) comes out as it is, too: see `is_feature`.

    Raises:
        AnnotationError: no GeoJSON: there is something, and none of it is a feature.
    """
    found = list(_listed(document))
    if found and not any(map(is_feature, found)):
        raise AnnotationError(f"not GeoJSON: {_short(found[0])}")
    yield from found


def _listed(document: Any) -> Iterator[Any]:
    kind = str(document.get("type")) if isinstance(document, dict) else ""
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        document = document["features"]
    if isinstance(document, list):
        for item in document:
            if is_feature(item):
                yield item
            else:
                yield from _listed(item)
    else:
        yield {"type": "Feature", "geometry": document} if kind in GEOMETRY_TYPES else document


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 80 else f"{text[:76]} …"


def _parse(data: bytes, path: Path, pack: bool = False) -> Any:
    try:
        return parsed_and_packed(data) if pack else parsed(data)
    except (ValueError, RecursionError) as error:
        if not data.strip(b"\xef\xbb\xbf \t\r\n"):
            raise AnnotationError(f"{path} is empty; {_AGAIN}") from error
        raise AnnotationError(f"{path} is not JSON: {error}; {_AGAIN}") from error


def write_geojson(
    path: str | Path,
    objects: Iterable[PathObject],
    compact: bool = False,
    before: Callable[[], object] | None = None,
) -> None:
    """Write a feature collection that QuPath ≥ 0.4 imports; ``.gz`` and ``.zip`` by suffix.

    One feature per line (`compact`: no white space at all), written as `objects` yields them, so
    memory does not grow with their number. Atomic: `path` is the old file or the complete new one
    (`before`: see `replacing`).

    Raises:
        AnnotationError: the file cannot be written.
    """
    write_features(Path(path), map(object_to_feature, objects), {}, before, compact)


def write_features(
    path: Path,
    features: Iterable[Mapping[str, Any]],
    members: Mapping[str, Any],
    before: Callable[[], object] | None = None,
    compact: bool = False,
) -> None:
    """Write a collection of features that are JSON already; otherwise as `write_geojson`.

    Args:
        members: what else the collection has.

    Raises:
        AnnotationError: the file cannot be written.
    """
    try:
        with replacing(path, before) as part, part.open("wb") as raw, _packed(raw, path) as out:
            _write_collection(out, features, members, compact)
    except OSError as error:
        raise AnnotationError(
            f"cannot write {path}: {error.strerror or error}; check the folder and the free space",
            code=write_code(error),
        ) from error


def _write_collection(
    out: IO[bytes], features: Iterable[Mapping[str, Any]], members: Mapping[str, Any], compact: bool
) -> None:
    separators, newline = ((",", ":"), "") if compact else ((", ", ": "), "\n")
    encoder = json.JSONEncoder(ensure_ascii=False, separators=separators)
    # Half a surrogate pair, which UTF-8 lacks, goes out as the escape that it came in as.
    head = {"type": "FeatureCollection", **members, "features": []}
    out.write(encoder.encode(head)[:-2].encode(errors="backslashreplace"))
    lead = newline
    for feature in features:
        out.write((lead + encoder.encode(feature)).encode(errors="backslashreplace"))
        lead = "," + newline
    out.write(f"{newline}]}}{newline}".encode())


@contextmanager
def _packed(raw: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        # No time stamp: the same objects give the same file.
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as out:
            yield cast("IO[bytes]", out)
    elif suffix == ".zip":
        name = path.name[: -len(".zip")].removesuffix(".geojson") + ".geojson"
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as out:
                yield out
    else:
        yield raw
