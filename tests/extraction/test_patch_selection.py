"""Which patches there are: grids, concentric tuples, shares. Numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box

from hookpath.errors import MissingSpacingError, UsageError
from hookpath.extraction import ExtractConfig, Magnification, plan_patches
from hookpath.geometry import Calibration
from hookpath.slides import Slide, TissueMask, open_slide
from support.annotated import label_source
from support.slides import position_image, write_pyramid

X10, X5, X2 = (Magnification.parse(text) for text in ("10x", "5x", "2.5x"))
NO_LABELS = label_source([])


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slide]:
    """512 × 300 px of 0.5 µm: 256 × 150 px at 10x."""
    path = tmp_path_factory.mktemp("slide") / "s.tif"
    with open_slide(write_pyramid(path, position_image(512, 300), mpp=0.5)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "spacing", "name"),
    [
        ("10x", 1.0, "10x"), ("40X", 0.25, "40x"), ("2.5 ×", 4.0, "2.5x"), ("0.5", 0.5, "0.5um"),
        ("8um", 8.0, "8um"), ("0.25 µm/px", 0.25, "0.25um"),
    ],
)  # fmt: skip
def test_magnifications_are_said_in_either_way(text: str, spacing: float, name: str) -> None:
    found = Magnification.parse(text)
    assert (found.spacing_um, found.name) == (spacing, name)
    assert found.times == pytest.approx(10 / spacing)


@pytest.mark.parametrize("text", ["", "x", "0x", "ten", "10 mm", "-1"])
def test_what_is_no_magnification_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--at"):
        Magnification.parse(text)


def test_a_grid_has_the_patches_that_fit_wholly(slide: Slide) -> None:
    config = ExtractConfig((X10,), size=64, stride=48, where="all")
    found = plan_patches(slide, NO_LABELS, None, config)
    # 256 = 64 + 4 · 48 exactly; 150 holds 64 + 48, not 64 + 2 · 48.
    corners = [(p.region.x_l0, p.region.y_l0) for p in found]
    assert corners == [(x * 96.0, y * 96.0) for y in range(2) for x in range(5)]
    assert [p.centre for p in found] == list(range(10))
    assert all(p.region.bounds_l0[2] - p.region.x_l0 == 128 for p in found)
    assert found[6].file_name("png") == "10x/000006_x96_y96.png"


def test_coarser_patches_of_a_tuple_have_the_centre_of_the_finest(slide: Slide) -> None:
    config = ExtractConfig((X2, X10, X5), size=64, where="all")
    found = plan_patches(slide, NO_LABELS, None, config)
    assert len(found) == 3 * 4 * 2
    for number in range(8):
        fine, middle, coarse = found[3 * number : 3 * number + 3]
        assert {fine.centre, middle.centre, coarse.centre} == {number}
        assert [p.magnification for p in (fine, middle, coarse)] == [X10, X5, X2]
        assert fine.region.centre_l0 == middle.region.centre_l0 == coarse.region.centre_l0
        width = coarse.region.bounds_l0[2] - coarse.region.bounds_l0[0]
        assert width == 4 * (fine.region.bounds_l0[2] - fine.region.bounds_l0[0])


def test_in_grid_mode_every_magnification_has_its_own(slide: Slide) -> None:
    config = ExtractConfig((X10, X5), mode="grid", size=64, where="all")
    found = plan_patches(slide, NO_LABELS, None, config)
    assert [p.magnification.name for p in found] == ["10x"] * 8 + ["5x"] * 2
    assert [p.region.x_l0 for p in found[8:]] == [0, 256]
    assert [p.centre for p in found] == list(range(10))


def test_patches_with_enough_tissue_are_kept(slide: Slide) -> None:
    # Tissue up to x = 320: the third patch of a row (256…384) is half in it.
    mask = np.zeros((3, 8), bool)
    mask[:, :5] = True
    tissue = TissueMask(mask, (64.0, 100.0))
    columns = {}
    for share in (0.0, 0.5, 0.51):
        config = ExtractConfig((X10,), size=64, tissue_share=share)
        found = plan_patches(slide, NO_LABELS, tissue, config)
        columns[share] = {p.region.x_l0: p.tissue for p in found}
    assert columns[0.5] == columns[0.0] == {0: 1.0, 128: 1.0, 256: 0.5}
    assert columns[0.51] == {0: 1.0, 128: 1.0}


def test_the_label_is_the_class_with_enough_of_the_patch(slide: Slide) -> None:
    # The first patch: 3/4 tumour; the second: a quarter of stroma, a quarter of tumour.
    drawn = [
        ("Tumor", box(0, 0, 96, 128)),
        ("Stroma", box(128, 0, 160, 128)),
        ("Tumor", box(160, 0, 192, 64)),
    ]
    labels = label_source(drawn)
    config = ExtractConfig((X10,), size=64, where="labels")
    (found,) = plan_patches(slide, labels, None, config)
    assert (found.label, found.label_share, found.centre_label) == ("Tumor", 0.75, "Tumor")
    lower = ExtractConfig((X10,), size=64, where="labels", label_share=0.25)
    labelled = plan_patches(slide, labels, None, lower)
    assert [(p.label, p.label_share) for p in labelled] == [("Tumor", 0.75), ("Stroma", 0.25)]
    everything = ExtractConfig((X10,), size=64, where="all")
    second = plan_patches(slide, labels, None, everything)[1]
    assert (second.label, second.label_share) == ("", 0.25)


def test_a_tuple_has_the_label_of_its_centre_and_each_patch_its_own(slide: Slide) -> None:
    # The finest patch (0…128) is tumour; the one at 5x (-64…192) mostly is not.
    labels = label_source([("Tumor", box(0, 0, 128, 128)), ("Stroma", box(128, 0, 512, 300))])
    config = ExtractConfig((X10, X5), size=64, where="labels", label_share=0.2)
    fine, coarse = plan_patches(slide, labels, None, config)[:2]
    assert (fine.label, fine.centre_label) == ("Tumor", "Tumor")
    assert (coarse.label, coarse.label_share) == ("Tumor", 0.25)
    strict = ExtractConfig((X10, X5), size=64, where="labels", label_share=0.5)
    fine, coarse = plan_patches(slide, labels, None, strict)[:2]
    assert (coarse.label, coarse.centre_label) == ("", "Tumor")


def test_shares_of_large_patches_are_counted_coarsely_but_well(slide: Slide) -> None:
    labels = label_source([("Tumor", box(0, 0, 90, 256))])
    config = ExtractConfig((Magnification.parse("20x"),), size=256, where="all")
    found = plan_patches(slide, labels, None, config)[0]
    # 4 px of the slide to each of the raster: an edge is off by half of that at most.
    assert found.label_share == pytest.approx(90 / 256, abs=2 / 256)


def test_a_slide_smaller_than_a_patch_gives_none(slide: Slide) -> None:
    config = ExtractConfig((X2,), size=64, where="all")
    assert plan_patches(slide, NO_LABELS, None, config) == []


def test_µm_per_px_must_be_known(tmp_path: Path) -> None:
    path = write_pyramid(tmp_path / "s.tif", position_image(128, 128), mpp=None)
    with open_slide(path) as unknown, pytest.raises(MissingSpacingError):
        plan_patches(unknown, NO_LABELS, None, ExtractConfig(where="all"))
    with open_slide(path, Calibration(1.0, 1.0)) as known:
        assert len(plan_patches(known, NO_LABELS, None, ExtractConfig(size=64, where="all"))) == 4


@pytest.mark.parametrize(
    "wrong",
    [{"at": ()}, {"at": (X10, X10)}, {"size": 4}, {"stride": 0}, {"tissue_share": 1.5}],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        ExtractConfig(**wrong)


def test_only_what_changes_the_patches_changes_the_digest() -> None:
    config = ExtractConfig()
    assert config.digest == ExtractConfig(workers=8, images=("a",), again=True).digest
    assert config.digest != ExtractConfig(size=128).digest
    assert config.digest != ExtractConfig(quality=80).digest
