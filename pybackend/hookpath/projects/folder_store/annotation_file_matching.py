"""Which files of a folder are a slide's annotations, and which files nobody uses.

Exports are named by people and programs: ``CASE1.geojson`` for ``case1.tif``, ``c2.GEOJSON``,
``a_annotations.geojson``, ``c3.tif - Series 0.geojson`` (QuPath, of a file with several images),
and accents as macOS writes them. Such a file belongs to the one slide that it can be meant for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hookpath.projects.folder_store.halo_files import HALO_SUFFIX
from hookpath.projects.folder_store.result_files import is_results, results_beside
from hookpath.slides.slides_in_folder import missing_reader

#: What may follow a slide's name in that of its annotations.
ENDINGS = r"[._ -](labels?|masks?|annotations?|classes|objects)"

#: Files with objects that are read from a folder of slides.
_OBJECTS = (".geojson", ".geojson.gz", ".geojson.zip", HALO_SUFFIX)
#: Files with objects that `hookpath convert` reads.
_CONVERTIBLE = (".xml",)

#: What GeoJSON has near its beginning (in UTF-16 every second byte is 0).
_GEOJSON_WORDS = (b'"Feature', b'"coordinates"', b'"geometry"', b"\x00")
_HEAD = 65_536

#: Images of slides that no reader of ours opens.
UNREAD_SUFFIXES = frozenset({
    ".vsi", ".isyntax", ".i2syntax", ".otif", ".lif", ".nd2", ".zvi", ".oir", ".lsm", ".sld",
    ".ims", ".afi", ".kfb", ".sdpc", ".tmap", ".mds", ".dzi", ".heic", ".avif", ".gif", ".ets",
    ".xdce", ".ome", ".ozx",
})  # fmt: skip


#: Of names of an OME-Zarr in one file.
PACKED_ZARR = (".zarr.zip", ".ozx", ".zarr.tar")


@dataclass(frozen=True)
class Sidecars:
    """What beside the slides of a folder is whose.

    Attributes:
        matched: slide's file → its annotations of another name.
        unused: files with annotations that belong to no slide, and why.
        unread: images that are none of the slides, and why.
    """

    matched: dict[Path, Path] = field(default_factory=dict[Path, Path])
    unused: dict[Path, str] = field(default_factory=dict[Path, str])
    unread: dict[Path, str] = field(default_factory=dict[Path, str])

    def remarks(self) -> Iterator[tuple[str, bool]]:
        """One line for each file, and whether it is used."""
        for slide, file in self.matched.items():
            yield f"{file.name}: taken for the annotations of {slide.name}", True
        for file, why in {**self.unread, **self.unused}.items():
            yield f"{file.name}: not used, {why}", False


def sidecars_of(
    slides: Iterable[Path], files: Iterable[Path], exact: Mapping[Path, Collection[Path]]
) -> Sidecars:
    """Match the files of a folder.

    Args:
        slides: that are read.
        files: all of the folder.
        exact: slide → annotations that are named exactly like it.
    """
    by_key: dict[str, list[Path]] = {}
    slides = dict.fromkeys(slides)
    for slide in slides:
        for name in dict.fromkeys((slide.name, *stems_of(slide))):
            by_key.setdefault(_folded(name), []).append(slide)
    taken = {file for several in exact.values() for file in several}
    there = [f for f in files if not f.name.startswith(".")]
    seen = [f for f in there if not is_results(f)]
    unread = {f: why for f in sorted(seen) if f not in slides and (why := _why_unread(f))}
    others = {_folded(name) for f in unread for name in (f.name, f.stem)}
    found: dict[Path, list[Path]] = {}
    unused = _orphans(there, slides)
    for file in sorted(f for f in seen if _base(f.name) is not None and f not in taken):
        owners = _owners(str(_base(file.name)), by_key)
        if len(owners) == 1 and not exact.get(owners[0]) and not _is_convertible(file):
            found.setdefault(owners[0], []).append(file)
        elif why := _why_not(file, owners, others):
            unused[file] = why
    unused |= dict.fromkeys(_foreign(there, slides), "it is JSON, but no GeoJSON")
    matched = {slide: several[0] for slide, several in found.items() if len(several) == 1}
    for slide, several in found.items():
        if len(several) > 1:
            names = ", ".join(f.name for f in several)
            why = f"{names} all fit {slide.name}; name one of them {slide.stem}.geojson"
            unused.update(dict.fromkeys(several, why))
    return Sidecars(matched, unused, unread)


def _why_unread(image: Path) -> str:
    """Why an image with such a name is not read; "": it is none, or one that is."""
    if image.name.lower().endswith(PACKED_ZARR):
        return "a packed OME-Zarr; unpack it to a folder"
    if image.suffix.lower() not in UNREAD_SUFFIXES:
        return ""
    way = " install hookpath[formats]," if missing_reader(image) else ""
    return (
        f"no reader opens such images;{way} export it as OME-TIFF, or open it in a QuPath project"
    )


def is_no_file(path: Path) -> str:
    """Why something that is called like a slide can be none; "": it can be, or is not."""
    if path.name.startswith(".") or path.is_file():
        return ""
    if path.is_symlink() and not path.exists():
        return "a link to something that is not there"
    if path.is_dir():
        is_zarr = path.suffix.lower() == ".zarr"
        return "no OME-Zarr: it has neither .zattrs nor zarr.json" if is_zarr else ""
    return "no ordinary file (a pipe or a device)"


def _foreign(files: Iterable[Path], slides: Iterable[Path]) -> list[Path]:
    """``.json`` files that are named like a slide and hold something else than objects."""
    names = {name for slide in slides for name in (slide.name, *stems_of(slide))}
    json = [f for f in files if f.suffix.lower() == ".json" and f.stem in names]
    return sorted(f for f in json if not is_geojson(f))


def is_geojson(path: Path) -> bool:
    """Whether a ``.json`` beside a slide has objects; many programs keep settings in such files.

    Decided by its first bytes; of other endings, and of unreadable files, it is assumed.
    """
    if path.suffix.lower() != ".json":
        return True
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).strip()
    except OSError:
        return True
    return head in (b"", b"[]") or any(word in head for word in _GEOJSON_WORDS)


def _orphans(files: Iterable[Path], slides: Iterable[Path]) -> dict[Path, str]:
    """Predictions without their slide, and what to say of them."""
    known = {results_beside(slide).name for slide in slides}
    why = "the slide of these predictions is not here"
    found = sorted(f for f in files if is_results(f))
    return {f: why for f in found if f.name not in known}


def _why_not(file: Path, owners: list[Path], others: set[str]) -> str:
    """Why a file is nobody's; "": it needs no word."""
    if _is_convertible(file):
        return f"hookpath convert {file.name} makes GeoJSON of it" if len(owners) == 1 else ""
    if len(owners) > 1:
        return f"it fits several slides: {', '.join(s.name for s in owners)}"
    if owners:
        return f"{owners[0].name} has annotations of its exact name"
    if _folded(str(_base(file.name))) in others:
        return "its image is of a kind that no reader opens"
    return "no slide here has its name"


def _is_convertible(file: Path) -> bool:
    return file.name.lower().endswith(_CONVERTIBLE)


def _owners(base: str, by_key: dict[str, list[Path]]) -> list[Path]:
    """Slides that a name can be meant for: by its nearest form that any has."""
    series = re.fullmatch(r"(.+\..+?) - .+", base)
    forms = [base, series and series[1], re.sub(f"{ENDINGS}$", "", base, flags=re.IGNORECASE)]
    for form in forms:
        if form and (owners := by_key.get(_folded(form))):
            return owners
    return []


def _base(name: str) -> str | None:
    """A file's name without the ending that makes it annotations; None: it has none."""
    for ending in (*_OBJECTS, *_CONVERTIBLE):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def stems_of(path: Path) -> list[str]:
    """Names an annotation file may have: ``a.ome`` and ``a`` for ``a.ome.tif``."""
    stem = path.stem
    return [stem, stem[:-4]] if stem.lower().endswith(".ome") else [stem]
