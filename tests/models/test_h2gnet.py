"""H2G-Net as one network of two stages."""

from pathlib import Path

import pytest
import torch

from hookpath.errors import ModelDesignError
from hookpath.models import H2GNet, build_model, count_parameters
from support.contract import (
    BY_HEART,
    assert_survives_the_disk,
    onnx_difference,
    patches,
    right_after_overfit,
)


def small(n_classes: int = 2, background: int | None = None, refine: str = "unet-lr") -> H2GNet:
    torch.manual_seed(0)
    found = build_model(
        "h2gnet",
        n_classes=n_classes,
        patch={"input_size": 32},
        refine={"family": refine, "size": 16, "filters": (4, 8)},
        background=background,
    )
    assert isinstance(found, H2GNet)
    return found


def test_the_papers_two_stages() -> None:
    with torch.device("meta"):
        model = build_model("h2gnet", n_classes=2)
    assert isinstance(model, H2GNet)
    assert count_parameters(model.patch)[0] == 2_386_686
    assert count_parameters(model.refine)[0] == 11_572_562
    assert model.branches[0].input_size == 1024
    assert model.channels == (4,)
    assert (model.patch.branches[0].input_size, model.patch.branches[0].spacing_um) == (256, 1.0)


@pytest.mark.parametrize(
    ("background", "shown", "label"), [(None, (0, 1), 3), (1, (1, 2), 1), (2, (0, 2), 2)]
)
def test_the_heatmap_shows_every_class_but_the_background(
    background: int | None, shown: tuple[int, ...], label: int
) -> None:
    model = small(3, background)
    assert model.shown == shown
    assert model.channels == (5,)
    assert model.patch.config["background"] == label


def test_only_the_second_stage_learns() -> None:
    model = small().train()
    before = {n: v.clone() for n, v in model.patch.state_dict().items()}
    assert not model.patch.training
    labels = torch.randint(0, 3, (2, 8, 8), generator=torch.Generator().manual_seed(3))
    large = labels.repeat_interleave(2, 1).repeat_interleave(2, 2)
    assert right_after_overfit(model, patches(model, 2), [large], most=400) > BY_HEART
    assert all(torch.equal(before[n], v) for n, v in model.patch.state_dict().items())
    assert {id(w) for w in model.l2_parameters()} <= {id(p) for p in model.refine.parameters()}


def test_it_comes_back_from_disk_and_its_refinement_runs_as_onnx(tmp_path: Path) -> None:
    model = small(refine="doubleunet")
    assert_survives_the_disk(model, tmp_path)
    assert onnx_difference(model, tmp_path / "model.onnx") < 1e-4


def test_stages_of_the_wrong_kind_are_refused() -> None:
    with pytest.raises(ModelDesignError, match="unet gives no class to patches"):
        build_model("h2gnet", n_classes=2, patch={"family": "unet", "filters": 2})
    with pytest.raises(ModelDesignError, match="unknown model family 'unetlr'"):
        build_model("h2gnet", n_classes=2, refine={"family": "unetlr"})
    with pytest.raises(ModelDesignError, match="filtres"):
        build_model("h2gnet", n_classes=2, refine={"filtres": 3})
