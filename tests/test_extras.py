"""What is not installed is named with the extra that brings it, before any work is done."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from hookpath import extras
from hookpath.cli.app import app
from hookpath.cli.doctor_checks import all_checks
from hookpath.errors import code_of, one_line
from hookpath.evaluation import evaluate_project
from hookpath.extras import MissingPackageError, explained, require_extra
from hookpath.training import TrainConfig, train_network

Lacking = Callable[..., None]


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> Lacking:
    """Makes modules look as if they were not installed."""

    def take_away(*names: str) -> None:
        found = importlib.util.find_spec
        hidden = SimpleNamespace(
            util=SimpleNamespace(find_spec=lambda name: None if name in names else found(name))
        )
        monkeypatch.setattr(extras, "importlib", hidden)

    return take_away


def test_what_is_there_is_no_error() -> None:
    require_extra("train", "training")


def test_one_and_several_packages_are_named_as_pip_knows_them(lacking: Lacking) -> None:
    lacking("sklearn")
    with pytest.raises(MissingPackageError) as one:
        require_extra("train", "training")
    assert str(one.value) == (
        "training needs scikit-learn, which is not installed here; pip install 'hookpath[train]'"
    )
    lacking("sklearn", "kornia")
    with pytest.raises(MissingPackageError, match="kornia, scikit-learn, which are not"):
        require_extra("train", "training")


def test_training_and_evaluating_refuse_before_they_begin(lacking: Lacking, tmp_path: Path) -> None:
    lacking("kornia", "matplotlib")
    with pytest.raises(MissingPackageError, match=r"hookpath\[train\]"):
        train_network([], TrainConfig.load(preset="auto"), tmp_path / "run")
    with pytest.raises(MissingPackageError, match=r"hookpath\[evaluate\]"):
        evaluate_project(None, predictions_dir=tmp_path, out_dir=tmp_path / "out")  # type: ignore
    assert list(tmp_path.iterdir()) == []


def test_an_import_that_fails_later_is_explained() -> None:
    error = explained(ModuleNotFoundError("No module named 'onnx.helper'", name="onnx.helper"))
    assert one_line(error) == (
        "this needs onnx, which is not installed here; pip install 'hookpath[export]'"
    )
    assert code_of(error) == "missing_package"
    for other in (ModuleNotFoundError("x", name="their_own"), ImportError("x"), ValueError("x")):
        assert explained(other) is other


def test_a_command_ends_with_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")

    monkeypatch.setattr("hookpath.conversion.convert_files", fail)
    ran = CliRunner().invoke(app, ["convert", str(tmp_path / "a.xml")])
    assert ran.exit_code == 1
    assert "error: this needs matplotlib, which is not installed here" in ran.stderr
    assert "Traceback" not in ran.output


def test_doctor_says_what_is_left_out(lacking: Lacking) -> None:
    checks = {check.name: check for check in all_checks(quick=True)}
    assert checks["[train]"].state == "ok"
    lacking("kornia")
    check = next(check for check in all_checks(quick=True) if check.name == "[train]")
    assert (check.state, check.found) == ("absent", "not installed: kornia")
    assert check.advice == "for training: pip install 'hookpath[train]'"
