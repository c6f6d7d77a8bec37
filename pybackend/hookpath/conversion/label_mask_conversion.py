"""Label masks: images whose value at each pixel is a class ↔ objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.annotations import IGNORE, ClassTable, LabelSource, PathClass, PathObject, Vectorizer
from hookpath.conversion.label_image_io import LabelImage, open_label_image
from hookpath.conversion.mask_value_table import ClassValues
from hookpath.errors import AnnotationError
from hookpath.geometry import Region

Size = tuple[int, int]

#: Rows rasterised or traced at once.
STRIP_ROWS = 512


def mask_downsample(mask: Size, slide_l0: Size) -> tuple[float, float]:
    """Level-0 px per mask px of a mask that covers a whole slide.

    Both sizes are (width, height). Halving drops odd rows, so a whole factor that explains the
    mask's size to less than one of its px is taken.

    Raises:
        AnnotationError: the mask is no scaled slide.
    """
    factors = slide_l0[0] / mask[0], slide_l0[1] / mask[1]
    whole = max(1, round(sum(factors) / 2))
    if all(abs(s / whole - m) < 1 for s, m in zip(slide_l0, mask, strict=True)):
        return float(whole), float(whole)
    if abs(factors[0] / factors[1] - 1) > 0.01:
        raise AnnotationError(
            f"a mask of {mask[0]} × {mask[1]} px does not cover a slide of {slide_l0[0]} × "
            f"{slide_l0[1]} px; give its --mask-spacing or --downsample"
        )
    return factors


def read_mask(
    path: Path, values: ClassValues, downsample: tuple[float, float], simplify_px: float = 0.0
) -> list[PathObject]:
    """Outlines of the connected pieces of each class, corners on pixel corners, holes kept.

    Args:
        path: PNG, TIFF… with one value a pixel (a palette's index counts, not its colour).
        values: class of each value. 0 need not be in it: it then is nothing.
        downsample: level-0 px per mask px.
        simplify_px: outlines may move by this many mask px; 0: exact.

    Raises:
        AnnotationError: not readable, no label image, or a value that no class has; names file.
    """
    names = {c.name: c for c in values.classes.values() if c}
    classes = ClassTable.of(names.values())
    lookup = label_table(values, classes)
    outlines = Vectorizer(classes, downsample, simplify_l0=simplify_px * downsample[0])
    with open_label_image(path) as image:
        for y, rows in _strips(image):
            outlines.add_rows(y, labels_of_values(path, y, rows, lookup))
    return outlines.finish()


#: Stands for a value that the table lacks; no label (there are at most 254 classes).
_UNKNOWN = 255


def label_table(values: ClassValues, classes: ClassTable) -> npt.NDArray[np.uint8]:
    """``(65536,)`` uint8: the label of each value; what the table lacks has one that is none."""
    table = np.full(2**16, _UNKNOWN, np.uint8)
    table[0] = IGNORE
    for value, found in values.classes.items():
        if value < len(table):
            table[value] = classes.label(found.name) if found else IGNORE
    return table


def labels_of_values(
    path: Path, y: int, rows: npt.NDArray[Any], lookup: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """The labels of pixels that begin at row `y`.

    Args:
        lookup: see `label_table`.

    Raises:
        AnnotationError: a value that the table lacks; names the file.
    """
    if rows.size and (rows.min() < 0 or rows.max() >= len(lookup)):
        raise AnnotationError(f"{path}: values beyond 0…{len(lookup) - 1} are no labels")
    labels: npt.NDArray[np.uint8] = lookup[rows]
    unknown = np.unique(rows[labels == _UNKNOWN])
    if len(unknown):
        some = ", ".join(map(str, unknown[:10].tolist()))
        raise AnnotationError(
            f"{path}: the table of classes lacks the value {some} (rows from {y}); "
            "add it (ignore: yes, if it means nothing)"
        )
    return labels


def _strips(image: LabelImage) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    for y in range(0, image.height, STRIP_ROWS):
        yield y, image.rows(y, min(STRIP_ROWS, image.height - y))


class MaskWriter:
    """Draws objects into label masks on the grid of a slide.

    Args:
        size_l0: width and height of the slide.
        downsample: level-0 px per mask px.
        values: value of each class that is drawn; others are not.
    """

    def __init__(
        self, size_l0: Size, downsample: tuple[float, float], values: Mapping[int, PathClass]
    ) -> None:
        self.downsample = downsample
        self.width, self.height = (
            max(1, int(np.ceil(size / d - 1e-6)))
            for size, d in zip(size_l0, downsample, strict=True)
        )
        self.values = dict(values)
        self._classes = ClassTable.of(values.values())
        self._value_of = np.array([IGNORE, *values], np.uint8)

    def strips(self, objects: Sequence[PathObject]) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
        """(row, (h, width) uint8) from top to bottom.

        A px has the class of the smallest area in which its centre lies, 0 where none is.
        """
        source = LabelSource(objects, self._classes)
        dx, dy = self.downsample
        for y in range(0, self.height, STRIP_ROWS):
            rows = min(STRIP_ROWS, self.height - y)
            labels = source.rasterize(Region(0, y * dy, self.width, rows, dx, dy))
            yield y, self._value_of[labels]

    def write_png(self, path: Path, objects: Sequence[PathObject]) -> None:
        """One 8-bit image, held in memory.

        Raises:
            OSError: it cannot be written.
        """
        from PIL import Image

        values = np.concatenate([rows for _, rows in self.strips(objects)])
        Image.fromarray(values).save(path, format="PNG")

    def write_tiff(self, path: Path, objects: Sequence[PathObject], spacing_um: float) -> None:
        """A tiled pyramid in the colours of the classes, any size.

        Raises:
            OutputError: it cannot be written.
        """
        from hookpath.slides import PyramidWriter

        colors = [(255, 255, 255)] * (max(self.values, default=0) + 1)
        for value, color in zip(self.values, self._classes.colors, strict=True):
            colors[value] = color
        with ExitStack() as stack:
            writer = stack.enter_context(
                PyramidWriter(
                    path,
                    self.width,
                    self.height,
                    1,
                    spacing_um,
                    colormap=colors,
                    description="hookpath mask",
                    channel_names=["Class"],
                )
            )
            for y, rows in self.strips(objects):
                writer.write_rows(y, rows)
