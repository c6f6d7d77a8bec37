"""The loop with an oracle: it plays by the rules, and goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from hookpath.annotations import read_geojson
from hookpath.errors import UsageError
from hookpath.loop import simulation
from hookpath.loop.curves import summarise_curves
from hookpath.loop.oracle import Oracle, random_squares
from hookpath.loop.painted import CLASSES, stains_of, write_slides
from hookpath.loop.simulation import Simulation
from hookpath.loop.truth import CONFIRMED_CLASS
from hookpath.projects import FolderProject

QUICK = ("steps_per_epoch=4", "batch_size=2")
PLAN = Simulation(pool=4, test=1, rounds=2, budget_mm2=0.005, region_um=50, size_px=256)


def test_painted_slides_are_fully_known(tmp_path: Path) -> None:
    write_slides(tmp_path / "slides", tmp_path / "truth", [0], seed=3, size=256)
    entry = FolderProject(tmp_path / "slides").images[0]
    known = Oracle(tmp_path / "truth").knows(entry)
    assert sum(o.geometry.area for o in known) == pytest.approx(256 * 256)
    with entry.slide.open() as slide:
        assert (slide.width_l0, slide.height_l0, slide.calibration.mpp) == (256, 256, 1.0)
        assert len(slide.levels) == 3
    assert {o.path_class.name for o in known if o.path_class} == set(CLASSES.names)
    assert stains_of(16) == [0] * 12 + [1] * 2 + [2] * 2


def test_the_oracle_corrects_only_what_it_was_paid_for(tmp_path: Path) -> None:
    write_slides(tmp_path / "slides", tmp_path / "truth", [1], seed=3, size=256)
    entry = FolderProject(tmp_path / "slides").images[0]
    square = shapely.box(50, 60, 150, 160)
    Oracle(tmp_path / "truth").correct(entry, [square])
    drawn = read_geojson(entry.annotation_file)
    named = [o for o in drawn if o.path_class and o.path_class.name == CONFIRMED_CLASS]
    assert [o.geometry.area for o in named] == [100 * 100]
    assert sum(o.geometry.area for o in drawn) == pytest.approx(2 * 100 * 100)


def test_random_squares_do_not_overlap() -> None:
    found = random_squares(np.random.default_rng(0), (512, 512), 100, 4)
    assert len(found) == 4
    assert shapely.union_all(found).area == pytest.approx(4 * 100 * 100)
    assert all(shapely.box(0, 0, 512, 512).covers(s) for s in found)


def test_untouched_proposals_teach_only_in_the_strategy_that_shows_it(tmp_path: Path) -> None:
    found = simulation.run(tmp_path, PLAN, ["random", "untouched"], 1, QUICK)
    labelled = {
        name: [r["labelled_mm2"] for r in values["rounds"]]
        for name, values in found["curves"].items()
    }
    first, second = labelled["random"]
    assert first == pytest.approx(0.1**2)
    assert second == pytest.approx(first + 2 * 0.05**2, rel=1e-3)
    # The whole second slide, though the oracle looked at two squares of it.
    assert labelled["untouched"][1] > first + 0.9 * 0.256**2
    assert (tmp_path / "curves.png").is_file()
    kept = {p: p.stat().st_mtime_ns for p in tmp_path.glob("runs/*/curve.json")}
    simulation.run(tmp_path, PLAN, ["random"], 1, QUICK)
    assert {p: p.stat().st_mtime_ns for p in kept} == kept


def test_wrong_strategy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'luck'"):
        simulation.run(tmp_path, PLAN, ["luck"], 1)


def test_bands_are_student_s() -> None:
    def curve(f1: float) -> list[dict[str, float]]:
        return [{"round": 1, "f1": f1, "labelled_mm2": 0.1}]

    found = summarise_curves({"both": [curve(0.4), curve(0.6)], "random": [curve(0.5)]})
    (point,) = found["both"]["rounds"]
    assert point["f1"] == pytest.approx(0.5)
    # t(0.975, 1) = 12.706; s = 0.1414; √2.
    assert point["half_width"] == pytest.approx(12.706 * 0.141421 / 2**0.5, rel=1e-3)
    assert found["random"]["rounds"][0]["half_width"] is None
