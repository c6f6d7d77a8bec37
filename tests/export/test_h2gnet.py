"""H2G-Net leaves as two networks, and as one pipeline that joins them as hookpath does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from hookpath.export import export_model
from hookpath.export.fastpathology_overview import RefinedProbabilities
from hookpath.inference.overview.overview_predictor import OverviewSlides
from hookpath.inference.predictors.model_errors import NamedSlides
from hookpath.inference.predictors.predictor_factory import load_predictor
from hookpath.models import H2GNet, build_model, load_model
from support.families import TINY
from support.saving import save_tiny

SIDE = 16


class Bright(nn.Module):
    """In place of a refinement: class 1 where the heatmap's channel says so, else class 2 where
    there is white, else class 3."""

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        (overview,) = images
        hot = overview[:, 3:4] > 0.5
        white = (overview[:, :3].amin(dim=1, keepdim=True) > 0.95) & ~hot
        return [torch.cat([hot, white, ~hot & ~white], dim=1) * 40.0]


def refined(rgb: Tensor, heatmap: Tensor) -> np.ndarray:
    """Labels (0 = background) as FAST makes them of the exported graph's output."""
    model = build_model("h2gnet", **{**TINY["h2gnet"], "n_classes": 3})
    assert isinstance(model, H2GNet)
    model.refine = Bright()  # type: ignore[assignment]
    found = RefinedProbabilities(model)([rgb, heatmap])
    assert found.shape == (1, 4, SIDE, SIDE)
    return found[0].argmax(dim=0).numpy()


@pytest.mark.parametrize(("rows", "columns"), [(4, 8), (8, 4), (5, 5)])
def test_the_slide_stays_itself_whatever_its_proportions(rows: int, columns: int) -> None:
    """Nothing of the white beside a slide gets into it, and the heatmap lies where it belongs."""
    heatmap = torch.zeros(rows, columns, 3)
    heatmap[: rows // 2, :, 0] = 1
    found = refined(torch.full((1, 3, SIDE, SIDE), 0.3), heatmap)
    edge = round(SIDE * (rows // 2) / rows)
    np.testing.assert_array_equal(found[: edge - 1], 1)
    np.testing.assert_array_equal(found[edge + 1 :], 3)


def test_what_the_refinement_sees_has_the_slides_proportions() -> None:
    """A slide twice as wide as high takes the middle half of a white square."""
    seen: list[Tensor] = []

    class Looking(Bright):
        def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
            seen.extend(images)
            return super().forward(images)

    model = build_model("h2gnet", **{**TINY["h2gnet"], "n_classes": 3})
    assert isinstance(model, H2GNet)
    model.refine = Looking()  # type: ignore[assignment]
    RefinedProbabilities(model)([torch.full((1, 3, SIDE, SIDE), 0.3), torch.ones(4, 8, 3)])
    (overview,) = seen
    quarter = SIDE // 4
    middle = slice(quarter, 3 * quarter)
    torch.testing.assert_close(overview[:, :3, middle], torch.full((1, 3, 8, SIDE), 0.3))
    assert overview[:, 3:, middle].amin() == 1
    for outside in (overview[:, :, :quarter], overview[:, :, 3 * quarter :]):
        assert outside[:, :3].amin() == 1
        assert outside[:, 3:].amax() == 0


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("h2g") / "model", "h2gnet")


def test_both_stages_predict_from_onnx(model_dir: Path, tmp_path: Path) -> None:
    done = export_model(model_dir, tmp_path / "out")
    assert [str(path.relative_to(tmp_path / "out")) for path in done.files] == [
        "patch/model.onnx",
        "patch/model.json",
        "model.onnx",
        "model.json",
    ]
    predictor, card = load_predictor(tmp_path / "out")
    assert card.family == "h2gnet"
    assert isinstance(predictor, NamedSlides)
    assert isinstance(predictor.of, OverviewSlides)
    assert predictor.of.first is not None
    model, _ = load_model(model_dir)
    assert isinstance(model, H2GNet)
    assert predictor.of.first.channels == model.shown


def test_the_pipeline_joins_the_stages(model_dir: Path, tmp_path: Path) -> None:
    export_model(model_dir, tmp_path / "out", "fastpathology")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "network.onnx",
        "pipeline.fpl",
        "refinement.onnx",
    ]
    session = onnxruntime.InferenceSession(tmp_path / "out/refinement.onnx")
    # FAST numbers its ports by the inputs' names.
    assert [(i.name, i.shape) for i in session.get_inputs()] == [
        ("image_0", [1, 3, SIDE, SIDE]),
        ("image_1", ["rows", "columns", 2]),
    ]
    text = (tmp_path / "out/pipeline.fpl").read_text(encoding="utf-8")
    last = text[text.index("ProcessObject refinement") :].split("\n\n")[0].splitlines()
    assert last[-2:] == ["Input 0 lowRes 0", "Input 1 finish 0"]
    assert "Input 0 WSI\n" in text
