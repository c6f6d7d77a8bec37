"""Files that anybody may have made."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from hookpath import limits
from hookpath.untrusted_files import (
    TooMuchError,
    parse_json,
    read_bytes,
    read_json,
    reason,
    refuse_deep,
)


def test_an_ordinary_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes('\ufeff{"a": [1, "ü"]}'.encode()[3:])
    assert read_json(path) == {"a": [1, "ü"]}
    assert read_bytes(path, most=path.stat().st_size) == path.read_bytes()


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(2 * 10**9)  # a hole: it takes no room
    with pytest.raises(TooMuchError, match=r"it has 2,000 MB, no more than 1 MB are read"):
        read_bytes(path, most=10**6)


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is no ordinary file"):
        read_bytes(tmp_path / "pipe")
    with pytest.raises(OSError, match="is no ordinary file"):
        read_bytes(Path("/dev/zero"))
    with pytest.raises(IsADirectoryError):
        read_bytes(tmp_path)


@pytest.mark.parametrize("depth", [limits.JSON_DEPTH + 1, 100_000])
def test_deep_json_is_refused(depth: int) -> None:
    for text in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        with pytest.raises(ValueError, match="nested more than 100 deep"):
            parse_json(text)


def test_json_as_deep_as_allowed() -> None:
    refuse_deep(parse_json("[" * limits.JSON_DEPTH + "]" * limits.JSON_DEPTH))


def test_a_reason_is_one_line() -> None:
    class Content(BaseModel):
        a: int

    with pytest.raises(ValidationError) as wrong:
        Content.model_validate({"a": "x"})
    assert reason(wrong.value, "top").startswith("top.a: Input should be a valid integer")
    assert reason(ValueError("a\nb")) == "a b"
    assert reason(OSError(2, "No such file")) == "No such file"
