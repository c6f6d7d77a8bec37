"""Files of annotations → files of annotations, one per slide; what fails is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hookpath.annotations import PathObject
from hookpath.conversion.class_renaming import Renaming
from hookpath.conversion.foreign_geojson_input import read_foreign_geojson
from hookpath.conversion.input_formats import ENDINGS, Source, Target, source_format
from hookpath.conversion.label_mask_conversion import mask_downsample, read_mask
from hookpath.conversion.mask_value_table import read_class_values
from hookpath.conversion.output_formats import MASKS, Canvas, TargetWriter
from hookpath.conversion.slide_of_annotation_file import Place, Places, stem_of
from hookpath.errors import AnnotationError, UsageError, WriteRefusedError, code_of, one_line
from hookpath.events import SILENT, Reporter
from hookpath.markup.asap import HOLE_GROUP, read_asap
from hookpath.markup.imagescope import LAYER, read_imagescope
from hookpath.markup.reading_notes import Found, with_ids
from hookpath.markup.rings_and_boxes import moved
from hookpath.projects import Problem


@dataclass(frozen=True)
class ConvertConfig:
    """How to convert.

    Attributes:
        to: format of the results.
        slides: a project, a folder of slides or a slide; None: look beside each file.
        mpp: µm/px of slides that say nothing.
        table: class of each mask value, and colours; CSV, JSON or TOML.
        rename: ``OLD=NEW``, ``OLD=`` drops (see `Renaming`).
        holes: ASAP groups whose areas are holes.
        class_from: see `read_imagescope`.
        whole_file: whether the coordinates of XML, and masks, start at the corner of the whole file
            instead of at that of the part QuPath shows; None: XML does, masks do not.
        mask_spacing_um, downsample: µm, or level-0 px, per mask px; None: from the slide's size
            (reading), 1 (writing).
        origin: where the upper left corner of masks of a part of a slide lies, in level-0 px.
        simplify_px: outlines of masks may move by this many mask px.
        overwrite: replace results that exist.
    """

    to: Target = "geojson"
    slides: Path | None = None
    mpp: float | None = None
    table: Path | None = None
    rename: tuple[str, ...] = ()
    holes: tuple[str, ...] = (HOLE_GROUP,)
    class_from: str = LAYER
    whole_file: bool | None = None
    mask_spacing_um: float | None = None
    downsample: float | None = None
    origin: tuple[float, float] | None = None
    simplify_px: float = 0.0
    overwrite: bool = False


@dataclass(frozen=True)
class Converted:
    """One result: where it is, of which files, objects by class (``""``: without), and more.

    `replaced`: another file was there; `there`: the very same was, made by an earlier run.
    """

    path: Path
    sources: tuple[Path, ...]
    objects: dict[str, int]
    holes: int
    replaced: bool
    there: bool = False


@dataclass
class ConvertReport:
    """All results, and the files that failed."""

    converted: list[Converted] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def convert_files(
    files: Sequence[Path],
    out: Path | None = None,
    config: ConvertConfig | None = None,
    reporter: Reporter = SILENT,
) -> ConvertReport:
    """Convert files; those of one slide go into one result.

    A run that was stopped goes on when it is started again: a result that is there and the very
    same as what would be written counts as made; another one is left alone unless
    `config.overwrite`.

    Args:
        files: ASAP XML, ImageScope XML, GeoJSON, label masks, in any mixture.
        out: folder of the results, or the name of a single one; None: beside the slide where it is
            found, else beside the file.

    Raises:
        UsageError: the settings do not fit together.
        AnnotationError: the table of classes is not readable.
    """
    config = config or ConvertConfig()
    run = _Run(files, out, config, reporter)
    report = ConvertReport()
    results: dict[Path, list[tuple[Path, Place | None]]] = {}
    for file in files:
        try:
            place = run.place_of(file)
            results.setdefault(run.result_path(file, place), []).append((file, place))
        except Exception as error:
            report.problems.append(_problem(file, error, reporter))
    run.check(results)
    for path, sources in results.items():
        try:
            report.converted.append(run.convert(path, sources))
        except Exception as error:  # one bad file must not stop the others
            report.problems.append(_problem(sources[0][0], error, reporter))
    for name in run.renaming.unused if report.converted else ():
        reporter.warn(f"--class {name}=…: nothing has this class")
    return report


def _problem(file: Path, error: Exception, reporter: Reporter) -> Problem:
    text = one_line(error)
    named = text if str(file) in text else f"{file}: {text}"
    reporter.warn(named)
    return Problem(str(file), named, code_of(error))


class _Run:
    """What stays the same from file to file."""

    def __init__(
        self, files: Sequence[Path], out: Path | None, config: ConvertConfig, reporter: Reporter
    ) -> None:
        if config.mask_spacing_um and config.downsample:
            raise UsageError("give either --mask-spacing or --downsample")
        self.config, self.reporter, self.out = config, reporter, out
        self.table = read_class_values(config.table) if config.table else None
        self.places = Places(config.slides, config.mpp, files)
        named = (c for c in (self.table.classes.values() if self.table else ()) if c)
        colors = {c.name: c.color for c in named if c.color}
        self.renaming = Renaming.of(config.rename, colors)
        self.writer = TargetWriter(
            config.to, self.table, config.holes[0] if config.holes else HOLE_GROUP
        )

    def place_of(self, file: Path) -> Place | None:
        """The slide of a file, as far as there is one."""
        place = self.places.of(file)
        if place is None and self.config.slides is not None:
            self.reporter.warn(f"{file}: {self.config.slides} has no slide of this name")
        return place

    def result_path(self, file: Path, place: Place | None) -> Path:
        """Where the result of a file goes."""
        if self.out and self.out.suffix.lower() in (
            ".geojson",
            ".json",
            ".xml",
            ".png",
            ".tif",
            ".tiff",
        ):
            return self.out
        folder = self.out or (place.path.parent if place else file.parent)
        return folder / f"{place.stem if place else stem_of(file)}{ENDINGS[self.config.to]}"

    def check(self, results: dict[Path, list[tuple[Path, Place | None]]]) -> None:
        """One named result cannot be of two slides."""
        for path, sources in results.items():
            slides = {place.path if place else file for file, place in sources}
            if path == self.out and len(slides) > 1:
                raise UsageError(f"-o {path} is one file, but there are {len(slides)} slides")

    def convert(self, path: Path, sources: Sequence[tuple[Path, Place | None]]) -> Converted:
        replaced = path.exists()
        if any(replaced and path.samefile(file) for file, _ in sources):
            raise WriteRefusedError(f"{path} would take the place of what it is made of; give -o")
        objects: list[PathObject] = []
        holes = 0
        for file, place in sources:
            found = self._read(file, place)
            objects += found.objects
            holes += found.holes
            for note in found.notes:
                self.reporter.warn(f"{file}: {note}")
        place = sources[0][1]
        objects = self.renaming.apply(objects)
        self._refuse_nothing(objects, sources)
        self._check_place(path, objects, place)
        there = self._write(path, objects, place)
        if lost := self.writer.left_out(objects):
            self.reporter.warn(f"{path}: {lost}")
        counts = Counter(o.path_class.name if o.path_class else "" for o in objects)
        files = tuple(f for f, _ in sources)
        return Converted(path, files, dict(counts), holes, replaced and not there, there)

    def _refuse_nothing(
        self, objects: Sequence[PathObject], sources: Sequence[tuple[Path, Place | None]]
    ) -> None:
        """A mask of nothing says that nothing is there; any other file without objects is none."""
        if not objects and self.config.to not in MASKS:
            names = ", ".join(str(file) for file, _ in sources)
            raise AnnotationError(
                f"{names}: no object is left of it, so nothing is written; check the file, and "
                "--class",
                code="nothing_annotated",
            )

    def _read(self, file: Path, place: Place | None) -> Found:
        source = source_format(file)
        found = self._read_as(source, file, place)
        x, y = self._corner(source, place)
        objects = moved(found.objects, -x, -y)
        return replace(found, objects=objects if source == "geojson" else with_ids(objects, file))

    def _read_as(self, source: Source, file: Path, place: Place | None) -> Found:
        config = self.config
        if source == "asap":
            return read_asap(file, config.holes)
        if source == "imagescope":
            return read_imagescope(file, config.class_from)
        if source == "geojson":
            return read_foreign_geojson(file)
        if self.table is None:
            raise UsageError(f"{file}: a mask needs --classes FILE: which value is which class")
        downsample = self._mask_downsample(file, place)
        objects = read_mask(file, self.table, downsample, config.simplify_px)
        return Found(moved(objects, *(config.origin or (0, 0))))

    def _corner(self, source: Source | Target, place: Place | None) -> tuple[int, int]:
        """Where QuPath's (0, 0) lies in the frame of a format; GeoJSON's is QuPath's."""
        whole = self.config.whole_file and source != "geojson"
        if whole is None:
            whole = source in ("asap", "imagescope")
        return place.corner_in_file if place and whole else (0, 0)

    def _mask_downsample(self, file: Path, place: Place | None) -> tuple[float, float]:
        from hookpath.conversion.label_image_io import open_label_image

        if self.config.downsample or self.config.mask_spacing_um:
            return self._given_downsample(place)
        if place is None or self.config.origin:
            why = "is of a part of the slide" if self.config.origin else "has no slide of its name"
            raise UsageError(
                f"{file}: {why}, so its scale is unknown; give --slides, "
                "--mask-spacing with --mpp, or --downsample (1: a mask px is a slide px)"
            )
        size = place.size_in_file if self.config.whole_file else place.size_l0
        with open_label_image(file) as image:
            return mask_downsample((image.width, image.height), size)

    def _given_downsample(self, place: Place | None) -> tuple[float, float]:
        if self.config.mask_spacing_um is None:
            factor = self.config.downsample or 1.0
            return factor, factor
        calibration = place.calibration if place else None
        if calibration is not None:
            return calibration.downsample(self.config.mask_spacing_um)
        if self.config.mpp is None:
            raise UsageError("--mask-spacing needs the slide's µm/px: give --slides or --mpp")
        factor = self.config.mask_spacing_um / self.config.mpp
        return factor, factor

    def _write(self, path: Path, objects: Sequence[PathObject], place: Place | None) -> bool:
        """Whether the very same was there."""
        x, y = self._corner(self.config.to, place)
        canvas = Canvas()
        if place is not None:
            size = place.size_in_file if self.config.whole_file else place.size_l0
            canvas = Canvas(size, place.calibration)
        if self.config.to in MASKS:
            canvas = replace(canvas, downsample=self._given_downsample(place))
        return self.writer.write(path, moved(objects, x, y), canvas, self.config.overwrite)

    def _check_place(self, path: Path, objects: Sequence[PathObject], place: Place | None) -> None:
        if place is None:
            return
        width, height = place.size_l0
        off = 0
        for obj in objects:
            if not obj.geometry.is_empty:
                x0, y0, x1, y1 = obj.geometry.bounds
                off += x1 < 0 or y1 < 0 or x0 > width or y0 > height
        if off:
            self.reporter.warn(
                f"{path}: {off} of {len(objects)} objects lie off {place.path.name} "
                f"({width} × {height} px): is it the right slide?"
            )
