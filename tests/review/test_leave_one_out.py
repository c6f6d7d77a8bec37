"""Areas are judged by what the other slides teach."""

from __future__ import annotations

from pathlib import Path

from shapely.geometry import box

from hookpath.annotations import ClassTable, PathObject, read_geojson, write_geojson
from hookpath.evaluation.slide_evaluation import annotated_images
from hookpath.projects import open_project
from hookpath.review import judge_left_out
from hookpath.training import TrainConfig
from support.textures import DARK, PALE, texture_folder

SMALL = TrainConfig.load(
    overrides=["family=probe", "model.depth=2", "model.spacings=[1.0, 2.0]", "amp=off"]
)
CLASSES = ClassTable((DARK, PALE))


def test_an_area_of_the_wrong_class_stands_out(tmp_path: Path) -> None:
    folder = texture_folder(tmp_path / "slides", slides=2)
    file = folder / "s1.geojson"
    wrong = PathObject(box(30, 30, 100, 100), path_class=PALE)  # where all is dark
    write_geojson(file, [*read_geojson(file), wrong])
    images, _ = annotated_images(open_project(folder))
    found = judge_left_out(images, CLASSES, "cpu", config=SMALL)
    assert len(found) == 5
    s1 = next(i for i in images if i.entry.name == "s1.tif")
    judged = found[s1.entry.id, wrong.id]
    assert (judged.predicted, judged.right) == ("Dark", 0)
    others = [v for k, v in found.items() if k[1] != wrong.id]
    assert judged.loss > 2 * max(v.loss for v in others)
    assert all(v.right == 1 for v in others)


def test_what_cannot_be_left_out_is_not_judged(tmp_path: Path) -> None:
    """Two areas, one of each class: without either, its class is unknown."""
    folder = texture_folder(tmp_path / "slides", slides=1)
    images, _ = annotated_images(open_project(folder))
    assert judge_left_out(images, CLASSES, "cpu", config=SMALL) == {}
    assert judge_left_out(images, ClassTable((DARK,)), "cpu", config=SMALL) == {}
