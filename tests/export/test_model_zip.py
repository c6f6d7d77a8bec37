"""A model packed as one file with a page about it."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
import torch

from hookpath.annotations import ClassTable, PathClass
from hookpath.errors import ModelFolderError, OutputError, UsageError
from hookpath.export import export_model
from hookpath.models import build_model, load_model, read_card
from hookpath.models.storage.model_card_page import card_page
from hookpath.models.storage.model_folder import ModelCard, read_onnx, save_model
from support.families import TINY, class_table

TRAINING = {
    "started": "2026-11-27T10:00:00+00:00",
    "split": {"train": ["Smith, John.svs", "b.svs"], "val": ["c.svs"], "test": []},
    "config": {"preset": "fast", "init_from": "/home/somebody/runs/first/model"},
    "steps": 500,
    "versions": {"hookpath": "0.1.0", "python": "3.11.7"},
}


def saved(folder: Path, classes: ClassTable | None = None) -> Path:
    torch.manual_seed(0)
    model = build_model("unet", **TINY["unet"])
    card = ModelCard.describe(
        model, classes or class_table(3), training=TRAINING, metrics={"f1": {"A": 0.98765}}
    )
    save_model(folder, model, card)
    return folder


def test_a_packed_model_is_the_model(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    done = export_model(folder, tmp_path / "out" / "m.zip", "zip")
    assert done.files == (tmp_path / "out" / "m.zip",)
    (path,) = done.files
    assert read_card(path) == read_card(folder)
    found, wanted = (load_model(p)[0].state_dict() for p in (path, folder))
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    with zipfile.ZipFile(path) as opened:
        assert opened.namelist() == ["MODEL.md", "model.json", "weights.safetensors"]


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    for name in ("a.zip", "b.zip"):
        export_model(folder, tmp_path / name, "zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_an_exported_network_is_packed_too(tmp_path: Path) -> None:
    card = read_card(saved(tmp_path / "model"))
    exported = tmp_path / "onnx"
    exported.mkdir()
    (exported / "model.onnx").write_bytes(b"a network")
    digest = hashlib.sha256(b"a network").hexdigest()
    card = card.model_copy(update={"onnx_sha256": digest})
    (exported / "model.json").write_text(card.model_dump_json())
    export_model(exported, tmp_path / "m.zip", "zip")
    assert read_onnx(tmp_path / "m.zip") == (b"a network", card)
    with zipfile.ZipFile(tmp_path / "m.zip") as opened:
        assert opened.namelist() == ["MODEL.md", "model.json", "model.onnx"]


def test_the_page_says_what_a_person_asks_and_names_no_slide(tmp_path: Path) -> None:
    page = card_page(read_card(saved(tmp_path / "model")))
    for line in (
        "# hookpath model: unet",
        "It tells a class per pixel, at 1 µm/px.",
        "| A | \\#c81e00 |",
        "| 0 | 1 | 52 | 6 |",
        "| training slides | 2 |",
        "| validation slides | 1 |",
        "| f1: A | 0.988 |",
        "| started from the model | model |",
    ):
        assert line in page.splitlines()
    assert "Smith" not in page
    assert "somebody" not in page


@pytest.mark.parametrize(
    ("design", "weights", "licence"),
    [
        ({"encoder": "tf_efficientnet_lite0"}, "auto", "apache-2.0 (as timm states it)"),
        ({"encoder": "no such encoder"}, "auto", "unknown (as timm states it)"),
        ({"encoder": "resnet18"}, "/data/uni.pth", "that of the file: ask whoever made it"),
        ({"backbone": "vgg16"}, "imagenet", "BSD-3-Clause (torchvision); trained on ImageNet"),
        ({"encoder": "paper"}, "auto", None),
        ({"backbone": "vgg16"}, None, None),
    ],
)
def test_the_page_tells_the_licence_of_weights_learned_elsewhere(
    tmp_path: Path, design: dict[str, str], weights: str | None, licence: str | None
) -> None:
    training = {"config": {"backbone_weights": weights}}
    card = read_card(saved(tmp_path / "model"))
    page = card_page(card.model_copy(update={"config": design, "training": training}))
    assert ("their licence" in page) == bool(licence)
    assert f"| their licence | {licence} |" in page.splitlines() or not licence
    assert "/data" not in page


def test_a_name_stays_one_cell_and_shows_as_it_is(tmp_path: Path) -> None:
    name = "a|b\n<script>*x*</script>"
    classes = ClassTable((PathClass(name, (1, 2, 3)), *class_table(2)))
    page = card_page(read_card(saved(tmp_path / "model", classes)))
    assert "| a\\|b \\<script\\>\\*x\\*\\</script\\> | \\#010203 |" in page.splitlines()


def test_a_card_from_elsewhere_makes_a_page(tmp_path: Path) -> None:
    card = read_card(saved(tmp_path / "model"))
    odd = {"training": {"split": 3, "config": [], "versions": "1"}, "metrics": {"x": [1], "y": ""}}
    assert card_page(card.model_copy(update=odd)).startswith("# hookpath model")


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        ("m", UsageError, "name the file to write, ending in .zip"),
        ("folder.zip", UsageError, "is a folder"),
        ("shut/m.zip", OutputError, "choose another file"),
    ],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, out: str, error: type[Exception], message: str
) -> None:
    folder = saved(tmp_path / "model")
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "shut").mkdir(mode=0o555)
    with pytest.raises(error, match=message):
        export_model(folder, tmp_path / out, "zip")
    assert not (tmp_path / out).is_file()


def test_a_damaged_model_and_a_packed_one_are_not_packed(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    export_model(folder, tmp_path / "m.zip", "zip")
    with pytest.raises(UsageError, match="is one file already"):
        export_model(tmp_path / "m.zip", tmp_path / "n.zip", "zip")
    with pytest.raises(UsageError, match="leave --input-size out"):
        export_model(folder, tmp_path / "n.zip", "zip", input_size=60)
    (folder / "weights.safetensors").write_bytes(b"x")
    with pytest.raises(ModelFolderError):
        export_model(folder, tmp_path / "n.zip", "zip")
