#!/usr/bin/env python3
"""Makes all files of a release into dist/: wheel, jar, catalog.json, SHA256SUMS.

    .ci/release.py [--check] [--repository URL] [--earlier catalog.json] [--tag v1.2.3] [-- GRADLE…]

What is built is the last commit, never what lies about. The same commit gives the same bytes with
the same JDK, Gradle and uv; --check builds it twice, in two folders, at two times of day, with two
sets of permissions, and compares. Needs git, uv, Gradle, a JDK 21 or later, and a QuPath (see
gradle/qupath.gradle); what stands after -- goes to Gradle (-PqupathDir=DIR).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: QuPath versions that the jar is for. With 0.8's public source it compiles; it was not run there.
OLDEST_QUPATH, NEWEST_QUPATH = "v0.6.0", "v0.8.99"
_GITHUB = re.compile(r"(?:https://|git@|ssh://git@)github\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?")


class ReleaseError(Exception):
    """Why there is no release, and what to do."""


def version(source: Path = ROOT) -> str:
    """The version of everything; its one place is the Python package."""
    text = (source / "pybackend/hookpath/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    if found is None:
        raise ReleaseError("pybackend/hookpath/__init__.py names no __version__")
    return found[1]


def check_changelog(number: str, source: Path = ROOT) -> None:
    """`ReleaseError` unless CHANGELOG.md has a section of this version that says something."""
    text = (source / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(number)}\b[^\n]*\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if found is None:
        raise ReleaseError(
            f"CHANGELOG.md has no section ## {number}; put what is under Unreleased there"
        )
    if not re.search(r"^- ", found[1], re.M):
        raise ReleaseError(f"CHANGELOG.md says nothing under ## {number}")


def repository_address(given: str | None, environment: Mapping[str, str], remote: str) -> str:
    """Where the repository is on GitHub, the only place that QuPath's manager takes jars from.

    Args:
        given: what was asked for; else the workflow's context, else the git remote.
        environment: GitHub's workflows set ``GITHUB_REPOSITORY`` in it.
        remote: address of the git remote; "": none.

    Raises:
        ReleaseError: there is none.
    """
    owner_and_name = environment.get("GITHUB_REPOSITORY", "")
    address = given or (f"https://github.com/{owner_and_name}" if owner_and_name else remote)
    found = _GITHUB.fullmatch(address)
    if found is None:
        raise ReleaseError(
            f"{address or 'there is no git remote: it'} is no repository on GitHub; "
            "give --repository https://github.com/…/…"
        )
    return f"https://github.com/{found[1]}/{found[2]}"


def catalog(repository: str, number: str, earlier: Mapping[str, Any] | None = None) -> Any:
    """The catalog for QuPath's extension manager, newest release first.

    Args:
        repository: as `repository_address` gives it.
        number: version of this release.
        earlier: the catalog of the release before, whose releases stay in the list.
    """
    release = {
        "name": f"v{number}",
        "main_url": f"{repository}/releases/download/v{number}/hookpath-qupath-{number}.jar",
        "version_range": {"min": OLDEST_QUPATH, "max": NEWEST_QUPATH},
    }
    before = [] if earlier is None else earlier["extensions"][0]["releases"]
    extension = {
        "name": "hookpath",
        "description": "Train and run HookNet and U-Net from QuPath: draw a few polygons, learn, "
        "predict whole slides, correct, learn again.",
        "author": "The hookpath authors",
        "homepage": repository,
        "starred": False,
        "releases": [release, *(r for r in before if r["name"] != release["name"])],
    }
    return {
        "name": "hookpath",
        "description": "Multi-resolution segmentation learned from a few sparse polygons.",
        "extensions": [extension],
    }


def checksums(files: Iterable[Path]) -> str:
    """Lines that ``sha256sum -c`` checks."""
    named = sorted(files, key=lambda file: file.name)
    return "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in named)


def run(words: Sequence[object], **options: Any) -> str:
    """Run a program to its end and give what it printed; `ReleaseError` where it failed."""
    command = [str(word) for word in words]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, **options)
    except FileNotFoundError as error:
        raise ReleaseError(f"{command[0]} is not installed") from error
    if done.returncode:
        raise ReleaseError(f"{' '.join(command[:3])} … ended with {done.returncode}: {done.stdout}")
    return done.stdout


def export(folder: Path) -> str:
    """Write the last commit's files into a folder; its time in seconds since 1970."""
    archive = folder.with_suffix(".tar")
    run(["git", "-C", ROOT, "archive", "-o", archive, "HEAD"])
    folder.mkdir()
    run(["tar", "-xf", archive, "-C", folder, "--no-same-permissions"])
    archive.unlink()
    return run(["git", "-C", ROOT, "log", "-1", "--format=%ct"]).strip()


def build(
    out: Path, gradle: Sequence[str], umask: int = 0o022, zone: str = "UTC"
) -> tuple[Path, Path]:
    """Build wheel and jar of the last commit into a folder; -> both files."""
    with tempfile.TemporaryDirectory(prefix="hookpath release ") as scratch:
        before = os.umask(umask)
        try:
            source = Path(scratch) / "source"
            epoch = export(source)
            environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch, "TZ": zone}
            wheel = build_wheel(source, environment)
            jar = build_jar(source, wheel, gradle, environment)
        finally:
            os.umask(before)
        out.mkdir(parents=True, exist_ok=True)
        return (Path(shutil.copyfile(wheel, out / wheel.name)),
                Path(shutil.copyfile(jar, out / jar.name)))  # fmt: skip


def build_wheel(source: Path, environment: Mapping[str, str]) -> Path:
    """The wheel; what builds it is of one version (build.lock)."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    lock = source / ".ci/build.lock"
    run([uv or "uv", "build", "--quiet", "--wheel", "--build-constraints", lock, "-o",
         source / "dist", source], env=environment)  # fmt: skip
    return source / "dist" / f"hookpath-{version(source)}-py3-none-any.whl"


def build_jar(
    source: Path, wheel: Path, gradle: Sequence[str], environment: Mapping[str, str]
) -> Path:
    """The extension's jar, with the wheel in it."""
    jdk = environment.get("JAVA_HOME", "")
    # Debian's Gradle runs on Debian's Java only; the build itself finds the JDK to compile with.
    plain = {k: v for k, v in environment.items() if k not in ("JAVA_HOME", "JAVA_OPTS")}
    run(["gradle", "-q", "-p", source / "qupath_ext", "--no-daemon", "jar",
         ":extension:checkJar", f"-Pwheel={wheel}", f"-PjdkHome={jdk}", *gradle],
        env=plain)  # fmt: skip
    jar = source / f"qupath_ext/extension/build/libs/hookpath-qupath-{version(source)}.jar"
    if not jar.is_file():
        raise ReleaseError(
            "The jar was not built: no QuPath to compile against; give -- -PqupathDir=DIR"
        )
    return jar


def same_again(out: Path, files: Sequence[Path], gradle: Sequence[str]) -> None:
    """Build once more under other circumstances; `ReleaseError` where a byte differs."""
    again = build(out / "again", gradle, umask=0o077, zone="Asia/Kolkata")
    different = [a.name for a, b in zip(files, again, strict=True)
                 if a.read_bytes() != b.read_bytes()]  # fmt: skip
    if different:
        raise ReleaseError(f"built twice, not the same: {', '.join(different)} (see {out}/again)")
    shutil.rmtree(out / "again")
    print("built twice: the same bytes")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    made.add_argument("--check", action="store_true", help="build twice and compare")
    made.add_argument(
        "--repository", help="https://github.com/…/…; else the workflow's, else git's"
    )
    made.add_argument("--earlier", type=Path, help="catalog.json of the release before")
    made.add_argument("--tag", help="refuse unless it is that of the version")
    made.add_argument("--out", type=Path, default=ROOT / "dist")
    made.add_argument("gradle", nargs="*", help="after --: options for Gradle")
    return made


def release(asked: argparse.Namespace) -> None:
    """Make everything that the command line asks for."""
    number = version()
    if asked.tag is not None and asked.tag != f"v{number}":
        raise ReleaseError(f"the tag is {asked.tag}, but the version is {number}")
    if asked.tag is not None:
        check_changelog(number)
    remotes = run(["git", "-C", ROOT, "remote"]).split()
    remote = run(["git", "-C", ROOT, "remote", "get-url", remotes[0]]).strip() if remotes else ""
    address = repository_address(asked.repository, os.environ, remote)
    earlier = json.loads(asked.earlier.read_text("utf-8")) if asked.earlier else None
    files = build(asked.out, asked.gradle)
    if asked.check:
        same_again(asked.out, files, asked.gradle)
    listed = asked.out / "catalog.json"
    listed.write_text(json.dumps(catalog(address, number, earlier), indent=2) + "\n", "utf-8")
    sums = checksums([*files, listed])
    (asked.out / "SHA256SUMS").write_text(sums, "utf-8")
    print(sums, end="")


if __name__ == "__main__":
    try:
        release(parser().parse_args())
    except (ReleaseError, OSError, ValueError) as problem:
        sys.exit(f"release: {problem}")
