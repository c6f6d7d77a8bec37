"""From the image server that QuPath recorded to a slide that we can open in the same frame."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import unquote, urlsplit

from hookpath.errors import MissingSlideError, ProjectError
from hookpath.geometry import Calibration
from hookpath.jvm import why_no_java
from hookpath.jvm.server_builder_json import is_file_uri, moved, path_of, uris_in
from hookpath.projects.path_remapping import Remap

#: What only QuPath can do to an image's pixels.
_TRANSFORMED = {
    "rotated": "is rotated in QuPath",
    "flipped": "is flipped in QuPath",
    "cropped": "is a crop of another image",
    "affine": "is transformed in QuPath",
    "sparse": "is put together from several regions",
    "channels": "combines channels of several images",
    "color": "shows channels computed by QuPath",
    "color_deconvolved": "shows stains separated by QuPath",
    "normalized": "is normalised in QuPath",
    "typeConvert": "is converted to another pixel type in QuPath",
    "swapRedBlue": "has red and blue swapped in QuPath",
    "sliced": "is a slice of a z-stack or time series",
    "z_projected": "is a projection of a z-stack",
    "z_concatenated": "is a z-stack put together from several images",
}

#: How deep QuPath looks below the project folder for an image that was moved.
_SEARCH_DEPTH = 4


@dataclass(frozen=True)
class RecordedPixels:
    """What a project file says of an image's samples, and of its planes along z and in time."""

    is_rgb: bool
    names: tuple[str, ...]
    planes: tuple[int, int]


@dataclass(frozen=True)
class ImageServer:
    """What a project file says about one image.

    Attributes:
        uri: of its (first) file.
        width, height: level-0 px as QuPath sees them (after its crop to the bounds); 0 where the
            project does not say.
        only_qupath: why only QuPath can read it ("": our own readers may try).
        by_openslide: QuPath reads it with the library that we use, too.
        builder: QuPath's own JSON.
        pixels: what QuPath noted of samples and planes; None: nothing.
    """

    uri: str
    crop_to_bounds: bool
    calibration: Calibration | None
    width: int
    height: int
    only_qupath: str
    by_openslide: bool
    builder: Mapping[str, Any]
    pixels: RecordedPixels | None = None

    def through_qupath(self, place: Callable[[str], Path], image: str) -> str:
        """The JSON to read it through QuPath, with its files where they are now.

        Args:
            place: from the URI of a file to its path.
            image: for messages.

        Raises:
            ProjectError: there is no QuPath here; or see `place`.
        """
        if missing := why_no_java():
            why = self.only_qupath or "is of a format that only QuPath reads"
            raise ProjectError(
                f"{image}: {why}, so hookpath reads it through QuPath, but {missing} (or add the "
                "original image file instead)"
            )
        return json.dumps(moved(self.builder, place), ensure_ascii=False)


def parse_server(builder: Mapping[str, Any], image: str) -> ImageServer:
    """Read a ``serverBuilder`` of a project file.

    Raises:
        ProjectError: the project does not say which file it is; names the image.
    """
    whole = builder
    metadata = dict(_mapping(builder.get("metadata")))
    while builder.get("builderType") == "pyramidize":  # only adds levels: same pixels, same frame
        builder = _mapping(builder.get("builder"))
        metadata = {**_mapping(builder.get("metadata")), **metadata}
    uri = next(uris_in(builder), "")
    if not uri:
        raise ProjectError(f"{image}: the project does not say which file it is; add it again")
    args = [str(a) for a in builder.get("args") or ()]
    why = _only_qupath(builder, args)
    openslide = "openslide" in str(builder.get("providerClassName", "openslide")).lower()
    return ImageServer(
        uri=uri,
        crop_to_bounds=openslide and "--no-crop" not in args,
        calibration=_calibration(_mapping(metadata.get("pixelCalibration"))),
        width=int(metadata.get("width", 0)),
        height=int(metadata.get("height", 0)),
        only_qupath=why,
        by_openslide=openslide,
        builder=whole,
        pixels=_recorded_pixels(metadata),
    )


def _only_qupath(builder: Mapping[str, Any], args: list[str]) -> str:
    """Why our own readers cannot give QuPath's pixels; "": they may."""
    kind = str(builder.get("builderType", "uri"))
    if kind != "uri" or not builder.get("uri"):
        return _TRANSFORMED.get(kind, f"has a kind of server of its own in QuPath ({kind})")
    if not is_file_uri(str(builder["uri"])):
        return f"{builder['uri']} is not a file"
    if "--series" in args[:-1] and (series := args[args.index("--series") + 1]) != "0":
        return f"is series {series} inside its file"
    return ""


class Inside:
    """Files below a project's folder by name; it is gone through once, when first asked.

    Args:
        remap: where folders are now that the project has recorded.
    """

    def __init__(self, project_file: Path, remap: Remap = Remap()) -> None:
        self.remap = remap
        #: Where the project lies, links followed.
        self.folder = project_file.resolve().parent

    def named(self, name: str) -> list[Path]:
        """Files of that name."""
        return self._by_name.get(name, [])

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for path in _below(self.folder, _SEARCH_DEPTH):
            found.setdefault(path.name, []).append(path)
        return found


def locate(
    uri: str, project_file: Path, saved_as: str | None, image: str, inside: Inside | None = None
) -> Path:
    """The image file: where the project says, else moved along with the project, else inside it.

    The same three places in the same order as QuPath looks when it opens a project that moved; a
    relative URI (never QuPath's, but scripts write them) counts from the project's folder.

    Args:
        uri: as recorded.
        project_file: where the project is now.
        saved_as: the project's own URI when QuPath saved it.
        image: for messages.
        inside: of the project, shared by its images.

    Raises:
        ProjectError: not on this machine, or not a file at all (OMERO, http).
    """
    try:
        scheme = urlsplit(uri).scheme
    except ValueError:  # "http://[": no address at all
        scheme = "?"
    if scheme not in ("file", ""):
        raise ProjectError(
            f"{image}: {uri} is not a file; download the slide and add the file to the project"
        )
    for path in _places(uri, saved_as, inside or Inside(project_file)):
        if path.is_file() or (path.is_dir() and _is_zarr(path)):
            return path
    recorded = str(_recorded(uri))
    raise MissingSlideError(
        f"{image}: slide not found at {recorded}; put it back, move it into the project's "
        "folder, open the project in QuPath and update the image's path, or say where its folder "
        "is now (--remap OLD=NEW)",
        recorded=recorded,
    )


def _is_zarr(folder: Path) -> bool:
    """OME-Zarr, or an image inside one: Bio-Formats records ``a.zarr/0`` for its ``.zattrs``."""
    return ".zarr" in (folder.suffix.lower(), folder.parent.suffix.lower())


def _places(uri: str, saved_as: str | None, inside: Inside) -> Iterator[Path]:
    yield from inside.remap.places(_recorded(uri))
    yield inside.folder / path_of(uri)
    if saved_as and (relative := _relative(uri, saved_as)):
        yield Path(os.path.normpath(inside.folder / relative))
    name = PurePosixPath(unquote(urlsplit(uri).path)).name
    found = inside.named(name)
    if len(found) == 1:
        yield found[0]


def _relative(uri: str, saved_as: str) -> str | None:
    """Path of the image relative to the folder of the project, both as recorded."""
    image, project = (_recorded(u) for u in (uri, saved_as))
    if image.drive != project.drive:
        return None
    try:
        return os.path.relpath(image.as_posix(), project.parent.as_posix())
    except ValueError:
        return None


def _recorded(uri: str) -> PurePosixPath | PureWindowsPath:
    path = unquote(urlsplit(uri).path)
    if len(path) > 2 and path[0] == "/" and path[2] == ":":
        return PureWindowsPath(path[1:])
    return PurePosixPath(path)


def _below(folder: Path, depth: int) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        if len(Path(parent).relative_to(folder).parts) >= depth:
            folders.clear()
        yield from (Path(parent) / name for name in files)


def _recorded_pixels(metadata: Mapping[str, Any]) -> RecordedPixels | None:
    """What QuPath noted of samples and planes; None: an older project that says nothing."""
    if "isRGB" not in metadata:
        return None
    listed = metadata.get("channels")
    channels = listed if isinstance(listed, list) else []
    names = tuple(str(_mapping(channel).get("name", "")) for channel in channels)
    is_grey = len(names) == 1 and metadata.get("pixelType", "UINT8") == "UINT8"
    is_rgb = bool(metadata["isRGB"]) or is_grey  # which our readers show as RGB
    planes = tuple(_count(metadata.get(key)) for key in ("sizeZ", "sizeT"))
    return RecordedPixels(is_rgb, names, (planes[0], planes[1]))


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 1


def _calibration(found: Mapping[str, Any]) -> Calibration | None:
    """The recorded pixel size, None where it is not in µm."""
    sizes: list[Any] = []
    for key in ("pixelWidth", "pixelHeight"):
        side = _mapping(found.get(key))
        if side.get("unit") not in ("µm", "μm", "um"):
            return None
        sizes.append(side.get("value"))
    try:
        return Calibration(float(sizes[0]), float(sizes[1]))
    except (TypeError, ValueError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
