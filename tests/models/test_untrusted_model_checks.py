"""Models that anybody may have made."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hookpath.errors import ModelDesignError, ModelFolderError, PredictionError
from hookpath.inference import PredictConfig, predict_project
from hookpath.inference.dense.tile_rows import classify
from hookpath.models import ModelCard, build_model, load_model, read_card, save_model
from hookpath.projects import open_project
from support.nasty import NAMES
from support.slides import write_pyramid

TINY = {"n_classes": 2, "spacings": [1.0], "input_size": 60, "depth": 2, "filters": 4}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "model")


def made(folder: Path, names: tuple[str, str] = ("Light", "Dark"), weight: float | None = None):
    from hookpath.annotations import PathClass

    model = build_model("hooknet", n_classes=2, spacings=[1.0, 4.0], input_size=60, depth=2,
                        filters=4)  # fmt: skip
    if weight is not None:
        with torch.no_grad():
            next(iter(model.parameters())).fill_(weight)
    save_model(folder, model, ModelCard.describe(model, [PathClass(n, (1, 2, 3)) for n in names]))
    return folder


def change(folder: Path, **members: Any) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | members), encoding="utf-8")


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, weight: float) -> None:
    folder = made(tmp_path / "m", weight=weight)
    with pytest.raises(ModelFolderError, match=r"weights\.safetensors: .* no numbers"):
        load_model(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_answers_that_are_no_numbers_are_refused(value: float) -> None:
    logits = torch.zeros(2, 4, 4)
    logits[1, 2, 2] = value
    mask = torch.ones(4, 4, dtype=torch.bool).numpy()
    with pytest.raises(PredictionError, match="the network's answer is no number"):
        classify(logits, mask, as_uint8=True)


def test_answers_that_are_no_numbers_are_reported_with_the_model_s_file(tmp_path: Path) -> None:
    slides = tmp_path / "slides"
    slides.mkdir()
    write_pyramid(slides / "a.tif", np.full((64, 64, 3), 120, np.uint8), 1.0, levels=1)
    model = made(tmp_path / "m", weight=3e38)  # a number; what it makes of a slide is none
    asked = PredictConfig(device="cpu", tissue=False, as_="none")
    (problem,) = predict_project(open_project(slides), model, tmp_path / "out", asked).problems
    assert problem.image == "a.tif"
    assert problem.message.startswith(
        f"{model / 'weights.safetensors'}: the network's answer is no"
    )


RED, BLUE = {"name": "a", "color": [200, 0, 0]}, {"name": "b", "color": [0, 0, 200]}
BRANCH = {"spacing_um": 1.0, "input_size": 60, "output_size": 14}

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"classes": [RED, RED]}, "the class 'a' is there twice"),
    ({"classes": [RED, BLUE | {"color": [0, 0, 256]}]}, r"classes\.1\.color\.2"),
    ({"classes": [RED, BLUE | {"color": [-1, 0, 0]}]}, r"classes\.1\.color\.0"),
    ({"classes": [RED, BLUE | {"name": "x" * 10**7}]}, r"classes\.1\.name: .* at most 1000"),
    ({"classes": [RED, BLUE | {"name": ""}]}, r"classes\.1\.name"),
    ({"classes": [{"name": str(n), "color": [1, 2, 3]} for n in range(255)]}, "at most 254"),
    ({"classes": "ab"}, "classes: Input should be a valid list"),
    ({"branches": [BRANCH | {"spacing_um": 0}]}, r"branches\.0\.spacing_um"),
    ({"branches": [BRANCH | {"spacing_um": float("nan")}]}, r"branches\.0\.spacing_um"),
    ({"branches": [BRANCH | {"input_size": 10**9}]}, r"branches\.0\.input_size"),
    ({"branches": [BRANCH] * 65}, "at most 64"),
    ({"branches": [], "output_um": None}, "neither branches nor output_um"),
    ({"output_um": float("inf")}, "output_um"),
    ({"normalisation": {"scale": "x"}}, r"normalisation\.scale"),
    ({"normalisation": {"scale": float("inf")}}, r"normalisation\.scale"),
    ({"training": {"config": 3}}, r"training\.config is no object"),
    ({"training": 3}, "training: "),
    ({"reads": "minds"}, "reads: "),
    ({"unknown": 1}, "unknown: "),
    ({"format_version": "1" * 5000}, "not a valid model card"),
]


@pytest.mark.parametrize(("members", "said"), WRONG, ids=[w[1] for w in WRONG])
def test_a_card_that_is_none_is_one_line(folder: Path, members: dict[str, Any], said: str) -> None:
    change(folder, **members)
    with pytest.raises(ModelFolderError, match=said) as error:
        read_card(folder)
    assert str(folder / "model.json") in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "null", "{}", "[" * 10**5, '{"a":' * 10**5, "\xff"]
)
def test_a_card_that_is_no_json_object_is_one_line(folder: Path, text: str) -> None:
    (folder / "model.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelFolderError, match="not a valid model card"):
        read_card(folder)


@pytest.mark.parametrize(
    "config",
    [{"filters": 10**9}, {"filters": 60_000}, {"depth": 1000}, {"filters": 10**400},
     {"filters": 2000, "depth": 5}, {"input_size": 10**9}, {"spacings": [1.0] * 1000},
     {"n_classes": 60_000}],
    ids=lambda c: str(c)[:40],
)  # fmt: skip
def test_a_network_far_larger_than_its_weights_is_not_built(
    folder: Path, config: dict[str, Any]
) -> None:
    card = json.loads((folder / "model.json").read_text("utf-8"))
    change(folder, config=card["config"] | config)
    with pytest.raises(ModelFolderError, match=r"weights\.safetensors: does not fit model\.json"):
        load_model(folder)


def test_a_design_with_hundreds_of_digits_is_refused() -> None:
    with pytest.raises(ModelDesignError, match="must be a whole number"):
        build_model("unet", **TINY | {"filters": 10**400})


def test_a_card_keeps_the_names_of_its_classes(tmp_path: Path) -> None:
    texts = [n for n in NAMES if n and "\ud800" not in n]
    for first, second in pairwise(texts):
        folder = made(tmp_path / "m", (first, second))
        assert [c.name for c in read_card(folder).classes] == [first, second]
