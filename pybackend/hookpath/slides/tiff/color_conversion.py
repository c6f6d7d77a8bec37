"""How the samples of a TIFF page become RGB, as its tags say; or why they cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.slides.pillow_pixels import WHITE
from hookpath.slides.slide_base import RGBArray

Samples = npt.NDArray[np.uint8]
"""``(height, width, samples per px)``, as decoded."""

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _MASK, _CMYK, _YCBCR = 0, 1, 2, 3, 4, 5, 6
_NAMES = {
    _MASK: "a transparency mask", 8: "CIE L*a*b* colour", 9: "ICC L*a*b* colour",
    10: "ITU L*a*b* colour", 32803: "raw camera pixels (CFA)", 32844: "LogL brightness",
    32845: "LogLuv colour", 34892: "raw camera pixels", 51177: "a depth map",
}  # fmt: skip
_SAMPLES = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3}

_OLD_JPEG = 6
JPEG = frozenset({_OLD_JPEG, 7, 33007, 34892})
#: JPEG 2000 as Aperio marks it: YCbCr, or RGB, whatever the photometric tag says.
_JP2K_YCBCR, _JP2K_RGB = 33003, 33005
JPEG_2000 = frozenset({_JP2K_YCBCR, 33004, _JP2K_RGB, 34712})
#: PNG, WebP and JPEG XL give RGB on their own.
_GIVES_RGB = frozenset({34933, 50001, 50002, 52546, _JP2K_RGB})

_PREMULTIPLIED, _TRANSPARENCY = 1, 2
_EXPORT = "export it as 8-bit RGB"


def refusal(page: Any) -> str | None:
    """Why a tifffile page cannot be shown as RGB, and what to do; None if it can."""
    return frame_refusal(page) or _of_samples(page) or _of_colour(page)


def frame_refusal(page: Any) -> str | None:
    """The same, for what has nothing to do with colour."""
    if page.imagedepth > 1 or page.tiledepth > 1:
        return f"has {page.imagedepth} planes (a stack); export the view you want as RGB"
    if page.compression != 1 and not _can_decode(page.compression):
        name = getattr(page.compression, "name", page.compression)
        return f"is compressed in a way that cannot be read here ({name}); save it as JPEG or LZW"
    orientation = page.tags.valueof(274, 1)
    if orientation not in (0, 1):
        return (
            f"is stored turned or mirrored (Orientation tag {orientation}), which viewers treat "
            "differently; save it upright, without the tag"
        )
    return None


def _can_decode(compression: int) -> bool:
    import tifffile

    if compression == _OLD_JPEG:  # tables in tags of its own, which no codec here looks at
        return False
    try:
        return callable(tifffile.TIFF.DECOMPRESSORS[compression])
    except KeyError:
        return False


def _of_samples(page: Any) -> str | None:
    photometric, bits = int(page.photometric), page.bitspersample
    if page.tags.valueof(262) is None:
        return f"does not say what its samples mean (no photometric tag); {_EXPORT}"
    if photometric in _NAMES or photometric not in _SAMPLES:
        what = _NAMES.get(photometric, f"pixels of an unknown kind (photometric {photometric})")
        return f"has {what}, not RGB colour; {_EXPORT}"
    kind = str(page.dtype) if page.dtype is not None else f"{bits}-bit"
    if kind not in ("uint8", "bool") or page.sampleformat not in (1, 4):
        return f"has {kind} pixels, not 8-bit colour; {_EXPORT}"
    one_sample = photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _PALETTE)
    if bits != 8 and not (one_sample and bits in (1, 2, 4)):
        return f"has samples of {bits} bits, not 8-bit colour; {_EXPORT}"
    extra = page.samplesperpixel - _SAMPLES[photometric]
    means_nothing = extra == 1 and not _alpha_of(page) and photometric not in (_RGB, _YCBCR)
    if extra < 0 or extra > 1 or means_nothing or (extra and photometric == _CMYK):
        return (
            f"has {page.samplesperpixel} samples a pixel, not RGB colour; export the view you want "
            "as RGB"
        )
    return None


def _of_colour(page: Any) -> str | None:
    photometric = int(page.photometric)
    if photometric == _PALETTE and page.tags.valueof(320) is None:
        return f"has palette colours without a palette; {_EXPORT}"
    if photometric == _CMYK and page.tags.valueof(332, 1) != 1:
        return f"has inks other than CMYK; {_EXPORT}"
    separate = page.planarconfig == 2 and page.subsampling not in (None, (1, 1))
    if photometric == _YCBCR and separate:
        return f"has YCbCr colour in separate planes of different size; {_EXPORT}"
    return None


def _alpha_of(page: Any) -> int:
    """``_PREMULTIPLIED``, ``_TRANSPARENCY``, or 0: no extra sample, or one that means nothing."""
    if page.samplesperpixel == _SAMPLES.get(int(page.photometric), page.samplesperpixel):
        return 0
    kinds = tuple(page.extrasamples) or (0,)
    return int(kinds[0]) if kinds[0] in (_PREMULTIPLIED, _TRANSPARENCY) else 0


class Colours:
    """Turns decoded samples of one page into RGB.

    Args:
        page: a tifffile page without a `refusal`.
    """

    def __init__(self, page: Any) -> None:
        self._count = _SAMPLES[int(page.photometric)]
        self._alpha = _alpha_of(page)
        self._to_rgb = _conversion(page)

    @property
    def has_alpha(self) -> bool:
        """Whether an extra sample says how opaque each px is."""
        return self._alpha != 0

    def rgb(self, samples: Samples, opaque: bool) -> RGBArray:
        """The colours, transparent ones laid over white.

        Args:
            samples: as decoded.
            opaque: take no notice of the alpha sample (it is 0 everywhere: nobody meant it).

        Returns:
            ``(height, width, 3)`` uint8.
        """
        rgb = self._to_rgb(samples[..., : self._count])
        if not self._alpha or opaque:
            return np.ascontiguousarray(rgb)
        return _on_white(rgb, samples[..., self._count :], self._alpha == _PREMULTIPLIED)


def _on_white(rgb: RGBArray, alpha: Samples, premultiplied: bool) -> RGBArray:
    wide, share = rgb.astype(np.uint32), alpha.astype(np.uint32)
    if premultiplied:
        mixed = np.minimum(wide + (WHITE - share), WHITE)
    else:
        mixed = (wide * share + WHITE * (WHITE - share) + WHITE // 2) // WHITE
    return np.asarray(mixed, np.uint8)


def _conversion(page: Any) -> Callable[[Samples], RGBArray]:
    """From the colour samples of a page to RGB."""
    photometric = int(page.photometric)
    if photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO):
        return _grey(page.bitspersample, photometric == _WHITE_IS_ZERO)
    if photometric == _PALETTE:
        return _palette(page)
    if photometric == _CMYK:
        return _from_cmyk
    return _from_ycbcr(page) if _holds_ycbcr(page) else _as_is


def _holds_ycbcr(page: Any) -> bool:
    """Whether what a codec gives is still YCbCr (JPEG's gives RGB unless asked not to)."""
    if page.compression == _JP2K_YCBCR:
        return True
    if int(page.photometric) != _YCBCR or page.compression in _GIVES_RGB:
        return False
    decoded = page.compression in JPEG and page.planarconfig == 1 and not page.extrasamples
    return not decoded


def _as_is(samples: Samples) -> RGBArray:
    return samples


def _table(table: npt.NDArray[np.uint8]) -> Callable[[Samples], RGBArray]:
    return lambda samples: table[samples[..., 0]]


def _grey(bits: int, inverted: bool) -> Callable[[Samples], RGBArray]:
    highest = 2**bits - 1
    grey = (np.minimum(np.arange(256), highest) * 255 // highest).astype(np.uint8)
    return _table(np.repeat((255 - grey if inverted else grey)[:, None], 3, axis=1))


def _palette(page: Any) -> Callable[[Samples], RGBArray]:
    """16-bit values as TIFF has them; 8-bit ones, which some programs write, where none is more."""
    values = np.asarray(page.tags.valueof(320), np.uint32).reshape(3, -1).T
    eight_bit = values if values.max(initial=0) < 256 else values >> 8
    table = np.zeros((256, 3), np.uint8)
    table[: len(eight_bit)] = eight_bit[:256]
    return _table(table)


def _from_cmyk(samples: Samples) -> RGBArray:
    """Without ink profiles, as libtiff and Pillow do."""
    light = 255 - samples.astype(np.uint32)
    return ((light[..., :3] * light[..., 3:] + 127) // 255).astype(np.uint8)


def _from_ycbcr(page: Any) -> Callable[[Samples], RGBArray]:
    """TIFF 6.0, section 21: coefficients and reference levels of the file, or their defaults."""
    red, green, blue = _ratios(page.tags.valueof(529), (0.299, 0.587, 0.114))
    usual = (0.0, 255.0, 128.0, 255.0, 128.0, 255.0)
    levels = _ratios(page.tags.valueof(532), usual)
    if not (levels[0] < levels[1] and levels[2] < levels[3] and levels[4] < levels[5] and green):
        raise ValueError("reference levels or coefficients of YCbCr that make no colours")
    black, white = np.asarray(levels[::2], np.float32), np.asarray(levels[1::2], np.float32)
    scale = np.array([255, 127, 127], np.float32) / (white - black)

    def convert(samples: Samples) -> RGBArray:
        y, cb, cr = np.moveaxis((samples - black) * scale, -1, 0)
        r = cr * (2 - 2 * red) + y
        b = cb * (2 - 2 * blue) + y
        g = (y - blue * b - red * r) / green
        return np.asarray(np.clip(np.rint(np.stack([r, g, b], axis=-1)), 0, 255), np.uint8)

    return convert


def _ratios(value: Any, default: tuple[float, ...]) -> tuple[float, ...]:
    """Rationals as tifffile gives them, flat: numerator, denominator in turn."""
    if value is None or len(value) not in (len(default), 2 * len(default)):
        return default
    if len(value) == len(default):
        return tuple(float(v) for v in value)
    pairs = zip(value[::2], value[1::2], strict=True)
    return tuple(a / b if b else d for (a, b), d in zip(pairs, default, strict=True))
