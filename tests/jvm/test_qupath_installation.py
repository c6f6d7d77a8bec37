"""Finding a QuPath: the environment, Paquo's configuration, usual folders; or saying why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookpath.errors import ProjectError
from hookpath.jvm import find_qupath, qupath_installation, qupath_version
from hookpath.projects import open_project
from support.projects import write_project_file


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing is installed or configured."""
    for name in ("PAQUO_QUPATH_DIR", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(qupath_installation, "paquo_settings", dict)
    monkeypatch.setattr(qupath_installation, "_USUAL_FOLDERS", ())


def install(home: Path, version: str, app: str = "lib/app") -> Path:
    """A folder that looks like a QuPath."""
    (home / app).mkdir(parents=True)
    (home / app / f"qupath-core-{version}.jar").touch()
    (home / app / f"qupath-core-processing-{version}.jar").touch()
    return home


@pytest.mark.parametrize("app", ["lib/app", "Contents/app", "app"])
@pytest.mark.parametrize("version", ["0.6.0", "0.7.0-rc2", "0.2.0-m12"])
def test_knows_the_version_on_every_system(tmp_path: Path, app: str, version: str) -> None:
    assert qupath_version(install(tmp_path / "Q", version, app)) == version


def test_the_environment_decides_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "usual" / "QuPath-0.6.0", "0.6.0")
    monkeypatch.setattr(qupath_installation, "_USUAL_FOLDERS", (str(tmp_path / "usual"),))
    other = install(tmp_path / "mine", "0.7.0")
    monkeypatch.setenv("PAQUO_QUPATH_DIR", str(other))
    assert find_qupath() == other
    monkeypatch.setenv("PAQUO_QUPATH_DIR", str(tmp_path / "nothing"))
    assert find_qupath() is None


def test_paquos_configuration_comes_before_the_usual_folders_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("0.9.0", "0.10.1", "0.10.1-rc2", "0.6.0"):
        install(tmp_path / f"QuPath-{version}", version)
    monkeypatch.setattr(qupath_installation, "_USUAL_FOLDERS", (str(tmp_path),))
    assert find_qupath() == tmp_path / "QuPath-0.10.1"
    configured = install(tmp_path / "configured", "0.5.1")
    monkeypatch.setattr(
        qupath_installation, "paquo_settings", lambda: {"qupath_dir": str(configured)}
    )
    assert find_qupath() == configured


def test_without_a_qupath_objects_are_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("paquo")
    from hookpath import jvm

    monkeypatch.setattr(jvm, "java", jvm.java.__wrapped__)
    source = write_project_file(tmp_path, [("a", {"builderType": "uri", "uri": "file:///a.svs"})])
    entry = open_project(source).images[0]
    with pytest.raises(ProjectError, match=r"no QuPath found; set PAQUO_QUPATH_DIR.*GeoJSON"):
        entry.objects()
    monkeypatch.setenv("PAQUO_QUPATH_DIR", "/nowhere")
    with pytest.raises(ProjectError, match=r"PAQUO_QUPATH_DIR is /nowhere, but no QuPath"):
        entry.write([], "run-1")
