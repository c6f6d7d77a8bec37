"""What QuPath's own pixel classifier is asked for, and (where a QuPath is) what it answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from hookpath.annotations import ClassTable, PathObject
from hookpath.baselines.qupath_maps import MappedSlides
from hookpath.baselines.qupath_pixels import (
    FEATURES,
    QuPathSettings,
    disjoint_strokes,
    learn,
    predict_maps,
)
from hookpath.errors import ModelFolderError, UsageError
from hookpath.projects import open_project
from hookpath.sampling import AnnotatedSlide, load_source
from support.evaluation import BLUE, RED, write_slide
from support.projects import skip_without_qupath
from support.slides import write_pyramid

CLASSES = ClassTable((RED, BLUE))
FEW = {"features": ("GAUSSIAN", "WEIGHTED_STD_DEV"), "scales": (1.0, 2.0)}


def test_where_strokes_overlap_only_the_winner_s_is_left(tmp_path: Path) -> None:
    boxes = [(RED, 0, 0, 100, 100), (BLUE, 50, 50, 70, 70), (RED, 40, 40, 60, 60)]
    write_slide(tmp_path, "s.tif", boxes)
    entry = next(iter(open_project(tmp_path).images))
    found = disjoint_strokes(load_source(entry, entry.objects(), CLASSES), CLASSES)
    by_class = {
        name: shapely.union_all([o.geometry for o in found if name_of(o) == name])
        for name in CLASSES.names
    }
    # The small ones are of equal size: the later one, red, wins their 10 × 10 px.
    assert by_class["Stroma"].area == 400 - 100
    assert by_class["Tumor"].area == 100 * 100 - 300
    assert by_class["Tumor"].intersection(by_class["Stroma"]).area == 0


def name_of(o: PathObject) -> str:
    assert o.path_class is not None
    return o.path_class.name


def test_settings_are_those_of_the_window(tmp_path: Path) -> None:
    assert len(FEATURES) == 10
    assert QuPathSettings.of({}).model == "ann"
    with pytest.raises(UsageError, match="QuPath's pixel classifier: trees: Extra inputs"):
        QuPathSettings.of({"trees": 50})
    with pytest.raises(UsageError, match="has no feature 'SOBEL'; there are GAUSSIAN"):
        QuPathSettings.of({"features": ["SOBEL"]})
    with pytest.raises(ModelFolderError, match=r"classifier\.json: not there; train again"):
        predict_maps(tmp_path, [], tmp_path / "out")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> AnnotatedSlide:
    """A slide of 0.5 µm/px: its left half is dark and rough, its right half bright and smooth."""
    skip_without_qupath()
    folder = tmp_path_factory.mktemp("slides")
    path = write_slide(folder, "Hälften 1.tif", [(RED, 20, 20, 60, 40), (BLUE, 160, 200, 180, 220)])
    image = np.full((256, 256, 3), 190, np.uint8)
    image[:, :128] = np.random.default_rng(0).integers(60, 140, (256, 128, 3))
    write_pyramid(path, image, 0.5)
    entry = next(iter(open_project(folder).images))
    return load_source(entry, entry.objects(), CLASSES)


@pytest.mark.qupath
@pytest.mark.parametrize("model", ["ann", "trees"])
def test_qupath_finds_the_halves(source: AnnotatedSlide, model: str, tmp_path: Path) -> None:
    settings = QuPathSettings.of({"model": model, **FEW})
    card = learn([source], CLASSES, settings, tmp_path / "model")
    assert card.config["model"] == model
    assert [c.name for c in card.classes] == ["Tumor", "Stroma"]
    with source.slide.open() as slide:
        maps = predict_maps(tmp_path / "model", [slide], tmp_path / "maps")
        assert (maps[slide.path].width, maps[slide.path].height) == (128, 128)
        job = MappedSlides(maps, 2, 1.0).job(slide, tissue=False)
        labels = np.concatenate([row.labels() for row in job.rows([slide], lambda _: None)])
    # Away from the edge between the halves and from the slide's own.
    assert (labels[16:-16, 16:48] == 1).all()
    assert (labels[16:-16, 80:-16] == 2).all()
