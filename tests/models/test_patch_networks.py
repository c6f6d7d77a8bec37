"""Networks that say one thing about a patch: the papers' sizes, and what is in their way."""

from pathlib import Path

import pytest
import torch

from hookpath.errors import ModelDesignError
from hookpath.models import Network, build_model, count_parameters
from support.contract import (
    BY_HEART,
    assert_survives_the_disk,
    onnx_difference,
    patches,
    right_after_overfit,
)
from support.networks import random_network

SMALL = {"input_size": 32, "n_classes": 2, "dropout": 0.0}


def of_size(family: str, **config: object) -> tuple[int, int]:
    with torch.device("meta"):
        return count_parameters(build_model(family, **config))


def test_the_classifiers_of_h2g_net_have_the_papers_size() -> None:
    """As Keras counts: with running statistics, and InceptionV3 without scales of its norms."""
    assert of_size("classifier", n_classes=2)[0] == 2_386_686
    assert of_size("classifier", n_classes=2, backbone="inception_v3")[0] == 22_008_286


def test_the_networks_of_multi_scale_tools_have_the_papers_size() -> None:
    """As PyTorch counts: parameters only."""
    three = (1.0, 2.0, 4.0)
    assert of_size("classifier", n_classes=5, backbone="resnet34")[1] == 21_350_981
    assert of_size("multiscale", n_classes=5, context_heads=True)[1] == 42_703_247
    assert of_size("multiscale", n_classes=5, context_heads=True, spacings=three)[1] == 64_054_868
    assert of_size("multiscale", n_classes=5, combine="probabilities")[1] == 42_702_017
    assert (
        of_size("multiscale", n_classes=5, combine="probabilities", spacings=three)[1] == 64_053_023
    )
    assert of_size("scale")[1] == 21_285_185


def test_scales_that_nobody_asks_alone_have_no_classes_of_their_own() -> None:
    each = 128 * 5 + 5
    assert of_size("multiscale", n_classes=5)[1] == 42_703_247 - 2 * each


@pytest.mark.parametrize("combine", ["features", "probabilities"])
@pytest.mark.parametrize("context_heads", [False, True])
def test_one_class_per_patch_of_all_scales_and_of_each(combine: str, context_heads: bool) -> None:
    model = build_model(
        "multiscale", spacings=(0.5, 1.0, 2.0), combine=combine, context_heads=context_heads,
        backbone="mobilenet_v2", **{**SMALL, "n_classes": 3},
    )  # fmt: skip
    with torch.no_grad():
        out = model.eval()(patches(model, 2))
    assert [tuple(o.shape) for o in out] == [(2, 3, 1, 1)] * (4 if context_heads else 1)
    assert model.heads == ((0, 0, 1, 2) if context_heads else (0,))
    assert (model.scores, model.output_um) == ("patches", 0.5 * 32)


@pytest.mark.parametrize(
    ("family", "config"),
    [
        ("classifier", {}),
        ("classifier", {"backbone": "resnet34"}),
        ("multiscale", {"context_heads": True, "backbone": "mobilenet_v2"}),
        ("multiscale", {"combine": "probabilities", "backbone": "mobilenet_v2"}),
    ],
)
def test_they_learn_a_batch_by_heart(family: str, config: dict[str, object]) -> None:
    """From label maps: forward, loss, backward, through the label rule."""
    torch.manual_seed(0)
    model = build_model(family, **SMALL, **config)
    truth = torch.tensor([1, 2, 2, 1])[:, None, None].expand(4, 32, 32)
    targets = model.targets([truth for _ in model.branches])
    assert [tuple(t.shape) for t in targets] == [(4, 1, 1)] * len(model.branches)
    assert right_after_overfit(model, patches(model, 4), targets, most=400, rate=1e-3) > BY_HEART


def test_inception_learns_a_batch_by_heart() -> None:
    torch.manual_seed(0)
    model = build_model(
        "classifier", n_classes=2, backbone="inception_v3", input_size=75, dropout=0.0
    )
    targets = [torch.tensor([1, 2])[:, None, None]]
    assert right_after_overfit(model, patches(model, 2), targets, most=400, rate=1e-3) > BY_HEART


def test_the_scale_detector_learns_a_batch_by_heart() -> None:
    torch.manual_seed(0)
    model = build_model("scale", input_size=32)
    images = patches(model, 4)
    truth = model.targets([torch.tensor([5.0, 10.0, 20.0, 40.0])[:, None, None]])[0]
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    unexplained = torch.tensor(torch.inf)
    for _ in range(400):  # several times what any seed needs
        optimiser.zero_grad()
        errors = (model(images)[0][:, 0] - truth).square().mean()
        unexplained = errors.detach() / truth.var(correction=0)
        if unexplained < 0.02:
            break
        errors.backward()
        optimiser.step()
    assert unexplained < 0.02


FAMILIES = [
    ("classifier", SMALL),
    ("multiscale", {**SMALL, "backbone": "mobilenet_v2", "combine": "probabilities"}),
    ("scale", {"input_size": 32}),
]


@pytest.mark.parametrize(("family", "config"), FAMILIES)
def test_they_come_back_from_disk(family: str, config: dict, tmp_path: Path) -> None:
    assert_survives_the_disk(random_network(family, **config), tmp_path)


@pytest.mark.slow  # tests of the export run the families with a tiny backbone
def test_they_run_as_onnx(tmp_path: Path) -> None:
    """One with two inputs and several outputs; every family is exported in the export's tests."""
    model = build_model(
        "multiscale", n_classes=3, input_size=32, context_heads=True, combine="probabilities"
    )
    assert onnx_difference(model, tmp_path / "model.onnx") < 1e-4


def test_dropout_is_off_when_predicting() -> None:
    model: Network = build_model("classifier", **{**SMALL, "dropout": 0.9}).eval()
    images = patches(model, 2)
    with torch.no_grad():
        assert torch.equal(model(images)[0], model(images)[0])
        model.train()
        assert not torch.equal(model(images)[0], model(images)[0])


def test_the_last_patch_of_a_batch_in_parts_trains_too() -> None:
    """A batch of 9 in parts of 4 leaves one, of which no spread can be taken."""
    model = build_model("classifier", **{**SMALL, "input_size": 64}).train()
    (scores,) = model(patches(model, 1))
    scores.sum().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in model.parameters())


def test_the_outputs_are_logits() -> None:
    """Not probabilities: a softmax in front of the cross-entropy would flatten its gradients."""
    model = random_network("multiscale", combine="probabilities", context_heads=True, **SMALL)  # type: ignore[arg-type]
    model.head[0].weight.data.mul_(50)
    model.head[1].weight.data.mul_(50)
    with torch.no_grad():
        combined, alone, _ = model(patches(model, 4))
    for scores in (combined, alone):
        assert not torch.allclose(scores.sum(1), torch.ones(4, 1, 1), atol=0.1)
        assert float(scores.abs().max()) > 1


@pytest.mark.parametrize(
    ("family", "wrong", "message"),
    [
        ("classifier", {"spacings": (0.5, 1.0)}, "one resolution, not 2"),
        ("classifier", {"backbone": "resnet9"}, "there are: mobilenet_v2, inception_v3, "),
        ("classifier", {"head": "big"}, "h2gnet, multiscale"),
        ("classifier", {"backbone": "inception_v3", "input_size": 64}, "at least 75 px"),
        ("multiscale", {"spacings": (1.0,)}, "at least 2 scales"),
        ("multiscale", {"spacings": (2.0, 1.0)}, "fine to coarse"),
        ("multiscale", {"combine": "both"}, "features, probabilities"),
    ],
)
def test_designs_that_cannot_be_built_say_what_would(
    family: str, wrong: dict, message: str
) -> None:
    with pytest.raises(ModelDesignError, match=message):
        build_model(family, n_classes=2, **wrong)


def test_a_scale_detector_needs_magnifications_to_tell_apart() -> None:
    with pytest.raises(ModelDesignError, match="two or more"):
        build_model("scale", magnifications=(20.0, 20.0))
