"""Which pixels of a low-resolution picture are tissue. Pure functions on arrays.

Fixed bounds around what is measured on the slide itself: a pen stroke or a fold cannot move the
threshold away from pale tissue, as it does with Otsu's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hookpath.slides.slide_base import RGBArray

BoolMask = npt.NDArray[np.bool_]
Grey = npt.NDArray[np.uint8]

#: Pure white is where nothing was scanned (missing tiles, off the slide).
UNSCANNED = 255
#: A brightfield scanner fills what it leaves out with black; tissue is never that dark.
BLACK = 12
#: Glass is at least this bright in every channel, and its channels differ by at most that much.
GLASS_LEAST, GLASS_CHROMA = 180, 20
#: A dark slide: half of it darker than this, and less than this share of it like glass (a bright
#: slide that is mostly filled up with black has more).
DARK, DARK_GLASS_SHARE = 60, 0.15
#: Of images of dark ground, in which each channel goes from 0 to 255: the ground is no brighter
#: than the first, and what is brighter than the second is tissue whatever the ground is like.
GROUND_MOST, BRIGHT = 40, 60
#: H2G-Net's bound on the saturation of tissue, of 255.
SATURATION = 20
#: Grey values that tissue must differ from glass (darker) or dark ground (brighter) by.
FROM_GLASS = (12.0, 25.0)
FROM_GROUND = (6.0, 25.0)


def raw_tissue(rgb: RGBArray) -> BoolMask:
    """``(H, W)`` bool, px by px, before any cleaning.

    A slide is dark (fluorescence) if the median px is darker than `DARK` in every channel and
    less than 15 % of it looks like glass; px that were not scanned (pure white) have no say.
    """
    darkest: Grey = rgb.min(axis=2)
    brightest: Grey = rgb.max(axis=2)
    scanned: BoolMask = darkest < UNSCANNED
    if not scanned.any():
        return scanned
    glass: BoolMask = scanned & (darkest >= GLASS_LEAST) & (brightest - darkest <= GLASS_CHROMA)
    if _is_dark(brightest, scanned, glass):
        return scanned & _above_ground(brightest, scanned)
    return scanned & (brightest > BLACK) & _unlike_glass(rgb, glass)


def is_dark(rgb: RGBArray) -> bool:
    """Whether the ground is dark, as in fluorescence (see `raw_tissue`)."""
    darkest: Grey = rgb.min(axis=2)
    brightest: Grey = rgb.max(axis=2)
    scanned: BoolMask = darkest < UNSCANNED
    glass: BoolMask = scanned & (darkest >= GLASS_LEAST) & (brightest - darkest <= GLASS_CHROMA)
    return bool(scanned.any()) and _is_dark(brightest, scanned, glass)


def _is_dark(brightest: Grey, scanned: BoolMask, glass: BoolMask) -> bool:
    few = np.count_nonzero(glass) < DARK_GLASS_SHARE * np.count_nonzero(scanned)
    return bool(few and np.median(brightest[scanned]) < DARK)


def bright_tissue(grey: Grey) -> BoolMask:
    """``(H, W)`` bool: what is brighter than the ground of an image of dark ground.

    The ground is the commonest grey value if that is dark, and as uneven as the px below it are.
    Where no ground is seen, all is tissue.
    """
    counts = np.bincount(grey.ravel(), minlength=256).astype(np.float64)
    smooth = np.convolve(counts, np.ones(5) / 5, mode="same")
    ground = int(smooth[:128].argmax())
    if ground > GROUND_MOST:
        return np.ones(grey.shape, bool)
    below = grey[grey <= ground].astype(np.float64)
    spread = float(np.sqrt(np.mean((ground - below) ** 2))) if below.size else 0.0
    return np.asarray(grey > min(ground + max(4 * spread, FROM_GROUND[0]), BRIGHT))


def saturated(rgb: RGBArray, threshold: int = SATURATION) -> BoolMask:
    """``(H, W)`` bool: HSV saturation, 0…255, above `threshold` (Pedersen et al. 2022, 2.2).

    Grey, white and black have none: neither pale grey tissue nor filled-up gaps are found.
    """
    brightest = rgb.max(axis=2).astype(np.int32)
    chroma = brightest - rgb.min(axis=2)
    # Rounded to the nearest of 255 steps, as in 8-bit HSV pictures; ties up.
    return np.asarray((2 * 255 * chroma + brightest) // np.maximum(2 * brightest, 1) > threshold)


def _unlike_glass(rgb: RGBArray, glass: BoolMask) -> BoolMask:
    """Darker than the glass in some channel (colour is a lack of light in the others)."""
    if not glass.any():
        return np.ones(glass.shape, bool)
    colour = np.percentile(rgb[glass], 90, axis=0).astype(np.uint8)
    darker = (np.maximum(rgb, colour) - rgb).max(axis=2)
    return np.asarray(darker > _limit(darker[glass], FROM_GLASS))


def _above_ground(brightest: Grey, scanned: BoolMask) -> BoolMask:
    # The darker half of the slide is ground, or pale tissue that does no harm here.
    values = brightest[scanned]
    ground = values[values <= np.median(values)]
    level = np.uint8(np.median(ground))
    above = np.maximum(brightest, level) - level
    spread = np.abs(ground.astype(np.int16) - int(level))
    return np.asarray(above > _limit(spread, FROM_GROUND))


def _limit(
    values: npt.NDArray[np.uint8] | npt.NDArray[np.int16], bounds: tuple[float, float]
) -> float:
    """Median + 4 robust standard deviations of the ground's values, within `bounds`."""
    centre = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - np.float32(centre))))
    return min(max(centre + 4 * spread, bounds[0]), bounds[1])
