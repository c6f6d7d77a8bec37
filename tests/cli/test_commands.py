"""Every command as a user calls it: rightly, wrongly, and with something broken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hookpath.annotations import read_geojson
from hookpath.projects import SPLIT_KEY, FolderProject
from hookpath.projects.folder_store.folder_project import FOLDER_FILE  # type: ignore[attr-defined]
from support.edited import nudge_first, propose
from support.textures import texture_folder, texture_slide

Hookpath = Callable[..., "object"]

#: What is said of `--map Absent=X`, whatever the command.
ABSENT = (
    "class 'Absent', which is to count as 'X', is annotated on none of these images; "
    "there are: 'Dark'"
)

TINY = (
    "--set=model.filters=4", "--set=model.depth=2", "--set=model.input_size=60",
    "--set=model.spacings=[1.0, 4.0]", "--set=epochs=2", "--set=steps_per_epoch=4",
    "--set=batch_size=2", "--set=warmup=0", "--set=device=cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = texture_folder(tmp_path_factory.mktemp("project") / "slides", slides=3)
    for entry, split in zip(FolderProject(made).images, ("train", "train", "val"), strict=True):
        entry.set_metadata({SPLIT_KEY: split})
    return made


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    from typer.testing import CliRunner

    from hookpath.cli.app import app

    out = folder.parent / "run"
    done = CliRunner().invoke(
        app, ["train", str(folder), "-o", str(out), "--preset", "fast", *TINY]
    )
    assert done.exit_code == 0, done.stderr
    return out


def test_help_names_every_command(hookpath) -> None:
    done = hookpath("--help")
    for name in ("demo", "doctor", "info", "train", "predict", "import", "evaluate", "compare"):
        assert name in done.out
        assert hookpath(name, "--help").code == 0


def test_info_lists_slides_areas_and_splits(hookpath, folder: Path) -> None:
    done = hookpath("info", folder, "--json")
    assert done.code == 0
    (result,) = [e for e in done.events if e["event"] == "result"]
    images = result["data"]["images"]
    assert [i["name"] for i in images] == ["s0.tif", "s1.tif", "s2.tif"]
    assert images[0]["spacing_um"] == pytest.approx(1.0)
    # Two rectangles of 88 × 216 px of 1 µm.
    assert images[0]["annotated_mm2"] == pytest.approx({"Dark": 0.019008, "Pale": 0.019008})
    assert [i["split"] for i in images] == ["train", "train", "val"]
    assert "s1.tif" in hookpath("info", folder).out


def test_info_tells_what_of_an_edited_proposal_nobody_confirmed(hookpath, tmp_path: Path) -> None:
    folder = texture_folder(tmp_path / "slides", slides=1)
    texture_slide(folder / "p.tif", seed=9)
    propose(folder, "p.tif")
    assert "confirmed" not in hookpath("info", folder).out
    nudge_first(folder, "p.tif")
    assert "p.tif: Dark: 1 annotation, 0.0064 mm², not used: a changed prediction" in (
        " ".join(hookpath("info", folder).out.split())
    )


def test_info_tells_what_is_wrong_with_every_image(hookpath, tmp_path: Path) -> None:
    folder = texture_folder(tmp_path / "slides", slides=3)
    for name in ("s0.tif", "s2.tif"):
        (folder / name).write_bytes(b"no slide")
    done = hookpath("info", folder)
    assert done.code == 1
    assert "2 of 3 images cannot be used" in done.err
    for name in ("s0.tif", "s2.tif"):
        assert any(name in line and "slide" in line for line in done.out.splitlines()[-2:])


def test_train_leaves_a_run_and_says_what_is_next(hookpath, run: Path) -> None:
    for name in ("run.json", "metrics.csv", "model/model.json", "report.html"):
        assert (run / name).is_file()


def test_train_starts_from_a_run_s_model(hookpath, folder: Path, run: Path, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "next", "--preset", "fast", "--set=epochs=1", "--set=device=cpu")
    few = ("--set=steps_per_epoch=1", "--set=batch_size=2", "--set=warmup=0")
    done = hookpath(
        "train", folder, *out, *few, "--init-from", run, "--set=classes=['Pale', 'Dark']"
    )
    assert done.code == 0, done.err
    said = next(line for line in done.err.splitlines() if "started from" in line)
    assert f"started from {run / 'model'}: " in said
    assert said.endswith("weight tensors taken over; head: Pale, Dark kept")


def test_a_finished_run_is_not_overwritten(hookpath, folder: Path, run: Path) -> None:
    before = (run / "metrics.csv").read_bytes()
    done = hookpath("train", folder, "-o", run, "--preset", "fast", *TINY)
    assert done.code == 1
    assert "--resume" in done.err
    assert (run / "metrics.csv").read_bytes() == before
    assert hookpath("train", "-o", run, "--resume").code == 0


def test_predict_evaluate_compare(hookpath, folder: Path, run: Path, tmp_path: Path) -> None:
    out = tmp_path / "predictions"
    done = hookpath("predict", folder, "--model", run, "-o", out, "--as", "annotations", "--json")
    assert done.code == 0, done.out
    assert done.events[-1] == {"event": "end", "schema": 1, "exit_code": 0}
    found = [o for o in read_geojson(folder / "s0.tif.hookpath.geojson") if o.run]
    predicted = next(e for e in done.events if e.get("kind") == "predicted")
    assert len(found) == predicted["data"]["images"][0]["objects"] > 0
    for name, absent in (("a", 0), ("b", 1)):
        map_ = ["--map", "Absent=X"] * absent
        done = hookpath("evaluate", folder, "--predictions", out, "-o", tmp_path / name, *map_)
        assert done.code == 0, done.err
        assert done.err.count(ABSENT) == absent
        assert (tmp_path / name / "report.html").is_file()
    done = hookpath("compare", tmp_path / "a", tmp_path / "b", "-o", tmp_path / "compared")
    assert done.code == 0, done.err
    done = hookpath("evaluate", folder, "--model", run, "-o", tmp_path / "c", "--split", "val")
    assert done.code == 0, done.err


def test_several_projects_are_one(hookpath, run: Path, tmp_path: Path) -> None:
    """Slides of one name stay apart, in the projects, the results and the report."""
    both = [texture_folder(tmp_path / name, slides=1) for name in ("A", "B")]
    table = tmp_path / "all.csv"
    done = hookpath("info", *both, "--csv", table, "--map", "Pale=Dark", "--map", "Absent=X")
    assert done.code == 0, done.err
    assert done.err.count(ABSENT) == 1
    assert "'Pale'" not in done.err.replace("there are: 'Dark', 'Pale'", "")
    assert "2 images, 0 without annotations; Dark 0.0760 mm² on 2 images" in done.out
    assert len(table.read_text("utf-8").splitlines()) == 3
    assert hookpath("info", both[0], tmp_path / "B" / ".." / "A").out.count("s0.tif") == 1
    out, report = tmp_path / "out", tmp_path / "report"
    done = hookpath("predict", *both, "--model", run, "-o", out, "--no-geojson")
    assert done.code == 0, done.err
    assert len(list(out.glob("s0.tif*"))) == 2
    assert all((folder / "s0.tif.hookpath.geojson").is_file() for folder in both)
    done = hookpath("evaluate", tmp_path, "--predictions", out, "-o", report)
    assert done.code == 0, done.err
    scored = json.loads((report / "report.json").read_text("utf-8"))["slides"]
    assert [s["name"] for s in scored] == ["s0.tif (A)", "s0.tif (B)"]


def test_a_model_knows_the_slides_that_taught_it(
    hookpath, folder: Path, run: Path, tmp_path: Path
) -> None:
    """Whatever they are called now, and where nobody marked a split."""
    here = Path(shutil.copytree(folder, tmp_path / "slides"))
    for drawing in here.glob("*.hookpath.geojson"):
        drawing.unlink()
    (here / FOLDER_FILE).unlink()
    for suffix in ("tif", "geojson"):
        (here / f"s2.{suffix}").rename(here / f"other.{suffix}")
    scored = {}
    for part in ("val", "train"):
        done = hookpath("evaluate", here, "--model", run, "-o", tmp_path / part, "--split", part,
                        "--only-annotated")  # fmt: skip
        assert done.code == 0, done.err
        assert f"no image is marked for {part}: going by what each was in training" in done.err
        report = json.loads((tmp_path / part / "report.json").read_text("utf-8"))
        scored[part] = {s["name"]: s["taught"] for s in report["slides"]}
    assert scored == {"val": {"other.tif": "val"}, "train": {"s0.tif": "train", "s1.tif": "train"}}
    assert "2 of 2 scored slides taught this model (s0.tif, s1.tif)" in done.err
    assert "Training slides are among these (2 of 2)" in (
        (tmp_path / "train" / "report.html").read_text("utf-8")
    )
    assert not (here / FOLDER_FILE).exists()  # nothing was written into the project


def test_a_look_before_training(hookpath, folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "look" / "preview.html"
    before = {p: p.stat().st_mtime_ns for p in folder.iterdir()}
    tiny = ("--preset", "fast", *TINY, "--set=workers=0", "--patches", 4)
    done = hookpath("preview", folder, "-o", page.parent, *tiny)
    assert done.code == 0, done.err
    assert "for 8 steps, validation aside" in done.out  # 2 epochs of 4 steps
    assert "Before training on slides" in page.read_text("utf-8")
    assert {p: p.stat().st_mtime_ns for p in folder.iterdir()} == before


def test_a_split_is_dealt_out_and_taken(hookpath, folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "folds.csv"
    done = hookpath("split", folder, "--folds", 3, "--pattern", r"s\d", "-o", table)
    assert done.code == 0, done.err
    assert "33%" in done.out
    lines = table.read_text("utf-8").splitlines()
    assert lines[0] == "image,group,fold,slide"
    assert len(lines) == 4
    assert "no patient is known" not in done.err
    assert hookpath("split", folder).code == 2  # the folder has a split already
    done = hookpath("train", folder, "-o", tmp_path / "run", "--preset", "fast", *TINY,
                    "--set=epochs=1", "--splits", table, "--fold", 2)  # fmt: skip
    assert done.code == 0, done.err
    split = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["split"]
    assert [len(split[part]) for part in ("train", "val", "test")] == [1, 1, 1]
    assert split["test"][0] in next(line for line in lines if ",2," in line)


def test_a_class_that_counts_as_another_is_learned_as_it(
    hookpath, folder: Path, tmp_path: Path
) -> None:
    done = hookpath("train", folder, "-o", tmp_path / "run", "--preset", "fast", *TINY,
                    "--set=epochs=1", "--map", "Dark=Night sky", "--map", "Absent=X")  # fmt: skip
    assert done.code == 0, done.err
    card = json.loads((tmp_path / "run" / "model" / "model.json").read_text("utf-8"))
    assert sorted(c["name"] for c in card["classes"]) == ["Night sky", "Pale"]
    assert ABSENT in done.err


def test_a_run_s_model_as_one_file(hookpath, folder: Path, run: Path, tmp_path: Path) -> None:
    packed = tmp_path / "model.zip"
    done = hookpath("export", run, "--to", "zip", "-o", packed)
    assert (done.code, done.out) == (0, f"{packed}\n"), done.err
    few = ("--image", "s0.tif", "--as", "none", "--no-tiff")
    for model, out in ((run, tmp_path / "a"), (packed, tmp_path / "b")):
        done = hookpath("predict", folder, "--model", model, "-o", out, *few)
        assert done.code == 0, done.err
    a, b = (read_geojson(next((tmp_path / x).rglob("*.geojson"))) for x in "ab")
    assert [o.geometry for o in a] == [o.geometry for o in b]
    assert a


def test_settings_of_a_file_and_of_the_command_line(hookpath, folder: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('preset = "fast"\nfilters = 8\n', encoding="utf-8")
    done = hookpath("train", folder, "-o", tmp_path / "run", "--config", settings)
    assert done.code == 2
    assert "model.filters" in done.err
    assert not (tmp_path / "run").exists()


WRONG = [
    (("info", "nowhere"), 1, "nowhere: no such file or folder"),
    (("info", "{empty}"), 1, "no slide"),
    (("train", "-o", "{empty}/run"), 2, "name what to train on"),
    (("train", "{folder}", "-o", "{empty}/run", "--set", "epochs"), 2, "write key=value"),
    (("train", "{folder}", "-o", "{empty}/run", "-m", "resnet"), 1, "unknown model family"),
    (("train", "-o", "{empty}", "--resume"), 2, "name what to train on"),
    (("predict", "{folder}", "-o", "{empty}/p"), 2, "--model is missing"),
    (("predict", "{folder}", "--model", "{empty}", "-o", "{empty}/p"), 1, "give a model folder"),
    (
        ("evaluate", "{folder}", "-o", "{empty}/e"),
        2,
        "either --model DIR, --predictions DIR, --maps DIR or --annotator SOURCE",
    ),
    (
        (
            "evaluate",
            "{folder}",
            "--model",
            "{empty}",
            "--truth",
            "{empty}",
            "--only-annotated",
            "-o",
            "{empty}/e",
        ),
        2,
        "leave one of them out",
    ),
    (("compare", "{empty}", "{folder}", "-o", "{empty}/c"), 1, "hookpath evaluate"),
    (
        ("compare", "{folder}", "{folder}", "-o", "{empty}/c", "--budget-seconds", "9"),
        2,
        "--budget-seconds means something with --design only",
    ),
    (
        ("compare", "{folder}", "--design", "context", "--by", "patient", "-o", "{empty}/c"),
        2,
        "--by leaves out one group at a time; it needs --design real",
    ),
    (
        ("compare", "{folder}", "--design", "real", "--fold", "2", "-o", "{empty}/c"),
        2,
        "--fold says which fold of --splits is tested",
    ),
    (
        ("compare", "--design", "context", "--splits", "{empty}/x.csv", "-o", "{empty}/c"),
        2,
        "--splits is for slides of one's own",
    ),
    (
        ("compare", "{folder}", "{folder}", "-o", "{empty}/c", "--cluster", "local"),
        2,
        "--cluster means something with --design only",
    ),
    (("info", "{folder}", "--mpp", "0"), 2, "--mpp 0"),
    (
        ("predict", "{folder}", "--model", "{empty}", "-o", "{empty}/p", "--simplify", "inf"),
        2,
        "setting simplify_um: Input should be a finite number",
    ),
    (
        ("loop", "start", "{folder}", "--loop", "{empty}/l", "--smooth", "inf"),
        2,
        "setting smooth_um: Input should be",
    ),
    (("preview", "{folder}", "-o", "{folder}/s0.tif"), 1, "cannot be written"),
    (("measure", "{folder}", "-o", "{folder}"), 1, "cannot be written (is there, and no regular"),
    (("measure", "{folder}", "-o", "{folder}/s0.tif/t.csv"), 1, "s0.tif is no folder)"),
    (("suggest", "{folder}", "-o", "{folder}/s0.tif/t.toml"), 1, "s0.tif is no folder)"),
    (("split", "{folder}", "--by", " "), 2, "--by is empty; write patient, slide, or a key"),
    (("split", "{folder}", "--folds", "1000000000"), 2, "no more than 1,000 are made"),
    (("split", "{folder}", "-o", "{folder}"), 1, "cannot be written (is there, and no regular"),
    (("info", "{folder}", "--csv", "{folder}"), 1, "cannot be written (is there, and no regular"),
    (("convert", "{folder}"), 1, "1 result was not made; {folder} is a folder"),
    (("info", "{folder}", "--rest", ""), 2, "--rest '' names no class"),
    (("train", "{folder}", "-o", "{empty}/run", "--rest", "Region*"), 2, "name another one"),
]


@pytest.mark.parametrize(("call", "code", "message"), WRONG, ids=[" ".join(w[0]) for w in WRONG])
def test_a_wrong_call_is_one_clear_line(
    hookpath, folder: Path, tmp_path: Path, call: tuple[str, ...], code: int, message: str
) -> None:
    done = hookpath(*(part.format(folder=folder, empty=tmp_path) for part in call))
    assert done.code == code, done.err
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message.format(folder=folder) in errors[0]
    assert "Traceback" not in done.err


def test_debug_shows_the_traceback(hookpath) -> None:
    assert "Traceback" in hookpath("info", "nowhere", "--debug").err


def test_errors_are_events_for_machines(hookpath) -> None:
    done = hookpath("info", "nowhere", "--json")
    assert [e["event"] for e in done.events] == ["start", "error", "end"]
    assert done.events[-1]["exit_code"] == done.code == 1


def test_a_broken_slide_does_not_hide_the_others(hookpath, tmp_path: Path) -> None:
    folder = texture_folder(tmp_path / "slides", slides=1)
    (folder / "broken.svs").write_bytes(b"0123456789")
    done = hookpath("info", folder)
    assert done.code == 1
    assert "s0.tif" in done.out
    assert "broken.svs" in done.err


def test_the_command_that_starts_a_run_also_goes_on_with_it(
    hookpath, folder: Path, run: Path
) -> None:
    """With all its settings, so that a queue may start it again and again."""
    done = hookpath("train", folder, "-o", run, "--preset", "fast", *TINY, "--resume")
    assert done.code == 0, done.err
    assert "is finished" in done.err
    other = hookpath("train", folder, "-o", run, "--resume", "--set=batch_size=3")
    assert "setting batch_size was 2, now 3" in other.err


def test_import_takes_finished_predictions_with_another_threshold(
    hookpath, folder: Path, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = hookpath("predict", folder, "--model", run, "-o", out, "--as=none", "--image=s0.tif")
    assert done.code == 0, done.err
    call = ("import", folder, "--predictions", out, "--as", "annotations", "--threshold")
    none = hookpath(*call, "1", "--json")
    assert none.code == 0, none.err
    (result,) = [e["data"] for e in none.events if e.get("kind") == "import"]
    assert [i["added"] for i in result["images"]] == [0]
    assert result["without"] == ["s1.tif", "s2.tif"]
    all_dark = hookpath(*call, "Dark=0", "--min-area=0", "--simplify=0")
    assert all_dark.code == 0, all_dark.err
    ours = [o for o in FolderProject(folder).images[0].objects() if o.run is not None]
    assert {o.path_class.name for o in ours if o.path_class} == {"Dark"}
    wrong = hookpath(*call, "Dark=2")
    assert (wrong.code, "probability between 0 and 1" in wrong.err) == (2, True)


def test_folds_by_array_job_and_with_a_wrong_number(hookpath, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "folds"
    call = ("train", folder, "-o", out, "--preset", "fast", *TINY, "--set=epochs=1", "--folds")
    done = hookpath(*call, 3, "--fold", 1)
    assert done.code == 0, done.err
    assert "fold 2, 3 to come" in done.out
    assert "has 3 folds, not 2" in hookpath(*call, 2).err


def test_a_dry_run_trains_nothing_and_its_settings_are_a_configuration(
    hookpath, folder: Path, tmp_path: Path
) -> None:
    from hookpath.training import TrainConfig

    done = hookpath("train", folder, "-o", tmp_path / "r", "--preset", "fast", *TINY, "--dry-run")
    assert done.code == 0, done.err
    assert not (tmp_path / "r").exists()
    assert "slides: train  2: s0.tif, s1.tif" in done.out
    (tmp_path / "settings.toml").write_text(done.out, encoding="utf-8")
    again = TrainConfig.load(tmp_path / "settings.toml")
    wanted = TrainConfig.load(None, "fast", [o.removeprefix("--set=") for o in TINY])
    assert again == wanted
