"""The scale detector from the shell: trained on slides without annotations, asked about others."""

from pathlib import Path

import pytest

from hookpath.evaluation.scale_detector import score_detector
from hookpath.inference import scale_detector_check
from hookpath.models import FAMILIES, ModelCard, load_model, save_model
from support.ruler import Ruler, ramp_slide

TINY = (
    "--set=model.input_size=32", "--set=model.magnifications=[5, 10, 20]", "--set=epochs=1",
    "--set=steps_per_epoch=2", "--set=batch_size=2", "--set=backbone_weights=none",
    "--set=validation.max_patches=6", "--set=device=cpu",
)  # fmt: skip


@pytest.fixture
def slides(tmp_path: Path) -> Path:
    """One that is stated rightly, one wrongly, one not at all."""
    folder = tmp_path / "slides"
    folder.mkdir()
    ramp_slide(folder / "right.tif", mpp=0.5)
    ramp_slide(folder / "wrong.tif", mpp=0.5, stated=0.25)
    ramp_slide(folder / "none.tif", mpp=0.5, stated=None)
    return folder


def test_a_detector_trains_on_slides_and_is_asked_about_them(
    hookpath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale_detector_check, "PATCHES", 4)
    folder = tmp_path / "known"
    folder.mkdir()
    for name in ("a", "b"):
        ramp_slide(folder / f"{name}.tif", mpp=0.5)
    run = tmp_path / "run"
    done = hookpath("train", folder, "-m", "scale", "-o", run, "--preset", "fast", *TINY)
    assert done.code == 0, done.err
    model, card = load_model(run / "model")
    assert (model.magnifications, card.classes) == ((5.0, 10.0, 20.0), [])
    assert {f"validation_{x}" for x in ("r2", "mse", "kappa", "balanced_accuracy")} <= {
        *card.metrics
    }
    assert "R²" in (run / "report.html").read_text(encoding="utf-8")
    asked = hookpath("info", folder, "--scale-model", run, "--device", "cpu", "--json")
    (result,) = [e["data"] for e in asked.events if e["event"] == "result"]
    assert all(image["estimated_um"] > 0 for image in result["images"])


def test_info_warns_where_stated_spacing_and_content_disagree(
    hookpath, slides: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAMILIES, Ruler.family, Ruler)
    save_model(tmp_path / "ruler", Ruler(), ModelCard.describe(Ruler(), []))
    done = hookpath("info", slides, "--scale-model", tmp_path / "ruler", "--json")
    (result,) = [e["data"] for e in done.events if e["event"] == "result"]
    images = {i["name"]: i for i in result["images"]}
    assert {n: i["scale_disagrees"] for n, i in images.items()} == {
        "right.tif": False, "wrong.tif": True, "none.tif": False,
    }  # fmt: skip
    for image in images.values():
        assert image["estimated_um"] == pytest.approx(0.5, rel=0.1)
    warnings = [e["message"] for e in done.events if e["event"] == "warning"]
    assert any(w.startswith("wrong.tif: 0.25 µm/px is stated, but") for w in warnings)
    assert any(w.startswith("none.tif: µm/px is unknown; by its content") for w in warnings)
    assert not any(w.startswith("right.tif") for w in warnings)


def test_evaluate_measures_a_detector_and_refuses_what_is_for_classes(
    hookpath, slides: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAMILIES, Ruler.family, Ruler)
    monkeypatch.setattr(score_detector, "PATCHES", 2)
    save_model(tmp_path / "ruler", Ruler(), ModelCard.describe(Ruler(), []))
    call = ("evaluate", slides, "--model", tmp_path / "ruler", "-o", tmp_path / "out")
    done = hookpath(*call, "--mpp", 0.5)
    assert done.code == 0, done.err
    assert "quadratic κ" in done.out
    assert "none.tif" in done.out
    partly = hookpath(*call, "--json")
    assert partly.code == 1
    (found,) = [e["data"] for e in partly.events if e.get("kind") == "evaluated"]
    assert [s["name"] for s in found["slides"]] == ["right.tif", "wrong.tif"]
    assert [e["data"]["image"] for e in partly.events if e.get("kind") == "problem"] == ["none.tif"]
    right, wrong = (s["mse"] for s in found["slides"])
    assert right < wrong
    refused = hookpath(*call, "--rest", "Normal")
    assert refused.code == 2
    assert "--rest is for models that tell classes" in refused.err
