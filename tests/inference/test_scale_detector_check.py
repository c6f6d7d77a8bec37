"""A slide's content against what its file states, by a detector that is known to be right."""

from pathlib import Path

import pytest

from hookpath.errors import ModelDesignError, ModelFolderError, SlideError
from hookpath.inference.predictors.predictor_factory import predictor_of
from hookpath.inference.scale_detector_check import ScaleCheck, ScaleEstimate
from hookpath.models import FAMILIES, ModelCard, save_model
from hookpath.slides import SlideRef
from support.networks import random_network
from support.ruler import Ruler, ramp_slide


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScaleCheck:
    monkeypatch.setitem(FAMILIES, Ruler.family, Ruler)
    ruler = Ruler()
    save_model(tmp_path / "ruler", ruler, ModelCard.describe(ruler, []))
    return ScaleCheck(tmp_path / "ruler", "cpu")


@pytest.mark.parametrize("mpp", [0.25, 0.5])
def test_what_is_stated_rightly_is_confirmed(check: ScaleCheck, mpp: float, tmp_path: Path) -> None:
    found = check.look(SlideRef(ramp_slide(tmp_path / "a.tif", mpp)), "a.tif")
    assert found.stated_um == pytest.approx(mpp)
    assert found.estimated_um == pytest.approx(mpp, rel=0.1)
    assert not found.disagrees
    assert found.line == ""


@pytest.mark.parametrize(("true", "stated"), [(0.5, 0.25), (0.25, 0.5), (0.25, 1.0)])
def test_what_is_stated_wrongly_is_noticed(
    check: ScaleCheck, true: float, stated: float, tmp_path: Path
) -> None:
    path = ramp_slide(tmp_path / "a.tif", true, stated=stated)
    found = check.look(SlideRef(path), "a.tif")
    assert found.stated_um == pytest.approx(stated)
    assert found.estimated_um == pytest.approx(true, rel=0.1)
    assert found.disagrees
    assert f"{stated:g} µm/px is stated" in found.line


@pytest.mark.parametrize("true", [0.25, 1.0])
def test_what_is_not_stated_is_estimated(check: ScaleCheck, true: float, tmp_path: Path) -> None:
    path = ramp_slide(tmp_path / "a.tif", true, stated=None, width=600)
    found = check.look(SlideRef(path), "a.tif")
    assert found.stated_um is None
    assert found.estimated_um == pytest.approx(true, rel=0.15)
    assert "µm/px is unknown" in found.line
    assert not found.disagrees


def test_patches_that_do_not_agree_among_themselves_warn_of_nothing() -> None:
    assert not ScaleEstimate(0.25, 0.5, lowest_um=0.2, highest_um=0.9, patches=48).disagrees
    assert ScaleEstimate(0.25, 0.5, lowest_um=0.4, highest_um=0.9, patches=48).disagrees
    assert not ScaleEstimate(0.25, 0.3, lowest_um=0.28, highest_um=0.4, patches=48).disagrees


def test_a_slide_smaller_than_a_patch_says_so(check: ScaleCheck, tmp_path: Path) -> None:
    tiny = ramp_slide(tmp_path / "a.tif", mpp=1.0, width=40)
    with pytest.raises(SlideError, match="too small or too coarse"):
        check.look(SlideRef(tiny), "a.tif")


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    model = random_network("unet", n_classes=2, filters=2)
    save_model(tmp_path / "m", model, ModelCard.describe(model, []))
    with pytest.raises(ModelFolderError, match="unet is no scale detector"):
        ScaleCheck(tmp_path / "m", "cpu")


def test_slides_are_not_predicted_with_a_detector() -> None:
    ruler = Ruler()
    with pytest.raises(ModelDesignError, match="hookpath info SOURCE --scale-model"):
        predictor_of(ruler, ModelCard.describe(ruler, []))
