"""What a slide is to the rest of hookpath."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hookpath.context_managers import Closing
from hookpath.errors import missing_spacing
from hookpath.geometry import Calibration, Region
from hookpath.slides.channels import RGB_CHANNELS, Channel, ChannelScale

if TYPE_CHECKING:
    from hookpath.slides.slide_description import SlideDescription
    from hookpath.slides.slide_identity import SlideIdentity

RGBArray = npt.NDArray[np.uint8]
"""``(height, width, 3)`` uint8; ``(height, width, C)`` where a network takes other channels."""

Plane = tuple[int, int]
"""Of a stack: z and t, each from 0 (QuPath's own numbers)."""


@dataclass(frozen=True)
class Level:
    """One pyramid level: size in its own pixels and level-0 px per level px.

    ``origin_*_l0`` is where the corner of its pixel (0, 0) lies; not 0 where the bounds crop cuts
    through a level pixel.
    """

    width: int
    height: int
    downsample_x: float
    downsample_y: float
    origin_x_l0: float = 0.0
    origin_y_l0: float = 0.0


@dataclass(frozen=True)
class SlideRef:
    """Everything needed to open a slide in any process; cheap to pickle, opens nothing itself.

    Attributes:
        calibration: the project's own value, which wins over the file's; None: take the file's.
        crop_to_bounds: crop to ``openslide.bounds-*`` as QuPath does.
        assumed: taken where neither the project nor the file says µm/px (``--mpp``).
        overruling: wins over the project's and the file's value (``--override-mpp``).
        server: QuPath's JSON of the server to read it through; "": our own readers.
        channels: what a network takes of it, in this order, as 8 bits; (): the image as it is.
        only_rgb: refuse an image that is no 8-bit RGB.
        plane: of a stack; None: the one that QuPath shows first (`default_plane`).
    """

    path: Path
    calibration: Calibration | None = None
    crop_to_bounds: bool = True
    assumed: Calibration | None = None
    overruling: Calibration | None = None
    server: str = ""
    channels: tuple[ChannelScale, ...] = ()
    only_rgb: bool = False
    plane: Plane | None = None

    def open(self) -> Slide:
        """Open the slide (see `hookpath.slides.open_slide`), and show what is wanted of it.

        Raises:
            SlideError: it cannot be opened.
            ChannelError: it lacks a channel that is wanted, or is no RGB.
        """
        from hookpath.slides import open_slide
        from hookpath.slides.selected_channels import chosen

        slide = open_slide(
            self.path,
            calibration=self.overruling or self.calibration,
            crop_to_bounds=self.crop_to_bounds,
            assumed=self.assumed,
            server=self.server,
            plane=self.plane,
        )
        return chosen(slide, self.channels, self.only_rgb)

    def identity(self) -> SlideIdentity:
        """Which slide it is, opened like this.

        Raises:
            SlideError: it cannot be opened.
        """
        with self.open() as slide:
            return slide.identity


def default_plane(planes: Plane) -> Plane:
    """The plane that QuPath shows first: the middle one along z, the first in time."""
    return planes[0] // 2, 0


def plane_text(plane: Plane) -> str:
    """``z = 3, t = 0``."""
    return f"z = {plane[0]}, t = {plane[1]}"


class Slide(Closing):
    """An open slide. Coordinates are level-0 pixels after the bounds crop (QuPath's frame).

    Handles are never pickled: pass a `SlideRef` to other processes.
    """

    path: Path
    levels: tuple[Level, ...]
    file_calibration: Calibration | None
    #: Why the file's own µm/px was not believed, or a hint at what it may be ("" if nothing).
    spacing_note: str = ""
    #: Level-0 px of the file at which (0, 0) lies: not (0, 0) after a crop to the bounds.
    corner_in_file: tuple[int, int] = (0, 0)
    #: Further files that the pixels come from (those beside `path` are found by their names).
    other_files: tuple[Path, ...] = ()
    #: What is done to the file's pixels before they are seen ("": nothing), the same at any place.
    transformed: str = ""
    #: The library that gives the pixels.
    reader: str = ""
    #: What a person should know of how the file is read, one line each.
    notes: tuple[str, ...] = ()
    #: What the samples of a px are, in their order.
    channels: tuple[Channel, ...] = RGB_CHANNELS
    #: Type of the samples.
    dtype: np.dtype[np.generic] = np.dtype(np.uint8)
    #: What the samples are off the slide and where nothing is stored: light through glass, or none.
    ground: float = 255
    #: How many planes there are: along z, and in time.
    planes: Plane = (1, 1)
    #: The one that is read.
    plane: Plane = (0, 0)

    def __init__(self, calibration: Calibration | None) -> None:
        self._given_calibration = calibration
        #: Taken where neither `calibration` nor the file says µm/px.
        self.assumed: Calibration | None = None

    @property
    def is_rgb(self) -> bool:
        """Whether it is the usual 8-bit colour."""
        return self.channels == RGB_CHANNELS and self.dtype == np.uint8

    @property
    def width_l0(self) -> int:
        """Width in level-0 pixels."""
        return self.levels[0].width

    @property
    def height_l0(self) -> int:
        """Height in level-0 pixels."""
        return self.levels[0].height

    @property
    def identity(self) -> SlideIdentity:
        """Which slide it is: what decides whether something was done before.

        Raises:
            SlideError: one of its files cannot be read.
        """
        return self.describe().identity

    def describe(self) -> SlideDescription:
        """What there is to say of it without its pixels; outlives the handle."""
        from hookpath.slides.slide_description import SlideDescription

        return SlideDescription.of(self)

    @property
    def has_calibration(self) -> bool:
        """Whether µm/px is known."""
        return self._known is not None

    @property
    def _known(self) -> Calibration | None:
        return self._given_calibration or self.file_calibration or self.assumed

    @property
    def calibration(self) -> Calibration:
        """µm/px of level 0: the given one, else the file's, else the assumed one.

        Raises:
            MissingSpacingError: none is known.
        """
        found = self._known
        if found is None:
            raise missing_spacing(self.path, self.spacing_note)
        return found

    @abstractmethod
    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> Any:
        """Pixels of one level on its own integer grid; off the slide (or no tile) is `ground`.

        Returns:
            ``(height, width, channels)`` of `dtype`: usually RGB, uint8.

        Raises:
            SlideError: the file is damaged there.
        """

    def read_channels(
        self, at: tuple[int, ...], level: int, x_lv: int, y_lv: int, width: int, height: int
    ) -> Any:
        """`read_level` of some channels, by their positions; a reader may spare the others.

        Returns:
            ``(height, width, len(at))`` of `dtype`.
        """
        return self.read_level(level, x_lv, y_lv, width, height)[..., at]

    def grid_shift(self, level: int, x_lv: int, y_lv: int) -> tuple[float, float]:
        """How far right and down of (`x_lv`, `y_lv`) the pixels of `read_level` really start.

        In level px, at most half a level-0 px: a reader that can only be asked in level-0 px
        cannot hit every corner of a level whose downsample is not whole.
        """
        return 0.0, 0.0

    @abstractmethod
    def close(self) -> None:
        """Release the handle; the slide is unusable afterwards."""

    def read(self, region: Region) -> Any:
        """The region at exactly its spacing: nearest finer level, area-averaged down.

        Returns:
            ``(region.height, region.width, channels)`` of `dtype`: usually RGB, uint8. Off the
            slide is `ground` (white).
        """
        from hookpath.slides.region_at_spacing import read_region

        return read_region(self, region)
