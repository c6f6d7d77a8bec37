"""Channels of an image: what they are called, and how their values become 8 bits for a network.

RGB in 8 bits is the usual case and goes untouched. Everything else (fluorescence, multiplex, 16
bits, floats) is read as it is stored and then scaled channel by channel, with bounds that belong
to the model and not to the image: the same value is the same number wherever it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from hookpath import limits
from hookpath.errors import ChannelError, ModelFolderError

RGB = tuple[int, int, int]
Pixels = npt.NDArray[Any]
"""``(height, width, channels)`` of a slide's own type of number."""


@dataclass(frozen=True)
class Channel:
    """Name of a channel, and the colour it is shown in (None: grey)."""

    name: str
    color: RGB | None = None


RGB_CHANNELS: tuple[Channel, ...] = (
    Channel("Red", (255, 0, 0)),
    Channel("Green", (0, 255, 0)),
    Channel("Blue", (0, 0, 255)),
)


def brightest(dtype: np.dtype[Any]) -> float:
    """What white is in a type of number: 1 for floats."""
    return float(np.iinfo(dtype).max) if dtype.kind in "ui" else 1.0


def unnamed(index: int) -> str:
    """Name of a channel that has none, as QuPath gives it (`index` from 0)."""
    return f"Channel {index + 1}"


def with_names(names: Sequence[str], colors: Sequence[RGB | None]) -> tuple[Channel, ...]:
    """Channels with a name each, no two alike: "" is `unnamed`, a second "DAPI" is "DAPI (2)"."""
    found: list[str] = []
    for index, name in enumerate(names):
        plain = name.strip() or unnamed(index)
        earlier = [n for n in found if n == plain or n.startswith(f"{plain} (")]
        found.append(f"{plain} ({len(earlier) + 1})" if plain in found else plain)
    return tuple(Channel(n, c) for n, c in zip(found, colors, strict=True))


class ChannelScale(BaseModel):
    """One channel of a network's input: values from `low` to `high` become 0…255, clipped."""

    model_config = ConfigDict(frozen=True)
    name: str = Field(min_length=1, max_length=limits.NAME_LENGTH)
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)

    @model_validator(mode="after")
    def _check(self) -> ChannelScale:
        if not self.high > self.low:
            raise ValueError(f"channel {self.name!r}: high must be above low")
        return self


_SCALES = TypeAdapter(tuple[ChannelScale, ...])


def scales_from(found: object) -> tuple[ChannelScale, ...]:
    """Scales as a model's card has them; (): it has none, since it takes RGB.

    Raises:
        ModelFolderError: they cannot be understood.
    """
    if found is None:
        return ()
    try:
        return _SCALES.validate_python(found)
    except ValidationError as error:
        raise ModelFolderError(
            f"model.json: normalisation.channels is not valid ({error.errors()[0]['msg']}); "
            "copy the model folder again, or update hookpath"
        ) from error


def positions(wanted: Sequence[str], channels: Sequence[Channel], image: str) -> list[int]:
    """Where the wanted channels are among an image's; capitals and outer blanks do not count.

    Raises:
        ChannelError: the image lacks one, or has two of that name.
    """
    exact = {channel.name: i for i, channel in enumerate(channels)}
    folded: dict[str, list[int]] = {}
    for i, channel in enumerate(channels):
        folded.setdefault(channel.name.strip().casefold(), []).append(i)
    found = [
        [exact[name]] if name in exact else folded.get(name.strip().casefold(), [])
        for name in wanted
    ]
    missing = [name for name, at in zip(wanted, found, strict=True) if len(at) != 1]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        raise ChannelError(
            f"{image}: has no channel{plural} {listed(missing)}; its channels are "
            f"{listed([c.name for c in channels])}"
        )
    return [at[0] for at in found]


def listed(names: Sequence[str], most: int = 40) -> str:
    """``DAPI, CD8 and 3 more``."""
    shown, more = ", ".join(names[:most]), len(names) - most
    return f"{shown} and {more} more" if more > 0 else shown


def scaled(pixels: Pixels, low: npt.NDArray[np.float32], high: npt.NDArray[np.float32]) -> Pixels:
    """``(…, C)`` of any type as uint8: `low` is 0, `high` is 255, rounded; no number is 0."""
    factor = np.float32(255) / (high - low)
    values = (pixels.astype(np.float32) - low) * factor + np.float32(0.5)
    values = np.nan_to_num(values, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    return values.clip(0, 255, out=values).astype(np.uint8)
