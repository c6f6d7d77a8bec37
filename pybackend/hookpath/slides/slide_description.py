"""What there is to say of a slide without its pixels: looked at once, kept after it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hookpath.errors import missing_spacing
from hookpath.geometry import Calibration
from hookpath.slides.channels import RGB_CHANNELS, Channel
from hookpath.slides.slide_identity import SlideIdentity, content_of

if TYPE_CHECKING:
    from hookpath.slides.slide_base import Slide


@dataclass(frozen=True)
class SlideDescription:
    """A slide as it was when it was opened.

    Attributes:
        size_l0: width and height in level-0 px, after the crop.
        calibration: µm/px in use; None: unknown.
        file_calibration: what the file says.
        corner: level-0 px of the file at which (0, 0) lies.
        reader: the library that gives the pixels.
        notes: what a person should know of how the file is read.
        spacing_note: why µm/px is unknown, or what it may be ("": nothing to say).
        other_files, transformed, channels, planes: see `Slide`.
        is_rgb: whether it is the usual 8-bit colour.
        dtype: name of the samples' type.
    """

    path: Path
    size_l0: tuple[int, int]
    calibration: Calibration | None
    file_calibration: Calibration | None
    corner: tuple[int, int]
    reader: str
    notes: tuple[str, ...] = ()
    spacing_note: str = ""
    other_files: tuple[Path, ...] = ()
    transformed: str = ""
    channels: tuple[Channel, ...] = RGB_CHANNELS
    planes: tuple[int, int] = (1, 1)
    is_rgb: bool = True
    dtype: str = "uint8"

    @classmethod
    def of(cls, slide: Slide) -> SlideDescription:
        """Description of an open slide (in whatever colours it is seen)."""
        return cls(
            path=slide.path,
            size_l0=(slide.width_l0, slide.height_l0),
            calibration=slide.calibration if slide.has_calibration else None,
            file_calibration=slide.file_calibration,
            corner=slide.corner_in_file,
            reader=slide.reader,
            notes=slide.notes,
            spacing_note=slide.spacing_note,
            other_files=slide.other_files,
            transformed=slide.transformed,
            channels=slide.channels,
            planes=slide.planes,
            is_rgb=slide.is_rgb,
            dtype=str(slide.dtype),
        )

    def known_calibration(self) -> Calibration:
        """µm/px in use.

        Raises:
            MissingSpacingError: none is known.
        """
        if self.calibration is None:
            raise missing_spacing(self.path, self.spacing_note)
        return self.calibration

    @cached_property
    def identity(self) -> SlideIdentity:
        """Which slide it is; its content is looked at when this is first asked for.

        Raises:
            SlideError: one of its files cannot be read.
        """
        content, size = content_of(self.path, *self.other_files)
        known = self.calibration
        return SlideIdentity(
            content=content,
            bytes=size,
            mpp=None if known is None else (known.mpp_x, known.mpp_y),
            corner=self.corner,
            size=self.size_l0,
            reader=self.reader,
            transformed=self.transformed,
        )
