"""Objects of finished predictions: thresholds and smoothing chosen afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely import box

from hookpath.annotations import PathObject
from hookpath.errors import PredictionError, UsageError
from hookpath.inference import (
    ObjectConfig,
    PredictConfig,
    draw_objects,
    import_predictions,
    predict_slide,
)
from hookpath.inference.writing import objects_from_maps
from hookpath.projects import FolderProject
from hookpath.slides import open_slide
from support.predictors import CLASSES, ThresholdRunner, card_of
from support.slides import write_pyramid

#: A dark square of 40 µm on pale; the runner says 0.8 for what it sees, 0.2 for the other class.
SQUARE = box(100, 60, 140, 100)
PLAIN: dict[str, Any] = {"simplify_um": 0.0, "min_area_um2": 1.0}


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slides")
    image = np.full((161, 201, 3), (230, 190, 210), np.uint8)
    image[60:100, 100:140] = (90, 50, 120)
    write_pyramid(folder / "a.tif", image, 1.0, levels=1)
    return folder


def predicted(slides: Path, out: Path, weights: str = "0" * 64) -> Path:
    """As `predict_project` leaves it."""
    (entry,) = FolderProject(slides).images
    from hookpath.inference.prediction_record import prediction_folder

    folder = prediction_folder(out, entry.name, entry.id)
    runner = ThresholdRunner()
    with open_slide(slides / "a.tif") as slide:
        config = PredictConfig(tissue=False, simplify_um=0, min_area_um2=1)
        predict_slide(runner, card_of(runner, weights), slide, folder, config, name=entry.name)
    return folder


@pytest.fixture(scope="module")
def folder(slides: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return predicted(slides, tmp_path_factory.mktemp("out"))


def by_class(objects: list[PathObject]) -> dict[str, float]:
    """Area by class."""
    found: dict[str, float] = {}
    for o in objects:
        assert o.path_class is not None
        found[o.path_class.name] = found.get(o.path_class.name, 0) + o.geometry.area
    return found


def test_with_the_settings_of_the_prediction_they_are_its_own(folder: Path) -> None:
    from hookpath.annotations import read_geojson

    then, now = (
        read_geojson(folder / "objects.geojson"),
        draw_objects(folder, ObjectConfig(**PLAIN)),
    )
    key = [(o.path_class, o.run, o.object_type, dict(o.measurements)) for o in now]
    assert key == [(o.path_class, o.run, o.object_type, dict(o.measurements)) for o in then]
    assert all(a.geometry.equals(b.geometry) for a, b in zip(now, then, strict=True))


@pytest.mark.parametrize(
    ("changes", "dark", "pale"),
    [
        ({"threshold": 0.79}, 1600, 201 * 161 - 1600),
        ({"threshold": 0.81}, None, None),
        ({"thresholds": {"Dark": 0.85}}, None, 201 * 161),
        ({"thresholds": {"Dark": 0.15}}, 201 * 161, None),
        ({"thresholds": {"Dark": 0.15, "Pale": 0.5}}, 1600 + 0, 201 * 161 - 1600),
        ({"thresholds": {"Dark": 0.9, "Pale": 0.9}}, None, None),
        ({"thresholds": {"Dark": 0.7}, "threshold": 0.9}, 1600, None),
    ],
)
def test_thresholds_decide_by_probability(
    folder: Path, changes: dict[str, Any], dark: float | None, pale: float | None
) -> None:
    found = by_class(draw_objects(folder, ObjectConfig(**PLAIN, **changes)))
    assert (found.get("Dark"), found.get("Pale")) == (dark, pale)


def test_smoothing_takes_small_pieces_into_what_is_around_them(folder: Path) -> None:
    """A Gaussian of σ = 40 µm leaves a square of 40 µm well below a half."""
    assert by_class(draw_objects(folder, ObjectConfig(**PLAIN, smooth_um=40))) == {
        "Pale": 201 * 161
    }
    little = by_class(draw_objects(folder, ObjectConfig(**PLAIN, smooth_um=2)))
    assert 1500 < little["Dark"] < 1600, "corners are rounded, sides stay"


def test_bands_and_columns_do_not_show(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = ObjectConfig(**PLAIN, smooth_um=3, thresholds={"Dark": 0.4})
    whole = draw_objects(folder, config)
    monkeypatch.setattr(objects_from_maps, "_ROWS", 16)
    monkeypatch.setattr(objects_from_maps, "_COLUMNS", 50)
    cut = draw_objects(folder, config)
    assert [o.geometry.wkb for o in cut] == [o.geometry.wkb for o in whole]


def test_what_cannot_be_drawn_is_reported(folder: Path, slides: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no class 'Tumour'.*there are Dark, Pale"):
        draw_objects(folder, ObjectConfig(thresholds={"Tumour": 0.5}))
    with pytest.raises(PredictionError, match="no finished prediction"):
        draw_objects(tmp_path)
    with pytest.raises(PredictionError, match="no finished prediction here"):
        import_predictions(FolderProject(slides), tmp_path)


def test_two_models_side_by_side_and_a_threshold_later(slides: Path, tmp_path: Path) -> None:
    here = tmp_path / "slides"
    here.mkdir()
    (here / "renamed.tif").write_bytes((slides / "a.tif").read_bytes())
    one, other = tmp_path / "one", tmp_path / "other"
    predicted(slides, one)
    predicted(slides, other, "1" * 64)
    before = {p: p.read_bytes() for p in one.rglob("*") if p.is_file()}

    def objects() -> list[PathObject]:
        return FolderProject(here).images[0].objects()

    first = import_predictions(FolderProject(here), one, ObjectConfig(as_="annotations"))
    assert [i.image for i in first.imported] == ["renamed.tif"], "found by what slide it is"
    second = import_predictions(FolderProject(here), other, ObjectConfig(**PLAIN), beside=True)
    assert {o.run for o in objects()} == {first.imported[0].run, second.imported[0].run}
    assert len({o.object_type for o in objects()}) == 2
    config = ObjectConfig(**PLAIN, thresholds={"Dark": 0.15})
    third = import_predictions(FolderProject(here), one, config)
    assert third.imported[0].run not in {first.imported[0].run, second.imported[0].run}
    assert by_class(objects()) == {"Dark": 201 * 161}
    assert {p: p.read_bytes() for p in one.rglob("*") if p.is_file()} == before
    assert CLASSES.names == ("Dark", "Pale")
