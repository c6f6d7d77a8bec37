"""Objects into a file of any format, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import shapely

from hookpath.annotations import (
    RUN_TAG,
    PathClass,
    PathObject,
    is_usable_class,
    says_something,
    write_geojson,
)
from hookpath.annotations.classes import ClassTable
from hookpath.atomic_files import make_folder, refuse_read_only
from hookpath.conversion.input_formats import Target
from hookpath.conversion.label_mask_conversion import MaskWriter
from hookpath.conversion.mask_value_table import ClassValues, write_class_values
from hookpath.conversion.staged_output import one_result
from hookpath.errors import AnnotationError, OutputError, UsageError, write_code
from hookpath.geometry import Calibration
from hookpath.markup.asap import write_asap
from hookpath.markup.imagescope import write_imagescope

MASKS: tuple[Target, ...] = ("mask", "mask-tiff")

#: Larger masks do not fit one 8-bit image in memory.
MAX_PNG_PIXELS = 2**30


#: Masks are written with 8 bits a pixel.
MAX_VALUE = 255


@dataclass(frozen=True)
class Canvas:
    """What the objects lie on.

    Size in level-0 px and µm/px (None: unknown), and level-0 px per mask px.
    """

    size_l0: tuple[int, int] | None = None
    calibration: Calibration | None = None
    downsample: tuple[float, float] = (1.0, 1.0)


class TargetWriter:
    """Writes one result after the other; mask values stay the same from one to the next.

    Args:
        to: the format.
        table: value of each class of masks; None: 1, 2… in the order of their appearance.
        hole_group: ASAP group of the holes.
    """

    def __init__(self, to: Target, table: ClassValues | None, hole_group: str) -> None:
        self.to, self._hole_group = to, hole_group
        self._is_given = table is not None
        known = table.classes if table else {}
        self.values: dict[int, PathClass] = {}
        for value, found in known.items():
            if found and found.name not in {c.name for c in self.values.values()}:
                self.values[value] = found

    def write(
        self, path: Path, objects: Sequence[PathObject], canvas: Canvas, overwrite: bool
    ) -> bool:
        """Write a result; `path` is the complete new file, or as it was.

        Returns:
            Whether the very same was there already, as after a run that was stopped.

        Raises:
            OutputError, AnnotationError: it cannot be written; names the file.
            WriteRefusedError: something else is there.
            UsageError: something that the format needs is not known.
            BusyError: another process writes it.
        """
        try:
            make_folder(path.parent)
            refuse_read_only(path)
            with one_result(path, overwrite) as stage:
                self._fill(stage / path.name, path, objects, canvas)
                return stage.publish()
        except (OSError, OutputError, AnnotationError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            if not isinstance(cause, OSError):
                raise
            raise OutputError(
                f"cannot write {path}: {cause.strerror or cause}; check the folder and the free "
                "space",
                code=write_code(error),
            ) from error

    def left_out(self, objects: Sequence[PathObject]) -> str:
        """What of the objects the format has no place for; "" if it has for all."""
        if self.to == "imagescope":
            count, what = sum(shapely.get_dimensions(o.geometry) == 0 for o in objects), "points"
        elif self.to in MASKS:
            count, what = len(objects) - len(_drawn(objects)), "objects without class or area"
        else:
            return ""
        return f"{count} {what} were left out" if count else ""

    def _fill(self, part: Path, path: Path, objects: Sequence[PathObject], canvas: Canvas) -> None:
        if self.to == "geojson":
            write_geojson(part, objects)
        elif self.to == "asap":
            if any(o.path_class and o.path_class.name == self._hole_group for o in objects):
                raise AnnotationError(
                    f"{path}: the class {self._hole_group!r} would be read as holes; name another "
                    "group with --hole, or rename the class with --class"
                )
            write_asap(part, objects, self._hole_group)
        elif self.to == "imagescope":
            spacing = canvas.calibration.mpp if canvas.calibration else None
            write_imagescope(part, objects, spacing)
        else:
            self._fill_mask(part, path, objects, canvas)

    def _fill_mask(
        self, part: Path, path: Path, objects: Sequence[PathObject], canvas: Canvas
    ) -> None:
        if canvas.size_l0 is None:
            raise UsageError(f"{path}: a mask needs the slide's size; give --slides")
        drawn = _drawn(objects)
        self._learn(path, [o for o in drawn if o.path_class and is_usable_class(o.path_class.name)])
        writer = MaskWriter(canvas.size_l0, canvas.downsample, self.values)
        if self.to == "mask-tiff":
            mpp = canvas.calibration.mpp if canvas.calibration else 1.0
            writer.write_tiff(part, drawn, mpp * canvas.downsample[0])
        elif writer.width * writer.height > MAX_PNG_PIXELS:
            raise UsageError(
                f"{path}: {writer.width} × {writer.height} px are too many for a PNG; give "
                "--downsample or --mask-spacing, or --to mask-tiff"
            )
        else:
            writer.write_png(part, drawn)
        write_class_values(part.with_suffix(".csv"), self.values)

    def _learn(self, path: Path, objects: Sequence[PathObject]) -> None:
        """Values for classes that were not met before."""
        known = {c.name for c in self.values.values()}
        for found in ClassTable.of(o.path_class for o in objects if o.path_class):
            if found.name in known:
                continue
            if self._is_given:
                raise AnnotationError(
                    f"{path}: the table of classes lacks {found.name!r}; add it, or drop the class "
                    f"with --class '{found.name}='"
                )
            self.values[len(self.values) + 1] = found
        if max(self.values, default=0) > MAX_VALUE:
            raise AnnotationError(
                f"{path}: the value {max(self.values)} does not fit into 8 bits; masks have values "
                f"up to {MAX_VALUE}"
            )


def _drawn(objects: Sequence[PathObject]) -> list[PathObject]:
    """Areas with a class that can be a label, or of what is unknown.

    Predictions and detections count as what a person drew does.
    """
    return [
        replace(
            o,
            object_type="annotation",
            metadata={key: value for key, value in o.metadata.items() if key != RUN_TAG},
        )
        for o in objects
        if o.path_class and o.geometry.area > 0 and says_something(o.path_class.name)
    ]
