"""Splits by patient: nobody on two sides, evenly dealt, kept in metadata or a table."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject, write_geojson
from hookpath.errors import UsageError
from hookpath.projects import (
    FOLD_KEY,
    SPLIT_KEY,
    FolderProject,
    Grouping,
    SplitPlan,
    SplitTable,
    apply_split,
    make_split,
    split_remarks,
    write_to_metadata,
)
from hookpath.projects.splits.balanced_groups import Group, assign_groups
from support.textures import texture_slide

#: Patient → slides; TCGA's barcodes say which is whose.
NAMES = [
    f"TCGA-A{p}-000{p}-01Z-00-DX{s}.tif" for p, slides in enumerate((3, 1, 1, 2, 1, 1), start=1)
    for s in range(1, slides + 1)
]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine slides of six patients, a square on each; the first patient's tumour is the largest."""
    folder = tmp_path_factory.mktemp("slides")
    for number, name in enumerate(NAMES):
        path = texture_slide(folder / name, seed=number, size=64)
        annotated = [
            PathObject(box(0, 0, 10, 10 + number), path_class=PathClass("Tumor")),
            PathObject(box(20, 0, 30, 10), path_class=PathClass("Stroma")),
        ]
        write_geojson(path.with_suffix(".geojson"), annotated)
    texture_slide(folder / "bare.tif", seed=99, size=64)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "slides"))


def patient(name: str) -> str:
    return name[:12]


# --- whose slides


def test_metadata_tell_the_patient_before_the_name_does(folder: Path) -> None:
    project = FolderProject(folder)
    project.images[0].set_metadata({"Patient ID": "P7"})
    assert Grouping().value_of(project.images[0]) == "P7"
    assert Grouping().value_of(project.images[1]) == "TCGA-A1-0001"
    assert Grouping(pattern=r"DX\d").value_of(project.images[1]) == "DX2"
    assert Grouping("slide").value_of(project.images[1]) is None
    assert Grouping("Patient ID").value_of(project.images[1]) is None
    with pytest.raises(UsageError, match="not a regular expression"):
        Grouping(pattern="(")


def test_one_file_under_two_names_is_one_patient_s(folder: Path) -> None:
    shutil.copy2(folder / NAMES[3], folder / "copy.tif")
    entries = FolderProject(folder).images
    groups = Grouping().groups(entries)
    assert groups["copy.tif"] == groups[NAMES[3]]
    assert groups["bare.tif"] == "image bare.tif"
    assert Grouping().untold(entries) == ["bare.tif", "copy.tif"]


# --- dealing


def test_groups_are_dealt_out_whole_and_evenly() -> None:
    rng = random.Random(1)
    groups = [
        Group(str(i), rng.randint(1, 4), {"A": rng.random(), "B": rng.random() ** 4})
        for i in range(60)
    ]
    dealt = assign_groups(groups, [0.2] * 5, seed=3, stratify=True)
    assert assign_groups(groups, [0.2] * 5, seed=3, stratify=True) == dealt
    for key in ("A", "B"):
        total = sum(g.areas[key] for g in groups)
        shares = [
            sum(g.areas[key] for g in groups if dealt[g.name] == part) / total for part in range(5)
        ]
        assert all(0.15 < share < 0.25 for share in shares)
    slides = [sum(g.slides for g in groups if dealt[g.name] == part) for part in range(5)]
    assert max(slides) - min(slides) <= 6


def test_no_part_stays_empty() -> None:
    groups = [Group("a", 100), Group("b"), Group("c")]
    assert set(assign_groups(groups, [0.6, 0.2, 0.2], seed=0).values()) == {0, 1, 2}
    assert set(assign_groups(groups, [0.8, 0.2, 0.0], seed=0).values()) == {0, 1}
    with pytest.raises(UsageError, match="4 parts need as many groups of slides, there are 3"):
        assign_groups(groups, [0.25] * 4, seed=0)


# --- splits


def test_no_patient_stands_on_two_sides(folder: Path) -> None:
    plan = SplitPlan(stratify=True)
    found = make_split(FolderProject(folder), plan)
    assert {row.image for row in found.table.rows} == set(NAMES)
    assert found.bare == 1
    for name in {patient(n) for n in NAMES}:
        parts = {row.split for row in found.table.rows if patient(row.image) == name}
        assert len(parts) == 1
    assert {row.split for row in found.table.rows} == {"train", "val", "test"}
    images, patients, shares = found.summary("train")
    assert images >= patients > 0
    assert 0 < shares["Tumor"] < 1


def test_a_split_in_the_metadata_is_not_replaced_unasked(folder: Path) -> None:
    plan = SplitPlan()
    write_to_metadata(
        FolderProject(folder), made := make_split(FolderProject(folder), plan), plan, False
    )
    marks = {e.name: e.metadata.get(SPLIT_KEY) for e in FolderProject(folder).images}
    assert marks == {**{row.image: row.split for row in made.table.rows}, "bare.tif": None}
    with pytest.raises(UsageError, match="--again"):
        write_to_metadata(FolderProject(folder), made, plan, False)
    write_to_metadata(FolderProject(folder), made, plan, True)


def test_every_slide_is_tested_and_validated_once(folder: Path, tmp_path: Path) -> None:
    plan = SplitPlan(folds=3)
    table = tmp_path / "folds.csv"
    make_split(FolderProject(folder), plan).table.save(table)
    seen: dict[str, list[str | None]] = {name: [] for name in NAMES}
    for fold in (1, 2, 3):
        project = FolderProject(folder)
        left, unknown = apply_split(project, table, fold)
        assert (left, unknown) == (["bare.tif"], [])
        for entry in project.images:
            seen.setdefault(entry.name, []).append(entry.metadata[SPLIT_KEY])
    assert all(sorted(map(str, seen[n])) == ["test", "train", "val"] for n in NAMES)
    assert seen["bare.tif"] == ["none"] * 3
    assert not any(e.metadata for e in FolderProject(folder).images)  # nothing was written


def test_folds_in_the_metadata(folder: Path) -> None:
    plan = SplitPlan(folds=2)
    write_to_metadata(FolderProject(folder), make_split(FolderProject(folder), plan), plan, False)
    project = FolderProject(folder)
    assert {e.metadata.get(FOLD_KEY) for e in project.images} == {"1", "2", None}
    apply_split(project, None, 2)
    tested = {e.name for e in project.images if e.metadata.get(SPLIT_KEY) == "test"}
    assert tested == {e.name for e in project.images if e.metadata.get(FOLD_KEY) == "2"}
    with pytest.raises(UsageError, match="--fold 3: the split has folds 1 to 2"):
        apply_split(project, None, 3)


def test_a_slide_is_known_under_another_name(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "s.csv"
    made = make_split(FolderProject(folder), SplitPlan())
    made.table.save(table)
    (folder / NAMES[0]).rename(folder / "renamed.tif")
    project = FolderProject(folder)
    assert apply_split(project, table, None) == (["bare.tif"], [])
    assert project.image("renamed.tif").metadata[SPLIT_KEY] == made.table.rows[0].split


def test_a_table_that_somebody_wrote(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(f"\ufeffimage,split,why\n{NAMES[0]},Validation,x\ngone.svs,test,\n", "utf-8")
    project = FolderProject(folder)
    lines = split_remarks(project, table, None)
    assert project.images[0].metadata[SPLIT_KEY] == "val"
    assert lines == [
        f"{table}: {NAMES[1]} and 8 more: in no part of the split: not used",
        f"{table}: gone.svs: not here",
    ]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_table_that_a_spreadsheet_saved(tmp_path: Path, mark: str) -> None:
    """With semicolons where the language has decimal commas."""
    path = tmp_path / "t.csv"
    path.write_bytes(f"\ufeffImage{mark}Split\r\na.svs{mark}Test\r\n".encode())
    (row,) = SplitTable.load(path).rows
    assert (row.image, row.split) == ("a.svs", "test")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_tables_of_other_programs(tmp_path: Path, encoding: str) -> None:
    """Excel writes UTF-16 as "Unicode text", understands ``sep=``, and "CSV" is in no Unicode."""
    path = tmp_path / "t.csv"
    path.write_bytes("\r\nsep=;\r\nImage;Split\r\n\u00e4.svs;Test\r\n".encode(encoding))
    if encoding == "cp1252":
        with pytest.raises(UsageError, match='no UTF-8 text; save it as "CSV UTF-8"'):
            SplitTable.load(path)
    else:
        (row,) = SplitTable.load(path).rows
        assert (row.image, row.split) == ("\u00e4.svs", "test")


def test_accents_may_be_spelled_as_another_system_does(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    texture_slide(tmp_path / "s" / "\u00e4.tif", seed=0, size=64)
    project = FolderProject(tmp_path / "s")
    table = tmp_path / "t.csv"
    table.write_text("image,split\na\u0308.tif,val\n", "utf-8")
    assert split_remarks(project, table, None) == []
    assert project.images[0].metadata[SPLIT_KEY] == "val"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,part\na,train\n", "a column split or fold"),
        ("image,split\na,left\n", r"line 2: 'left' is no part"),
        ("image,fold\na,x\n", r"line 2: .*x.* is no fold"),
        ("image,fold\na,1\nb,0\n", r"line 3: '0' is no fold; use numbers from 1 to 1000"),
        ("image,fold\na," + "9" * 5000, r"line 2: '9{20}' is no fold"),
        ("image,split\na,test\na,val\n", "a is there twice"),
        ("", "no split"),
        ("image,split\na,train\n" + "x" * 200_000 + ",test\n", "field larger than field limit"),
        ("image,split\na,train,more\nb,left\n", r"line 3: 'left' is no part"),
    ],
)
def test_a_wrong_table_names_its_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UsageError, match=message):
        SplitTable.load(tmp_path / "t.csv")
    with pytest.raises(UsageError, match="cannot be read as a split"):
        SplitTable.load(tmp_path / "missing.csv")


@pytest.mark.parametrize("given", [{"folds": 1}, {"val": 0.5, "test": 0.5}, {"val": -0.1}])
def test_impossible_plans_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        SplitPlan(**given)  # type: ignore[arg-type]


def test_folds_must_be_chosen_and_parts_have_none(folder: Path, tmp_path: Path) -> None:
    make_split(FolderProject(folder), SplitPlan(folds=3)).table.save(tmp_path / "f.csv")
    make_split(FolderProject(folder), SplitPlan()).table.save(tmp_path / "p.csv")
    with pytest.raises(UsageError, match="has 3 folds"):
        apply_split(FolderProject(folder), tmp_path / "f.csv", None)
    with pytest.raises(UsageError, match="has no folds"):
        apply_split(FolderProject(folder), tmp_path / "p.csv", 1)
    with pytest.raises(UsageError, match=f"no image has {FOLD_KEY}"):
        apply_split(FolderProject(folder), None, 1)
