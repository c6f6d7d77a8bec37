"""QuPath's JSON of how an image is opened, without QuPath."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hookpath.jvm.server_builder_json import (
    files_in,
    is_file_uri,
    moved,
    path_of,
    providers_in,
    series_in,
    transformation,
    uris_in,
    with_tile_sizes,
)
from support.servers import bioformats_server, openslide_server, turned

A, B = Path("/slides/a b.svs"), Path("/slides/b.svs")


def joined() -> dict[str, object]:
    """Channels of two files."""
    return {
        "builderType": "channels",
        "builder": openslide_server(A),
        "channels": [turned(openslide_server(B)), openslide_server(A)],
    }


def test_every_file_is_found_once_the_outermost_first() -> None:
    assert files_in(json.dumps(joined())) == [A, B]
    assert list(uris_in({"uri": "file:///x", "builder": {"uri": "file:///y"}})) == [
        "file:///x",
        "file:///y",
    ]


def test_who_opens_the_files_and_which_image_inside_them() -> None:
    both = {**joined(), "channels": [turned(bioformats_server(B, series=2))]}
    assert [name.rsplit(".", 1)[1] for name in providers_in(both)] == [
        "OpenslideServerBuilder",
        "BioFormatsServerBuilder",
    ]
    assert series_in(json.dumps(turned(bioformats_server(B, series=2)))) == 2
    assert series_in("") == series_in(json.dumps(both)) == 0


def test_every_server_has_a_size_of_tiles() -> None:
    """Gson reads what is missing as 0, of which QuPath would need endless many."""
    sizes = {"preferredTileWidth": 240, "preferredTileHeight": 0}
    inner = {**openslide_server(A), "metadata": sizes}
    found = with_tile_sizes({**turned(inner), "metadata": {"width": 9}})
    assert found["metadata"] == {"width": 9, "preferredTileWidth": 256, "preferredTileHeight": 256}
    assert found["builder"]["metadata"] == {**sizes, "preferredTileHeight": 256}
    assert with_tile_sizes(joined()) == joined()
    assert inner["metadata"] == {"preferredTileWidth": 240, "preferredTileHeight": 0}


def test_files_that_moved_are_named_where_they_are_and_addresses_stay(tmp_path: Path) -> None:
    how = {**joined(), "other": {"uri": "https://slides.example.org/1"}}
    now = moved(how, lambda uri: tmp_path / path_of(uri).name)
    assert files_in(json.dumps(now)) == [tmp_path / "a b.svs", tmp_path / "b.svs"]
    assert now["other"] == how["other"]
    assert how == {**joined(), "other": {"uri": "https://slides.example.org/1"}}


def test_a_plain_file_is_not_transformed_and_its_place_does_not_count() -> None:
    assert transformation(json.dumps(openslide_server(A))) == ""
    assert "no-crop" in transformation(json.dumps(openslide_server(A, "--no-crop")))
    one, two = (transformation(json.dumps(turned(openslide_server(p)))) for p in (A, B))
    assert one == two != ""
    assert one != transformation(json.dumps(turned(openslide_server(A), "ROTATE_180")))


@pytest.mark.parametrize(
    ("uri", "is_one"),
    [("file:///a", True), ("a/b.svs", True), ("https://x/y", False), ("http://[", False)],
)
def test_what_is_a_file(uri: str, is_one: bool) -> None:
    assert is_file_uri(uri) is is_one
