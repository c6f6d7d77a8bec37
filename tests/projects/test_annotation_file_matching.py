"""Annotations whose name is not quite the slide's, and files that nobody uses."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

import pytest
from PIL import Image
from shapely.geometry import box

from hookpath.annotations import RUN_TAG, PathClass, PathObject, read_geojson, write_geojson
from hookpath.conversion.input_formats import source_format
from hookpath.errors import AnnotationError
from hookpath.projects import FolderProject, report_files
from hookpath.projects.folder_store.annotation_file_matching import UNREAD_SUFFIXES, sidecars_of
from hookpath.projects.folder_store.folder_project import SLIDE_SUFFIXES
from support.annotation_files import halo_file, halo_region
from support.reporting import Notes
from support.slides import position_image, write_pyramid

COMPOSED, DECOMPOSED = "L\u00e4sion", "La\u0308sion"


def matched(slides: list[str], *files: str, exact: str = "") -> dict[str, str]:
    own = {Path(s): [Path(exact)] for s in slides if exact}
    found = sidecars_of(map(Path, slides), [Path(f) for f in (*files, exact, *slides) if f], own)
    return {slide.name: file.name for slide, file in found.matched.items()}


@pytest.mark.parametrize(
    ("slide", "file"),
    [
        ("CASE1.TIF", "case1.geojson"),
        (f"{COMPOSED}.tif", f"{DECOMPOSED}.geojson"),
        (f"{DECOMPOSED}.tif", f"{COMPOSED}.geojson"),
        ("c2.tif", "c2.GEOJSON"),
        ("c2.tif", "C2.TIF.GeoJSON.gz"),
        ("c3.tif", "c3.tif - Series 0.geojson"),
        ("c4.tif", "c4_annotations.geojson"),
        ("c4.ome.tif", "C4-annotation.geojson"),
        ("c5.svs", "C5.annotations"),
    ],
)
def test_a_near_miss_belongs_to_the_one_slide_that_it_can_be_meant_for(
    slide: str, file: str
) -> None:
    assert matched([slide, "other.tif"], file) == {slide: file}


@pytest.mark.parametrize(
    ("slides", "files", "why"),
    [
        (["a.tif", "A.svs"], ["a_annotations.geojson"], "it fits several slides: a.tif, A.svs"),
        (["a.tif"], ["a_annotations.geojson", "A.geojson"], "name one of them a.geojson"),
        (["a.tif"], ["b.geojson"], "no slide here has its name"),
        (["a.tif"], ["b.geojson", "b.vsi"], "its image is of a kind that no reader opens"),
        (["a.tif"], ["a.xml"], "hookpath convert a.xml makes GeoJSON of it"),
    ],
)
def test_what_is_nobody_s_says_why(slides: list[str], files: list[str], why: str) -> None:
    found = sidecars_of(map(Path, slides), map(Path, [*slides, *files]), {})
    assert not found.matched
    assert why in found.unused[Path(files[0])]


def test_the_exact_name_wins() -> None:
    slides = ["a.tif", "a.b.tif"]
    assert matched(slides, "A.geojson", exact="a.geojson") == {}
    own = {Path("a.b.tif"): [Path("a.b.geojson")], Path("a.tif"): []}
    found = sidecars_of(map(Path, slides), [Path("A.geojson"), Path("a.b.geojson")], own)
    assert found.matched == {Path("a.tif"): Path("A.geojson")}


def test_hidden_files_and_other_files_are_no_annotations() -> None:
    files = map(Path, [".a.geojson", "._b.geojson", "notes.txt", "hookpath-project.json"])
    found = sidecars_of([Path("a.tif")], files, {})
    assert (found.matched, found.unused, found.unread) == ({}, {}, {})


def test_a_folder_reads_and_writes_the_file_that_it_takes_and_tells(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "CASE1.TIF", position_image(64, 64), mpp=1.0, levels=1)
    file = tmp_path / "case1_annotations.geojson"
    write_geojson(file, [PathObject(box(0, 0, 9, 9), path_class=PathClass("Tumor"))])
    (tmp_path / "v.vsi").write_bytes(b"?")
    write_geojson(tmp_path / "v.geojson", [])
    project = FolderProject(tmp_path)
    (entry,) = project.images
    assert [o.geometry.area for o in entry.objects()] == [81]
    entry.write([PathObject(box(0, 0, 1, 1), path_class=PathClass("Tumor"))], "r")
    assert [o.run for o in read_geojson(file)] == [None]
    assert [o.run for o in entry.objects()] == [None, "r"]
    assert not (tmp_path / "CASE1.geojson").exists()
    notes = Notes()
    report_files(notes, [project])
    assert notes.infos == ["case1_annotations.geojson: taken for the annotations of CASE1.TIF"]
    assert [w.split(",")[0] for w in notes.warnings] == [
        "v.vsi: not used",
        "v.geojson: not used",
    ]


def test_predictions_are_nobody_s_annotations() -> None:
    files = map(Path, ["a.tif.hookpath.geojson", "gone.tif.hookpath.geojson"])
    found = sidecars_of([Path("a.tif")], files, {})
    assert not found.matched
    assert found.unused == {
        Path("gone.tif.hookpath.geojson"): "the slide of these predictions is not here"
    }


def test_files_of_a_large_folder_are_looked_up_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slides = [Path(f"{number}.tif") for number in range(300)]
    files = [Path(f"{number}{ending}") for number in range(300) for ending in (".tif", ".geojson")]
    compared = 0

    def counted(self: Path, other: object) -> bool:
        nonlocal compared
        compared += 1
        return str(self) == str(other)

    monkeypatch.setattr(PurePath, "__eq__", counted)
    found = sidecars_of(slides, files, {})
    monkeypatch.undo()
    assert len(found.matched) == 300
    assert compared < 3000


def test_halo_s_file_is_read_and_never_written(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "a.tif", position_image(64, 64), mpp=1.0, levels=1)
    halo = halo_file(tmp_path / "a.annotations", halo_region("Rectangle", (1, 2), (3, 5)))
    before = halo.read_bytes()
    (entry,) = FolderProject(tmp_path).images
    (annotated,) = entry.objects()
    assert annotated.geometry.equals(box(1, 2, 3, 5))
    assert annotated.path_class == PathClass("Tumor", (255, 255, 0))
    assert entry.objects()[0].id == annotated.id
    entry.write([PathObject(box(0, 0, 1, 1), path_class=PathClass("Tumor"))], "r")
    assert halo.read_bytes() == before
    assert [o.run for o in read_geojson(tmp_path / "a.tif.hookpath.geojson")] == ["r"]
    assert [o.run for o in entry.objects()] == [None, "r"]
    assert not FolderProject(tmp_path).remarks()


def test_a_person_s_geojson_takes_the_place_of_halo_s(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "a.tif", position_image(64, 64), mpp=1.0, levels=1)
    halo_file(tmp_path / "a.annotations", halo_region("Rectangle", (1, 2), (3, 5)))
    own = PathObject(box(0, 0, 9, 9), path_class=PathClass("Tumor"))
    ours = PathObject(box(0, 0, 1, 1), metadata={RUN_TAG: "r"})
    write_geojson(tmp_path / "a.geojson", [own, ours])
    (entry,) = FolderProject(tmp_path).images
    assert len(entry.objects()) == 2
    said = [("a.annotations: not used, a.geojson has objects", False)]
    assert FolderProject(tmp_path).remarks() == said
    assert FolderProject(tmp_path / "a.tif").remarks() == said


@pytest.mark.parametrize("text", ['{"version": "5.0", "shapes": []}', '{"Exposure": 3}', "[1, 2]"])
def test_settings_in_json_beside_a_slide_are_no_annotations(tmp_path: Path, text: str) -> None:
    """Microscopes, BIDS and other annotation programs keep ``<slide>.json``."""
    write_pyramid(tmp_path / "a.tif", position_image(64, 64), mpp=1.0, levels=1)
    settings = tmp_path / "a.json"
    settings.write_text(text)
    (entry,) = FolderProject(tmp_path).images
    assert entry.objects() == []
    assert FolderProject(tmp_path).remarks() == [
        ("a.json: not used, it is JSON, but no GeoJSON", False)
    ]
    write_geojson(settings, [PathObject(box(0, 0, 9, 9), path_class=PathClass("Tumor"))])
    (entry,) = FolderProject(tmp_path).images
    assert [o.geometry.area for o in entry.objects()] == [81]
    assert not FolderProject(tmp_path).remarks()


def test_what_is_left_out_of_halo_s_file_is_reported(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "a.tif", position_image(64, 64), mpp=1.0, levels=1)
    regions = [halo_region("Rectangle", (1, 2), (3, 5)), halo_region("Star", (1, 2), (3, 5))]
    halo_file(tmp_path / "a.annotations", "".join(regions))
    ((line, is_used),) = FolderProject(tmp_path).remarks()
    assert line.startswith("a.annotations: layer 'Tumor', region 2")
    assert line.endswith("left out")
    assert not is_used


@pytest.mark.parametrize("ending", [".webp", ".jp2", ".pgm", ".ppm", ".btf", ".bmp", ".PNG"])
def test_every_image_that_is_read_is_found_in_a_folder(tmp_path: Path, ending: str) -> None:
    """Large TIFF goes by its own ending, too (OME's ``.ome.btf``)."""
    pixels, path = position_image(64, 64), tmp_path / f"a{ending}"
    if ending == ".btf":
        write_pyramid(path, pixels, mpp=1.0, levels=1)
    else:
        Image.fromarray(pixels).save(path)
    (entry,) = FolderProject(tmp_path).images
    with entry.slide.open() as slide:
        assert slide.levels[0].width == 64
    assert not FolderProject(tmp_path).remarks()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_called_like_a_slide_and_is_none_is_reported(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "a.tif", position_image(64, 64), mpp=1.0, levels=1)
    (tmp_path / "b.ome.zarr").mkdir()
    (tmp_path / "c.ome.zarr.zip").write_bytes(b"PK")
    (tmp_path / "d.svs").symlink_to("nowhere.svs")
    os.mkfifo(tmp_path / "e.tif")
    (tmp_path / "folder.tif").mkdir()
    (tmp_path / "f.geojson").symlink_to("nowhere.geojson")
    project = FolderProject(tmp_path)
    assert [entry.name for entry in project.images] == ["a.tif"]
    assert project.remarks() == [
        ("c.ome.zarr.zip: not used, a packed OME-Zarr; unpack it to a folder", False),
        ("b.ome.zarr: not used, no OME-Zarr: it has neither .zattrs nor zarr.json", False),
        ("d.svs: not used, a link to something that is not there", False),
        ("e.tif: not used, no ordinary file (a pipe or a device)", False),
        ("f.geojson: not used, a link to something that is not there", False),
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(60)
def test_annotations_that_are_a_pipe_are_refused_instead_of_waited_for(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "a.tif", position_image(64, 64), mpp=1.0, levels=1)
    os.mkfifo(tmp_path / "a.geojson")
    (entry,) = FolderProject(tmp_path).images
    with pytest.raises(AnnotationError, match=r"a\.geojson: .* \(is no ordinary file\)"):
        entry.objects()
    with pytest.raises(AnnotationError, match="is no ordinary file"):
        source_format(tmp_path / "a.geojson")


def test_no_image_is_both_read_and_not() -> None:
    assert not SLIDE_SUFFIXES & UNREAD_SUFFIXES
