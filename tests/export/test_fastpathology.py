"""FastPathology export: FAST's labels are our classes, its patches what a network needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from hookpath.errors import ExportError
from hookpath.export import export_model
from hookpath.export.fastpathology import patch_margin
from hookpath.export.fastpathology_pipeline import Block, Pipeline
from hookpath.geometry import BranchSpec
from hookpath.models import load_model
from support.saving import save_tiny

Saved = Callable[..., Path]


def blocks(text: str) -> dict[str, dict[str, str]]:
    """Attributes and inputs by name of block: FAST goes by lines and their first words."""
    found: dict[str, dict[str, str]] = {"": {}}
    name = ""
    for line in filter(None, text.splitlines()):
        word, _, rest = line.partition(" ")
        key, _, value = rest.partition(" ")
        if word in ("ProcessObject", "Renderer"):
            name, found[key] = key, {"kind": value}
        elif word == "Attribute":
            found[name][key] = value
        elif word == "Input":
            found[name][f"input {key}"] = value
        else:
            found[""][f"{word} {key}" if word == "PipelineOutputData" else word] = (
                value if word == "PipelineOutputData" else rest
            )
    return found


@pytest.fixture(scope="module")
def unet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exported once; ``../model`` is its source."""
    folder = tmp_path_factory.mktemp("fast")
    save_tiny(folder / "model", "unet", input_size=76)
    export_model(folder / "model", folder / "out", "fastpathology")
    return folder / "out"


def test_labels_are_our_classes_where_the_network_sees_enough(unet: Path) -> None:
    model, _ = load_model(unet.parent / "model")
    image = torch.rand(2, 3, 76, 76)
    session = onnxruntime.InferenceSession(unet / "network.onnx")
    (found,) = session.run(None, {"image_0": image.numpy()})
    with torch.no_grad():
        wanted = model([image])[0].softmax(1).numpy()
    out, left = wanted.shape[-1], (76 - wanted.shape[-1]) // 2
    inside = (slice(None), slice(None), slice(left, left + out), slice(left, left + out))
    assert found.shape == (2, 4, 76, 76)
    np.testing.assert_allclose(found[inside][:, 1:], wanted, atol=1e-4)
    np.testing.assert_array_equal(found[inside].argmax(1), wanted.argmax(1) + 1)
    found[inside] = 0
    assert not found.any()


def test_the_pipeline_of_a_segmentation(unet: Path) -> None:
    text = (unet / "pipeline.fpl").read_text(encoding="utf-8")
    read = blocks(text)
    assert read[""]["PipelineName"] == '"unet: A, B, C"'
    assert read[""]["PipelineInputData"] == 'WSI "Whole-slide image"'
    assert read[""]["PipelineOutputData segmentation"] == "stitcher 0"
    assert read[""]["classes"] == '"Background;A;B;C"'
    assert read["patch"]["kind"] == "PatchGenerator"
    assert read["patch"]["patch-size"] == "76 76"
    assert float(read["patch"]["patch-magnification"]) == 10  # 1 µm/px
    assert (read["patch"]["input 0"], read["patch"]["input 1"]) == ("WSI", "tissue 0")
    assert read["network"]["kind"] == "SegmentationNetwork"
    assert read["network"]["model"] == '"$CURRENT_PATH$/network.onnx"'
    assert float(read["network"]["scale-factor"]) == pytest.approx(1 / 255)
    assert float(read["network"]["threshold"]) == 0
    assert read["segRenderer"]["label-colors"].startswith('"1" "200;30;0" "2"')


def test_fast_cuts_off_what_has_no_output(unet: Path) -> None:
    """FAST: round(overlap · size) px at each side; the rest must be a multiple of 16."""
    overlap = float(blocks((unet / "pipeline.fpl").read_text())["patch"]["patch-overlap"])
    cut = round(overlap * 76)
    model, _ = load_model(unet.parent / "model")
    assert cut >= model.branches[0].margin
    assert (76 - 2 * cut) % 16 == 0


@pytest.mark.parametrize(
    ("size", "output", "margin"),
    [
        (284, 70, 110),  # 107 without output, 64 remain
        (1244, 1030, 110),  # 1024 remain
        (512, 512, 128),  # half of it, as hookpath's own overlap
        (100, 100, 26),  # 25 would leave 50
    ],
)
def test_margins(size: int, output: int, margin: int) -> None:
    assert patch_margin(BranchSpec(0.5, size, output)) == margin


@pytest.mark.parametrize(("size", "output"), [(220, 6), (101, 101)])
def test_patches_that_fast_cannot_stitch(size: int, output: int) -> None:
    with pytest.raises(ExportError, match=r"choose a larger, even --input-size"):
        patch_margin(BranchSpec(0.5, size, output))


def test_an_old_openvino_can_read_it(unet: Path) -> None:
    proto = onnx.load(unet / "network.onnx")
    assert [(o.domain, o.version) for o in proto.opset_import] == [("", 17)]
    assert proto.ir_version == 8
    used = {name for node in proto.graph.node for name in node.input}
    assert {value.name for value in proto.graph.initializer} <= used


def test_a_classifier_gives_its_probabilities(saved: Saved, tmp_path: Path) -> None:
    folder, out = saved("classifier"), tmp_path / "out"
    export_model(folder, out, "fastpathology")
    model, _ = load_model(folder)
    image = torch.rand(2, 3, 32, 32)
    session = onnxruntime.InferenceSession(out / "network.onnx")
    (found,) = session.run(None, {"image_0": image.numpy()})
    with torch.no_grad():
        wanted = model([image])[0].flatten(1).softmax(1).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    read = blocks((out / "pipeline.fpl").read_text(encoding="utf-8"))
    assert read["network"]["kind"] == "NeuralNetwork"
    assert read["patch"]["patch-overlap"] == "0"
    assert read[""]["PipelineOutputData heatmap"] == "stitcher 0"
    assert read[""]["classes"] == '"A;B;C"'
    assert read["heatRenderer"]["channel-colors"].startswith('"0" "200;30;0" "1"')


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("hooknet", "hooknet reads 2 resolutions at once"),
        ("multiscale", "multiscale reads 2 resolutions at once"),
        ("scale", "scale gives a magnification"),
        ("unet-lr", "unet-lr needs a slide's proportions"),
    ],
)
def test_what_fast_cannot_feed_is_one_line(
    saved: Saved, tmp_path: Path, family: str, said: str
) -> None:
    with pytest.raises(ExportError, match=said):
        export_model(saved(family), tmp_path / "out", "fastpathology")
    assert not (tmp_path / "out").exists()


def test_names_cannot_break_the_file() -> None:
    pipeline = Pipeline('a "b"\nc', "@@d@@", {}, ['x"y'], [Block("K", "k", ("WSI",))], [])
    lines = pipeline.text().splitlines()
    assert lines[0] == "PipelineName \"a 'b' c\""
    assert lines[1] == 'PipelineDescription "@d@"'
    assert lines[3] == 'Attribute classes "x\'y"'
