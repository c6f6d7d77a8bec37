"""Which reader an image of QuPath's gets: ours in QuPath's frame, QuPath itself, or none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hookpath.errors import ProjectError
from hookpath.jvm.server_builder_json import files_in
from hookpath.projects import open_project, slide_of_server
from hookpath.projects.qupath_store import image_server_frame, reader_for_entry
from support.multiplex import NAMES, coded, write_ome
from support.projects import write_project_file
from support.servers import bioformats_server, openslide_server, turned
from support.slides import position_image, write_pyramid

SIZE = {"width": 300, "height": 200}


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    """300 × 200 px, which our own reader opens."""
    return write_pyramid(tmp_path / "Präparat µ.tif", position_image(300, 200), 0.5)


@pytest.fixture
def a_qupath(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were one; it is not started."""
    monkeypatch.setattr(reader_for_entry, "why_no_java", lambda: "")
    monkeypatch.setattr(image_server_frame, "why_no_java", lambda: "")


def with_size(builder: dict[str, Any], **size: int) -> dict[str, Any]:
    return {**builder, "metadata": {"isRGB": True, **SIZE, **size}}


@pytest.mark.usefixtures("a_qupath")
def test_our_own_readers_come_first_whoever_reads_it_for_qupath(slide: Path) -> None:
    for builder in (openslide_server(slide), bioformats_server(slide)):
        found = slide_of_server(with_size(builder), "a")
        assert (found.path, found.server) == (slide, "")


@pytest.mark.usefixtures("a_qupath")
def test_what_ours_see_otherwise_or_not_at_all_is_read_through_qupath(slide: Path) -> None:
    other_frame = with_size(bioformats_server(slide), width=150)
    assert json.loads(slide_of_server(other_frame, "a").server) == other_frame
    unknown = slide.with_name("a.vsi")
    unknown.write_bytes(b"of no kind that we know")
    assert slide_of_server(with_size(bioformats_server(unknown)), "a").server
    # QuPath reads it with the library that we use: it is another file than it was.
    with pytest.raises(ProjectError, match=r"a: QuPath sees 150×200 px.*add the slide to QuPath"):
        slide_of_server(with_size(openslide_server(slide), width=150), "a")


@pytest.mark.usefixtures("a_qupath")
@pytest.mark.parametrize("series", [0, 2])
def test_a_turned_image_and_another_series_are(slide: Path, series: int) -> None:
    plain = bioformats_server(slide, series)
    builders = [turned(plain), *([plain] if series else [])]
    for builder in builders:
        found = slide_of_server(with_size(builder), "a")
        assert files_in(found.server) == [slide]
        assert not found.crop_to_bounds


def test_without_a_qupath_it_is_one_line_that_says_what_would_help(
    slide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        image_server_frame, "why_no_java", lambda: "no QuPath found; set PAQUO_QUPATH_DIR"
    )
    says = "a: is rotated in QuPath, so hookpath reads it through QuPath, but no QuPath found; set"
    with pytest.raises(ProjectError, match=says):
        slide_of_server(with_size(turned(openslide_server(slide))), "a")
    with pytest.raises(ProjectError, match="is series 2 inside its file, so"):
        slide_of_server(with_size(bioformats_server(slide, 2)), "a")


@pytest.mark.usefixtures("a_qupath")
def test_channels_put_together_and_turned_stacks_are_read_through_qupath(slide: Path) -> None:
    three = {"isRGB": False, "pixelType": "UINT16", "channels": [{}, {}, {}], **SIZE}
    joined = {"builderType": "channels", "builder": openslide_server(slide), "metadata": three}
    stack = {**turned(openslide_server(slide)), "metadata": {"sizeZ": 5, **SIZE}}
    for builder in (joined, stack):
        assert json.loads(slide_of_server(builder, "a").server) == builder
    with pytest.raises(ProjectError, match="does not say which file"):
        slide_of_server({"builderType": "new"}, "a")


@pytest.mark.usefixtures("a_qupath")
def test_channels_are_ours_to_read_where_we_give_them_the_same_names(tmp_path: Path) -> None:
    path = write_ome(tmp_path / "a.ome.tif", coded())
    size = {"width": 160, "height": 96, "sizeZ": 1, "sizeT": 1}
    said = {"isRGB": False, "pixelType": "UINT16", **size}

    def found(*names: str, **more: int) -> str:
        channels = [{"name": name, "color": -1} for name in names]
        metadata = {**said, "channels": channels, **more}
        return slide_of_server({**bioformats_server(path), "metadata": metadata}, "a").server

    assert found(*NAMES) == ""
    for server in (found("DNA", *NAMES[1:]), found(*NAMES, sizeZ=3), found(*NAMES[:2])):
        assert files_in(server) == [path]  # renamed in QuPath, or seen otherwise


@pytest.mark.usefixtures("a_qupath")
def test_a_file_that_moved_is_named_where_it_is_now(slide: Path, tmp_path: Path) -> None:
    gone = tmp_path / "elsewhere" / slide.name
    builder = with_size(turned(openslide_server(gone)))
    source = write_project_file(tmp_path, [("a", builder)])
    found = open_project(source).images[0].slide
    assert files_in(found.server) == [slide]
    with pytest.raises(ProjectError, match="is missing"):
        slide_of_server(builder, "a")
