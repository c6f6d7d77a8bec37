"""What other programs predicted: label images and outlines, scored like our own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from shapely.geometry import box

from hookpath.annotations import RUN_TAG, PathClass, PathObject, write_geojson
from hookpath.conversion import ClassValues
from hookpath.errors import EvaluationError
from hookpath.evaluation import evaluate_project
from hookpath.evaluation.predictions.other_programs_predictions import ForeignMaps
from hookpath.projects import FolderProject, pooled
from support.evaluation import BLUE, RED, write_slide

VALUES = ClassValues({1: RED, 7: BLUE, 9: None})


@pytest.fixture
def project(tmp_path: Path) -> FolderProject:
    """One slide of 256 px at 0.5 µm/px: each half is annotated as a class."""
    write_slide(tmp_path / "slides", "a.tif", [(RED, 0, 0, 128, 256), (BLUE, 128, 0, 256, 256)])
    (tmp_path / "maps").mkdir()
    return FolderProject(tmp_path / "slides")


def score(project: FolderProject, tmp_path: Path, maps: ForeignMaps) -> list[list[int]]:
    report = evaluate_project(project, maps=maps, out_dir=tmp_path / "out")
    assert (tmp_path / "out" / "report.html").is_file()
    counts: list[list[int]] = report.pooled.counts.tolist()
    return counts


@pytest.mark.parametrize("name", ["a.png", "A_pred.PNG", "a.tif.tiff", "a-labels.tif"])
def test_a_label_image_of_half_the_size_is_scored(
    name: str, project: FolderProject, tmp_path: Path
) -> None:
    """64 of 128 columns are the first class, of the right half 16 columns, too; 4 rows unknown."""
    labels = np.full((128, 128), 7, np.uint8)
    labels[:, :80] = 1
    labels[:4] = 9
    path = tmp_path / "maps" / name
    if name.lower().endswith("png"):
        Image.fromarray(labels).save(path, format="PNG")
    else:
        tifffile.imwrite(path, labels)
    counts = score(project, tmp_path, ForeignMaps(tmp_path / "maps", VALUES))
    assert counts == [[124 * 64, 0, 4 * 64], [124 * 16, 124 * 48, 4 * 64]]


def test_outlines_are_scored_at_any_spacing(project: FolderProject, tmp_path: Path) -> None:
    found = [
        PathObject(box(0, 0, 160, 256), "detection", RED, metadata={RUN_TAG: "theirs"}),
        PathObject(box(160, 0, 256, 128), "annotation", BLUE),
    ]
    write_geojson(tmp_path / "maps" / "a.geojson", found)
    counts = score(project, tmp_path, ForeignMaps(tmp_path / "maps", spacing_um=1.0))
    assert counts == [[64 * 128, 0, 0], [16 * 128, 48 * 64, 48 * 64]]


def test_outlines_that_are_no_geojson_are_reported(project: FolderProject, tmp_path: Path) -> None:
    """An area that cannot be built is missed; nobody should have to find out by the score."""
    path = tmp_path / "maps" / "a.geojson"
    write_geojson(path, [PathObject(box(0, 0, 160, 256), "detection", RED)])
    assert ForeignMaps(tmp_path / "maps").notes == []
    collection = json.loads(path.read_text())
    collection["features"][0]["geometry"]["coordinates"][0][2:] = []
    path.write_text(json.dumps(collection))
    (note,) = ForeignMaps(tmp_path / "maps").notes
    assert note.startswith(f"{path}: 1 geometry is no valid GeoJSON (each linear ring must contain")


def test_a_map_of_another_slide_is_refused(project: FolderProject, tmp_path: Path) -> None:
    Image.fromarray(np.ones((100, 50), np.uint8)).save(tmp_path / "maps" / "a.png")
    with pytest.raises(EvaluationError, match=r"a\.png: .*does not cover a slide of 256 × 256"):
        score(project, tmp_path, ForeignMaps(tmp_path / "maps", VALUES))


def test_what_is_missing_is_said(project: FolderProject, tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    with pytest.raises(EvaluationError, match="no such folder"):
        ForeignMaps(tmp_path / "none")
    with pytest.raises(EvaluationError, match=r"no \.png, \.tif or \.geojson"):
        ForeignMaps(maps)
    Image.fromarray(np.ones((256, 256), np.uint8)).save(maps / "b.png")
    with pytest.raises(EvaluationError, match="name a table"):
        ForeignMaps(maps)
    with pytest.raises(EvaluationError, match=r"a\.tif: nothing in .*maps is named like it"):
        score(project, tmp_path, ForeignMaps(maps, VALUES))
    Image.fromarray(np.full((256, 256), 3, np.uint8)).save(maps / "a.png")
    with pytest.raises(EvaluationError, match="the table of classes lacks the value 3"):
        score(project, tmp_path, ForeignMaps(maps, VALUES))
    write_geojson(maps / "a.geojson", [PathObject(box(0, 0, 9, 9), path_class=PathClass("x"))])


def test_a_map_is_of_one_image_and_an_image_has_one(tmp_path: Path) -> None:
    """Two spellings, two projects, two formats: whichever came first was scored, unsaid."""
    for folder, name in (("slides", "A.tif"), ("slides", "a.tif"), ("other", "A.tif")):
        write_slide(tmp_path / folder, name, [(RED, 0, 0, 128, 256), (BLUE, 128, 0, 256, 256)])
    maps, one = tmp_path / "maps", np.ones((256, 256), np.uint8)
    maps.mkdir()
    upper, lower = FolderProject(tmp_path / "slides").images
    Image.fromarray(one).save(maps / "A.png")
    both = ForeignMaps(maps, VALUES)
    both(upper).close()
    with pytest.raises(EvaluationError, match=r"a\.tif: .*A\.png is named like A\.tif, too"):
        both(lower)
    Image.fromarray(one).save(maps / "a.png")
    both = ForeignMaps(maps, VALUES)
    paths = [both(entry).path.name for entry in (upper, lower)]  # type: ignore[attr-defined]
    assert paths == ["A.png", "a.png"]
    two = pooled([FolderProject(tmp_path / "slides"), FolderProject(tmp_path / "other")])
    both = ForeignMaps(maps, VALUES)
    both(two.images[0]).close()
    with pytest.raises(EvaluationError, match=r"A\.png is named like A\.tif \(slides\), too"):
        both(two.images[2])
    tifffile.imwrite(maps / "A.tif", one)
    with pytest.raises(
        EvaluationError, match=r"A\.tif: A\.png, A\.tif in .* are all named like it"
    ):
        ForeignMaps(maps, VALUES)(upper)
