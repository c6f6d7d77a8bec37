"""``prediction.json`` that anybody may have made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hookpath.errors import PredictionError
from hookpath.inference.prediction_record import PredictionRecord

WRONG: list[dict[str, Any]] = [
    {"width": -1}, {"height": 0}, {"downsample": [0, 1]}, {"downsample": [float("nan"), 1]},
    {"spacing_um": 0}, {"spacing_um": float("inf")}, {"settings": []}, {"classes": 3},
    {"ood": {"score": float("nan"), "limit": 1, "patches": 0}},
]  # fmt: skip


@pytest.mark.parametrize("members", WRONG, ids=str)
def test_a_record_of_no_size_is_one_line(tmp_path: Path, members: dict[str, Any]) -> None:
    (tmp_path / "prediction.json").write_text(json.dumps(members), encoding="utf-8")
    with pytest.raises(PredictionError, match=r"prediction\.json: not readable \(") as error:
        PredictionRecord.load(tmp_path)
    assert "\n" not in str(error.value)
    with pytest.raises(ValidationError) as found:
        PredictionRecord.model_validate(members)
    wrong = {e["loc"][0] for e in found.value.errors() if e["type"] != "missing"}
    assert wrong == set(members)
