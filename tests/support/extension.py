"""The extension's jar in a real QuPath: built here, installed into a home of its own, and run."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hookpath.locking import alone
from hookpath.projects import find_qupath
from support.qupath import SCRIPTS, qupath_launcher

REPOSITORY = Path(__file__).parents[2]
GROOVY_SCRIPTS = REPOSITORY / "groovy_scripts"
#: A jar to test instead of building one.
JAR_VARIABLE = "HOOKPATH_EXTENSION_JAR"
#: What Gradle says where it lacks something that this machine does not have.
_NOT_HERE = ("No JDK ", "Could not resolve", "Could not GET", "offline mode")


@dataclass(frozen=True)
class Done:
    """How a QuPath ended, and what it said."""

    code: int
    out: str
    err: str

    def ok(self) -> Done:
        """Itself, if all went well."""
        assert self.code == 0, self.said()
        return self

    def said(self) -> str:
        """The end of everything it said."""
        return (self.out + self.err)[-6000:]

    def problem(self) -> str:
        """The one line for a person that a failed script ended with."""
        assert self.code != 0, self.said()
        marker = "HookpathException: "
        lines = [line for line in (self.out + self.err).splitlines() if marker in line]
        assert lines, self.said()
        return lines[0].split(marker, 1)[1].strip()


@dataclass(frozen=True)
class InstalledExtension:
    """A QuPath that has the jar, and preferences and a user directory that nobody else uses."""

    launcher: Path
    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def user_dir(self) -> Path:
        """QuPath's user directory."""
        return self.home / "QuPath"

    def command(self, *words: object) -> list[str]:
        """QuPath's command line."""
        return [str(word) for word in (self.launcher, *words)]

    def process_environment(self, **further: str) -> dict[str, str]:
        """What QuPath's process gets: this Python for the jobs, no preferences of a person."""
        java = (
            f'-Duser.home="{self.home}" -Djava.util.prefs.userRoot="{self.home}"'
            " -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        )
        ours = {"JAVA_TOOL_OPTIONS": java, "HOOKPATH_PYTHON": sys.executable}
        return {**os.environ, **ours, **self.environment, **further}

    def script(
        self,
        name: str | Path,
        project: Path | None = None,
        image: str | None = None,
        /,
        *,
        save: bool = False,
        environment: Mapping[str, str] | None = None,
        timeout: float = 240,
        arguments: tuple[object, ...] = (),
        **settings: object,
    ) -> Done:
        """Run one of ``groovy_scripts`` (or a script's path) without a window.

        Args:
            arguments: passed as they are.
            settings: passed as ``name=value``.
        """
        path = GROOVY_SCRIPTS / name
        words: list[object] = ["script", path]
        words += ["--project", project] if project else []
        words += ["--image", image] if image else []
        words += ["--save"] if save else []
        given = [*arguments, *(f"{key}={value}" for key, value in settings.items())]
        for argument in given:
            words += ["--args", argument]
        return self.run(*words, environment=environment, timeout=timeout)

    def run(
        self, *words: object, environment: Mapping[str, str] | None = None, timeout: float = 240
    ) -> Done:
        """Run QuPath to its end."""
        done = subprocess.run(
            self.command(*words),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
            env=self.process_environment(**(environment or {})),
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def seen(self, project: Path, image: str) -> dict[str, Any]:
        """What QuPath sees in an image: history and objects."""
        out = self.home / "seen.json"
        self.script(SCRIPTS / "dump.groovy", project, image, arguments=(out,)).ok()
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        out.unlink()
        return found

    def cases(
        self, project: Path, image: str, cases: Mapping[str, str]
    ) -> dict[str, dict[str, Any]]:
        """What pieces of Groovy gave, run one after another on an image, and its objects then."""
        given, got = self.home / "cases.json", self.home / "outcomes.json"
        listed = [{"name": name, "run": text} for name, text in cases.items()]
        given.write_text(json.dumps(listed), encoding="utf-8")
        self.script(SCRIPTS / "cases.groovy", project, image, arguments=(given, got)).ok()
        found = json.loads(got.read_text(encoding="utf-8"))
        return {outcome["name"]: outcome for outcome in found}


def installed_extension(home: Path, **environment: str) -> InstalledExtension:
    """Put the jar into a fresh QuPath home; skips the test where there is no QuPath or no jar."""
    launcher, jar = qupath_launcher(), extension_jar()
    installed = InstalledExtension(launcher, home, environment)
    (installed.user_dir / "extensions").mkdir(parents=True)
    shutil.copy(jar, installed.user_dir / "extensions")
    # Jars are looked for where the preference says when QuPath starts, and nowhere by default.
    installed.script(SCRIPTS / "prepare.groovy", arguments=(installed.user_dir,)).ok()
    return installed


@functools.cache
def extension_jar() -> Path:
    """The extension's jar: that of `JAR_VARIABLE`, else a fresh one; skips with the reason."""
    given = os.environ.get(JAR_VARIABLE)
    if given:
        if not Path(given).is_file():
            pytest.skip(f"{JAR_VARIABLE} is {given}, but there is no such file")
        return Path(given)
    gradle = shutil.which("gradle")
    if gradle is None:
        pytest.skip(f"no gradle to build the extension with; {JAR_VARIABLE} names a built one")
    # Runs for two versions of QuPath build in one place, and each takes its own copy:
    # a script of a QuPath whose jar is half written ends at once, and QuPath 0.7 then never does.
    built = REPOSITORY / "qupath_ext/extension/build/libs"
    built.mkdir(parents=True, exist_ok=True)
    with alone(built / "tests.lock", "building the extension for tests", patience_s=600):
        _build(gradle)
        (jar,) = built.glob("hookpath-qupath-*.jar")
        return Path(shutil.copy(jar, tempfile.mkdtemp(prefix="hookpath-jar-")))


def _build(gradle: str) -> None:
    command = [gradle, "-q", "-p", REPOSITORY / "qupath_ext", f"-PqupathDir={find_qupath()}"]
    done = subprocess.run(
        [str(word) for word in (*command, "jar")],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    said = done.stdout + done.stderr
    if done.returncode and any(reason in said for reason in _NOT_HERE):
        pytest.skip(f"the extension cannot be built here: {said.strip()[-300:]}")
    assert done.returncode == 0, said[-5000:]
