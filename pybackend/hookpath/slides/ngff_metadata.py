"""What an OME-Zarr (OME-NGFF) folder says of its image: axes, levels, µm/px, channels.

The specification's versions 0.1 to 0.5 (https://ngff.openmicroscopy.org): ``multiscales`` and
``omero`` in the attributes of a group. A folder that holds several images (bioformats2raw) gives
its first. Only text is read here, no pixel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookpath import limits
from hookpath.errors import SlideError
from hookpath.slides.channels import RGB, RGB_CHANNELS, Channel, with_names
from hookpath.slides.length_units import um_per_unit
from hookpath.slides.metadata_spacing import FileSpacing, is_plausible
from hookpath.slides.tiff.ome_xml import OmeImage, ome_images
from hookpath.untrusted_files import read_json, read_text, reason

SUFFIX = ".zarr"
#: Where a group of version 2, and one of version 3, keeps its attributes.
_ATTRIBUTES, _NODE = ".zattrs", "zarr.json"
_OME_XML = Path("OME") / "METADATA.ome.xml"
#: Axes of the versions that do not name them.
_OLD_AXES = ("t", "c", "z", "y", "x")
_RGB_NAMES = ({"red", "r"}, {"green", "g"}, {"blue", "b"})
_RGB_COLORS = tuple(channel.color for channel in RGB_CHANNELS)


@dataclass(frozen=True)
class NgffLevel:
    """One level: the folder of its array, and what it says of its scale along each axis."""

    path: Path
    scale: tuple[float, ...]
    translation: tuple[float, ...]


@dataclass(frozen=True)
class NgffImage:
    """An image of an OME-Zarr.

    Attributes:
        axes: names, among them y and x.
        levels: finest first.
        spacing: µm/px.
        names, colors: of its channels; (): it does not say.
        is_rgb: whether its channels are red, green and blue.
        note: what a person should know ("": nothing).
    """

    axes: tuple[str, ...]
    levels: tuple[NgffLevel, ...]
    spacing: FileSpacing
    names: tuple[str, ...] = ()
    colors: tuple[RGB | None, ...] = ()
    is_rgb: bool = False
    note: str = ""

    def channels(self, count: int) -> tuple[Channel, ...]:
        """So many channels, as they are called."""
        if self.is_rgb and count == len(RGB_CHANNELS):
            return RGB_CHANNELS
        if len(self.names) != count:
            return with_names([""] * count, [None] * count)
        return with_names(self.names, self.colors)


def is_ome_zarr(path: Path) -> bool:
    """Whether a path is a folder that calls itself OME-Zarr's; looks at names only."""
    return path.suffix.lower() == SUFFIX and any(
        (path / name).is_file() for name in (_ATTRIBUTES, _NODE, ".zgroup")
    )


def ngff_image(path: Path) -> NgffImage:
    """The (first) image of a folder.

    Raises:
        SlideError: there is none, or its description is damaged.
    """
    try:
        return _image(path, path)
    except SlideError:
        raise
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        why = reason(error) if isinstance(error, (OSError, ValueError)) else "it is not as expected"
        raise SlideError(
            f"{path}: its OME-Zarr description cannot be used ({why}); copy the folder again from "
            "its source"
        ) from error


def _image(folder: Path, path: Path) -> NgffImage:
    said = _attributes(folder)
    if "multiscales" in said:
        return _described(folder, said, path)
    if "plate" in said or "well" in said:
        raise SlideError(f"{path}: is a plate of many images; name the folder of one of them")
    series = _series(folder)
    if not series:
        raise SlideError(f"{path}: holds no OME-Zarr image (no multiscales); export it again")
    found = _image(folder / series[0], path)
    if len(series) == 1 or found.note:
        return found
    note = f"holds {len(series)} images; the first is read"
    return NgffImage(**{**vars(found), "note": note})


def _series(folder: Path) -> list[str]:
    """Folders of images, of one that is written by bioformats2raw."""
    listed = _attributes(folder / "OME").get("series")
    if isinstance(listed, list) and listed:
        return [name for name in listed if isinstance(name, str) and _is_inside(name)]
    numbers = sorted(int(p.name) for p in folder.iterdir() if p.is_dir() and p.name.isdecimal())
    return [str(n) for n in numbers if "multiscales" in _attributes(folder / str(n))]


def _attributes(folder: Path) -> Mapping[str, Any]:
    """What a group says of itself; version 0.5 puts it below ``ome``."""
    for name in (_ATTRIBUTES, _NODE):
        if (folder / name).is_file():
            found = read_json(folder / name, limits.CARD_BYTES)
            if name == _NODE:
                found = found.get("attributes", {})
            inner = found.get("ome")
            return inner if isinstance(inner, dict) else found
    return {}


def _described(folder: Path, said: Mapping[str, Any], path: Path) -> NgffImage:
    scales = said["multiscales"][0]
    axes, units = _axes(scales)
    if not {"x", "y"} <= set(axes) <= set(_OLD_AXES) or len(set(axes)) < len(axes):
        raise SlideError(f"{path}: has the axes {', '.join(axes)}; those of t, c, z, y, x are read")
    if len(scales["datasets"]) > limits.LEVELS:
        raise SlideError(f"{path}: lists more than {limits.LEVELS} levels; export it again")
    whole = scales.get("coordinateTransformations") or []
    levels = []
    for one in scales["datasets"]:
        if not _is_inside(one["path"]):
            raise SlideError(f"{path}: names a level outside of itself ({one['path']!r})")
        moves = [*(one.get("coordinateTransformations") or []), *whole]
        levels.append(NgffLevel(folder / one["path"], *_placed(moves, len(axes))))
    ome = _ome_xml(folder, path)
    names, colors = _channels(said.get("omero"), ome)
    spacing = _spacing(axes, units, levels[0].scale)
    if spacing.calibration is None and ome is not None and ome.spacing.calibration:
        spacing = ome.spacing
    return NgffImage(axes, tuple(levels), spacing, names, colors, _says_rgb(names, colors))


def _is_inside(name: str) -> bool:
    place = Path(name)
    return not place.is_absolute() and ".." not in place.parts and "\\" not in name


def _axes(scales: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units ("": none)."""
    found = scales.get("axes")
    if not found:
        return _OLD_AXES, ("",) * len(_OLD_AXES)
    if all(isinstance(axis, str) for axis in found):
        return tuple(found), ("",) * len(found)
    return (
        tuple(str(axis["name"]) for axis in found),
        tuple(str(axis.get("unit") or "") for axis in found),
    )


def _placed(moves: Sequence[Mapping[str, Any]], count: int) -> tuple[tuple[float, ...], ...]:
    """Scale and translation, one transformation after the other."""
    scale, shift = [1.0] * count, [0.0] * count
    for move in moves:
        kind = move.get("type")
        if kind == "scale":
            by = [float(v) for v in move["scale"]]
            scale = [a * b for a, b in zip(scale, by, strict=True)]
            shift = [a * b for a, b in zip(shift, by, strict=True)]
        elif kind == "translation":
            shift = [a + float(b) for a, b in zip(shift, move["translation"], strict=True)]
    return tuple(scale), tuple(shift)


def _spacing(axes: Sequence[str], units: Sequence[str], scale: Sequence[float]) -> FileSpacing:
    """µm/px by the axes' units; a scale without a unit says nothing."""
    found = []
    for axis in "xy":
        at = axes.index(axis)
        factor = um_per_unit(units[at]) if units[at] else None
        if factor is None:
            unit = repr(units[at]) if units[at] else "no unit"
            known = scale[at] != 1
            note = f"the file gives {scale[at]:.4g} with {unit} for a px" if known else ""
            return FileSpacing(None, note)
        found.append(scale[at] * factor)
    return is_plausible(found[0], found[1])


def _ome_xml(folder: Path, path: Path) -> OmeImage | None:
    """What the OME-XML that bioformats2raw writes beside the images says of the first one."""
    for place in (folder / _OME_XML, folder.parent / _OME_XML):
        if place.is_file() and place.is_relative_to(path):
            found = ome_images(read_text(place), place.name, 1)
            return found[0] if found else None
    return None


def _channels(omero: Any, ome: OmeImage | None) -> tuple[tuple[str, ...], tuple[RGB | None, ...]]:
    """Names ("": none) and colours of channels."""
    said = omero.get("channels") if isinstance(omero, dict) else None
    if isinstance(said, list) and said and all(isinstance(c, dict) for c in said):
        names = tuple(str(c.get("label") or "") for c in said)
        return names, tuple(_color(c.get("color")) for c in said)
    if ome is not None and len(ome.channels) == ome.size_c:
        return tuple(c.name for c in ome.channels), tuple(None for _ in ome.channels)
    return (), ()


def _color(value: Any) -> RGB | None:
    """``RRGGBB``."""
    try:
        red, green, blue = bytes.fromhex(str(value).removeprefix("#"))[:3]
    except ValueError:
        return None
    return red, green, blue


def _says_rgb(names: Sequence[str], colors: Sequence[RGB | None]) -> bool:
    """By the names; where they are but numbers, by the colours."""
    if len(names) != len(RGB_CHANNELS):
        return False
    plain = [name.strip().lower() for name in names]
    if all(name in wanted for name, wanted in zip(plain, _RGB_NAMES, strict=True)):
        return True
    return all(map(_is_number, plain)) and tuple(colors) == _RGB_COLORS


def _is_number(name: str) -> bool:
    return not name or name.removeprefix("channel").strip(" :_").isdecimal()


def codecs_of(array: Path) -> Iterator[str]:
    """Names of everything that an array's bytes go through when it is read.

    Raises:
        OSError, ValueError: its description cannot be read.
    """
    old = array / ".zarray"
    if old.is_file():
        said = read_json(old, limits.CARD_BYTES)
        for codec in (said.get("compressor"), *(said.get("filters") or ())):
            if codec:
                yield str(codec["id"])
        return
    yield from _names_in(read_json(array / _NODE, limits.CARD_BYTES).get("codecs") or ())


def _names_in(codecs: Sequence[Any]) -> Iterator[str]:
    for codec in codecs:
        yield str(codec["name"] if isinstance(codec, dict) else codec)
        inner = codec.get("configuration") if isinstance(codec, dict) else None
        for key in ("codecs", "index_codecs"):
            yield from _names_in((inner or {}).get(key) or ())
