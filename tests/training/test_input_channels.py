"""Training on chosen channels: what is learned from, how it is scaled, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely import box

from hookpath.annotations import LabelRules, PathClass, PathObject
from hookpath.errors import HookpathError, ModelDesignError, TrainingError, UsageError
from hookpath.geometry import Region
from hookpath.inference import PredictConfig, predict_project
from hookpath.inference.predictors.model_input_channels import scales_of
from hookpath.models import ModelCard, read_card, save_model
from hookpath.projects import PlaneEntry, open_project
from hookpath.projects.confirmed_annotations import CONFIRMED_CLASS
from hookpath.training import TrainConfig, train_network
from hookpath.training.data.annotation_inventory import images_of
from hookpath.training.data.input_channels import as_begun, for_dark_slides
from hookpath.training.data.training_data import TrainingData, gather
from support.families import class_table
from support.multiplex import NAMES, write_ome, write_strokes
from support.networks import red_network
from support.ngff import write_ome_zarr
from support.slides import write_pyramid
from support.spots import DRAWN_SPOTS, LEARNED, centres, learn_spots, lie_on_spots, spotted
from support.training import TINY, Recorder

SIZE = 128
STROKES = {"In": [(70, 10, 120, 118)], "Out": [(8, 10, 58, 118)]}


def slide(folder: Path, name: str, names: tuple[str, ...] = NAMES, seed: int = 0) -> Path:
    """Noise in every channel; the right half is bright in CD8, 4000 above 1000."""
    pixels = np.random.default_rng(seed).integers(900, 1101, (len(names), SIZE, SIZE))
    if "CD8" in names:
        pixels[names.index("CD8"), :, SIZE // 2 :] += 4000
    write_ome(folder / f"{name}.ome.tif", pixels.astype(np.uint16), names=names, levels=1, mpp=1.0)
    write_strokes(folder / f"{name}.ome.geojson", STROKES)
    return folder / f"{name}.ome.tif"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "slides").mkdir()
    for seed, name in enumerate("ab"):
        slide(tmp_path / "slides", name, seed=seed)
    return tmp_path / "slides"


def gathered(folder: Path, *settings: str) -> TrainingData:
    config = TrainConfig.load(overrides=[*TINY, *settings])
    return gather([open_project(folder)], config, Recorder())


def test_all_channels_are_learned_from_unless_some_are_named(folder: Path) -> None:
    assert [c.name for c in gathered(folder).channels] == list(NAMES)
    named = gathered(folder, 'channels=["CD20", "CD8"]')
    assert [c.name for c in named.channels] == ["CD20", "CD8"]
    assert all(s.slide.channels == named.channels for s in [*named.train, *named.val])


def test_bounds_are_percentiles_of_the_training_slides_or_given(folder: Path) -> None:
    fixed = gathered(folder, "channel_bounds={CD8 = [10, 20]}", "channel_percentiles=[25, 75]")
    bounds = {c.name: (c.low, c.high) for c in fixed.channels}
    assert bounds["CD8"] == (10, 20)
    assert bounds["CK"] == pytest.approx((950, 1050), abs=5)  # of 900…1100
    half = gathered(folder, "channel_percentiles=[0, 100]")
    assert {c.name: c.low for c in half.channels}["CD8"] == 900
    assert {c.name: c.high for c in half.channels}["CD8"] == 5100


def test_training_and_prediction_see_the_same_channels(folder: Path, tmp_path: Path) -> None:
    config = TrainConfig.load(
        overrides=[
            *TINY,
            'channels=["CD8", "DAPI"]',
            "steps_per_epoch=16",
            "bn_momentum=0.3",
            "workers=0",
        ]
    )
    data = gathered(folder, 'channels=["CD8", "DAPI"]')
    run = train_network([open_project(folder)], config, tmp_path / "run")
    card = read_card(run.model_dir)
    assert card.config["in_channels"] == 2
    assert scales_of(card) == data.channels
    (tmp_path / "new").mkdir()
    slide(tmp_path / "new", "c", names=("CK", "DAPI", "CD8"), seed=5)
    project = open_project(tmp_path / "new")
    settings = PredictConfig(min_area_um2=1, device="cpu", tissue=False, as_="none")
    (found,) = predict_project(project, run.model_dir, tmp_path / "out", settings).predicted
    largest: dict[str, Any] = {}
    for o in sorted(found.objects, key=lambda o: o.geometry.area):
        assert o.path_class is not None
        largest[o.path_class.name] = o.geometry
    assert largest["In"].centroid.x > SIZE / 2 > largest["Out"].centroid.x


def test_a_slide_without_a_named_channel_is_left_out(folder: Path) -> None:
    slide(folder, "c", names=("DAPI", "CD3"))
    said = Recorder()
    config = TrainConfig.load(overrides=[*TINY, 'channels=["CD8"]'])
    data = gather([open_project(folder)], config, said)
    assert {s["name"] for s in data.slides} == {"a.ome.tif", "b.ome.tif"}
    assert any("c.ome.tif is left out: has no channel CD8" in w for w in said.warnings)


def test_slides_that_do_not_go_together_are_named(folder: Path) -> None:
    slide(folder, "c", names=("DAPI", "CD3"))
    with pytest.raises(
        TrainingError,
        match=r"a\.ome\.tif is of the channels DAPI, CD8, CK, CD20, "
        r"c\.ome\.tif is of the channels DAPI, CD3; choose channels",
    ):
        gathered(folder)


def test_where_images_are_rgb_the_others_are_left_out(folder: Path) -> None:
    write_pyramid(folder / "d.tif", np.full((SIZE, SIZE, 3), 200, np.uint8), 1.0, levels=1)
    write_strokes(folder / "d.geojson", STROKES)
    said = Recorder()
    data = gather([open_project(folder)], TrainConfig.load(overrides=TINY), said)
    assert [s["name"] for s in data.slides] == ["d.tif"]
    assert data.channels == ()
    left_out = [w for w, code in zip(said.warnings, said.codes, strict=True) if code == "channels"]
    assert [w.split(" ")[0] for w in left_out] == ["a.ome.tif", "b.ome.tif"]


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        (["family=unet-lr"], ModelDesignError, "unet-lr reads RGB images only; .*hooknet.*mrn"),
        (["normalisation=macenko"], TrainingError, "drop normalisation"),
    ],
)
def test_what_is_of_rgb_only_says_so(
    folder: Path, tmp_path: Path, settings: list[str], error: type[HookpathError], says: str
) -> None:
    base = TINY if not settings[0].startswith("family") else ("preset=fast",)
    config = TrainConfig.load(overrides=[*base, *settings])
    with pytest.raises(error, match=says):
        train_network([open_project(folder)], config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ('channels=["A", "A"]', "names one twice"),
        ("channel_percentiles=[99, 1]", "from 0 to 100"),
        ("channel_bounds={A = [5, 5]}", "from a lower to a higher"),
    ],
)
def test_settings_that_mean_nothing_are_refused(setting: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        TrainConfig.load(overrides=[setting])


def test_strokes_on_an_ome_zarr_come_back_as_objects_where_it_is_bright(tmp_path: Path) -> None:
    """A folder with one of each kind: annotated the first, the other predicted, too."""
    folder = tmp_path / "slides"
    folder.mkdir()
    for name, version in (("old.ome.zarr", "0.4"), ("new.zarr", "0.5")):
        write_ome_zarr(folder / name, spotted(), version=version, labels=NAMES, scale=1.0)
    write_strokes(folder / "old.geojson", DRAWN_SPOTS)
    model = learn_spots(open_project(folder), tmp_path / "run", channel="CD8")
    found = predict_project(open_project(folder), model, tmp_path / "out", LEARNED)
    assert found.problems == ()
    for entry in open_project(folder).images:
        ours = [o for o in entry.objects() if o.run and o.path_class and o.path_class.name == "B"]
        assert lie_on_spots(centres(o.geometry for o in ours)), entry.name


def test_planes_teach_what_is_drawn_on_them_and_stay_together(tmp_path: Path) -> None:
    """Of a stack whose bright half changes sides from plane to plane."""
    planes = np.random.default_rng(1).integers(900, 1101, (3, 1, SIZE, SIZE))
    planes[0, :, :, SIZE // 2 :] += 4000
    planes[2, :, :, : SIZE // 2] += 4000
    for name in "ab":
        path = tmp_path / f"{name}.ome.tif"
        write_ome(path, planes.astype(np.uint16), ["CD8"], axes="ZCYX", levels=1, mpp=1.0)
    left, right = [(8, 10, 58, 118)], [(70, 10, 120, 118)]
    write_strokes(tmp_path / "a.ome.geojson", {"In": right, "Out": left})
    write_strokes(tmp_path / "b.ome.geojson", {"In": left, "Out": right}, plane=(2, 0))
    data = gathered(tmp_path, "validation.fraction=0")
    assert [(s.name, s.slide.plane) for s in data.train] == [
        ("a.ome.tif", (0, 0)),
        ("b.ome.tif (z 2, t 0)", (2, 0)),
    ]
    for source in data.train:
        with source.open() as slide:
            bright = [np.mean(slide.read(Region(x, 0, 64, 128, 1, 1))) for x in (0, 64)]
        assert (bright[1] > bright[0]) == (source.slide.plane == (0, 0))
    both = write_strokes(tmp_path / "a.ome.geojson", {"In": right, "Out": left})
    more = write_strokes(tmp_path / "more.json", {"In": left, "Out": right}, plane=(2, 0))
    whole = json.loads(both.read_text())
    whole["features"] += json.loads(more.read_text())["features"]
    both.write_text(json.dumps(whole))
    data = gathered(tmp_path, 'validation.val=["b.ome.tif"]')
    assert data.split["train"] == ["a.ome.tif (z 0, t 0)", "a.ome.tif (z 2, t 0)"]
    assert data.split["val"] == ["b.ome.tif (z 2, t 0)"]


def test_a_confirmed_area_confirms_what_its_own_plane_shows(tmp_path: Path) -> None:
    planes = np.random.default_rng(1).integers(900, 5000, (3, 1, SIZE, SIZE))
    path = tmp_path / "a.ome.tif"
    write_ome(path, planes.astype(np.uint16), ["CD8"], axes="ZCYX", levels=1, mpp=1.0)
    write_strokes(tmp_path / "a.ome.geojson", {CONFIRMED_CLASS: [(0, 0, SIZE, SIZE)]})
    for z, name in ((0, "In"), (2, "Out")):
        (entry,) = open_project(tmp_path).images
        shown = PathObject(box(10 * z, 0, 10 * z + 10, 60), "annotation", PathClass(name))
        PlaneEntry(entry, (z, 0)).write([shown], "run-1")
    (image,) = images_of([open_project(tmp_path)], None, LabelRules())
    assert {o.path_class.name for o in image.annotated if o.path_class} == {"In", CONFIRMED_CLASS}


@pytest.mark.parametrize(("ground", "hue"), [(8, 0.0), (230, 0.05)])
def test_hue_and_stains_are_for_bright_rgb_only(tmp_path: Path, ground: int, hue: float) -> None:
    pixels = np.full((SIZE, SIZE, 3), ground, np.uint8)
    pixels[:, 96:, 2] = 140
    write_pyramid(tmp_path / "a.tif", pixels, 1.0, levels=1)
    write_strokes(tmp_path / "a.geojson", STROKES)
    config = TrainConfig.load(overrides=[*TINY, "augmentation=strong"])
    data, said = gather([open_project(tmp_path)], config, Recorder()), Recorder()
    found = for_dark_slides(config, data, said).augmentation
    assert (found.hue, found.stain) == (hue, 4 * hue)
    assert found.brightness == config.augmentation.brightness
    assert bool(said.infos) == (hue == 0)


def test_dark_slides_whose_stains_would_be_mixed_vary_moderately_in_brightness(
    tmp_path: Path,
) -> None:
    write_pyramid(tmp_path / "a.tif", np.full((SIZE, SIZE, 3), 8, np.uint8), 1.0, levels=1)
    write_strokes(tmp_path / "a.geojson", STROKES)
    config = TrainConfig.load(overrides=[*TINY, "augmentation=mixed"])
    data = gather([open_project(tmp_path)], config, Recorder())
    found = for_dark_slides(config, data, Recorder()).augmentation
    assert (found.stain_mixing, found.hue, found.stain) == (0, 0, 0)
    assert (found.brightness, found.contrast) == (0.1, 0.1)


def test_a_run_that_begins_with_a_model_takes_its_channels_and_bounds(
    folder: Path, tmp_path: Path
) -> None:
    scales = [{"name": "CD20", "low": 5, "high": 50}, {"name": "CD8", "low": 0, "high": 9000}]
    model = red_network(in_channels=2)
    norm = {"scale": 1 / 255, "channels": scales}
    save_model(tmp_path / "m", model, ModelCard.describe(model, class_table(2), normalisation=norm))
    config = TrainConfig.load(overrides=["family=unet", f'init_from="{tmp_path / "m"}"'])
    found = as_begun(config)
    assert found.channels == ("CD20", "CD8")
    assert [c.model_dump() for c in gather([open_project(folder)], found, Recorder()).channels] == (
        scales
    )
    own = as_begun(config.model_copy(update={"channels": ("CD8",)}))
    assert own.channels == ("CD8",)
