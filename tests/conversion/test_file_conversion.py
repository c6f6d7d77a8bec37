"""Whole conversions as the command makes them: slides found, frames, names, nothing overwritten."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image
from shapely.geometry import box

from hookpath.annotations import RUN_TAG, PathClass, PathObject, read_geojson, write_geojson
from hookpath.conversion import ConvertConfig, convert_files, read_asap
from hookpath.errors import AnnotationError, UsageError
from hookpath.projects import open_project
from support.annotation_files import ASAP, BOMB, IMAGESCOPE, write_text
from support.reporting import Notes
from support.shared import copy_of_shared
from support.slides import position_image, write_pyramid, write_scn

RING = box(10, 20, 110, 120).difference(box(30, 40, 50, 60))


@pytest.fixture
def slides(tmp_path: Path) -> Path:
    folder = tmp_path / "slides"
    folder.mkdir()
    write_pyramid(folder / "a.tif", position_image(320, 256), mpp=0.5)
    return folder


def _classes(objects: list[PathObject]) -> list[str | None]:
    return [o.path_class.name if o.path_class else None for o in objects]


def test_results_lie_beside_the_slide_and_the_project_sees_them(
    tmp_path: Path, slides: Path
) -> None:
    source = write_text(tmp_path / "a.xml", ASAP)
    report = convert_files([source], config=ConvertConfig(slides=slides))
    (done,) = report.converted
    assert done.path == slides / "a.geojson"
    assert (done.objects, done.holes) == ({"Tumor": 1, "Stroma": 2, "": 1}, 1)
    (entry,) = open_project(slides).images
    assert entry.objects()[0].geometry.equals(RING)


def test_converting_twice_gives_the_same_file_and_only_when_asked_to(
    tmp_path: Path, slides: Path
) -> None:
    source = write_text(slides / "a.xml", ASAP)
    convert_files([source])
    made = slides / "a.geojson"
    first, when = made.read_bytes(), made.stat().st_mtime_ns
    (again,) = convert_files([source]).converted
    assert (again.there, again.replaced) == (True, False)
    assert made.stat().st_mtime_ns == when
    made.write_text("somebody's work")
    refused = convert_files([source])
    assert [p.code for p in refused.problems] == ["write_refused"]
    assert "--overwrite" in refused.problems[0].message
    assert made.read_text() == "somebody's work"
    (done,) = convert_files([source], config=ConvertConfig(overwrite=True)).converted
    assert done.replaced
    assert (slides / "a.geojson").read_bytes() == first


def test_files_of_one_slide_come_into_one_result(slides: Path) -> None:
    files = [
        write_text(slides / "a.xml", ASAP),
        write_text(slides / "a_annotations.xml", IMAGESCOPE),
    ]
    (done,) = convert_files(files).converted
    assert done.sources == tuple(files)
    objects = read_geojson(done.path)
    assert len(objects) == 8
    assert len({o.id for o in objects}) == 8


def test_a_broken_file_is_named_and_the_others_are_converted(tmp_path: Path) -> None:
    good, bad = write_text(tmp_path / "g.xml", ASAP), write_text(tmp_path / "b.xml", BOMB)
    report = convert_files([bad, tmp_path / "none.xml", good], tmp_path / "out")
    assert [c.path for c in report.converted] == [tmp_path / "out" / "g.geojson"]
    assert [p.code for p in report.problems] == ["annotations_unreadable"] * 2
    assert str(bad) in report.problems[0].message
    assert "No such file" in report.problems[1].message


def test_what_is_no_valid_geojson_is_reported_and_the_rest_converted(tmp_path: Path) -> None:
    rings = [[[0, 0], [9, 0], [9, 9], [0, 9]], [[0, 0], [1, 1]]]
    features = [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for ring in rings
    ]
    path = tmp_path / "theirs.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    notes = Notes()
    report = convert_files([path], tmp_path / "out", reporter=notes)
    assert not report.problems
    assert read_geojson(report.converted[0].path)[0].geometry.equals(box(0, 0, 9, 9))
    assert notes.warnings == [
        f"{path}: 2 geometries are no valid GeoJSON (of the first: each linear ring must end where "
        "it started); 1 cannot be built and has no area"
    ]


def test_classes_are_renamed_merged_and_dropped(tmp_path: Path) -> None:
    source = write_text(tmp_path / "a.xml", ASAP)
    config = ConvertConfig(rename=("Tumor=Stroma", "=Rest"))
    (done,) = convert_files([source], config=config).converted
    objects = read_geojson(done.path)
    assert _classes(objects) == ["Stroma", "Stroma", "Stroma", "Rest"]
    # The colour of those that had the name already.
    assert {o.path_class.color for o in objects[:3] if o.path_class} == {(0, 255, 0)}
    # As it is written in a file that macOS or a browser made.
    config = ConvertConfig(rename=("Stroma\u200b =", "="), overwrite=True)
    convert_files([source], config=config)
    assert _classes(read_geojson(done.path)) == ["Tumor"]


def test_the_offset_of_qupaths_crop_is_taken_away_and_added_again(tmp_path: Path) -> None:
    write_scn(tmp_path / "s.scn", position_image(256, 256), 0.5, (64, 32), (512, 512))
    source = write_text(tmp_path / "s.xml", ASAP)
    (done,) = convert_files([source]).converted
    moved = shapely.affinity.translate(RING, -64, -32)
    assert read_geojson(done.path)[0].geometry.equals(moved)
    back = ConvertConfig(to="asap", slides=tmp_path)
    (again,) = convert_files([done.path], tmp_path / "back", back).converted
    assert read_asap(again.path).objects[0].geometry.equals(RING)
    as_shown = ConvertConfig(whole_file=False, overwrite=True)
    convert_files([source], config=as_shown)
    assert read_geojson(done.path)[0].geometry.equals(RING)


def test_a_mask_may_cover_the_part_that_qupath_shows_or_the_whole_file(tmp_path: Path) -> None:
    write_scn(tmp_path / "s.scn", position_image(256, 256), 0.5, (64, 32), (512, 512))
    annotated = PathObject(box(32, 64, 96, 128), path_class=PathClass("Tumor", (255, 0, 0)))
    write_geojson(tmp_path / "s.geojson", [annotated])
    for whole, shape, corner in ((False, (32, 32), (4, 8)), (True, (64, 64), (12, 12))):
        config = ConvertConfig(to="mask", slides=tmp_path, downsample=8.0, whole_file=whole)
        out = tmp_path / str(whole)
        (done,) = convert_files([tmp_path / "s.geojson"], out, config).converted
        labels = np.asarray(Image.open(done.path))
        assert labels.shape == shape
        rows, columns = np.nonzero(labels)
        assert (columns.min(), rows.min(), len(rows)) == (*corner, 64)
        back = ConvertConfig(slides=tmp_path, table=done.path.with_suffix(".csv"), whole_file=whole)
        (again,) = convert_files([done.path], out / "back", back).converted
        assert read_geojson(again.path)[0].geometry.equals(annotated.geometry)


def test_a_mask_finds_its_scale_in_the_slide_or_is_reported(slides: Path) -> None:
    labels = np.zeros((64, 80), np.uint8)
    labels[10:20, 30:50] = 1
    Image.fromarray(labels).save(slides / "a_mask.png")
    table = slides / "table.toml"
    table.write_text('[classes]\n1 = "Tumor"\n')
    config = ConvertConfig(table=table)
    (done,) = convert_files([slides / "a_mask.png"], config=config).converted
    assert read_geojson(done.path)[0].geometry.equals(box(120, 40, 200, 80))
    alone = slides.parent / "other_mask.png"
    Image.fromarray(labels).save(alone)
    (problem,) = convert_files([alone], config=config).problems
    assert (problem.code, "--mask-spacing" in problem.message) == ("usage", True)
    settings = ConvertConfig(table=table, mask_spacing_um=3.0, mpp=0.5)
    (done,) = convert_files([alone], config=settings).converted
    assert read_geojson(done.path)[0].geometry.equals(box(180, 60, 300, 120))
    (problem,) = convert_files(
        [alone], config=ConvertConfig(downsample=1.0, overwrite=True)
    ).problems
    assert "--classes" in problem.message


def test_a_mask_of_a_part_of_a_slide_is_placed_there(slides: Path) -> None:
    labels = np.zeros((20, 30), np.uint8)
    labels[5:10, 10:30] = 1
    path = slides / "a_left-100_top-40.png"
    Image.fromarray(labels).save(path)
    (slides / "t.csv").write_text("value,name\n1,Tumor\n")
    config = ConvertConfig(
        slides=slides / "a.tif", table=slides / "t.csv", origin=(100.0, 40.0), downsample=2.0
    )
    (done,) = convert_files([path], config=config).converted
    assert done.path == slides / "a.geojson"
    assert read_geojson(done.path)[0].geometry.equals(box(120, 50, 160, 60))
    unknown = replace(config, downsample=None, overwrite=True)
    (problem,) = convert_files([path], config=unknown).problems
    assert "of a part of the slide, so its scale is unknown" in problem.message


def test_masks_of_several_slides_have_the_same_values(slides: Path) -> None:
    write_pyramid(slides / "b.tif", position_image(320, 256), mpp=0.5)
    tumor, stroma = PathClass("Tumor", (255, 0, 0)), PathClass("Stroma", (0, 255, 0))
    predicted = {RUN_TAG: "of an earlier run"}
    write_geojson(slides / "a.geojson", [PathObject(box(0, 0, 64, 64), path_class=tumor)])
    write_geojson(
        slides / "b.geojson",
        [
            PathObject(box(0, 0, 256, 256), path_class=stroma, object_type="detection"),
            PathObject(box(64, 64, 128, 128), path_class=tumor, metadata=predicted),
            PathObject(box(0, 0, 9, 9), path_class=PathClass("Region*")),
        ],
    )
    config = ConvertConfig(to="mask", downsample=4.0)
    files = [slides / "a.geojson", slides / "b.geojson"]
    first, second = convert_files(files, slides / "masks", config).converted
    assert np.asarray(Image.open(first.path)).shape == (64, 80)
    assert np.asarray(Image.open(first.path)).sum() == 16 * 16
    expected = np.zeros((64, 80), np.uint8)
    expected[:, :64] = 2
    expected[16:32, 16:32] = 1
    np.testing.assert_array_equal(np.asarray(Image.open(second.path)), expected)
    # And back, with the table that was written.
    back = ConvertConfig(table=second.path.with_suffix(".csv"), slides=slides)
    (done,) = convert_files([second.path], slides / "back", back).converted
    by_class = {o.path_class: o.geometry for o in read_geojson(done.path)}
    assert by_class[tumor].equals(box(64, 64, 128, 128))
    assert by_class[stroma].area == 256 * 256 - 64 * 64


def test_a_class_without_a_value_in_the_given_table_is_an_error(slides: Path) -> None:
    write_geojson(slides / "a.geojson", [PathObject(box(0, 0, 9, 9), path_class=PathClass("X"))])
    (slides / "t.csv").write_text("value,name\n1,Tumor\n")
    config = ConvertConfig(to="mask", table=slides / "t.csv")
    (problem,) = convert_files([slides / "a.geojson"], config=config).problems
    assert "lacks 'X'" in problem.message
    assert not (slides / "a_mask.png").exists()


def test_values_and_classes_that_would_be_read_wrongly_are_refused(slides: Path) -> None:
    annotated = [PathObject(box(0, 0, 9, 9), path_class=PathClass("Exclusion"))]
    write_geojson(slides / "a.geojson", annotated)
    (problem,) = convert_files([slides / "a.geojson"], config=ConvertConfig(to="asap")).problems
    assert "'Exclusion' would be read as holes" in problem.message
    other = ConvertConfig(to="asap", holes=("Holes",))
    assert len(convert_files([slides / "a.geojson"], config=other).converted) == 1
    (slides / "t.csv").write_text("value,name\n300,Exclusion\n")
    config = ConvertConfig(to="mask", table=slides / "t.csv")
    (problem,) = convert_files([slides / "a.geojson"], config=config).problems
    assert "300 does not fit into 8 bits" in problem.message


def test_a_folder_in_the_place_of_a_file_is_named(slides: Path) -> None:
    (problem,) = convert_files([slides]).problems
    assert problem.message.startswith(f"{slides} is a folder; name the files in it")


@pytest.mark.parametrize("target", ["geojson", "asap"])
def test_where_results_cannot_be_written_the_place_is_reported(slides: Path, target: str) -> None:
    source = write_text(slides / "a.xml", ASAP)
    blocked = write_text(slides / "blocked", "a file")
    config = ConvertConfig(to=target)  # type: ignore[arg-type]
    (problem,) = convert_files([source], blocked, config).problems
    assert f"cannot write {blocked}" in problem.message
    assert problem.code == "not_writable"


def test_a_name_that_fits_several_slides_is_refused(slides: Path) -> None:
    write_pyramid(slides / "a.svs.tif", position_image(64, 64), mpp=0.5)
    write_pyramid(slides / "a.tiff", position_image(64, 64), mpp=0.5)
    (problem,) = convert_files([write_text(slides / "a.xml", ASAP)]).problems
    assert "several slides (a.tif, a.tiff)" in problem.message


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere such names are one, or none")
def test_a_slide_is_found_by_its_own_spelling_then_by_any(slides: Path) -> None:
    """Letter case, accents as macOS writes them, and bytes that are no text."""
    names = ("B.tif", "\u00e9.tif", "half \udcff.tif")
    for name in names:
        write_pyramid(slides / name, position_image(64, 64), mpp=0.5)
    files = [write_text(slides / f"{n}.xml", ASAP) for n in ("a", "b", "e\u0301", "half \udcff")]
    done = convert_files(files, slides / "out", ConvertConfig(slides=slides))
    assert not done.problems
    assert sorted(c.path.stem for c in done.converted) == ["B", "a", "half \udcff", "\u00e9"]


def test_the_call_itself_may_be_wrong(tmp_path: Path, slides: Path) -> None:
    source = write_text(slides / "a.xml", ASAP)
    with pytest.raises(UsageError, match="either --mask-spacing"):
        convert_files([source], config=ConvertConfig(mask_spacing_um=1.0, downsample=2.0))
    with pytest.raises(UsageError, match="is one file, but there are 2"):
        convert_files([source, write_text(tmp_path / "b.xml", ASAP)], tmp_path / "x.geojson")
    (tmp_path / "t.csv").write_text("nothing")
    with pytest.raises(AnnotationError, match=r"t\.csv"):
        convert_files([source], config=ConvertConfig(table=tmp_path / "t.csv"))


@pytest.mark.shared_data
def test_camelyon16_files_become_geojson(tmp_path: Path) -> None:
    folder = copy_of_shared("other-annotations/camelyon16_asap", tmp_path)
    report = convert_files(sorted(folder.glob("*.xml")))
    counts = [json.loads(c.path.read_text())["features"] for c in report.converted]
    assert [len(features) for features in counts] == [6, 39]
