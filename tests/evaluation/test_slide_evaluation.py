"""Scoring the slides of a project with made-up predictions."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from hookpath.annotations import PathClass, write_geojson
from hookpath.errors import EvaluationError
from hookpath.evaluation import annotated_images, evaluate_maps
from hookpath.evaluation.scoring.annotated_tiles import scoring_grid
from hookpath.evaluation.slide_evaluation import AnnotatedImage, Scoring
from hookpath.geometry import Region
from hookpath.projects import SPLIT_KEY, open_project
from support.evaluation import BLUE, RED, FixedMaps, annotated, map_of_labels, write_slide
from support.training import Recorder


def constant(value: int, size: int = 256) -> np.ndarray:
    return np.full((size, size), value, np.uint8)


def test_every_annotated_slide_is_scored_and_the_bare_one_left_out(tmp_path: Path) -> None:
    write_slide(tmp_path, "a.tif", [(RED, 0, 0, 100, 100)])
    write_slide(tmp_path, "b.tif", [(RED, 0, 0, 100, 50), (BLUE, 0, 100, 100, 150)])
    write_slide(tmp_path, "bare.tif", [])
    images, problems = annotated_images(open_project(tmp_path))
    maps = FixedMaps({n: map_of_labels(constant(1)) for n in ("a.tif", "b.tif")})
    results, classes, failed = evaluate_maps(
        images, maps, Scoring(picture_dir=tmp_path / "pictures")
    )
    assert (problems, failed) == ([], [])
    assert [r.name for r in results] == ["a.tif", "b.tif"]
    assert results[0].counts[0].tolist() == [10000, 0, 0, 0]
    assert results[1].counts[:2].tolist() == [[5000, 0, 0, 0], [5000, 0, 0, 0]]
    assert classes.names == ("Tumor", "Stroma", "Other")
    for picture in results[0].pictures.values():
        assert (tmp_path / picture).is_file()


def test_a_slide_without_prediction_is_a_problem_and_the_rest_goes_on(tmp_path: Path) -> None:
    write_slide(tmp_path, "a.tif", [(RED, 0, 0, 100, 100)])
    write_slide(tmp_path, "b.tif", [(RED, 0, 0, 100, 100)])
    images, _ = annotated_images(open_project(tmp_path))
    maps = FixedMaps({"b.tif": map_of_labels(constant(1))})
    results, _, problems = evaluate_maps(images, maps)
    assert [r.name for r in results] == ["b.tif"]
    assert [(p.image, p.message) for p in problems] == [("a.tif", "a.tif: no prediction")]
    with pytest.raises(EvaluationError, match=r"no slide could be scored.*no prediction"):
        evaluate_maps(images, FixedMaps({}))


def test_a_map_of_a_part_does_not_hide_the_rest(tmp_path: Path) -> None:
    write_slide(tmp_path, "a.tif", [(RED, 0, 0, 100, 10)])
    images, _ = annotated_images(open_project(tmp_path))
    part = map_of_labels(constant(1, 40), origin_l0=(0, 0))
    results, _, _ = evaluate_maps(images, FixedMaps({"a.tif": part}))
    assert results[0].counts[0].tolist() == [400, 0, 0, 600]


def test_without_annotations_there_is_nothing_to_score(tmp_path: Path) -> None:
    write_slide(tmp_path, "bare.tif", [])
    with pytest.raises(EvaluationError, match="no annotated areas"):
        annotated_images(open_project(tmp_path))


def test_truth_folders_that_do_not_fit_are_named(tmp_path: Path) -> None:
    write_slide(tmp_path / "s", "a.tif", [(RED, 0, 0, 9, 9)])
    project = open_project(tmp_path / "s")
    with pytest.raises(EvaluationError, match="gone: no such folder"):
        annotated_images(project, truth_dir=tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvaluationError, match=r"empty: no <slide>\.geojson"):
        annotated_images(project, truth_dir=tmp_path / "empty")
    (tmp_path / "empty" / "a.geojson").write_text("{")
    with pytest.raises(EvaluationError, match=r"first problem: .*a\.geojson"):
        annotated_images(project, truth_dir=tmp_path / "empty")


def test_annotations_off_the_slide_are_named(tmp_path: Path) -> None:
    write_slide(tmp_path, "a.tif", [(RED, 900, 900, 950, 950)])
    images, _ = annotated_images(open_project(tmp_path))
    with pytest.raises(EvaluationError, match="off the slide"):
        evaluate_maps(images, FixedMaps({"a.tif": map_of_labels(constant(1))}))


def test_a_model_that_knows_none_of_the_classes_is_named(tmp_path: Path) -> None:
    write_slide(tmp_path, "a.tif", [(PathClass("Gland"), 0, 0, 50, 50)])
    images, _ = annotated_images(open_project(tmp_path))
    with pytest.raises(EvaluationError, match=r"Gland.*Tumor, Stroma"):
        evaluate_maps(images, FixedMaps({"a.tif": map_of_labels(constant(1))}))


def test_the_split_chooses_the_slides(tmp_path: Path) -> None:
    for name in ("a.tif", "b.tif"):
        write_slide(tmp_path, name, [(RED, 0, 0, 50, 50)])
    project = open_project(tmp_path)
    with pytest.raises(EvaluationError, match=r"no image has hookpath\.split = 'test'"):
        annotated_images(project, "test")
    project.images[1].set_metadata({SPLIT_KEY: "test"})
    images, _ = annotated_images(open_project(tmp_path), "test")
    assert [i.entry.name for i in images] == ["b.tif"]
    with pytest.raises(EvaluationError, match="none of all, train"):
        annotated_images(project, "holdout")


def test_full_masks_in_another_folder_can_be_the_truth(tmp_path: Path) -> None:
    write_slide(tmp_path / "slides", "a.tif", [(RED, 0, 0, 10, 10)])
    write_slide(tmp_path / "slides", "b.tif", [(RED, 0, 0, 10, 10)])
    full = tmp_path / "full"
    full.mkdir()
    write_geojson(full / "a.geojson", annotated([(RED, 0, 0, 256, 128), (BLUE, 0, 128, 256, 256)]))
    images, _ = annotated_images(open_project(tmp_path / "slides"), truth_dir=full)
    assert [i.entry.name for i in images] == ["a.tif"]
    (full / "B_annotations.GEOJSON").write_bytes((full / "a.geojson").read_bytes())
    visible = Recorder()
    near, _ = annotated_images(open_project(tmp_path / "slides"), truth_dir=full, reporter=visible)
    assert [i.entry.name for i in near] == ["a.tif", "b.tif"]
    assert visible.warnings == ["B_annotations.GEOJSON: taken for the annotations of b.tif"]
    results, _, _ = evaluate_maps(images, FixedMaps({"a.tif": map_of_labels(constant(1))}))
    assert results[0].counts[:2, 0].tolist() == [256 * 128, 256 * 128]


def test_predictions_of_two_models_are_not_mixed(tmp_path: Path) -> None:
    from hookpath.annotations import ClassTable

    for name in ("a.tif", "b.tif"):
        write_slide(tmp_path, name, [(RED, 0, 0, 50, 50)])
    images, _ = annotated_images(open_project(tmp_path))
    other = map_of_labels(constant(1), classes=ClassTable((RED,)))
    maps = FixedMaps({"a.tif": map_of_labels(constant(1)), "b.tif": other})
    results, _, problems = evaluate_maps(images, maps)
    assert len(results) == 1
    assert "one model" in problems[0].message


def coarse_slide(folder: Path) -> tuple[list[AnnotatedImage], FixedMaps]:
    """Tumor in the left 160 px of a slide of 0.5 µm/px; a class map of 2 × 2 px of 64 µm."""
    write_slide(folder, "a.tif", [(RED, 0, 0, 160, 256)])
    images, _ = annotated_images(open_project(folder))
    labels = np.array([[1, 2], [1, 2]], np.uint8)
    return images, FixedMaps({"a.tif": map_of_labels(labels, downsample=128)})


def test_a_coarse_map_is_scored_on_a_finer_grid(tmp_path: Path) -> None:
    images, maps = coarse_slide(tmp_path)
    ((result,), _, _) = evaluate_maps(images, maps)
    # 4 µm are 8 px of the slide: 20 columns are annotated, of which 16 are under the left map px.
    assert result.counts[0].tolist() == [16 * 32, 4 * 32, 0, 0]
    assert (result.spacing_um, result.map_spacing_um) == (4.0, 64.0)


def test_any_spacing_can_be_asked_for(tmp_path: Path) -> None:
    images, maps = coarse_slide(tmp_path)
    ((own,), _, _) = evaluate_maps(images, maps, Scoring(spacing_um=64.0))
    assert own.counts[0].tolist() == [2, 0, 0, 0]  # the centre of the right px is not annotated
    ((fine,), _, _) = evaluate_maps(images, maps, Scoring(spacing_um=0.5))
    assert fine.counts[0].tolist() == [128 * 256, 32 * 256, 0, 0]
    assert fine.labelled_mm2 == pytest.approx(160 * 256 * 0.5**2 / 1e6)


def test_a_fine_map_is_scored_on_its_own_pixels() -> None:
    grid = Region(3.0, 5.0, 7, 9, 2.0, 2.0)
    assert scoring_grid(grid, 1.0, None) == (grid, 1.0)
    assert scoring_grid(grid, 4.0, None) == (grid, 4.0)
    finer, spacing_um = scoring_grid(grid, 1.0, 0.3)
    assert spacing_um == 0.3
    assert (finer.x_l0, finer.y_l0, finer.downsample_x) == pytest.approx((3.0, 5.0, 0.6))
    assert (finer.width, finer.height) == (24, 30)  # 7 / 0.3 and 9 / 0.3, no pixel cut off


def test_slides_know_their_groups(tmp_path: Path) -> None:
    write_slide(tmp_path, "a.tif", [(RED, 0, 0, 100, 100)])
    write_slide(tmp_path, "b.tif", [(RED, 0, 0, 100, 100)])
    project = open_project(tmp_path)
    project.images[1].set_metadata({"grade": " 3 "})
    images, _ = annotated_images(project)
    maps = FixedMaps({n: map_of_labels(constant(1)) for n in ("a.tif", "b.tif")})
    results, _, _ = evaluate_maps(images, maps, Scoring(group_by=("grade",)))
    assert [r.groups for r in results] == [{"grade": "(not set)"}, {"grade": "3"}]


def test_probabilities_are_counted_on_drawn_pixels_only(tmp_path: Path) -> None:
    write_slide(tmp_path, "a.tif", [(RED, 0, 0, 100, 50), (BLUE, 0, 100, 100, 150)])
    images, _ = annotated_images(open_project(tmp_path))
    shares = np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype(np.uint8)
    plain = map_of_labels(constant(1))
    maps = FixedMaps({"a.tif": dataclasses.replace(plain, probabilities=shares)})
    ((result,), _, _) = evaluate_maps(images, maps)
    tumor = np.concatenate([shares[:50, :100, 0].ravel(), shares[100:150, :100, 0].ravel()])
    expected = roc_auc_score(np.arange(10000) < 5000, tumor)
    assert result.measured.auc[0] == pytest.approx(expected, abs=1e-9)
    assert np.isnan(result.measured.auc[2])
    ((bare,), _, _) = evaluate_maps(images, FixedMaps({"a.tif": plain}))
    assert bare.bins is None


def test_annotations_off_the_slide_are_reported_as_such(tmp_path: Path) -> None:
    write_slide(tmp_path, "a.tif", [(RED, 0, 0, 100, 100)])
    write_slide(tmp_path, "off.tif", [(RED, 5000, 5000, 5100, 5100)])
    images, _ = annotated_images(open_project(tmp_path))
    maps = FixedMaps({n: map_of_labels(constant(1)) for n in ("a.tif", "off.tif")})
    scoring = Scoring(picture_dir=tmp_path / "pictures")
    results, _, (problem,) = evaluate_maps(images, maps, scoring)
    assert [r.name for r in results] == ["a.tif"]
    assert "off.tif: its annotations lie off the slide" in problem.message
