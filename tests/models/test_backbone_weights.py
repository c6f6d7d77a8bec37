"""Weights for backbones: from files of torchvision's names, never by running what is in them."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from hookpath.errors import ModelDesignError
from hookpath.models import build_model, load_model
from hookpath.models.backbone_weights import load_backbones
from hookpath.models.backbones import BACKBONES, Backbone
from support.contract import assert_survives_the_disk, patches

SMALL = {"n_classes": 2, "input_size": 32}


def published(backbone: str) -> dict[str, torch.Tensor]:
    """A state dict as torchvision publishes it, with a classifier that is of no use here."""
    import torchvision

    torch.manual_seed(7)
    extra = {"init_weights": False} if backbone == "inception_v3" else {}
    return dict(getattr(torchvision.models, backbone)(weights=None, **extra).state_dict())


def said(message: str) -> None:
    raise AssertionError(f"nothing to warn of, but: {message}")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_every_scale_starts_from_the_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights{suffix}"
    state = published("resnet34")
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    model = build_model("multiscale", **SMALL)
    model.load_backbone(str(path), said)
    for backbone in model.backbones:
        assert torch.equal(backbone.net.conv1.weight, state["conv1.weight"])
        assert torch.equal(backbone.net.layer4[2].bn2.weight, state["layer4.2.bn2.weight"])


def test_a_backbone_gives_what_torchvisions_network_gives(tmp_path: Path) -> None:
    """Fed with [0, 1]; torchvision's own is fed with ImageNet's normalisation."""
    import torchvision

    whole = torchvision.models.mobilenet_v2(weights=None).eval()
    torch.save(whole.state_dict(), tmp_path / "w.pth")
    model = build_model("classifier", **SMALL).eval()
    model.load_backbone(str(tmp_path / "w.pth"), said)
    whole.classifier = torch.nn.Identity()
    (image,) = patches(model, 2)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    with torch.no_grad():
        torch.testing.assert_close(model.backbone(image), whole((image - mean) / std))


def test_inception_gives_what_torchvisions_gives(tmp_path: Path) -> None:
    import torchvision

    whole = torchvision.models.inception_v3(
        weights=None, init_weights=False, aux_logits=True, transform_input=True
    ).eval()
    torch.save(whole.state_dict(), tmp_path / "w.pth")
    model = build_model("classifier", n_classes=2, input_size=75, backbone="inception_v3").eval()
    model.load_backbone(str(tmp_path / "w.pth"), said)
    whole.fc = whole.dropout = torch.nn.Identity()
    (image,) = patches(model, 2)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    with torch.no_grad():
        torch.testing.assert_close(
            model.backbone(image), whole((image - mean) / std), atol=1e-4, rtol=1e-3
        )


def test_scaled_normalisations_do_not_fit_inception(tmp_path: Path) -> None:
    state = published("inception_v3")
    state["Mixed_5b.branch1x1.bn.weight"][3] = 1.5
    torch.save(state, tmp_path / "w.pth")
    model = build_model("classifier", n_classes=2, backbone="inception_v3", input_size=75)
    with pytest.raises(ModelDesignError, match=r"scaled \(Mixed_5b\.branch1x1\.bn\.weight\)"):
        model.load_backbone(str(tmp_path / "w.pth"), said)


def test_weights_of_another_network_are_one_clear_error(tmp_path: Path) -> None:
    torch.save(published("resnet34"), tmp_path / "w.pth")
    with pytest.raises(ModelDesignError, match=r"w\.pth: not the weights of mobilenet_v2"):
        build_model("classifier", **SMALL).load_backbone(str(tmp_path / "w.pth"), said)


class Evil:
    """Writes a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("by", ["torch", "pickle"])
def test_nothing_in_a_file_is_run(by: str, tmp_path: Path) -> None:
    path, mark = tmp_path / "w.pth", tmp_path / "mark"
    if by == "torch":
        torch.save({"conv1.weight": Evil(mark)}, path)
    else:
        path.write_bytes(pickle.dumps(Evil(mark)))
    with pytest.raises(ModelDesignError, match=r"w\.pth: no readable file of weights"):
        build_model("classifier", **SMALL).load_backbone(str(path), said)
    assert not mark.exists()


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelDesignError, match=r"none\.safetensors: no readable file"):
        build_model("classifier", **SMALL).load_backbone(str(tmp_path / "none.safetensors"), said)


def test_without_the_internet_there_is_a_warning_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unreachable(*args: object, **kwargs: object) -> object:
        raise OSError("no route to host")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", unreachable)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    model, heard = build_model("multiscale", **SMALL), list[str]()
    model.load_backbone("imagenet", heard.append)
    assert len(heard) == 1
    assert "no route to host" in heard[0]
    assert heard[0].endswith("random ones; give a file with --set backbone_weights=FILE")


def test_imagenet_weights_are_fetched_once_and_never_unpickled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, object]] = []
    state = published("resnet34")

    def fetched(*args: object, **kwargs: object) -> object:
        asked.append(kwargs)
        return state

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", fetched)
    model = build_model("multiscale", **SMALL)
    model.load_backbone("imagenet", said)
    assert [k["weights_only"] for k in asked] == [True]
    assert torch.equal(model.backbones[1].net.conv1.weight, state["conv1.weight"])


def test_weights_that_cannot_be_fetched_are_a_warning_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unreachable(*args: object, **kwargs: object) -> object:
        raise OSError("no route\nto host")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    heard: list[str] = []
    load_backbones(torch.nn.Sequential(Backbone("mobilenet_v2")), "imagenet", heard.append, "a.b")
    assert heard == [
        "mobilenet_v2: the ImageNet weights cannot be fetched (no route); starting from random "
        "ones; give a file with --set a.b=FILE"
    ]


def test_a_saved_model_needs_no_weights_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    torch.save(published("mobilenet_v2"), tmp_path / "w.pth")
    model = build_model("classifier", **SMALL)
    model.load_backbone(str(tmp_path / "w.pth"), said)
    (tmp_path / "w.pth").unlink()
    assert_survives_the_disk(model, tmp_path / "model")
    assert set(load_model(tmp_path / "model")[1].config) == set(model.config)


def test_all_that_can_be_named_exists_in_torchvision() -> None:
    import torchvision

    for kind in BACKBONES.values():
        assert torchvision.models.get_weight(kind.weights).url.startswith("https://")
