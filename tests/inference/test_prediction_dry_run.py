"""Images are looked at before they are predicted."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookpath.errors import UsageError
from hookpath.inference import PredictConfig, check_images
from hookpath.projects import open_project
from support.predictors import save_random_model
from support.textures import texture_folder, texture_slide

CONFIG = PredictConfig(device="cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return texture_folder(tmp_path / "slides", slides=2, size=160)


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a model that knows nothing of its training slides."""
    return save_random_model(tmp_path_factory.mktemp("model"), seed=3)


def test_an_image_that_would_be_refused_says_why_and_the_others_are_looked_at(
    folder: Path, model_dir: Path
) -> None:
    texture_slide(folder / "s1.tif", seed=1, size=160, mpp=8.0)
    found = check_images(open_project(folder), model_dir, CONFIG)
    assert [image.image for image in found.images] == ["s0.tif", "s1.tif"]
    fine, coarse = found.images
    assert (fine.problem, fine.ood) == (None, None)
    assert coarse.problem is not None
    assert "µm/px" in coarse.problem
    assert not found.has_reference
    assert found.device == "cpu"


def test_chosen_images_only_and_a_wrong_name_is_refused(folder: Path, model_dir: Path) -> None:
    one = CONFIG.model_copy(update={"images": ("s1.tif",)})
    found = check_images(open_project(folder), model_dir, one)
    assert [image.image for image in found.images] == ["s1.tif"]
    with pytest.raises(UsageError, match="no image named other"):
        check_images(open_project(folder), model_dir, one.model_copy(update={"images": ("other",)}))


def test_nothing_is_written(folder: Path, model_dir: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in folder.iterdir()}
    check_images(open_project(folder), model_dir, CONFIG)
    assert {p: p.stat().st_mtime_ns for p in folder.iterdir()} == before
