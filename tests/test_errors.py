"""Every error has a code for programs and one line for people."""

from __future__ import annotations

import errno
import pickle
import re
from pathlib import Path

import pytest
import torch

from hookpath import errors
from hookpath.errors import HookpathError, PredictionError, code_of, one_line, write_code


def test_every_error_of_ours_has_a_documented_code() -> None:
    table = (Path(__file__).parents[1] / "docs" / "json-events.md").read_text(encoding="utf-8")
    ours = [
        e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, HookpathError)
    ]
    assert len(ours) > 15
    for error in ours:
        assert f"`{error.code}`" in table, error


def test_every_kind_of_result_is_documented() -> None:
    root = Path(__file__).parents[1]
    page = (root / "docs" / "json-events.md").read_text(encoding="utf-8")
    modules = [p.read_text(encoding="utf-8") for p in (root / "pybackend").rglob("*.py")]
    kinds = {k for text in modules for k in re.findall(r"\.result\(\s*\"([a-z_]+)\"", text)}
    assert len(kinds) > 20
    assert {kind for kind in kinds if f"`{kind}`" not in page} == set()


def test_an_error_may_say_more_than_its_class_also_from_another_process() -> None:
    error = PredictionError("a.svs: too coarse", code="spacing_mismatch")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.code) == ("a.svs: too coarse", "spacing_mismatch")
    assert PredictionError("b").code == "prediction_failed"


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (MemoryError(), "out_of_memory", "out of memory;"),
        (torch.OutOfMemoryError("CUDA\nout"), "out_of_memory", "out of memory;"),
        (ImportError("libtorch.so: failed to map segment"), "out_of_memory", "out of memory;"),
        (OSError(errno.ENOSPC, "No space left", "/out"), "disk_full", "/out: No space left"),
        (OSError(errno.EACCES, "Permission denied", "/o"), "unexpected", "/o: Permission denied"),
        (ValueError("two\nlines"), "unexpected", "unexpected ValueError: two lines (--debug"),
        (HookpathError("said"), "failed", "said"),
        (UnicodeEncodeError("utf-8", "a\udcff", 1, 2, "no"), "unexpected", "the name of a file"),
    ],
)
def test_errors_of_others(error: BaseException, code: str, line: str) -> None:
    assert code_of(error) == code
    assert one_line(error).startswith(line)
    assert "\n" not in one_line(error)


def test_ctrl_c_is_no_failure() -> None:
    assert code_of(KeyboardInterrupt()) == "stopped"


def test_a_full_disk_is_found_wherever_it_is_said() -> None:
    error = RuntimeError("torch's own")
    error.__context__ = OSError(errno.ENOSPC, "No space left")
    assert write_code(error) == "disk_full"
    assert write_code(OSError(errno.EACCES, "no")) == "not_writable"
