"""The loop with an oracle: it plays by the rules, and goes on where it was stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from hookpath.annotations import PathClass, PathObject, read_geojson, write_geojson
from hookpath.errors import UsageError
from hookpath.loop.ground_truth.ground_truth_rules import CONFIRMED_CLASS
from hookpath.loop.simulation import simulate_loop
from hookpath.loop.simulation.fully_annotated_slides import (
    PlayedEntry,
    PlayedProject,
    annotated_dataset,
    known_objects,
    known_slides,
    synthetic_dataset,
    without_overlaps,
)
from hookpath.loop.simulation.learning_curves import summarise_curves
from hookpath.loop.simulation.oracle import (
    correct,
    draw_sparsely,
    informative_square,
    random_squares,
)
from hookpath.loop.simulation.simulate_loop import Simulation
from hookpath.loop.simulation.synthetic_loop_slides import CLASSES, stains_of
from hookpath.projects import SPLIT_KEY, FolderProject
from support.slides import write_pyramid

QUICK = ("steps_per_epoch=4", "batch_size=2")
PLAN = Simulation(pool=4, test=1, rounds=2, budget_mm2=0.005, region_um=50, size_px=256)


def _painted_entry(tmp_path: Path, seed: int = 3) -> PlayedEntry:
    data = synthetic_dataset(tmp_path, pool=4, test=1, size_px=256, seed=seed)
    return PlayedProject(tmp_path / "game", data.pool).images[0]


def test_synthetic_slides_are_fully_known(tmp_path: Path) -> None:
    entry = _painted_entry(tmp_path)
    known = known_objects(entry.known)
    assert sum(o.geometry.area for o in known) == pytest.approx(256 * 256)
    with entry.slide.open() as slide:
        assert (slide.width_l0, slide.height_l0, slide.calibration.mpp) == (256, 256, 1.0)
        assert len(slide.levels) == 3
    assert {o.path_class.name for o in known if o.path_class} == set(CLASSES.names)
    assert stains_of(16) == [0] * 12 + [1] * 2 + [2] * 2


def test_every_seed_paints_slides_of_its_own(tmp_path: Path) -> None:
    pictures = []
    for seed in (0, 1):
        data = synthetic_dataset(tmp_path, pool=4, test=1, size_px=64, seed=seed)
        pictures += [k.slide.path.read_bytes() for k in (*data.pool, *data.test)]
    assert len(set(pictures)) == 2 * (4 + 1)


def test_the_oracle_corrects_only_what_it_was_paid_for(tmp_path: Path) -> None:
    entry = _painted_entry(tmp_path)
    assert entry.objects() == []
    correct(entry, [shapely.box(50, 60, 150, 160)])
    annotated = read_geojson(entry.annotation_file)
    named = [o for o in annotated if o.path_class and o.path_class.name == CONFIRMED_CLASS]
    assert [o.geometry.area for o in named] == [100 * 100]
    assert sum(o.geometry.area for o in annotated) == pytest.approx(2 * 100 * 100)
    assert entry.annotation_file.parent == tmp_path / "game"


def test_the_first_annotations_hold_every_class_that_a_few_looks_find(tmp_path: Path) -> None:
    whole = shapely.box(0, 0, 100, 100)
    corner = shapely.box(0, 0, 40, 40)
    entry = _drawn_project(tmp_path, {"a": [("Tumor", corner), ("Stroma", whole - corner)]})
    rng = np.random.default_rng(0)
    draw_sparsely(entry, informative_square(rng, entry, (100, 100), 30))
    names = {o.path_class.name for o in entry.objects() if o.path_class}
    assert names == {"Tumor", "Stroma"}


def _add_slide(folder: Path, name: str, areas: list[tuple[str, shapely.Geometry]]) -> None:
    folder.mkdir(exist_ok=True)
    write_pyramid(folder / f"{name}.tif", np.full((100, 100, 3), 200, np.uint8), 1.0)
    objects = [PathObject(area, path_class=PathClass(c)) for c, area in areas]  # type: ignore[arg-type]
    write_geojson(folder / f"{name}.geojson", objects)


def _drawn_project(
    tmp_path: Path, annotated: dict[str, list[tuple[str, shapely.Geometry]]]
) -> PlayedEntry:
    """A folder of slides with annotations and two more; its first slide as a game sees it."""
    everywhere = [("Tumor", shapely.box(0, 0, 100, 100))]
    for name, areas in {**annotated, "y": everywhere, "z": everywhere}.items():
        _add_slide(tmp_path / "own", name, areas)  # type: ignore[arg-type]
    project = FolderProject(tmp_path / "own")
    project.images[-1].set_metadata({SPLIT_KEY: "test"})
    data = annotated_dataset(known_slides(tmp_path / "out", project, None), 0.3, 0)
    return PlayedProject(tmp_path / "game", data.pool).images[0]


def test_a_project_of_one_s_own_is_only_read(tmp_path: Path) -> None:
    entry = _drawn_project(tmp_path, {"a": [("Stroma", shapely.box(0, 0, 100, 100))]})
    before = (tmp_path / "own" / "a.geojson").read_bytes()
    assert entry.objects() == []
    correct(entry, [shapely.box(0, 0, 50, 50)])
    assert (tmp_path / "own" / "a.geojson").read_bytes() == before
    assert [p.name for p in (tmp_path / "game").iterdir()] == ["a.geojson"]


def test_slides_that_are_marked_measure_and_else_the_seed_draws(tmp_path: Path) -> None:
    _drawn_project(tmp_path, {n: [("Tumor", shapely.box(0, 0, 9, 9))] for n in "abcdefg"})
    project = FolderProject(tmp_path / "own")
    marked = annotated_dataset(known_slides(tmp_path / "out", project, None), 0.3, 0)
    assert [k.name for k in marked.test] == ["z.tif"]
    assert len(marked.pool) == 8
    project.images[-1].set_metadata({SPLIT_KEY: None})
    annotated = [
        {
            k.name
            for k in annotated_dataset(
                known_slides(tmp_path / "out", project, None), 0.3, seed
            ).test
        }
        for seed in range(6)
    ]
    assert {len(names) for names in annotated} == {3}
    assert len(set(map(frozenset, annotated))) > 1


def test_slides_of_one_stem_keep_what_is_on_each(tmp_path: Path) -> None:
    for number, name in enumerate(("a b", "a_b", "A_b.ome")):
        size = 10 * (number + 1)
        _add_slide(tmp_path / "own", name, [("Tumor", shapely.box(0, 0, size, size))])
    known = known_slides(tmp_path / "out", FolderProject(tmp_path / "own"), None)
    assert sorted(known_objects(k)[0].geometry.area for k in known) == [100, 400, 900]
    for entry in PlayedProject(tmp_path / "game", known).images:
        assert entry.objects() == []
        draw_sparsely(entry, shapely.box(0, 0, 5, 5))
        assert [o.geometry.area for o in entry.objects()] == [25]


def test_too_few_slides_are_refused(tmp_path: Path) -> None:
    _drawn_project(tmp_path, {"a": [("Tumor", shapely.box(0, 0, 9, 9))]})
    project = FolderProject(tmp_path / "own")
    with pytest.raises(UsageError, match="three or more slides"):
        known_slides(tmp_path / "out", project, tmp_path)


def test_of_overlapping_areas_the_smaller_lies_on_top() -> None:
    whole, inner = shapely.box(0, 0, 100, 100), shapely.box(0, 0, 10, 10)
    found = without_overlaps(
        [
            PathObject(inner, path_class=PathClass("Tumor")),
            PathObject(whole, path_class=PathClass("Stroma")),
            PathObject(inner, path_class=PathClass("Region*")),
            PathObject(shapely.box(0, 0, 10, 10), path_class=PathClass("Fat")),
        ]
    )
    areas = {o.path_class.name: o.geometry.area for o in found if o.path_class}
    assert areas == {"Fat": 100, "Stroma": 10_000 - 100}


def test_a_simulation_on_a_project_of_one_s_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    for folder in ("own", "truth"):
        (tmp_path / folder).mkdir()
    for number in range(4):
        picture = rng.integers(0, 90, (256, 256, 3), np.uint8)
        picture[:, 128:] += 120
        write_pyramid(tmp_path / "own" / f"{number}.tif", picture, 1.0)
        sides = [("Tumor", shapely.box(0, 0, 128, 256)), ("Fat", shapely.box(128, 0, 256, 256))]
        objects = [PathObject(area, path_class=PathClass(c)) for c, area in sides]
        write_geojson(tmp_path / "truth" / f"{number}.geojson", objects)
    project = FolderProject(tmp_path / "own")
    found = simulate_loop.run(
        tmp_path / "out", PLAN, ["random"], [4], QUICK, project, tmp_path / "truth"
    )
    (curve,) = (found["curves"][name]["rounds"] for name in found["curves"])
    assert [point["labelled_mm2"] for point in curve] == pytest.approx([0.01, 0.015], rel=1e-3)
    assert list((tmp_path / "own").glob("*.geojson")) == []


def test_a_simulation_ends_when_all_slides_are_used_up(tmp_path: Path) -> None:
    plan = replace(PLAN, pool=4, rounds=9, per_round=2)
    found = simulate_loop.run(tmp_path, plan, ["random"], [0], QUICK)
    assert [r["round"] for r in found["curves"]["random"]["rounds"]] == [1, 2, 3]


def test_random_squares_do_not_overlap() -> None:
    found = random_squares(np.random.default_rng(0), (512, 512), 100, 4)
    assert len(found) == 4
    assert shapely.union_all(found).area == pytest.approx(4 * 100 * 100)
    assert all(shapely.box(0, 0, 512, 512).covers(s) for s in found)


@pytest.mark.slow
def test_untouched_proposals_teach_only_in_the_strategy_that_shows_it(tmp_path: Path) -> None:
    found = simulate_loop.run(tmp_path, PLAN, ["random", "untouched"], [0], QUICK)
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
    simulate_loop.run(tmp_path, PLAN, ["random"], [0], QUICK)
    assert {p: p.stat().st_mtime_ns for p in kept} == kept


def test_wrong_strategy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'luck'"):
        simulate_loop.run(tmp_path, PLAN, ["luck"], [0])
    with pytest.raises(UsageError, match="name the SOURCE"):
        simulate_loop.run(tmp_path, PLAN, ["random"], [0], truth=tmp_path)
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        simulate_loop.run(tmp_path / "taken", PLAN, ["random"], [0])


def test_bands_are_student_s() -> None:
    def curve(f1: float) -> list[dict[str, float]]:
        return [{"round": 1, "f1": f1, "labelled_mm2": 0.1}]

    found = summarise_curves({"both": [curve(0.4), curve(0.6)], "random": [curve(0.5)]})
    (point,) = found["both"]["rounds"]
    assert point["f1"] == pytest.approx(0.5)
    # t(0.975, 1) = 12.706; s = 0.1414; √2.
    assert point["half_width"] == pytest.approx(12.706 * 0.141421 / 2**0.5, rel=1e-3)
    assert found["random"]["rounds"][0]["half_width"] is None


def test_gains_are_paired_by_seed() -> None:
    def curve(f1: float) -> list[dict[str, float]]:
        return [{"round": 1, "f1": f1, "labelled_mm2": 0.1}]

    # Seeds differ a lot, the strategies little and always alike.
    found = summarise_curves({
        "random": [curve(0.2), curve(0.8)], "both": [curve(0.3), curve(0.9)],
    })  # fmt: skip
    (point,) = found["both"]["rounds"]
    assert point["gain"] == pytest.approx(0.1)
    assert point["gain_half_width"] == pytest.approx(0, abs=1e-9)
    alone = summarise_curves({"both": [curve(0.3)]})["both"]["rounds"][0]
    assert alone["gain"] is None
