"""Units of length as image files write them, in µm."""

from __future__ import annotations

import unicodedata

_POWER_OF_TEN = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "": 0,
    "d": -1, "c": -2, "m": -3, "µ": -6, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21,
    "y": -24,
}  # fmt: skip
_INCH_UM = 25400.0

#: Upper and lower case tell Mm from mm, so these are compared as they are.
_SYMBOLS = {
    **{f"{prefix}m": 10.0 ** (power + 6) for prefix, power in _POWER_OF_TEN.items()},
    "Å": 1e-4,
    "thou": _INCH_UM / 1000,
    "li": _INCH_UM / 12,
    "in": _INCH_UM,
    "ft": 12 * _INCH_UM,
    "yd": 36 * _INCH_UM,
    "mi": 63360 * _INCH_UM,
    "pt": _INCH_UM / 72,
}
_WORDS = {
    "micron": 1.0, "micrometer": 1.0, "micrometre": 1.0, "nanometer": 1e-3, "nanometre": 1e-3,
    "millimeter": 1e3, "millimetre": 1e3, "centimeter": 1e4, "centimetre": 1e4, "meter": 1e6,
    "metre": 1e6, "inch": _INCH_UM, "inche": _INCH_UM, "angstrom": 1e-4, "ångström": 1e-4,
    "point": _INCH_UM / 72, "mil": _INCH_UM / 1000, "um": 1.0, "nm": 1e-3, "cm": 1e4, "mm": 1e3,
}  # fmt: skip


def um_per_unit(unit: str) -> float | None:
    """µm in one `unit`: OME's symbols (``µm``, ``Å``, ``in``, ``pt``…) and usual words.

    None where it is no length (``pixel``, ``reference frame``) or not known.
    """
    # Two characters look like µ, two like Å; ImageJ writes the escape for the letter.
    plain = unit.strip().replace("\\u00B5", "µ").replace("\\u00b5", "µ")
    plain = unicodedata.normalize("NFC", plain).replace("μ", "µ")
    if plain in _SYMBOLS:
        return _SYMBOLS[plain]
    return _WORDS.get(plain.lower().rstrip("s"))
