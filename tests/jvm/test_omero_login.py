"""A login for OMERO from the environment; the JSON is as QuPath's extension 0.2 writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hookpath.jvm import omero_login
from hookpath.jvm.server_builder_json import transformation, with_tile_sizes

SIDE = {"value": 1.0, "unit": "px"}


def builder(uri: str = "https://omero.example.org/webclient/?show=image-101", **more: Any) -> Any:
    """Of an image in two levels of three 16-bit channels, without tiles and pixel size."""
    return {
        "builderType": "uri",
        "providerClassName": "qupath.ext.omero.core.imageserver.OmeroImageServerBuilder",
        "uri": uri,
        "args": ["--usertype", "REGULAR_USER", "--username", "anna", "--pixelAPI",
                 "Pixel Buffer Microservice", "--msPixelBufferPort", "8082"],
        "metadata": {
            "name": "slide 7",
            "width": 4000,
            "height": 3000,
            "sizeZ": 1,
            "sizeT": 1,
            "channelType": "DEFAULT",
            "isRGB": False,
            "pixelType": "UINT16",
            "levels": [
                {"downsample": 1.0, "width": 4000, "height": 3000},
                {"downsample": 4.0, "width": 1000, "height": 750},
            ],
            "channels": [{"name": n, "color": -1} for n in ("DAPI", "FITC", "Cy5")],
            "pixelCalibration": {"pixelWidth": SIDE, "pixelHeight": SIDE},
        },
        **more,
    }  # fmt: skip


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(omero_login.SERVER, "https://omero.example.org")
    monkeypatch.setenv(omero_login.USER, "bert")
    monkeypatch.setenv(omero_login.PASSWORD, "s3cret")


def test_the_password_goes_to_the_server_that_is_named(login: None) -> None:
    args = omero_login.logged_in(builder())["args"]
    assert args == [
        "--pixelAPI", "Pixel Buffer Microservice", "--msPixelBufferPort", "8082",
        "--usertype", "REGULAR_USER", "--username", "bert", "--password", "s3cret",
    ]  # fmt: skip
    turned = {"builderType": "rotated", "builder": builder(), "rotation": "ROTATE_90"}
    assert omero_login.logged_in(turned)["builder"]["args"] == args
    with_port = builder("https://OMERO.example.org:443/webclient/img_detail/101/")
    assert omero_login.logged_in(with_port)["args"] == args


@pytest.mark.parametrize(
    "other",
    [
        builder("https://evil.example.org/webclient/?show=image-101"),
        builder("https://omero.example.org.evil.org/webclient/?show=image-101"),
        builder("https://omero.example.org@evil.org/webclient/?show=image-101"),
        builder("http://omero.example.org/webclient/?show=image-101"),
        builder("https://omero.example.org:4064/webclient/?show=image-101"),
        builder("http://["),
        builder(providerClassName="example.AddressReader"),
    ],
)
def test_and_to_nobody_else(login: None, other: Any) -> None:
    assert omero_login.logged_in(other) == other


@pytest.mark.parametrize("missing", ["SERVER", "USER", "PASSWORD"])
def test_half_a_login_is_none(login: None, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.delenv(getattr(omero_login, missing))
    assert omero_login.logged_in(builder()) == builder()


def test_a_message_shows_no_password(login: None) -> None:
    assert omero_login.hidden("failed (args=[--password, s3cret])") == (
        "failed (args=[--password, …])"
    )


def test_who_reads_does_not_make_another_slide() -> None:
    mine, public = builder(), builder(args=["--usertype", "PUBLIC_USER", *builder()["args"][4:]])
    assert transformation(json.dumps(mine)) == transformation(json.dumps(public))
    assert "anna" not in transformation(json.dumps(mine))
    lossy = builder(args=["--usertype", "PUBLIC_USER", "--pixelAPI", "Web", "--jpegQuality", "0.9"])
    assert transformation(json.dumps(mine)) != transformation(json.dumps(lossy))


def test_without_tiles_it_gets_some_and_its_levels_stay() -> None:
    about = with_tile_sizes(builder())["metadata"]
    assert (about["preferredTileWidth"], about["preferredTileHeight"]) == (256, 256)
    assert about["levels"] == builder()["metadata"]["levels"]
