"""Names that a terminal, a page, a table, XML or a file system takes for something else."""

from __future__ import annotations

import json

NAMES = (
    "[bold]x[/bold] [/] [link=http://x]",
    "[/red] unbalanced",
    "\x1b[31mred\x1b]0;pwn\x07\nX",
    "\x9b31m C1 \x85 next line",
    "nul \x00 \x01 \x0b \x7f",
    "tab\tand\r\nlines",
    "<script>alert('1')</script>",
    "]]> --> &amp; &#0; <!DOCTYPE x>",
    "\"double\" 'single' `back` \\back",
    "=cmd|' /C calc'!A0",
    "+1-1", "-2+3", "@SUM(1)",
    "$x_{$ \\frac{1}{", "_under", "%s %d {0} {x} ${y}",
    "right \u202e\u2066 to left", "zero\u200bwidth\ufeff", "\u2028line\u2029para",
    "half \ud800 pair \udcff",
    "a/b\\c", "..", "../../up", "/absolute", "C:\\windows", "CON", "nul.tif", "com1", " . ",
    "ends in dot.", " blanks ", "-", "--help", "~", "*?:|<>",
    "very long " + "ä" * 900,
    "e\u0301 \u00e9 \U0001f9ec \u4e2d",
    "", "null", "NaN", "true", "0",
)  # fmt: skip


#: The worst of them, for what takes its time with each.
CLASSES = (
    *NAMES[:11],
    "$x_{$ \\frac{1}{",
    "half \ud800 pair",
    "../../up",
    "very long " + "ä" * 900,
)


def class_features(names: tuple[str, ...] = NAMES, side: int = 26) -> str:
    """GeoJSON of a square for each name as a class (of its object, too), side by side."""
    features = []
    for n, name in enumerate(names):
        x, y = 4 + (n % 8) * (side + 4), 4 + (n // 8) * (side + 4)
        ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
        features.append(
            {
                "type": "Feature",
                "id": f"00000000-0000-4000-8000-{n:012d}",
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {
                    "objectType": "annotation",
                    "name": name,
                    "classification": {"name": name, "color": [n, 200 - n, 50]},
                    "metadata": {"note": name},
                },
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features})


def is_harmless(text: str) -> bool:
    """Whether a terminal or a log shows the text and does nothing else."""
    return not any(
        c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c in "\u202e\u2066"
    )
