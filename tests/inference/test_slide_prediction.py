"""One slide: what is written, what is computed, and what an interrupted run leaves."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
import tifffile
from shapely import box
from torch import Tensor

from hookpath.annotations import RUN_TAG, read_geojson
from hookpath.errors import MissingSpacingError, PredictionError
from hookpath.geometry import Region
from hookpath.inference import PredictConfig, PredictionRecord, SlidePrediction, predict_slide
from hookpath.slides import Slide, open_slide
from hookpath.slides.slide_base import RGBArray
from support.arrays import ArraySlide
from support.leftovers import leftovers, target_of
from support.predictors import CLASSES, ThresholdRunner, card_of
from support.reporting import Notes
from support.slides import write_pyramid

PALE_PINK, DARK_PURPLE = (230, 190, 210), (90, 50, 120)
WIDE, EXACT = PredictConfig(tissue=False), PredictConfig(tissue=False, simplify_um=0)


def rectangle_image(width: int, height: int, rectangle: tuple[int, int, int, int]) -> RGBArray:
    """Pale, with one dark rectangle (x0, y0, x1, y1)."""
    image = np.empty((height, width, 3), np.uint8)
    image[:] = PALE_PINK
    x0, y0, x1, y1 = rectangle
    image[y0:y1, x0:x1] = DARK_PURPLE
    return image


def rectangle_slide(folder: Path, mpp: float = 0.5) -> Slide:
    """1201 × 1041 px, so 601 × 521 output px at 1 µm/px; dark: 50 × 40 output px."""
    image = rectangle_image(1201, 1041, (200, 100, 300, 180))
    return open_slide(write_pyramid(folder / "s.tif", image, mpp, levels=1))


def predict(
    slide: Slide | Sequence[Slide], out: Path, config: PredictConfig = EXACT, **more: Any
) -> SlidePrediction:
    runner = more.pop("runner", None) or ThresholdRunner()
    return predict_slide(runner, card_of(runner), slide, out, config, **more)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


def test_a_slide_becomes_maps_outlines_and_areas_that_agree(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with rectangle_slide(tmp_path) as slide:
        found = predict(slide, out)
    assert names_in(out) == {
        "classes.tif", "probabilities.tif", "objects.geojson", "prediction.json",
    }  # fmt: skip
    expected = np.full((521, 601), CLASSES.label("Pale"))
    expected[50:90, 100:150] = CLASSES.label("Dark")
    assert np.array_equal(tifffile.imread(out / "classes.tif"), expected)
    probabilities = tifffile.imread(out / "probabilities.tif")
    assert np.array_equal(probabilities[0], np.where(expected == 1, 204, 51))  # 0.8, 0.2 · 255
    assert np.array_equal(probabilities[1], np.where(expected == 2, 204, 51))
    areas = {"Dark": 50 * 40 / 1e6, "Pale": (601 * 521 - 50 * 40) / 1e6}
    assert found.record.areas_mm2 == pytest.approx(areas)
    by_class = {o.path_class.name: o for o in found.objects if o.path_class}
    dark, pale = by_class["Dark"], by_class["Pale"]
    assert dark.geometry.equals(box(200, 100, 300, 180))
    assert pale.geometry.equals(box(0, 0, 1201, 1041).difference(dark.geometry))
    assert dark.measurements == {"Area µm^2": 2000.0, "Probability": pytest.approx(0.8)}
    assert {o.object_type for o in found.objects} == {"detection"}
    assert {o.metadata[RUN_TAG] for o in found.objects} == {found.record.run}
    assert read_geojson(out / "objects.geojson") == list(found.objects)
    assert PredictionRecord.load(out) == found.record


def test_the_maps_are_tiled_pyramids_with_their_um_per_px(tmp_path: Path) -> None:
    with rectangle_slide(tmp_path) as slide:
        predict(slide, tmp_path / "out")
    for name in ("classes.tif", "probabilities.tif"):
        with tifffile.TiffFile(tmp_path / "out" / name) as file:
            series = file.series[0]
            assert [level.shape[-2:] for level in series.levels] == [(521, 601), (261, 301)]
            page = file.pages[0]
            assert page.is_tiled
            per_cm = page.tags["XResolution"].value
            assert 1e4 * per_cm[1] / per_cm[0] == pytest.approx(1.0, rel=1e-6)


def test_small_pieces_and_small_moves_are_as_asked(tmp_path: Path) -> None:
    with rectangle_slide(tmp_path) as slide:
        config = PredictConfig(tissue=False, min_area_um2=2001, as_="annotations")
        found = predict(slide, tmp_path / "out", config)
    assert [o.path_class.name for o in found.objects if o.path_class] == ["Pale"]
    assert found.objects[0].object_type == "annotation"
    assert found.objects[0].geometry.area == 1201 * 1041  # a hole as small is filled, too


def test_only_tissue_is_computed(tmp_path: Path) -> None:
    image = np.full((1500, 2000, 3), 245, np.uint8)
    image[200:400, 300:500] = DARK_PURPLE
    runner = ThresholdRunner()
    with open_slide(write_pyramid(tmp_path / "s.tif", image, 1.0)) as slide:
        predict(slide, tmp_path / "out", PredictConfig(tile=192), runner=runner)
    labels = tifffile.imread(tmp_path / "out" / "classes.tif")
    assert (labels[200:400, 300:500] == CLASSES.label("Dark")).all()
    # Tissue is grown by 16 + 100 µm, squares are 64 px: nothing is wanted 200 px away.
    far = np.ones_like(labels, bool)
    far[:600, 100:700] = False
    assert not labels[far].any()
    assert sum(runner.computed) < labels.size / 6


def test_a_slide_without_tissue_is_finished_and_says_so(tmp_path: Path) -> None:
    notes, image = Notes(), np.full((300, 300, 3), 245, np.uint8)
    with open_slide(write_pyramid(tmp_path / "s.tif", image, 1.0)) as slide:
        found = predict(slide, tmp_path / "out", PredictConfig(), reporter=notes)
    assert found.objects == ()
    assert not tifffile.imread(tmp_path / "out" / "classes.tif").any()
    assert any("no tissue" in line for line in notes.warnings)


def test_regions_limit_what_is_predicted_to_the_pixel(tmp_path: Path) -> None:
    with rectangle_slide(tmp_path) as slide:
        predict(slide, tmp_path / "out", EXACT, roi=[box(240, 120, 600, 160)])
    labels = tifffile.imread(tmp_path / "out" / "classes.tif")
    expected = np.zeros((521, 601))
    expected[60:80, 120:150], expected[60:80, 150:300] = 1, 2
    assert np.array_equal(labels, expected)


class WatchedSlide(ArraySlide):
    """Tells when a number of regions has been asked for."""

    def __init__(self, image: RGBArray, wanted: int) -> None:
        super().__init__(image, 1.0, levels=1)
        self.wanted, self.reads, self.reached = wanted, 0, Event()

    def read(self, region: Region) -> RGBArray:
        self.reads += 1
        if self.reads >= self.wanted:
            self.reached.set()
        return super().read(region)


class PatientRunner(ThresholdRunner):
    """Computes the first tile only once an event has happened."""

    def __init__(self, until: Event) -> None:
        super().__init__()
        self.until, self.in_time = until, True

    def logits(self, image: RGBArray, hook: object) -> Tensor:
        if not self.computed:
            self.in_time = self.until.wait(10)
        return super().logits(image, hook)


def test_the_next_tiles_are_read_while_one_is_computed(tmp_path: Path) -> None:
    slide = WatchedSlide(rectangle_image(256, 256, (0, 0, 9, 9)), wanted=3)
    runner = PatientRunner(slide.reached)
    predict(slide, tmp_path, PredictConfig(tile=64, tissue=False), runner=runner)
    assert runner.in_time, "nothing was read ahead"
    assert slide.reads == 16


def test_the_next_row_is_computed_while_one_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hookpath.inference.writing import row_writer

    computed, in_time = Event(), []

    class SlowWriter(row_writer.PyramidWriter):  # type: ignore[name-defined]
        def write_rows(self, y: int, rows: Any) -> None:
            if y == 0:
                in_time.append(computed.wait(10))
            super().write_rows(y, rows)

    class TellingRunner(ThresholdRunner):
        def logits(self, image: RGBArray, hook: object) -> Tensor:
            if len(self.computed) == 4:  # the first of the second row
                computed.set()
            return super().logits(image, hook)

    monkeypatch.setattr(row_writer, "PyramidWriter", SlowWriter)
    slide = ArraySlide(rectangle_image(256, 256, (0, 0, 9, 9)), 1.0)
    config = PredictConfig(tile=64, tissue=False)
    predict(slide, tmp_path, config, runner=TellingRunner())
    assert in_time == [True, True]


class FailingRunner(ThresholdRunner):
    """Fails at its second tile."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def logits(self, image: RGBArray, hook: object) -> Tensor:
        if self.computed:
            raise self.error
        return super().logits(image, hook)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("broken")])
def test_a_run_that_ends_midway_leaves_earlier_results_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    config = PredictConfig(tile=64, tissue=False)
    slide = ArraySlide(rectangle_image(256, 256, (10, 10, 90, 90)), 1.0)
    with pytest.raises(type(error)):
        predict(slide, tmp_path, config, runner=FailingRunner(error))
    assert names_in(tmp_path) == set()
    before = predict(slide, tmp_path, config)
    content = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(type(error)):
        predict(slide, tmp_path, config, runner=FailingRunner(error))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == content
    assert PredictionRecord.load(tmp_path) == before.record


class SleepingRunner(ThresholdRunner):
    """Falls asleep at its tenth tile and says so."""

    def __init__(self, asleep: Any) -> None:
        super().__init__()
        self.asleep = asleep

    def logits(self, image: RGBArray, hook: object) -> Tensor:
        if len(self.computed) == 9:
            self.asleep.set()
            time.sleep(60)
        return super().logits(image, hook)


@pytest.mark.skipif("fork" not in get_all_start_methods(), reason="needs fork")
def test_a_killed_run_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    slide = ArraySlide(rectangle_image(256, 256, (10, 10, 90, 90)), 1.0)
    context = get_context("fork")
    asleep = context.Event()
    config = PredictConfig(tile=64, tissue=False)
    process = context.Process(
        target=predict, args=(slide, tmp_path, config), kwargs={"runner": SleepingRunner(asleep)}
    )
    process.start()
    assert asleep.wait(60)
    process.kill()
    process.join()
    assert [target_of(p.name) for p in tmp_path.iterdir()] == ["results"]
    with pytest.raises(PredictionError, match="no finished prediction"):
        PredictionRecord.load(tmp_path)
    predict(slide, tmp_path, config)
    assert not leftovers(tmp_path)


def test_results_that_are_not_wanted_any_more_go(tmp_path: Path) -> None:
    slide = ArraySlide(rectangle_image(64, 64, (10, 10, 40, 40)), 1.0)
    predict(slide, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    predict(slide, tmp_path, PredictConfig(tissue=False, tiff=False, as_="none"))
    assert names_in(tmp_path) == {"objects.geojson", "prediction.json", "notes.txt"}
    predict(slide, tmp_path, PredictConfig(tissue=False, geojson=False, as_="none"))
    assert names_in(tmp_path) == {
        "classes.tif", "probabilities.tif", "prediction.json", "notes.txt",
    }  # fmt: skip


def test_a_slide_without_or_with_too_coarse_spacing_is_one_clear_line(tmp_path: Path) -> None:
    image = rectangle_image(64, 64, (10, 10, 40, 40))
    with (
        open_slide(write_pyramid(tmp_path / "none.tif", image, None)) as slide,
        pytest.raises(MissingSpacingError, match="--mpp"),
    ):
        predict(slide, tmp_path / "out")
    with pytest.raises(PredictionError, match="has 2 µm/px, the model needs 1 or finer"):
        predict(ArraySlide(image, 2.0), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    notes = Notes()
    predict(ArraySlide(image, 1.2), tmp_path / "out", reporter=notes)
    assert "1.2 µm/px is coarser than the model's 1" in notes.warnings[0]


def test_the_record_says_what_was_done(tmp_path: Path) -> None:
    with rectangle_slide(tmp_path) as slide:
        predict(slide, tmp_path / "out", name="Präparat 1")
    record = json.loads((tmp_path / "out" / "prediction.json").read_text(encoding="utf-8"))
    assert record["image"] == "Präparat 1"
    assert record["classes"] == ["Dark", "Pale"]
    assert (record["width"], record["height"], record["downsample"]) == (601, 521, [2.0, 2.0])
    assert record["slide"]["bytes"] == (tmp_path / "s.tif").stat().st_size
    assert record["settings"]["tissue"] is False


def test_classes_of_no_interest_are_in_the_maps_but_make_no_objects(tmp_path: Path) -> None:
    runner = ThresholdRunner()
    card = card_of(runner)
    names = {"Dark": "Dark", "Pale": "Pale*"}
    classes = [c.model_copy(update={"name": names[c.name]}) for c in card.classes]
    with rectangle_slide(tmp_path) as slide:
        card = card.model_copy(update={"classes": classes})
        found = predict_slide(runner, card, slide, tmp_path / "out", EXACT)
    (dark,) = found.objects
    assert dark.path_class is not None
    assert dark.path_class.name == "Dark"
    assert dark.geometry.equals(box(200, 100, 300, 180))
    assert found.record.areas_mm2["Pale*"] == pytest.approx((601 * 521 - 50 * 40) / 1e6)
