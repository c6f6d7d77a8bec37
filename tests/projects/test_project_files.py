"""What is read from a QuPath project's JSON files alone: needs no QuPath."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hookpath.errors import ProjectError
from hookpath.projects import Problem, open_project, summarise
from hookpath.projects.qupath_store.image_server_frame import locate
from support.projects import HEIGHT, MPP, WIDTH, make_slides, snapshot, write_project_file
from support.textures import texture_slide

HARD_NAME = "50 % größer, 2 µm #1 + [a]&b;c=d?.tif"


@pytest.fixture
def slide_path(tmp_path: Path) -> Path:
    """A slide whose name holds everything that a URI must escape, outside the project's folder."""
    folder = tmp_path / "Präparate (1 µm)"
    folder.mkdir()
    made, _ = make_slides(folder)
    return made.rename(folder / HARD_NAME)


def project_with(root: Path, *servers: dict[str, Any], **members: Any) -> Path:
    """Write a project; image i is named after its number."""
    images = [(f"image {i}", server) for i, server in enumerate(servers, start=1)]
    return write_project_file(root, images, **members)


def server_of(path: Path, **metadata: Any) -> dict[str, Any]:
    """The server of an RGB slide, as QuPath records it."""
    return {
        "builderType": "uri",
        "providerClassName": "qupath.lib.images.servers.openslide.OpenslideServerBuilder",
        "uri": path.as_uri(),
        "args": [],
        "metadata": {"isRGB": True, "width": WIDTH, "height": HEIGHT, **metadata},
    }


def test_names_that_a_uri_must_escape_are_found(tmp_path: Path, slide_path: Path) -> None:
    project = open_project(project_with(tmp_path / "100 % Projekt #2", server_of(slide_path)))
    assert project.images[0].slide.path == slide_path
    with project.images[0].slide.open() as slide:
        assert slide.width_l0 == WIDTH


@pytest.mark.parametrize(
    "kind", ["rotated", "flipped", "cropped", "affine", "channels", "sparse", "new"]
)
def test_servers_with_other_pixels_are_refused_by_name_and_the_rest_goes_on(
    tmp_path: Path, slide_path: Path, kind: str
) -> None:
    plain = server_of(slide_path)
    wrapped = {"builderType": kind, "builder": plain, "rotation": "ROTATE_90"}
    first, second = open_project(project_with(tmp_path / "p", wrapped, plain)).images
    with pytest.raises(ProjectError, match=r"^image 1: .*original image"):
        _ = first.slide
    assert second.slide.path == slide_path


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"isRGB": True, "sizeZ": 7}, r"QuPath sees \(7, 1\) planes \(z, t\), .* has \(1, 1\)"),
        (
            {"isRGB": False, "pixelType": "UINT16", "channels": [{"name": "DAPI"}]},
            "QuPath sees the channels DAPI, .* has Red, Green, Blue",
        ),
        ({"width": WIDTH + 2}, f"{WIDTH + 2}×{HEIGHT} px.*{WIDTH}×{HEIGHT}"),
    ],
)
def test_images_that_cannot_be_read_in_qupaths_frame_are_refused_by_name(
    tmp_path: Path, slide_path: Path, metadata: dict[str, Any], says: str
) -> None:
    source = project_with(tmp_path / "p", server_of(slide_path, **metadata))
    with pytest.raises(ProjectError, match=rf"^image 1: .*{says}"):
        _ = open_project(source).images[0].slide


def test_another_series_of_the_file_is_refused_by_name(tmp_path: Path, slide_path: Path) -> None:
    server = {**server_of(slide_path), "args": ["--series", "2"]}
    with pytest.raises(ProjectError, match=r"^image 1: is series 2"):
        _ = open_project(project_with(tmp_path / "p", server)).images[0].slide


def test_bounds_are_cropped_as_qupath_did(tmp_path: Path, slide_path: Path) -> None:
    plain = server_of(slide_path)
    whole = {**plain, "args": ["--no-crop"]}
    other = {**plain, "providerClassName": "qupath.lib.images.servers.bioformats.BioFormats"}
    images = open_project(project_with(tmp_path / "p", plain, whole, other)).images
    assert [e.slide.crop_to_bounds for e in images] == [True, False, False]


def test_the_projects_own_pixel_size_wins_over_the_files(tmp_path: Path, slide_path: Path) -> None:
    def side(unit: str) -> dict[str, Any]:
        return {"value": 0.1234, "unit": unit}

    sizes = [{"pixelWidth": side(u), "pixelHeight": side(u)} for u in ("µm", "px")]
    servers = [server_of(slide_path, pixelCalibration=s) for s in sizes]
    source = project_with(tmp_path / "p", *servers)
    for override, expected in ((None, MPP), (2.0, 2.0)):
        set_in_qupath, not_set = open_project(source, 3.0, override_mpp=override).images
        with set_in_qupath.slide.open() as slide:
            assert slide.calibration.mpp == (override or 0.1234)
        with not_set.slide.open() as slide:
            assert slide.calibration.mpp == pytest.approx(expected, rel=1e-4)


def test_a_problem_names_its_image_once() -> None:
    for message in ("is rotated", "a.svs: is rotated"):
        assert Problem("a.svs", message).line == "a.svs: is rotated"


# --- slides that are not where they were


def test_a_project_that_moved_with_its_slides_finds_them(tmp_path: Path, slide_path: Path) -> None:
    before = tmp_path / "alt"
    before.mkdir()
    slides = Path(shutil.move(slide_path.parent, before / "slides"))
    file = project_with(before / "project", server_of(slides / HARD_NAME))
    before.rename(tmp_path / "neu")
    moved = open_project(tmp_path / "neu" / "project" / file.name)
    assert moved.images[0].slide.path == tmp_path / "neu" / "slides" / HARD_NAME


@pytest.mark.parametrize("name", ["a.ome.zarr", "a.zarr/0"])
def test_a_folder_is_an_image_where_it_is_ome_zarr_or_in_one(tmp_path: Path, name: str) -> None:
    """Bio-Formats records the folder that the chosen ``.zattrs`` lies in."""
    file = tmp_path / "p" / "project.qpproj"
    folder = tmp_path / name
    folder.mkdir(parents=True)
    assert locate(f"{folder.as_uri()}/", file, None, "image 1") == folder
    other = folder.rename(tmp_path / "folder")
    with pytest.raises(ProjectError, match="slide not found"):
        locate(f"{other.as_uri()}/", file, None, "image 1")


def test_the_recorded_place_wins_over_the_relative_one(tmp_path: Path, slide_path: Path) -> None:
    """As in QuPath: a copy of a project goes on using the slides of the original."""
    root = slide_path.parent / "project"
    project_with(root, server_of(slide_path))
    shutil.copytree(slide_path.parent, tmp_path / "copy")
    copied = open_project(tmp_path / "copy" / "project")
    assert copied.images[0].slide.path == slide_path


def test_a_slide_put_into_the_project_folder_is_found_by_name(
    tmp_path: Path, slide_path: Path
) -> None:
    source = project_with(tmp_path / "p", server_of(slide_path))
    inside = tmp_path / "p" / "a" / "b" / HARD_NAME
    inside.parent.mkdir(parents=True)
    slide_path.rename(inside)
    assert open_project(source).images[0].slide.path == inside
    (tmp_path / "p" / "c").mkdir()
    shutil.copy(inside, tmp_path / "p" / "c" / HARD_NAME)
    with pytest.raises(ProjectError, match="not found"):  # which of the two is not ours to say
        _ = open_project(source).images[0].slide


def test_a_relative_uri_counts_from_the_project_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "p"
    (root / "slides").mkdir(parents=True)
    made, _ = make_slides(root / "slides")
    made.rename(root / "slides" / "a b.tif")
    server = {**server_of(root), "uri": "slides/a%20b.tif"}
    source = project_with(root, server)
    monkeypatch.chdir(tmp_path)
    assert open_project(source).images[0].slide.path == root / "slides" / "a b.tif"


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("file:/I:/Slides/a%20b.svs", r"not found at I:.Slides.a b\.svs; put it back.*update"),
        ("file:///nowhere/a%20b.svs", r"not found at /nowhere/a b\.svs; put it back.*update"),
        (
            "https://omero.example.org/webclient/?show=image-1",
            "is not a file, so hookpath reads it through QuPath, but no QuPath",
        ),
    ],
)
def test_a_slide_that_is_not_here_is_one_clear_line(tmp_path: Path, uri: str, says: str) -> None:
    source = project_with(tmp_path / "p", {"builderType": "uri", "uri": uri})
    with pytest.raises(ProjectError, match=rf"^image 1: .*{says}") as refused:
        _ = open_project(source).images[0].slide
    assert "\n" not in str(refused.value)


# --- broken projects


@pytest.mark.parametrize("text", ["", "no json", "[1, 2]", '{"images": 5}', '{"images": [7]}'])
def test_what_is_no_project_is_one_clear_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "project.qpproj").write_text(text)
    with pytest.raises(ProjectError, match=r"project\.qpproj: .*QuPath project") as refused:
        open_project(tmp_path)
    assert "\n" not in str(refused.value)


def test_two_projects_in_a_folder_must_be_told_apart(tmp_path: Path, slide_path: Path) -> None:
    first = project_with(tmp_path / "p", server_of(slide_path))
    shutil.copy(first, first.with_name("other.qpproj"))
    assert open_project(first.parent).source == first
    shutil.move(first, first.with_name("another.qpproj"))
    with pytest.raises(ProjectError, match="several"):
        open_project(first.parent)


@pytest.mark.parametrize("entry_id", ["../../outside", "/etc", "", None])
def test_an_image_number_cannot_lead_out_of_the_project(
    tmp_path: Path, slide_path: Path, entry_id: str | None
) -> None:
    source = project_with(tmp_path / "p", server_of(slide_path))
    content = json.loads(source.read_text(encoding="utf-8"))
    content["images"][0]["entryID"] = entry_id
    source.write_text(json.dumps(content))
    entry: Any = open_project(source).images[0]
    with pytest.raises(ProjectError, match="image 1"):
        _ = entry.data_file


def test_metadata_keeps_everything_else_in_the_project_file(
    tmp_path: Path, slide_path: Path
) -> None:
    source = project_with(tmp_path / "p", server_of(slide_path), server_of(slide_path))
    before = json.loads(source.read_text(encoding="utf-8"))
    entry = open_project(source).images[1]
    entry.set_metadata({"Färbung": "H&E"})
    after = json.loads(source.read_text(encoding="utf-8"))
    assert after["images"][1].pop("metadata") == {"Färbung": "H&E"}
    before["images"][1].pop("metadata", None)
    assert after == before
    backup = next(source.parent.glob("project.qpproj.hookpath-*.bak"))
    assert "Färbung" not in backup.read_text(encoding="utf-8")


def test_looking_at_a_project_leaves_no_trace(tmp_path: Path, slide_path: Path) -> None:
    project_with(tmp_path / "p", server_of(slide_path))
    before = snapshot(tmp_path)
    project = open_project(tmp_path / "p")
    with project.images[0].slide.open():
        assert dict(project.images[0].metadata) == {}
    assert project.classes == ()
    assert snapshot(tmp_path) == before


def test_annotations_that_cannot_be_opened_do_not_hide_the_other_slides(tmp_path: Path) -> None:
    for name in ("a.tif", "b.tif"):
        texture_slide(tmp_path / name, seed=0)
    (tmp_path / "a.geojson").mkdir()
    first, second = summarise(open_project(tmp_path))
    assert "a.geojson: cannot be read" in first.problem
    assert second.problem == ""
