"""Scoring the slides of a project with made-up predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hookpath.annotations import PathClass, write_geojson
from hookpath.errors import EvaluationError
from hookpath.evaluation import annotated_images, evaluate_maps
from hookpath.projects import SPLIT_KEY, open_project
from support.evaluation import BLUE, RED, FixedMaps, drawn, map_of_labels, write_slide


def constant(value: int, size: int = 256) -> np.ndarray:
    return np.full((size, size), value, np.uint8)


def test_every_annotated_slide_is_scored_and_the_bare_one_left_out(tmp_path: Path) -> None:
    write_slide(tmp_path, "a.tif", [(RED, 0, 0, 100, 100)])
    write_slide(tmp_path, "b.tif", [(RED, 0, 0, 100, 50), (BLUE, 0, 100, 100, 150)])
    write_slide(tmp_path, "bare.tif", [])
    images, problems = annotated_images(open_project(tmp_path))
    maps = FixedMaps({n: map_of_labels(constant(1)) for n in ("a.tif", "b.tif")})
    results, classes, failed = evaluate_maps(images, maps, tmp_path / "pictures")
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
    write_geojson(full / "a.geojson", drawn([(RED, 0, 0, 256, 128), (BLUE, 0, 128, 256, 256)]))
    images, _ = annotated_images(open_project(tmp_path / "slides"), truth_dir=full)
    assert [i.entry.name for i in images] == ["a.tif"]
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
