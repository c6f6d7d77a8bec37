"""A heatmap is of one slide: of another under its name there is none."""

from dataclasses import replace
from pathlib import Path

from hookpath.geometry import Calibration
from hookpath.sampling import AnnotatedSlide
from hookpath.slides import SlideRef
from hookpath.stages.h2gnet_classifiers import HeatmapFolder
from support.annotated import label_source
from support.slides import position_image, write_pyramid


def test_another_slide_has_another_heatmap(tmp_path: Path) -> None:
    path = write_pyramid(tmp_path / "a.tif", position_image(64, 64), 1.0)
    source = AnnotatedSlide("a", "a.tif", SlideRef(path), label_source([]))
    files = HeatmapFolder(tmp_path / "heatmaps")
    (tmp_path / "heatmaps").mkdir()
    files._path(source).touch()
    assert files.has(source)
    corrected = SlideRef(path, calibration=Calibration.square(0.5))
    assert not files.has(replace(source, slide=corrected))
    write_pyramid(path, position_image(64, 64)[::-1], 1.0)
    assert not files.has(source)
