"""Predicted objects keep to the regions that they were asked for in, and name them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import tifffile
from shapely import affinity, box, union_all
from shapely.geometry import MultiPolygon, Polygon

from hookpath.annotations import PathClass, PathObject, read_geojson, write_geojson
from hookpath.geometry import Calibration
from hookpath.inference import PredictConfig, predict_project
from hookpath.inference.roi.clip_objects_to_roi import REGION_KEY, Regions
from hookpath.projects import open_project
from support.predictors import save_random_model
from support.projects import image_part, write_request
from support.reporting import Notes
from support.textures import texture_slide

HALF_UM = Calibration.square(0.5)


def region(area: Any) -> PathObject:
    return PathObject(area, path_class=PathClass("Region*"))


def found(area: Any) -> PathObject:
    return PathObject(
        area, "detection", PathClass("Tumor"), measurements={"Area µm^2": 1.0, "Probability": 0.75}
    )


def test_objects_are_cut_and_named_after_their_region() -> None:
    left, right = region(box(0, 0, 100, 100)), region(box(200, 0, 300, 100))
    inside, across, both = found(box(10, 10, 30, 30)), found(box(90, 0, 110, 40)), found(
        box(80, 50, 220, 60)
    )  # fmt: skip
    regions = Regions([left, right])
    whole, cut, first, second = regions.fitted([inside, across, both], HALF_UM, 10)
    assert (whole.id, whole.geometry) == (inside.id, inside.geometry)
    assert whole.measurements == inside.measurements
    assert (cut.id, cut.geometry.area) == (across.id, 10 * 40)
    # 400 px of 0.5 µm
    assert cut.measurements == {"Area µm^2": 100.0, "Probability": 0.75}
    assert {first.geometry.area, second.geometry.area} == {200}
    assert {first.metadata[REGION_KEY], second.metadata[REGION_KEY]} == {left.id, right.id}
    assert len({o.id for o in (whole, cut, first, second)}) == 4
    assert both.id in (first.id, second.id)
    assert whole.metadata[REGION_KEY] == cut.metadata[REGION_KEY] == left.id


def test_what_is_left_over_below_the_least_area_goes() -> None:
    regions = Regions([region(box(0, 0, 100, 100))])
    assert regions.fitted([found(box(99, 0, 120, 10))], HALF_UM, min_area_um2=10) == []
    assert len(regions.fitted([found(box(99, 0, 120, 10))], HALF_UM, min_area_um2=2.5)) == 1


def test_where_regions_overlap_no_object_is_named_after_one_of_them() -> None:
    regions = Regions([region(box(0, 0, 100, 100)), region(box(50, 50, 60, 60))])
    (o,) = regions.fitted([found(box(40, 40, 70, 70))], HALF_UM, 1)
    assert REGION_KEY not in o.metadata
    assert o.geometry.area == 900


def test_holes_parts_and_crossed_outlines_of_regions_count() -> None:
    ring = box(0, 0, 100, 100) - box(40, 40, 60, 60)
    parts = MultiPolygon([box(200, 0, 220, 20), box(240, 0, 260, 20)])
    crossed = Polygon([(300, 0), (340, 40), (340, 0), (300, 40)])
    regions = Regions([region(ring), region(parts), region(crossed)])
    everything = [
        found(box(0, 0, 100, 100)),
        found(box(200, 0, 260, 20)),
        found(box(300, 0, 340, 40)),
    ]
    cut = regions.fitted(everything, HALF_UM, 1)
    total = 100 * 100 - 20 * 20 + 2 * 400 + 2 * (40 * 20 / 2)
    assert sum(o.geometry.area for o in cut) == pytest.approx(total)
    assert all(REGION_KEY in o.metadata for o in cut)


def test_areas_without_an_id_only_cut() -> None:
    (o,) = Regions([box(0, 0, 10, 10)]).fitted([found(box(5, 5, 20, 20))], HALF_UM, 1)
    assert (o.geometry.area, dict(o.metadata)) == (25, {})


def test_whatever_a_viewer_chose_is_predicted_in(tmp_path: Path) -> None:
    """Also a core, and an annotation that an earlier run of ours made."""
    slide = texture_slide(tmp_path / "s.tif", seed=1, size=200)
    core = PathObject(box(10, 10, 60, 60), "tmaCore")
    ours = PathObject(box(90, 90, 150, 150), metadata={"hookpath.run": "before"})
    line = PathObject(shapely.LineString([(0, 0), (9, 9)]))
    write_geojson(tmp_path / "roi.geojson", [core, ours, line, found(box(0, 0, 200, 200))])
    part = image_part("7", slide, annotations="roi.geojson")
    project = open_project(write_request(tmp_path, "predict", {"name": "p", "images": [part]}))
    model = save_random_model(tmp_path / "model", seed=3)
    config = PredictConfig(device="cpu", min_area_um2=0, tissue=False, inside="*")
    report = predict_project(project, model, tmp_path / "out", config)
    named = {o.metadata.get(REGION_KEY) for o in report.predicted[0].objects}
    assert named == {core.id, ours.id}


def test_inside_regions_the_result_is_that_of_the_whole_slide(tmp_path: Path) -> None:
    """As the extension asks for a selection: only the chosen annotations, ``inside: "*"``."""
    slide = texture_slide(tmp_path / "s.tif", seed=1, size=400)
    annotated = [
        region(affinity.rotate(box(60, 70, 240, 190), 20)),
        region(box(280, 250, 390, 395)),
    ]
    job = tmp_path / "job"
    job.mkdir()
    write_geojson(job / "roi.geojson", annotated)
    part = image_part("7", slide, annotations="roi.geojson")
    project = open_project(write_request(job, "predict", {"name": "p", "images": [part]}))
    model = save_random_model(tmp_path / "model", seed=3)
    config = PredictConfig(device="cpu", min_area_um2=1, simplify_um=0, tissue=False)
    whole = predict_project(project, model, tmp_path / "whole", config).predicted[0]
    notes = Notes()
    config = config.model_copy(update={"inside": "*"})
    (parts,) = predict_project(project, model, tmp_path / "parts", config, notes).predicted

    def maps(prediction: Any, name: str) -> Any:
        return tifffile.imread(prediction.folder / f"{name}.tif")

    labels, all_labels = maps(parts, "classes"), maps(whole, "classes")
    y, x = np.mgrid[: labels.shape[0], : labels.shape[1]]
    scale = parts.record.downsample[0]
    centres = np.stack([(x + 0.5) * scale, (y + 0.5) * scale], axis=-1).reshape(-1, 2)
    inside = shapely.contains_xy(union_all([o.geometry for o in annotated]), centres).reshape(
        x.shape
    )
    assert ((labels > 0) == inside).mean() > 0.9999
    np.testing.assert_array_equal(labels[labels > 0], all_labels[labels > 0])
    some, every = (_classes_last(maps(p, "probabilities"), labels) for p in (parts, whole))
    outside = labels == 0
    assert some[outside].max() == 0
    np.testing.assert_allclose(some[~outside], every[~outside], atol=1)

    index = json.loads((job / "results" / "index.json").read_text(encoding="utf-8"))["images"]
    written = read_geojson(job / "results" / index["7"]["objects"])
    by_id = {o.id: o.geometry for o in annotated}
    assert len(written) == parts.record.objects > 2
    assert {o.metadata[REGION_KEY] for o in written} == set(by_id)
    for o in written:
        assert o.geometry.difference(by_id[o.metadata[REGION_KEY]].buffer(1e-6)).area < 1e-9
    (said,) = [data for kind, data in notes.results if kind == "slide"]
    assert (said["image_id"], said["image"], said["in_project"]) == ("7", "s.tif", True)
    assert said["objects"] == len(written)
    assert all(Path(said["files"][k]).is_file() for k in ("class_map", "probabilities", "geojson"))


def _classes_last(probabilities: Any, labels: Any) -> Any:
    planes = probabilities.shape[1:] == labels.shape
    return (np.moveaxis(probabilities, 0, -1) if planes else probabilities).astype(int)
