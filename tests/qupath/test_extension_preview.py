"""The live preview and the probability map in QuPath's own window: what prediction gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hookpath.inference import PredictConfig, predict_slide
from hookpath.inference.prediction_record import PROBABILITIES_NAME
from hookpath.models import load_model
from hookpath.slides import open_slide
from hookpath.slides.prediction_map_reader import open_map
from support.dark_slides import FIRST, make_dark_project, save_dark_model
from support.extension import installed_extension
from support.window_visits import visit

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a visit to QuPath's window saw; ``predicted``: ``(C, H, W)`` uint8, the whole slide."""
    root = tmp_path_factory.mktemp("preview µ")
    model = save_dark_model(root / "dünkel model")
    project = make_dark_project(root / "Projekt", images=(FIRST,))
    predicted, card = load_model(model)
    config = PredictConfig(tissue=True, as_="none", device="cpu")
    with open_slide(root / "Projekt slides" / FIRST) as slide:
        predict_slide(predicted, card, slide, root / "predicted", config)
    qupath = installed_extension(tmp_path_factory.mktemp("QuPath home"))
    out = root / "out"
    out.mkdir()
    found = visit(
        qupath, "preview_in_window.groovy", project, FIRST, out, 240,
        HOOKPATH_PREVIEW_OUT=str(out), HOOKPATH_PREVIEW_MODEL=str(model),
        HOOKPATH_PREVIEW_MAP=str(root / "predicted" / PROBABILITIES_NAME),
    )  # fmt: skip
    with open_map(root / "predicted" / PROBABILITIES_NAME) as map_:
        whole = map_.read(0, 0, map_.width, map_.height)
    return {**found, "out": out, "predicted": np.moveaxis(whole, -1, 0)}


def stitched(seen: dict[str, Any], kind: str) -> npt.NDArray[np.uint8]:
    """The tiles of an overlay, in one piece; they cover the slide without gaps."""
    out = np.zeros_like(seen["predicted"])
    covered = np.zeros(out.shape[1:], int)
    for tile in seen[kind]:
        shape = tile["bands"], tile["height"], tile["width"]
        values = np.fromfile(seen["out"] / tile["file"], np.uint8).reshape(shape)
        rows = slice(tile["y"], tile["y"] + tile["height"])
        columns = slice(tile["x"], tile["x"] + tile["width"])
        out[:, rows, columns] = values
        covered[rows, columns] += 1
    assert (covered == 1).all()
    return out


@pytest.mark.parametrize("kind", ["preview", "map"])
def test_every_pixel_of_the_overlay_is_the_predictions(seen: dict[str, Any], kind: str) -> None:
    found, expected = stitched(seen, kind), seen["predicted"]
    assert {t["downsample"] for t in seen[kind]} == {2.0}  # 1 µm/px of the slide's 0.5
    assert expected[0].max() > 200
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= (1 if kind == "preview" else 0)


def test_the_mouse_tells_the_probabilities(seen: dict[str, Any]) -> None:
    assert seen["classes"] == ["Dark", "Pale"]
    assert seen["readout"].startswith("Dark ")


def test_looking_leaves_no_trace_in_the_image(seen: dict[str, Any]) -> None:
    assert seen["changed"] is False
    assert seen["changedByMap"] is False


def test_the_worker_ends_with_the_preview_and_with_the_project(seen: dict[str, Any]) -> None:
    assert seen["workers"] == 1
    assert seen["overlayAfterStop"] is False
    assert seen["projectClosed"]


def test_a_worker_that_was_killed_ends_the_preview(seen: dict[str, Any]) -> None:
    assert seen["killed"]


def test_a_model_that_is_not_there_is_said_in_one_line(seen: dict[str, Any]) -> None:
    assert "/nowhere at all" in seen["problem"]


def test_an_error_in_the_background_is_heard_of(seen: dict[str, Any]) -> None:
    assert seen["told"] == "java.lang.NoClassDefFoundError: no/Such"
