"""What a network takes over from a model of other classes, whatever the family calls its head."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hookpath.annotations import ClassTable, PathClass
from hookpath.errors import UsageError
from hookpath.models import Network, build_model
from hookpath.models.backbones import BACKBONES
from hookpath.models.storage.model_folder import ModelCard, save_model
from hookpath.training import TrainConfig
from hookpath.training.weights.inherited_weights import Classes, class_axes, inherited
from hookpath.training.weights.network_setup import make_network
from support.contract import patches
from support.families import TINY, TINY_BACKBONE
from support.training import Recorder

#: Families whose score of a class does not depend on which other classes there are.
APART = ("unet", "hooknet", "mrn", "unet-lr", "agunet", "dagunet", "classifier", "multiscale")
OTHERS = ("doubleunet", "h2gnet")

THEIRS = ("Tumor", "Stroma", "Fat")


@pytest.fixture(autouse=True)
def _tiny_backbone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BACKBONES, "tiny", TINY_BACKBONE)


def network(family: str, n_classes: int, seed: int) -> Network:
    torch.manual_seed(seed)
    return build_model(family, **{**TINY[family], "n_classes": n_classes}).eval()


def begun(family: str, ours: tuple[str, ...]) -> tuple[Network, Network]:
    """A network of `THEIRS`, and one of our classes that starts from it."""
    source, model = network(family, len(THEIRS), 1), network(family, len(ours), 2)
    model.load_state_dict(
        inherited(model, source.state_dict(), Classes(THEIRS, ours)), strict=False
    )
    return source, model


def scores(model: Network) -> torch.Tensor:
    with torch.no_grad():
        return model(patches(model))[0]


@pytest.mark.parametrize("family", APART)
def test_classes_of_the_same_name_score_as_before_wherever_they_stand(family: str) -> None:
    source, model = begun(family, ("Fat", "Necrosis", "Tumor", "Vessel"))
    before, now = scores(source), scores(model)
    assert torch.allclose(now[:, 0], before[:, 2], atol=1e-6)
    assert torch.allclose(now[:, 2], before[:, 0], atol=1e-6)
    assert not torch.allclose(now[:, 1], before[:, 1], atol=1e-3)


@pytest.mark.parametrize("family", APART)
def test_as_many_classes_of_other_names_are_no_excuse_to_mix_them_up(family: str) -> None:
    source, model = begun(family, ("Stroma", "Tumor", "Necrosis"))
    before, now = scores(source), scores(model)
    assert torch.allclose(now[:, :2], before[:, [1, 0]], atol=1e-6)
    assert not torch.allclose(now[:, 2], before[:, 2], atol=1e-3)


@pytest.mark.parametrize("family", [*APART, *OTHERS])
def test_the_same_classes_take_over_everything(family: str) -> None:
    source, model = begun(family, THEIRS)
    assert torch.equal(scores(model), scores(source))


@pytest.mark.parametrize("family", [*APART, *OTHERS])
def test_without_a_class_in_common_the_head_is_as_it_was_made(family: str) -> None:
    fresh = network(family, 2, 2).state_dict()
    _, model = begun(family, ("A", "B"))
    axes = class_axes(model)
    assert axes
    assert all(torch.equal(model.state_dict()[name], fresh[name]) for name in axes)


def test_blocks_of_classes_are_taken_over_block_by_block() -> None:
    """Late fusion of probabilities: the last layer reads a block of classes per resolution."""
    given = {**TINY["multiscale"], "spacings": (1.0, 2.0), "combine": "probabilities"}
    torch.manual_seed(0)
    source, model = (build_model("multiscale", **{**given, "n_classes": n}) for n in (3, 2))
    found = inherited(model, source.state_dict(), Classes(THEIRS, ("Fat", "Tumor")))
    name = next(n for n, axes in class_axes(model).items() if axes == (0, 1))
    rows, columns = torch.tensor([2, 0])[:, None], torch.tensor([2, 0, 5, 3])
    assert torch.equal(found[name], source.state_dict()[name][rows, columns])


def test_finding_the_head_draws_no_random_numbers() -> None:
    model = network("unet", 2, 0)
    torch.manual_seed(3)
    class_axes(model)
    after = torch.rand(1)
    torch.manual_seed(3)
    assert torch.equal(after, torch.rand(1))


def saved(folder: Path) -> Path:
    table = ClassTable(tuple(PathClass(name, (1, 2, 3)) for name in THEIRS))
    model = network("unet", 3, 1)
    save_model(folder, model, ModelCard.describe(model, table))
    return folder


def started(folder: Path, ours: tuple[str, ...], *overrides: str) -> str:
    """What is said when a run starts from a model folder."""
    config = TrainConfig.load(preset="fast", overrides=[f"init_from={folder}", *overrides])
    reporter = Recorder()
    table = ClassTable(tuple(PathClass(name, (1, 2, 3)) for name in ours))
    make_network(config, table, reporter)
    return next(line for line in reporter.infos if line.startswith("started from"))


def test_one_line_says_what_became_of_the_head(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    total = len(network("unet", 3, 0).state_dict())
    said = f"started from {folder}: {total} of {total} weight tensors taken over"
    assert started(folder, THEIRS) == said
    assert started(folder, ("Fat", "Vessel")) == f"{said}; head: Fat kept, Vessel from scratch"
    fewer = said.replace(str(total), str(total - 2), 1)
    assert started(folder, ("A", "B")) == f"{fewer}; head: no class kept, A, B from scratch"


def test_another_family_than_the_model_s_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a unet, not a hooknet: leave the family out"):
        started(saved(tmp_path), THEIRS, "family=hooknet")
