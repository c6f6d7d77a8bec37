"""Pretrained encoders: measured reach, exact maps, weights that are data."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from hookpath.errors import ModelDesignError
from hookpath.models import MRN, HookNet, UNet
from hookpath.models.encoders import (
    DEFAULT_ENCODER,
    EncodedShape,
    Encoder,
    facts_of,
    load_encoders,
)
from hookpath.models.encoders.pathology_encoders import PATHOLOGY
from hookpath.models.encoders.timm_networks import FeatureMaps
from hookpath.models.encoders.weight_names import timm_names
from hookpath.models.encoders.windowed_encoders import Windows


@pytest.mark.parametrize(
    ("name", "cuts_px"),
    [
        # 3×3 with stride 2, then 3×3, at each of two halvings, as one can count by hand…
        (DEFAULT_ENCODER, {1: 4, 2: 12, 3: 40}),
        # …and 7×7 patches of 4 × 4 px, which touch no others.
        ("convnext_atto", {2: 24, 3: 72}),
    ],
)
def test_the_reach_of_a_network_is_measured(name: str, cuts_px: dict[int, int]) -> None:
    facts = facts_of(name, 3)
    assert {d: facts.cut(d) << d for d in facts.depths} == cuts_px
    assert facts.windows is None


def test_measuring_leaves_the_random_numbers_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    facts_of.cache_clear()
    torch.manual_seed(3)
    facts_of(DEFAULT_ENCODER, 2)
    assert torch.equal(torch.rand(4), expected)


def test_a_patch_has_the_maps_of_the_large_tile_that_it_lies_in() -> None:
    torch.manual_seed(0)
    encoder = Encoder(DEFAULT_ENCODER, 3).eval()
    tile = torch.rand(1, 3, 320, 288)
    with torch.inference_mode():
        large, small = encoder(tile), encoder(tile[..., 64:224, 40:200])
    for depth, found in small.items():
        y, x = 64 >> depth, 40 >> depth
        height, width = found.shape[-2:]
        there = large[depth][..., y : y + height, x : x + width]
        assert found.std() > 1e-3
        assert torch.allclose(found, there, atol=1e-5)


def test_what_looks_at_the_whole_image_runs_on_a_lattice_of_windows() -> None:
    facts = facts_of("regnety_002", 3)
    assert facts.reach is None
    assert facts.windows == Windows(side=256, step=128)
    encoder = Encoder("regnety_002", 3).eval()
    tile = torch.rand(1, 3, 384, 512)
    with torch.inference_mode():
        large, small = encoder(tile)[3], encoder(tile[..., 128:, 128:384])[3]
    assert large.shape[-2:] == (32, 48)  # 2 × 3 windows of 128 px, at 8 px
    assert torch.allclose(small, large[..., 16:, 16:32], atol=1e-5)


def test_a_transformer_is_one_of_these() -> None:
    facts = facts_of("vit_tiny_patch16_224", 4)
    assert (facts.depths, facts.native, facts.windows) == ((4,), 224, Windows(224, 128))


def test_a_window_takes_the_longest_step_that_leaves_a_margin() -> None:
    assert (Windows.of_side(224).cut, Windows.of_side(256).cut) == (48, 64)


def test_no_stage_is_kept_that_no_map_needs() -> None:
    few, many = (sum(p.numel() for p in Encoder(DEFAULT_ENCODER, d).parameters()) for d in (3, 5))
    assert few < 1e5 < 2e6 < many


def test_the_sizes_of_an_encoded_branch() -> None:
    shape = EncodedShape.of(facts_of(DEFAULT_ENCODER, 3))
    sizes = shape.sizes(256)
    # (256 − 2·40) / 8 = 22 px at the bottom; each step makes 2m − 6 of m.
    assert sizes.decoder == (134, 70, 38, 22)
    assert shape.margin() == (256 - 134) / 2
    assert shape.problem(257) == "an input of 257 px is no multiple of 8 px"
    assert "leave nothing" in str(shape.problem(80))


def test_a_context_is_as_large_as_its_hook_needs() -> None:
    model = HookNet(2, (1.0, 4.0), input_size=256, depth=3, filters=4, encoder=DEFAULT_ENCODER)
    target, context = model.branches
    # 22 px at the target's bottom of 8 µm: the context's map at depth 1 (8 µm), 4m − 18 of
    # m = (160 − 80) / 8 = 10, has them exactly.
    assert (target.input_size, context.input_size) == (256, 160)
    assert 4 * 10 - 18 == 22


def test_an_input_whose_context_would_be_half_a_px_off_is_refused_with_the_nearest() -> None:
    # (200 − 80) / 8 is 15 px, odd; a context's map at depth 1 is even, as each step doubles.
    with pytest.raises(ModelDesignError, match="nearest valid input sizes: 192 px and 208 px"):
        HookNet(2, (1.0, 4.0), input_size=200, depth=3, filters=4, encoder=DEFAULT_ENCODER)


def test_the_default_encoder_has_its_weights_without_a_hub() -> None:
    model = UNet(2, (1.0,), input_size=256, depth=3, filters=4, encoder=DEFAULT_ENCODER)
    before = model.body.encoder.maps.net.conv_stem.weight.clone()  # type: ignore[union-attr]
    model.load_backbone("imagenet", lambda _: pytest.fail("nothing to warn of"))
    stem = model.body.encoder.maps.net.conv_stem.weight  # type: ignore[union-attr]
    assert not torch.equal(stem, before)  # type: ignore[arg-type]
    # Trained kernels see contrast: most of them add up to far less than their parts.
    sums, parts = stem.sum(dim=(2, 3)).abs().sum(), stem.abs().sum()
    assert sums < 0.7 * parts


def test_weights_of_a_file_go_into_every_branch(tmp_path: Path) -> None:
    encoder = Encoder("resnet10t", 3)
    state = {k: torch.full_like(v, 0.5) for k, v in encoder.maps.net.state_dict().items()}
    save_file(state, tmp_path / "w.safetensors")
    model = HookNet(2, (1.0, 2.0), input_size=192, depth=3, filters=2, encoder="resnet10t")
    model.load_backbone(str(tmp_path / "w.safetensors"), print)
    for part in model.encoder_modules():
        assert all(bool((v == v.new_tensor(0.5)).all()) for v in part.state_dict().values())


def test_weights_of_another_network_are_refused_by_name(tmp_path: Path) -> None:
    save_file({"conv1.weight": torch.zeros(1)}, tmp_path / "w.safetensors")
    model = UNet(2, (1.0,), input_size=256, depth=3, filters=2, encoder=DEFAULT_ENCODER)
    with pytest.raises(ModelDesignError, match=r"w\.safetensors: lacks conv_stem\.weight"):
        model.load_backbone(str(tmp_path / "w.safetensors"), print)


@pytest.mark.parametrize(
    ("name", "message"),
    [("tf_efficientnet_lite", "did you mean 'tf_efficientnet_lite"), ("zzz", "unknown encoder")],
)
def test_an_unknown_encoder_is_refused_with_the_nearest(name: str, message: str) -> None:
    with pytest.raises(ModelDesignError, match=message):
        UNet(2, (1.0,), encoder=name)


def test_pretrained_kernels_are_not_drawn_to_zero() -> None:
    model = UNet(2, (1.0,), input_size=256, depth=3, filters=2, encoder=DEFAULT_ENCODER)
    inside = {id(p) for part in model.encoder_modules() for p in part.parameters()}
    assert not inside & {id(p) for p in model.l2_parameters()}


def test_mrn_merges_the_maps_of_pretrained_encoders() -> None:
    torch.manual_seed(0)
    model = MRN(2, (1.0, 2.0), input_size=64, depth=3, filters=4, encoder=DEFAULT_ENCODER).eval()
    model.load_backbone("imagenet", print)
    assert len(model.encoder_modules()) == 2
    images = [torch.rand(1, 3, 64, 64) for _ in range(2)]
    with torch.inference_mode():
        (plain,) = model(images)
        (other,) = model([images[0], images[1].flip(-1)])
    assert plain.shape == (1, 2, 64, 64)
    assert not torch.allclose(plain, other)


def test_mrn_refuses_an_encoder_that_lacks_a_level() -> None:
    with pytest.raises(ModelDesignError, match="convnext_atto has no map of 2 px"):
        MRN(2, (1.0, 2.0), input_size=64, depth=3, filters=4, encoder="convnext_atto")


@pytest.mark.parametrize("name", sorted(PATHOLOGY))
def test_every_histology_encoder_can_be_built(name: str) -> None:
    """On the meta device: their shapes are the published ones, their weights cannot be had here."""
    with torch.device("meta"):
        maps = FeatureMaps(name, 4)
    weights = sum(p.numel() for p in maps.parameters())
    published = {
        "uni": 303, "uni2-h": 681, "virchow2": 631, "h-optimus-0": 1134, "hibou-b": 86,
        "phikon": 86, "phikon-v2": 303, "lunit-resnet50": 8.5,
    }  # fmt: skip
    assert weights / 1e6 == pytest.approx(published[name], rel=0.02)


def test_weights_of_histology_encoders_are_never_fetched() -> None:
    encoder = Encoder("lunit-resnet50", 2)
    with pytest.raises(ModelDesignError, match=r"Lunit, non-commercial.*backbone_weights=FILE"):
        load_encoders([encoder], "imagenet")


def test_names_of_transformers_become_timms() -> None:
    net = timm.create_model("vit_tiny_patch16_224", init_values=1e-5, num_classes=0, depth=2)
    own = {k: torch.rand_like(v) for k, v in net.state_dict().items() if "fc_norm" not in k}
    assert timm_names(own) is own
    renamed = timm_names(_as_transformers(own))
    assert renamed.keys() == own.keys()
    for name, value in renamed.items():
        assert torch.equal(value, own[name]), name


def _as_transformers(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A DINOv2 file as transformers writes it, typed from its documentation."""
    found: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        block = f"encoder.layer.{name.split('.')[1]}" if name.startswith("blocks") else ""
        kind = name.rsplit(".", 1)[-1]
        if ".attn.qkv." in name:
            for part, third in zip(("query", "key", "value"), value.chunk(3), strict=True):
                found[f"{block}.attention.attention.{part}.{kind}"] = third
        elif ".attn.proj." in name:
            found[f"{block}.attention.output.dense.{kind}"] = value
        elif ".ls" in name:
            found[f"{block}.layer_scale{name.split('.ls')[1][0]}.lambda1"] = value
        elif block:
            found[f"{block}.{name.split('.', 2)[2]}"] = value
        elif name.startswith("patch_embed"):
            found[f"embeddings.patch_embeddings.projection.{kind}"] = value
        elif name.startswith("norm"):
            found[f"layernorm.{kind}"] = value
        else:
            plain = {"pos_embed": "position_embeddings"}.get(name, name)
            found[f"embeddings.{plain}"] = value
    return found
