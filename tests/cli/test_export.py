"""``hookpath export`` as a user calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.saving import save_tiny


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder with a model in it."""
    save_tiny(tmp_path / "run/model", "unet")
    return tmp_path / "run"


def test_a_runs_model_is_exported(hookpath, run: Path, tmp_path: Path) -> None:
    done = hookpath("export", run, "-o", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    (result,) = [e for e in done.events if e["event"] == "result"]
    assert result["kind"] == "exported"
    assert result["data"]["files"] == [
        str(tmp_path / f"out/{n}") for n in ("model.onnx", "model.json")
    ]
    assert result["data"]["difference"] < 1e-4


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("{run}",), 2, "--out"),
        (("{run}", "-o", "{run}/out", "--to", "paper"), 2, "--to"),
        (("{run}", "-o", "{run}/out", "--input-size", "53"), 1, "nearest valid input sizes: 52 px"),
        (("{run}/nowhere", "-o", "{run}/out"), 1, "give a model folder"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    hookpath, run: Path, args: tuple[str, ...], code: int, said: str
) -> None:
    done = hookpath("export", *(a.format(run=run) for a in args))
    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err
    assert not (run / "out").exists()
