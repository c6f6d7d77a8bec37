"""``hookpath extract`` as a user calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hookpath.projects import FolderProject
from support.slides import position_image, write_pyramid
from support.tissue_square import area, slide_with


def test_patches_and_their_table_are_reported(tmp_path: Path, hookpath: Callable[..., Any]) -> None:
    folder = tmp_path / "slides"
    folder.mkdir()
    write_pyramid(folder / "a.tif", position_image(256, 128), mpp=1.0)
    call = ("extract", folder, "-o", tmp_path / "out", "--at", "10x", "--at", "4", "--size", 64)
    done = hookpath(*call, "--where", "all", "--workers", 0, "--json")
    assert done.code == 0, done.err
    results = {e["kind"]: e["data"] for e in done.events if e["event"] == "result"}
    assert results["extracted"]["images"][0]["patches"] == {"10x": 8, "4um": 8}
    assert Path(results["extracted"]["table"]).is_file()
    assert Path(results["slide"]["folder"], "4um").is_dir()
    (*_, last) = [e for e in done.events if e["event"] == "progress"]
    assert (last["done"], last["total"], last["unit"]) == (1, 1, "slide")
    assert last["figures"] == {"patches": 16}
    outcome = hookpath(*call, "--where", "all", "--workers", 0)
    assert "finished earlier" in outcome.err
    assert "extract: 1/1 slides, took" in outcome.err
    assert "4um" in outcome.out
    assert FolderProject(folder).images[0].objects() == []


def test_the_rest_is_extracted_and_reported(tmp_path: Path, hookpath: Callable[..., Any]) -> None:
    slide_with(tmp_path / "slides", area("Tumor", 32, 32, 128, 128))
    call = ("extract", tmp_path / "slides", "-o", tmp_path / "out", "--at", 8, "--size", 32)
    rest = ("--rest", "Normal", "--tissue-rule", "saturation")
    done = hookpath(*call, "--where", "labels", "--workers", 0, *rest, "--json")
    assert done.code == 0, done.err
    (found,) = [e["data"] for e in done.events if e.get("kind") == "extracted"]
    assert found["images"][0]["by_label"] == {"Tumor": 9, "Normal": 27}
    outcome = hookpath("info", tmp_path / "slides", *rest)
    assert "Normal mm²" in outcome.out
    assert "undrawn tissue counts as Normal on 1 of 1 images" in outcome.out
    assert "Normal" not in hookpath("info", tmp_path / "slides").out


def test_what_is_asked_wrongly_is_usage(tmp_path: Path, hookpath: Callable[..., Any]) -> None:
    write_pyramid(tmp_path / "a.tif", position_image(64, 64), mpp=1.0)
    for wrong in (
        ("--at", "ten"),
        ("--size", 1),
        ("--image", "none.tif"),
        ("--tissue-share", 2),
        ("--rest", "Region*"),
    ):
        done = hookpath("extract", tmp_path, "-o", tmp_path / "out", "--workers", 0, *wrong)
        assert done.code == 2, wrong


def test_enlarged_patches_and_slides_without_any_are_warned_about(
    tmp_path: Path, hookpath: Callable[..., Any]
) -> None:
    write_pyramid(tmp_path / "a.tif", position_image(64, 64), mpp=1.0)
    call = ("extract", tmp_path, "-o", tmp_path / "out", "--workers", 0, "--where", "all")
    fine = hookpath(*call, "--at", "20x", "--size", 64)
    assert fine.code == 0
    assert "a.tif: has 1 µm/px, so its patches at 0.5 µm/px (20x) are enlarged" in fine.err
    none = hookpath(*call, "--at", "10x", "--size", 128)
    assert none.code == 0
    assert "a.tif: no patch" in none.err
    assert "enlarged" not in none.err
