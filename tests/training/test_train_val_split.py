"""Which slides train and which validate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hookpath.errors import HookpathError, TrainingError
from hookpath.projects import open_project
from hookpath.training import TrainConfig
from hookpath.training.data.train_val_split import Candidate, Split, on_two_sides, split_slides
from hookpath.training.data.training_data import gather
from support.textures import texture_folder, texture_slide
from support.training import TINY, Recorder

NONE: dict[Any, tuple[str, ...]] = {"train": (), "val": (), "test": ()}


def slides(*marks: str | None) -> list[Candidate]:
    return [Candidate(str(i), f"s{i}", {"A": 1.0, "B": 1.0}, m) for i, m in enumerate(marks)]


def test_marks_of_the_project_decide() -> None:
    split = split_slides(slides("val", None, "test", "train"), NONE, 0.25, 0)
    assert (split.train, split.val, split.test) == (("1", "3"), ("0",), ("2",))


def test_lists_of_the_configuration_win_over_marks() -> None:
    split = split_slides(
        slides("val", None, "test"), {**NONE, "val": ("s1",), "train": ("s0",)}, 0.25, 0
    )
    assert (split.train, split.val, split.test) == (("0",), ("1",), ("2",))


def test_test_slides_are_never_drawn_for_validation() -> None:
    for seed in range(20):
        assert split_slides(slides("test", None, None), NONE, 0.5, seed).test == ("0",)


def test_the_draw_follows_the_seed_and_the_fraction() -> None:
    eight = slides(*[None] * 8)
    found = {split_slides(eight, NONE, 0.25, seed).val for seed in range(10)}
    assert all(len(val) == 2 for val in found)
    assert len(found) > 1
    assert split_slides(eight, NONE, 0.25, 3) == split_slides(eight, NONE, 0.25, 3)


def test_every_class_lies_on_both_sides_where_possible() -> None:
    only_a = [Candidate(f"a{i}", f"a{i}", {"A": 1.0}) for i in range(6)]
    rare = [Candidate(f"b{i}", f"b{i}", {"A": 1.0, "B": 1.0}) for i in range(2)]
    for seed in range(20):
        split = split_slides([*only_a, *rare], NONE, 0.25, seed)
        assert len({"b0", "b1"} & set(split.val)) == 1


def test_the_only_slide_of_a_class_trains() -> None:
    candidates = [Candidate("a", "a", {"A": 1.0}), Candidate("b", "b", {"A": 1.0, "B": 1.0})]
    for seed in range(10):
        assert split_slides(candidates, NONE, 0.5, seed).val == ("a",)


def test_one_slide_alone_trains() -> None:
    assert split_slides(slides(None), NONE, 0.25, 0) == Split(("0",), (), ())
    assert split_slides(slides(None, "test"), NONE, 0.25, 0) == Split(("0",), (), ("1",))


def test_no_slide_is_drawn_if_a_class_would_be_missing_in_training() -> None:
    candidates = [Candidate("a", "a", {"A": 1.0}), Candidate("b", "b", {"B": 1.0})]
    assert split_slides(candidates, NONE, 0.5, 0) == Split(("a", "b"), (), ())


def test_fewer_are_held_out_where_that_keeps_every_class_in_training() -> None:
    unique = [Candidate(n, n, {n: 1.0, "z": 1.0}) for n in "abc"]
    common = Candidate("z", "z", {"z": 1.0})
    assert split_slides([*unique, common], NONE, 0.5, 0).val == ("z",)


def test_zero_means_no_validation() -> None:
    assert split_slides(slides(None, None), NONE, 0, 0).val == ()


def test_all_slides_held_out_is_refused() -> None:
    with pytest.raises(TrainingError, match="no slide is left to train on"):
        split_slides(slides("val", "test"), NONE, 0.25, 0)


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({"val": ("s9",)}, "no annotated slide is called 's9'; there are: s0, s1"),
        ({"val": ("s1",), "test": ("s1",)}, "'s1' is listed both for val and for test"),
    ],
)
def test_wrong_lists_are_refused(lists: dict[str, tuple[str, ...]], message: str) -> None:
    with pytest.raises(HookpathError, match=message):
        split_slides(slides(None, None), {**NONE, **lists}, 0.25, 0)  # type: ignore[dict-item, typeddict-item]


def test_an_unknown_mark_names_the_image() -> None:
    with pytest.raises(TrainingError, match="s1: its split is 'later'; use train, val or test"):
        split_slides(slides(None, "later"), NONE, 0.25, 0)


def of_patients(*patients: str, marks: dict[int, str] | None = None) -> list[Candidate]:
    return [
        Candidate(str(i), f"s{i}", {"A": 1.0}, (marks or {}).get(i), patient)
        for i, patient in enumerate(patients)
    ]


def test_slides_of_one_patient_are_never_on_two_sides() -> None:
    candidates = of_patients("P", "Q", "P", "R", "P", "Q")
    group = {c.key: c.group for c in candidates}
    for seed in range(20):
        split = split_slides(candidates, NONE, 0.34, seed)
        assert split.val
        assert not {group[k] for k in split.val} & {group[k] for k in split.train}


def test_a_free_slide_goes_where_its_patient_is() -> None:
    candidates = of_patients("P", "P", "Q", "R", marks={0: "test"})
    for seed in range(10):
        assert split_slides(candidates, NONE, 0.5, seed).test == ("0", "1")


def test_a_patient_that_metadata_put_on_two_sides_is_reported() -> None:
    candidates = of_patients("P", "P", "Q", marks={0: "test", 1: "train", 2: "val"})
    (line,) = on_two_sides(candidates, split_slides(candidates, NONE, 0.5, 0))
    assert line.startswith("slides of P stand on two sides: s1 (train), s0 (test)")


def test_what_is_in_no_part_of_the_split_in_use_is_not_learned_from() -> None:
    assert split_slides(slides("none", None, "val"), NONE, 0.25, 0).train == ("1",)


def test_only_what_could_teach_is_missed_in_a_table(tmp_path: Path) -> None:
    """Slides without annotations are in no table of `hookpath split`, and no loss."""
    folder = texture_folder(tmp_path / "slides", slides=4)
    texture_slide(folder / "bare.tif", seed=9)
    table = tmp_path / "splits.csv"
    table.write_text("image,split\ns0.tif,train\ns1.tif,train\ns2.tif,val\ngone.tif,test\n")
    config = TrainConfig.load(overrides=[*TINY, f"validation.splits={table}"])
    recorder = Recorder()
    data = gather([open_project(folder)], config, recorder)
    assert data.split == {"train": ["s0.tif", "s1.tif"], "val": ["s2.tif"], "test": ["s3.tif"]}
    assert recorder.warnings == [
        f"{table}: gone.tif: not here",
        f"{table}: s3.tif: in no part of the split: not used",
    ]
