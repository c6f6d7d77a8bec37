"""Networks for images of other channels than RGB."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hookpath.models import FAMILIES, build_model
from hookpath.models.backbones import BACKBONES, Backbone
from hookpath.models.weight_files import with_channels
from support.contract import assert_survives_the_disk, patches
from support.families import TINY, TINY_BACKBONE

ABLE = ("unet", "hooknet", "probe", "mrn", "classifier", "multiscale")


@pytest.mark.parametrize("channels", [1, 2, 4, 5])
@pytest.mark.parametrize("family", ABLE)
def test_every_family_takes_any_number_of_channels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, family: str, channels: int
) -> None:
    monkeypatch.setitem(BACKBONES, "tiny", TINY_BACKBONE)
    torch.manual_seed(0)
    wide = {"filters": 8} if "filters" in TINY[family] else {}  # of two, both may be off
    model = build_model(family, **{**TINY[family], **wide}, in_channels=channels).eval()
    assert set(model.channels) == {channels}
    assert model.config["in_channels"] == channels
    images = patches(model)
    with torch.no_grad():
        out = model(images)[0]
        for index in range(channels):  # each of them counts
            changed = [i.clone() for i in images]
            changed[0][:, index] += 0.5
            assert not torch.equal(model(changed)[0], out)
    assert_survives_the_disk(model, tmp_path)


def test_rgb_is_what_it_was() -> None:
    for family in ABLE:
        assert "in_channels" not in build_model(family, **_with_real_backbone(family)).config
    assert {f for f in FAMILIES if f not in ABLE and "in_channels" in _arguments(f)} == set()


def _arguments(family: str) -> set[str]:
    import inspect

    return set(inspect.signature(FAMILIES[family]).parameters)


def _with_real_backbone(family: str) -> dict[str, object]:
    return {k: v for k, v in TINY[family].items() if k != "backbone"}


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 15])
def test_the_first_layer_gives_grey_what_rgb_gave(channels: int) -> None:
    """Equal channels: the same sum, where their number is a multiple of three or one."""
    kernel = torch.arange(2 * 3 * 9, dtype=torch.float32).reshape(2, 3, 3, 3)
    made = with_channels(kernel, torch.Size((2, channels, 3, 3)))
    assert made.shape == (2, channels, 3, 3)
    if channels in (1, 3, 6, 15):
        assert torch.allclose(made.sum(1), kernel.sum(1))
    if channels == 4:
        assert torch.allclose(made[:, 3], kernel[:, 0] * 3 / 4)


def test_what_is_no_first_layer_stays_as_it_is() -> None:
    for kernel in (torch.ones(4, 8, 3, 3), torch.ones(3), torch.ones(4, 3, 3, 3)):
        assert with_channels(kernel, torch.Size((5, 4, 3, 3))) is kernel


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet34"])
def test_a_backbone_keeps_all_weights_but_the_first_layers(name: str) -> None:
    rgb, many = Backbone(name), Backbone(name, 4)
    a, b = rgb.net.state_dict(), many.net.state_dict()
    assert a.keys() == b.keys()
    changed = [k for k in a if a[k].shape != b[k].shape]
    assert len(changed) == 1
    assert b[changed[0]].shape[1] == 4
