"""What a release is made of, as far as that needs no build."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

import hookpath

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".ci/release.py"
HERE = "https://github.com/a-lab/hookpath"


@pytest.fixture(scope="module")
def release() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("release", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_version_stands_in_one_place(release: ModuleType) -> None:
    assert release.version() == hookpath.__version__
    assert f'"{hookpath.__version__}"' not in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "workflow", "remote"),
    [
        (HERE, "another/one", "https://github.com/a/third"),
        (HERE + "/", "", ""),
        (None, "a-lab/hookpath", "https://github.com/a/third"),
        (None, "", "git@github.com:a-lab/hookpath.git"),
        (None, "", "https://github.com/a-lab/hookpath.git"),
    ],
)
def test_the_catalog_says_where_this_repository_is(
    release: ModuleType, given: str | None, workflow: str, remote: str
) -> None:
    environment = {"GITHUB_REPOSITORY": workflow} if workflow else {}
    assert release.repository_address(given, environment, remote) == HERE


@pytest.mark.parametrize("remote", ["", "/srv/git/hookpath", "https://example.org/a-lab/hookpath"])
def test_without_a_repository_on_github_there_is_no_catalog(
    release: ModuleType, remote: str
) -> None:
    with pytest.raises(release.ReleaseError, match="give --repository"):
        release.repository_address(None, {}, remote)


def test_a_catalog_keeps_the_releases_before(release: ModuleType) -> None:
    first = release.catalog(HERE, "0.1.0")
    again = release.catalog(HERE, "0.2.0", release.catalog(HERE, "0.2.0", first))
    (extension,) = again["extensions"]
    assert extension["homepage"] == HERE
    assert [r["name"] for r in extension["releases"]] == ["v0.2.0", "v0.1.0"]
    assert [r["main_url"] for r in extension["releases"]] == [
        f"{HERE}/releases/download/v0.2.0/hookpath-qupath-0.2.0.jar",
        f"{HERE}/releases/download/v0.1.0/hookpath-qupath-0.1.0.jar",
    ]


def test_checksums_are_those_of_sha256sum(release: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "b.jar").write_bytes(b"")
    (tmp_path / "a.whl").write_bytes(b"abc")
    (tmp_path / "SHA256SUMS").write_text(release.checksums(tmp_path.iterdir()))
    assert (tmp_path / "SHA256SUMS").read_text().splitlines() == [
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.whl",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b.jar",
    ]


def test_a_tag_that_is_not_the_version_is_refused(release: ModuleType) -> None:
    with pytest.raises(release.ReleaseError, match="the tag is v9, but the version is"):
        release.release(release.parser().parse_args(["--tag", "v9"]))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("## Unreleased\n- all\n", "no section ## 0.2.0"),
        ("## 0.2.0 (2027-01-01)\n\n## 0.1.0\n- first\n", "says nothing under ## 0.2.0"),
        ("## 0.2.01\n- another\n", "no section ## 0.2.0"),
    ],
)
def test_a_release_that_the_changelog_does_not_tell_of_is_refused(
    release: ModuleType, tmp_path: Path, text: str, complaint: str
) -> None:
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n" + text)
    with pytest.raises(release.ReleaseError, match=complaint):
        release.check_changelog("0.2.0", tmp_path)
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 0.2.0\n\n### Added\n- it\n")
    release.check_changelog("0.2.0", tmp_path)


def test_no_place_holder_for_the_owner_is_left() -> None:
    listed = subprocess.run(
        ["git", "-C", ROOT, "grep", "-lI", "OWNER" + "/"], capture_output=True, text=True
    )
    assert listed.stdout == ""
