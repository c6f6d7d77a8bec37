"""What is in a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookpath.projects import confirmed_annotations, open_project, project_summary
from support.slides import position_image, write_pyramid


def test_images_without_objects_cost_no_geometry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of a large project are: a third of a millisecond each went into nothing."""
    write_pyramid(tmp_path / "a.tif", position_image(64, 64), mpp=1.0)

    def asked(*_: object, **__: object) -> None:
        pytest.fail("there is nothing to measure")

    monkeypatch.setattr(project_summary, "LabelSource", asked)
    monkeypatch.setattr(confirmed_annotations, "proposed_on", asked)
    (found,) = project_summary.summarise(open_project(tmp_path))
    assert (found.width, found.annotated_mm2, found.results, found.problem) == (64, {}, 0, "")
