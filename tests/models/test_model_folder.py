"""A model on disk: what was saved comes back, anything else is one clear error."""

import json
from pathlib import Path

import pytest
import torch

from hookpath.annotations import ClassTable, PathClass
from hookpath.errors import ModelFolderError
from hookpath.models import ModelCard, load_model, read_card, save_model
from support.networks import random_network

CLASSES = ClassTable((PathClass("Tumor", (200, 0, 0)), PathClass("Stroma", (150, 200, 150))))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = random_network("hooknet", n_classes=2, filters=2, spacings=(0.5, 2.0))
    card = ModelCard.describe(model, CLASSES, metrics={"validation_macro_f1": 0.5})
    save_model(tmp_path / "model", model, card)
    return tmp_path / "model"


def test_a_saved_model_predicts_the_same(folder: Path) -> None:
    before = random_network("hooknet", n_classes=2, filters=2, spacings=(0.5, 2.0))
    after, card = load_model(folder)
    images = [torch.rand(1, 3, 284, 284) for _ in range(2)]
    with torch.no_grad():
        assert torch.equal(before(images)[0], after(images)[0])
    assert [(c.name, c.color) for c in card.classes] == [(c.name, c.color) for c in CLASSES]
    assert [b.spacing_um for b in card.branches] == [0.5, 2.0]
    assert not after.training


def test_the_folder_holds_data_only(folder: Path) -> None:
    assert sorted(p.name for p in folder.iterdir()) == ["model.json", "weights.safetensors"]


def test_changed_weights_are_noticed(folder: Path) -> None:
    data = bytearray((folder / "weights.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "weights.safetensors").write_bytes(bytes(data))
    with pytest.raises(ModelFolderError, match=r"weights\.safetensors: not the weights"):
        load_model(folder)


def _edit(folder: Path, **changes: object) -> None:
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    (folder / "model.json").write_text(json.dumps({**card, **changes}), encoding="utf-8")


def test_a_card_of_another_network_is_noticed(folder: Path) -> None:
    config = read_card(folder).config
    _edit(folder, config={**config, "filters": 3})
    with pytest.raises(ModelFolderError, match=r"does not fit.*copy the model folder again"):
        load_model(folder)


def test_missing_weights_say_what_to_do(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    with pytest.raises(ModelFolderError, match="copy the whole model folder"):
        load_model(folder)


def test_a_later_format_asks_for_an_update(folder: Path) -> None:
    _edit(folder, format_version=99)
    with pytest.raises(ModelFolderError, match=r"99 is newer.*update hookpath"):
        read_card(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format_version": 1}'])
def test_no_card_but_something_else(folder: Path, content: str) -> None:
    (folder / "model.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelFolderError, match=r"model\.json"):
        read_card(folder)


def test_no_model_at_all(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="give a model folder"):
        load_model(tmp_path)


def test_a_failed_write_leaves_the_model_that_was_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    model = random_network("hooknet", seed=1, n_classes=2, filters=2)

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ModelFolderError, match="No space left"):
        save_model(folder, model, ModelCard.describe(model, CLASSES))
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


@pytest.mark.parametrize("strike", ["write_card", "_rename"])
def test_a_model_is_whole_whenever_its_writer_is_killed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, strike: str
) -> None:
    old = load_model(folder)[0].state_dict()
    new = random_network("hooknet", seed=9, n_classes=2, filters=2)

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as m:
        m.setattr(f"hookpath.models.storage.model_folder.{strike}", kill)
        with pytest.raises(KeyboardInterrupt):
            save_model(folder, new, ModelCard.describe(new, CLASSES))
    expected = old if strike == "write_card" else new.state_dict()
    found = load_model(folder)[0].state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    save_model(folder, new, ModelCard.describe(new, CLASSES))
    assert sorted(p.name for p in folder.iterdir()) == ["model.json", "weights.safetensors"]
    found = load_model(folder)[0].state_dict()
    assert all(torch.equal(value, found[name]) for name, value in new.state_dict().items())
