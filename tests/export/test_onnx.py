"""ONNX export: the file says what a consumer needs, and computes what torch does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from hookpath.errors import ExportError, ModelFolderError, OutputError
from hookpath.export import export_model
from hookpath.export.onnx_conversion import verified_onnx
from hookpath.models import FAMILIES, load_model, only_exported, read_card, read_onnx
from support.families import TINY

Saved = Callable[..., Path]


def test_every_family_is_tried() -> None:
    assert set(TINY) == set(FAMILIES)


#: Exported by tests/models and test_h2gnet.py, through the same function.
ELSEWHERE = {"agunet", "dagunet", "doubleunet", "h2gnet"}


@pytest.mark.parametrize("family", sorted(set(TINY) - ELSEWHERE))
def test_every_family_computes_the_same_as_torch(saved: Saved, tmp_path: Path, family: str) -> None:
    folder = saved(family)
    done = export_model(folder, tmp_path / "out")
    model, card = load_model(folder)
    session = onnxruntime.InferenceSession(tmp_path / "out/model.onnx")
    inputs = zip(model.channels, model.branches, strict=True)
    images = [torch.rand(5, c, b.input_size, b.input_size) for c, b in inputs]
    fed = {f"image_{i}": image.numpy() for i, image in enumerate(images)}
    (scores,) = session.run(["target"], fed)
    with torch.no_grad():
        wanted = model(images)[0].numpy()
    assert np.abs(wanted).max() > 0.01
    np.testing.assert_allclose(scores, wanted, atol=1e-4, rtol=0)
    assert done.difference < 1e-4

    said = json.loads(session.get_modelmeta().custom_metadata_map["hookpath"])
    card_json = card.model_dump(mode="json")
    for key in ("family", "classes", "branches", "reads", "scores", "output_um", "normalisation"):
        assert said[key] == card_json[key]
    assert said["heads"] == [0]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["model.json", "model.onnx"]


def test_the_batch_is_free_and_the_size_is_not(exported: Path) -> None:
    proto = onnx.load(exported / "model.onnx")
    sides = {
        value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*proto.graph.input, *proto.graph.output)
    }
    assert sides == {
        "image_0": ["batch", 3, 60, 60],
        "image_1": ["batch", 3, 60, 60],
        "target": ["batch", 3, 14, 14],
    }


def test_nothing_of_this_machine_is_in_the_file(exported: Path) -> None:
    data = (exported / "model.onnx").read_bytes()
    assert str(Path(torch.__file__).parent.parent).encode() not in data
    assert str(Path(__file__).parents[2]).encode() not in data
    assert b"nn_module_stack" not in data


def test_another_input_size(saved: Saved, tmp_path: Path) -> None:
    folder = saved("unet")
    export_model(folder, tmp_path / "out", input_size=60)
    card = read_card(tmp_path / "out")
    assert [(b.input_size, b.output_size) for b in card.branches] == [(60, 14)]
    assert card.config["input_size"] == 60
    session = onnxruntime.InferenceSession(tmp_path / "out/model.onnx")
    assert session.get_inputs()[0].shape[2:] == [60, 60]
    assert session.get_outputs()[0].shape[2:] == [14, 14]


def test_an_invalid_input_size_names_the_nearest(saved: Saved, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"--input-size 53: .*nearest valid input sizes: 52 px"):
        export_model(saved("unet"), tmp_path / "out", input_size=53)
    assert not (tmp_path / "out").exists()


def test_beside_its_own_weights(saved: Saved) -> None:
    folder = saved("unet")
    export_model(folder, folder)
    assert sorted(p.name for p in folder.iterdir()) == [
        "model.json",
        "model.onnx",
        "weights.safetensors",
    ]
    assert not only_exported(folder)
    load_model(folder)
    read_onnx(folder)


@pytest.mark.parametrize("size", [None, 60])
def test_another_models_folder_is_left_alone(saved: Saved, size: int | None) -> None:
    """Another network's, or its own with a card that speaks of another input size."""
    folder = saved("unet")
    out = saved("hooknet", "other") if size is None else folder
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    with pytest.raises(ExportError, match="holds another model"):
        export_model(folder, out, input_size=size)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_an_exported_folder_says_what_it_is(exported: Path) -> None:
    assert only_exported(exported)
    data, card = read_onnx(exported)
    assert data == (exported / "model.onnx").read_bytes()
    assert card.weights_sha256 == read_card(exported.parent / "model").weights_sha256
    with pytest.raises(ModelFolderError, match="it predicts, and nothing else"):
        load_model(exported)


def test_a_changed_file_is_noticed(exported: Path, tmp_path: Path) -> None:
    out = shutil.copytree(exported, tmp_path / "out")
    data = bytearray((out / "model.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (out / "model.onnx").write_bytes(bytes(data))
    with pytest.raises(ModelFolderError, match=r"model\.onnx: not the network"):
        read_onnx(out)


def test_a_read_only_folder(saved: Saved, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o555)
    with pytest.raises(OutputError, match="read-only"):
        export_model(saved("unet"), tmp_path / "out")


class Forgetful(nn.Module):
    """Gives something else each time: no export can be true to it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, images: list[Tensor]) -> Tensor:
        self.calls += 1
        return images[0].mean(dim=(2, 3)) + self.calls


def test_a_network_that_computes_something_else_is_refused() -> None:
    images = [torch.rand(2, 3, 4, 4)]
    with pytest.raises(ExportError, match=r"differs from torch's by .* nothing was written"):
        verified_onnx(Forgetful(), [images, images], ["image_0"], "target", {})


class Unwritable(nn.Module):
    """Decides by what it sees, which no graph can."""

    def forward(self, images: list[Tensor]) -> Tensor:
        return images[0] if float(images[0].sum()) > 0 else -images[0]


def test_a_network_that_cannot_be_written_is_one_line() -> None:
    images = [torch.rand(2, 3, 4, 4)]
    with pytest.raises(ExportError, match="cannot be written as ONNX") as caught:
        verified_onnx(Unwritable(), [images], ["image_0"], "target", {})
    assert "\n" not in str(caught.value)
