"""Synthetic slides on which context decides.

Nests of tumour cells look the same everywhere. Inside a large duct (a ring of wall, wider than a
fine patch) they are "In situ"; without a wall around them they are "Invasive". "Stroma" differs
from both by its texture alone, not by its mean colour, so that a coarse view does not show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.annotations.classes import ClassTable
from hookpath.annotations.objects import PathClass

CLASSES = ClassTable(
    (
        PathClass("In situ", (214, 120, 20)),
        PathClass("Invasive", (190, 20, 60)),
        PathClass("Stroma", (60, 150, 110)),
    )
)
IN_SITU, INVASIVE, STROMA = 1, 2, 3

SPACING_UM = 0.5
"""µm/px of the synthetic slides."""

WALL_UM = 22.0
_TEXTURE_PX = 1024
_STRIP_PX = 128

Image = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.floating]
FloatMap = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Layout:
    """How large the nests are and how far apart: about (r + wall) · 2.2 is the least.

    Attributes:
        radius_um: least and largest mean radius of a nest.
        pitch_um: of the grid that they stand on.
    """

    radius_um: tuple[float, float] = (215.0, 265.0)
    pitch_um: float = 640.0


@dataclass(frozen=True)
class Nest:
    """One nest of tumour cells: centre and mean radius in px, outline wobble, wall or not."""

    x: float
    y: float
    radius: float
    wobble: tuple[float, ...]
    walled: bool

    def border(self, angle: Floats) -> Floats:
        """Distance in px of the outline from the centre, in these directions."""
        outline = np.full_like(angle, self.radius)
        for k, amplitude in enumerate(self.wobble):
            outline += self.radius * amplitude * np.cos((k + 2) * angle + 7 * amplitude * 100)
        return outline

    def distance_inside(self, x: FloatMap, y: FloatMap) -> FloatMap:
        """Approximate distance in px from the outline, positive inside."""
        dx, dy = x - self.x, y - self.y
        outline = self.border(np.arctan2(dy, dx))
        distance: FloatMap = (outline - np.hypot(dx, dy)).astype(np.float32)
        return distance


@dataclass(frozen=True)
class SyntheticSlide:
    """`rgb` ``(H, W, 3)`` uint8; `truth` ``(H, W)`` uint8 labels of `CLASSES` (0: none)."""

    rgb: Image
    truth: Image
    nests: tuple[Nest, ...]


def synthesize_slide(
    rng: np.random.Generator, size: int = 4096, layout: Layout = Layout()
) -> SyntheticSlide:
    """A square slide of `size` px at `SPACING_UM`."""
    nests = _place_nests(rng, size, layout)
    truth = np.full((size, size), STROMA, np.uint8)
    wall = np.zeros((size, size), np.bool_)
    for nest in nests:
        _stamp(nest, truth, wall)
    tissue = tissue_outline(rng, size)
    truth[wall | ~tissue] = 0
    rgb = _colour(rng, truth, wall, tissue)
    return SyntheticSlide(rgb, truth, nests)


def _place_nests(rng: np.random.Generator, size: int, layout: Layout) -> tuple[Nest, ...]:
    """Nests on a jittered grid, half of them with a wall."""
    pitch = layout.pitch_um / SPACING_UM
    n = int(size // pitch)
    offset = (size - n * pitch) / 2
    walled = rng.permutation(np.arange(n * n) % 2 == 0)
    jitter = rng.uniform(-0.05, 0.05, (n * n, 2)) * pitch
    nests = []
    for i in range(n * n):
        radius = rng.uniform(*layout.radius_um) / SPACING_UM
        nests.append(
            Nest(
                x=offset + (i % n + 0.5) * pitch + jitter[i, 0],
                y=offset + (i // n + 0.5) * pitch + jitter[i, 1],
                radius=radius,
                wobble=tuple(rng.uniform(-0.04, 0.04, 3)),
                walled=bool(walled[i]),
            )
        )
    return tuple(nests)


def _stamp(nest: Nest, truth: Image, wall: Mask) -> None:
    reach = int(nest.radius * 1.25 + 2 * WALL_UM / SPACING_UM)
    y0, y1 = max(0, int(nest.y) - reach), min(truth.shape[0], int(nest.y) + reach)
    x0, x1 = max(0, int(nest.x) - reach), min(truth.shape[1], int(nest.x) + reach)
    y, x = np.arange(y0, y1, dtype=np.float32)[:, None], np.arange(x0, x1, dtype=np.float32)
    inside = nest.distance_inside(x, y)
    window = np.s_[y0:y1, x0:x1]
    truth[window][inside > 0] = IN_SITU if nest.walled else INVASIVE
    if nest.walled:
        wall[window] |= (inside <= 0) & (inside > -WALL_UM / SPACING_UM)


def tissue_outline(rng: np.random.Generator, size: int) -> Mask:
    """A rounded piece of tissue with a rim of glass."""
    x = np.arange(size, dtype=np.float32) / size * 2 - 1
    y = x[:, None]
    wave = 0.012 * np.sin(9 * x + rng.uniform(0, 6)) + 0.012 * np.cos(8 * y + rng.uniform(0, 6))
    inside: Mask = _power_10(x) + _power_10(y) < _power_10(0.965 + wave)
    return inside


def _power_10(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """``x ** 10``, by multiplications."""
    squared = x * x
    return np.asarray(squared * np.square(np.square(squared)))


def _colour(rng: np.random.Generator, truth: Image, wall: Mask, tissue: Mask) -> Image:
    """Strip by strip: a whole slide in floating point would be slow to hold, not to compute."""
    nest, stroma, border = (
        shifted(texture, rng)
        for texture in (nest_texture(rng), stroma_texture(rng), _wall_texture(rng))
    )
    tint = rng.normal(0, 4, 3).astype(np.float32)
    noise = rng.normal(0, 5, (_TEXTURE_PX, _TEXTURE_PX, 1)).astype(np.float32)
    noise = shifted(noise, rng)
    rgb = np.empty((*truth.shape, 3), np.uint8)
    for top in range(0, truth.shape[0], _STRIP_PX):
        rows = np.s_[top : top + _STRIP_PX]
        here = truth[rows]
        strip = np.where(
            ((here == IN_SITU) | (here == INVASIVE))[..., None],
            rows_of(nest, top, here),
            rows_of(stroma, top, here),
        )
        np.copyto(strip, rows_of(border, top, here), where=wall[rows][..., None])
        np.copyto(strip, np.float32(243), where=~tissue[rows][..., None])
        strip += rows_of(noise, top, here) + tint
        rgb[rows] = np.clip(strip, 0, 255, out=strip)
    return rgb


def shifted(texture: FloatMap, rng: np.random.Generator) -> FloatMap:
    """The periodic texture from a random place on."""
    shift = rng.integers(0, _TEXTURE_PX, 2)
    return np.roll(texture, (int(shift[0]), int(shift[1])), (0, 1))


def rows_of(texture: FloatMap, top: int, like: npt.NDArray[Any]) -> FloatMap:
    """The texture repeated over a strip of rows from `top` on: ``(rows, width, channels)``."""
    height, width = like.shape
    rows = np.arange(top, top + height) % _TEXTURE_PX
    strip: FloatMap = np.tile(texture[rows], (1, -(-width // _TEXTURE_PX), 1))[:, :width]
    return strip


def _blobs(
    rng: np.random.Generator, count: int, length: float, width: float, angle_spread: float
) -> FloatMap:
    """Periodic map in 0…1 of soft ellipses (nuclei), `length` × `width` px half axes."""
    canvas = np.zeros((_TEXTURE_PX, _TEXTURE_PX), np.float32)
    reach = int(length * 1.6)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    for _ in range(count):
        angle = rng.normal(0.6, angle_spread)
        u = (x * np.cos(angle) + y * np.sin(angle)) / length
        v = (-x * np.sin(angle) + y * np.cos(angle)) / width
        blob = np.clip(1.5 - (u * u + v * v), 0, 1)
        cy, cx = rng.integers(0, _TEXTURE_PX, 2)
        rows = (np.arange(-reach, reach + 1) + cy) % _TEXTURE_PX
        columns = (np.arange(-reach, reach + 1) + cx) % _TEXTURE_PX
        window = np.ix_(rows, columns)
        canvas[window] = np.maximum(canvas[window], blob)
    return canvas


_NUCLEUS = np.array([88, 62, 132], np.float32)
_MEAN = np.array([196, 146, 186], np.float32)


def _texture(nuclei: FloatMap) -> FloatMap:
    """Nuclei on cytoplasm, shifted so that the mean colour is the same for every texture."""
    share = nuclei.mean()
    ground = (_MEAN - share * _NUCLEUS) / (1 - share)
    coloured: FloatMap = ground + nuclei[..., None] * (_NUCLEUS - ground)
    return coloured


def nest_texture(rng: np.random.Generator) -> FloatMap:
    """``(1024, 1024, 3)`` periodic: round nuclei."""
    return _texture(_blobs(rng, 1500, 9, 8, 3.0))


def stroma_texture(rng: np.random.Generator) -> FloatMap:
    """``(1024, 1024, 3)`` periodic: long, thin nuclei; of the same mean colour."""
    return _texture(_blobs(rng, 1500, 20, 3, 0.25))


def _wall_texture(rng: np.random.Generator) -> FloatMap:
    grain = _blobs(rng, 900, 8, 3, 3.0)[..., None]
    return np.array([150, 70, 120], np.float32) - 30 * grain
