"""From the image server that QuPath recorded to a slide that we can open in the same frame."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from hookpath.errors import ProjectError
from hookpath.geometry import Calibration

_UNREADABLE = {
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
class ImageServer:
    """What a project file says about one image, checked to be readable by us.

    `width` and `height` are level-0 px as QuPath sees them (after its crop to the bounds); 0 where
    the project does not say.
    """

    uri: str
    crop_to_bounds: bool
    calibration: Calibration | None
    width: int
    height: int


def parse_server(builder: Mapping[str, Any], image: str) -> ImageServer:
    """Read a ``serverBuilder`` of a project file.

    Raises:
        ProjectError: a server that we cannot read in QuPath's frame; names the image.
    """
    metadata = dict(_mapping(builder.get("metadata")))
    while builder.get("builderType") == "pyramidize":  # only adds levels: same pixels, same frame
        builder = _mapping(builder.get("builder"))
        metadata = {**_mapping(builder.get("metadata")), **metadata}
    kind = builder.get("builderType", "uri")
    if kind != "uri" or not builder.get("uri"):
        why = _UNREADABLE.get(str(kind), f"has an unknown kind of server ({kind})")
        raise ProjectError(
            f"{image}: {why}, which hookpath cannot read; add the original image file instead"
        )
    _refuse_stacks_and_channels(metadata, image)
    args = [str(a) for a in builder.get("args") or ()]
    _refuse_other_series(args, image)
    openslide = "openslide" in str(builder.get("providerClassName", "openslide")).lower()
    return ImageServer(
        uri=str(builder["uri"]),
        crop_to_bounds=openslide and "--no-crop" not in args,
        calibration=_calibration(_mapping(metadata.get("pixelCalibration"))),
        width=int(metadata.get("width", 0)),
        height=int(metadata.get("height", 0)),
    )


class Inside:
    """Files below a project's folder by name; it is gone through once, when first asked."""

    def __init__(self, project_file: Path) -> None:
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
        if path.is_file():
            return path
    raise ProjectError(
        f"{image}: slide not found at {_recorded(uri)}; put it back, move it into the project's "
        "folder, or open the project in QuPath and update the image's path"
    )


def path_of(uri: str) -> Path:
    """Path of a ``file:`` URI on this machine (a Windows path stays one, also elsewhere)."""
    parts = urlsplit(uri)
    text = f"//{parts.netloc}{parts.path}" if parts.netloc else parts.path
    return Path(url2pathname(text) if os.name == "nt" else unquote(text))


def _places(uri: str, saved_as: str | None, inside: Inside) -> Iterator[Path]:
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


def _refuse_stacks_and_channels(metadata: Mapping[str, Any], image: str) -> None:
    for key, what in (("sizeZ", "a z-stack"), ("sizeT", "a time series")):
        if int(metadata.get(key, 1)) > 1:
            raise ProjectError(
                f"{image}: is {what} ({metadata[key]} planes); hookpath reads single-plane slides"
            )
    if metadata.get("isRGB", True):
        return
    channels = metadata.get("channels") or ()
    if len(channels) != 1 or metadata.get("pixelType", "UINT8") != "UINT8":
        raise ProjectError(
            f"{image}: has {len(channels)} {metadata.get('pixelType', '')} channels; hookpath "
            "reads 8-bit RGB slides: export an RGB rendering from QuPath and add that"
        )


def _refuse_other_series(args: list[str], image: str) -> None:
    if "--series" in args[:-1] and (series := args[args.index("--series") + 1]) != "0":
        raise ProjectError(
            f"{image}: is series {series} inside its file, hookpath reads only the first; "
            "export it from QuPath as a file of its own"
        )


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
