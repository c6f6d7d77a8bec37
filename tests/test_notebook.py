"""The notebook in docs runs as it stands, and shows what it says."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support.threads import one_thread

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebooks" / "first-steps.ipynb"


def cells(kind: str) -> list[str]:
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return ["".join(c["source"]) for c in found if c["cell_type"] == kind]


def run(source: str, names: dict[str, Any]) -> Any:
    """A cell as Jupyter runs it: the value of its last expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(NOTEBOOK), "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)  # type: ignore[attr-defined]


def test_every_cell_runs_and_shows_something_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with one_thread():
        shown = [value for cell in cells("code") if (value := run(cell, names)) is not None]
    pictures = [value for value in shown if isinstance(value, Image.Image)]
    assert len(pictures) == 3
    assert all(len(set(p.convert("L").tobytes())) > 20 for p in pictures), "no empty picture"
    texts = [repr(value) for value in shown if value not in pictures]
    assert all(len(text) < 900 for text in texts), texts
    assert texts[0] == "FolderProject('slides', 4 images)"
    assert any(text.startswith("Look(hooknet") for text in texts)
    assert any("1 predicted, 0 found finished, 0 failed" in text for text in texts)


def test_it_holds_no_outputs_and_links_to_pages_that_are_there() -> None:
    raw = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert all(not c.get("outputs") for c in raw["cells"])
    assert (NOTEBOOK.parent / "../evaluation.md").is_file()
