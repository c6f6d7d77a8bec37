"""Which commit this package is of."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_PACKAGE = Path(__file__).parent
#: Hexadecimal digits that are shown.
_DIGITS = 12


def commit(package: Path = _PACKAGE) -> str:
    """The commit that the package was built from; "": unknown.

    A release has it in ``commit.txt``, where ``git archive`` writes it (.gitattributes). In a
    checkout git is asked; what was changed since is marked by ``-dirty``.

    Args:
        package: folder of the package.
    """
    recorded = package / "commit.txt"
    text = recorded.read_text("utf-8").strip() if recorded.is_file() else "$"
    if not text.startswith("$"):
        return text[:_DIGITS]
    checkout = package.parents[1]
    return _ask_git(checkout) if (checkout / ".git").exists() else ""


def _ask_git(checkout: Path) -> str:
    words = ["describe", "--always", "--dirty", "--exclude=*", f"--abbrev={_DIGITS}"]
    try:
        done = subprocess.run(
            ["git", "-C", checkout, *words],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},  # it only looks
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
