"""What several files say of one thing, they say alike."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def _lines(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


def _yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def _locked(package: str) -> str:
    (found,) = [line for line in _lines("requirements.lock") if line.startswith(f"{package}==")]
    return found.split("==")[1].split(" ")[0]


def test_what_is_committed_is_linted_by_the_ruff_of_the_lock() -> None:
    revisions = {r["repo"]: r.get("rev") for r in _yaml(".pre-commit-config.yaml")["repos"]}
    assert revisions["https://github.com/astral-sh/ruff-pre-commit"] == f"v{_locked('ruff')}"


def test_ci_lints_before_it_tests() -> None:
    commands = _lines(".ci/run")
    tests = next(i for i, line in enumerate(commands) if line.endswith("bin/pytest"))
    for check in (".venv/bin/ruff check .", ".venv/bin/ruff format --check .", ".venv/bin/mypy"):
        assert commands.index(check) < tests, check


def test_the_workflow_lints_first_and_tests_every_python_on_every_system() -> None:
    jobs = _yaml(".github/workflows/checks.yml")["jobs"]
    first = {name for name, job in jobs.items() if "needs" not in job}
    assert first == {"lint"}
    matrix = jobs["tests"]["strategy"]["matrix"]
    assert {system.split("-")[0] for system in matrix["os"]} == {"ubuntu", "windows", "macos"}
    oldest = re.search(r'requires-python = ">=(3\.\d+)"', "\n".join(_lines("pyproject.toml")))
    assert oldest is not None
    assert matrix["python"][0] == oldest[1]


def test_one_uv_builds_everything() -> None:
    text = "\n".join(
        "\n".join(_lines(name))
        for name in (".github/workflows/checks.yml", ".github/workflows/release.yml", "Dockerfile")
    )
    assert len(set(re.findall(r'(?:UV_VERSION: "|uv==)([\d.]+)', text))) == 1


@pytest.mark.parametrize("doi", ["10.1016/j.media.2020.101890", "10.3389/fmed.2022.971873"])
def test_who_cites_hookpath_finds_the_papers(doi: str) -> None:
    citation = _yaml("CITATION.cff")
    assert citation["license"] == "Apache-2.0"
    assert doi in {work.get("doi") for work in citation["references"]}
