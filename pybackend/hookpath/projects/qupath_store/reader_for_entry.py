"""From what QuPath recorded of an image to the slide, by our own readers or through QuPath."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hookpath.errors import ProjectError, SlideError
from hookpath.jvm import why_no_java
from hookpath.jvm.server_builder_json import is_file_uri, path_of
from hookpath.projects.image_snapshot import Found, described
from hookpath.projects.qupath_store.image_server_frame import (
    ImageServer,
    RecordedPixels,
    parse_server,
)
from hookpath.projects.spacing_override import GivenSpacing
from hookpath.slides import SlideDescription, SlideRef
from hookpath.slides.channels import listed

Place = Callable[[str], Path]
"""From the URI of a file to where it is now; raises `ProjectError` where it is not."""


class OtherFrameError(ProjectError):
    """Our readers see other level-0 pixels of a slide than QuPath does."""


def slide_of(server: ImageServer, place: Place, given: GivenSpacing, image: str) -> Found:
    """How to open an image in QuPath's frame.

    Our own readers are asked first, unless nothing but QuPath gives these pixels, and where they
    fail QuPath is, if it does not read the file with the same library.

    Args:
        image: its name, for messages.

    Raises:
        ProjectError: a file is not here; we see other pixels than QuPath; only QuPath can read it,
            and there is none.
    """
    if server.only_qupath:
        return _through_qupath(server, place, given, image), None
    own = given.reference(place(server.uri), server.calibration, server.crop_to_bounds)
    try:
        return own, _in_this_frame(own, server, image)
    except OtherFrameError:
        if server.by_openslide or why_no_java():
            raise
    except SlideError:
        if server.by_openslide or why_no_java():
            return own, None  # the code that opens the slide gets the clearer message
    return _through_qupath(server, place, given, image), None


def slide_of_server(builder: Mapping[str, Any], image: str) -> SlideRef:
    """The same for an image that no project is known of; its files are where the JSON says.

    Args:
        builder: QuPath's JSON of how it opens the image.
        image: its name, for messages.

    Raises:
        ProjectError: see `slide_of`.
    """

    def place(uri: str) -> Path:
        path = path_of(uri)
        if not path.exists():
            raise ProjectError(f"{image}: {path} is missing; show QuPath where the file is")
        return path

    return slide_of(parse_server(builder, image), place, GivenSpacing(), image)[0]


def _through_qupath(server: ImageServer, place: Place, given: GivenSpacing, image: str) -> SlideRef:
    how = server.through_qupath(place, image)
    path = place(server.uri) if is_file_uri(server.uri) else Path(server.uri)
    return replace(given.reference(path, server.calibration, False), server=how)


def _other_samples(found: SlideDescription, recorded: RecordedPixels) -> str:
    """Why our samples are not those that QuPath shows; "": they are."""
    ours = tuple(channel.name for channel in found.channels)
    if found.planes != recorded.planes:
        return f"QuPath sees {recorded.planes} planes (z, t), {found.path} has {found.planes}"
    if found.is_rgb is recorded.is_rgb and (found.is_rgb or ours == recorded.names):
        return ""
    said = "RGB" if recorded.is_rgb else f"the channels {listed(recorded.names)}"
    return f"QuPath sees {said}, {found.path} has {listed(ours)}"


def _in_this_frame(reference: SlideRef, server: ImageServer, image: str) -> SlideDescription | None:
    """Objects fit only if we see the same level-0 pixels as QuPath does; None: nobody looked.

    Raises:
        SlideError: none of our readers can open it.
        OtherFrameError: we see others.
    """
    if not server.width or not server.height:
        return None
    found = described(reference)
    size = found.size_l0
    if server.pixels is not None and (why := _other_samples(found, server.pixels)):
        raise OtherFrameError(
            f"{image}: {why}; add the image to QuPath again, or let hookpath read it through QuPath"
        )
    if size != (server.width, server.height):
        raise OtherFrameError(
            f"{image}: QuPath sees {server.width}×{server.height} px, {reference.path} has "
            f"{size[0]}×{size[1]}; annotations would not fit: add the slide to QuPath again"
        )
    return found
