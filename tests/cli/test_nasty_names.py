"""One list of nasty names through every command: as classes, objects, images, a model's classes."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hookpath.annotations import PathClass, read_geojson
from hookpath.models import ModelCard, build_model, save_model
from hookpath.projects import open_project
from hookpath.slides import open_map
from support.nasty import CLASSES, class_features, is_harmless
from support.textures import texture_slide

#: What every file system takes, and everything else misunderstands.
FILES = ("=cmd [bold]x[] $x_{$.tif", "\x1b[31mred\x07.tif", "half \udcff.tif")

TINY = (
    "--preset=fast", "--set=model.filters=4", "--set=model.depth=2", "--set=model.input_size=60",
    "--set=model.spacings=[1.0, 4.0]", "--set=epochs=1", "--set=steps_per_epoch=2",
    "--set=batch_size=2", "--set=warmup=0", "--set=device=cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Slides of nasty names; every nasty class is annotated on each."""
    made = tmp_path_factory.mktemp("nasty") / "[red]slides \x1b]0;x\x07"
    made.mkdir()
    first = texture_slide(made / "first.tif", seed=0)
    for name in FILES:
        shutil.copy(first, made / name)
        (made / name).with_suffix(".geojson").write_text(class_features(CLASSES), "utf-8")
    first.unlink()
    return made


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    """A model whose classes are the nasty ones."""
    (entry,) = [e for e in open_project(folder).images if e.name == "=cmd [bold]x[] $x_{$.tif"]
    names = dict.fromkeys(o.path_class.name for o in entry.objects() if o.path_class)
    network = build_model(
        "hooknet", n_classes=len(names), spacings=[1.0, 4.0], input_size=60, depth=2, filters=4
    )
    classes = [PathClass(name, (n, 200 - n, 50)) for n, name in enumerate(names)]
    save_model(folder.parent / "model", network, ModelCard.describe(network, classes))
    return folder.parent / "model"


def well(done, code: int = 0):
    """The command did its work, and nothing it said does anything."""
    said = done.out + done.err
    assert done.code == code, said
    assert "unexpected" not in said
    assert "Traceback" not in said
    assert is_harmless(said), ascii(said)
    return done


def test_info(hookpath, folder: Path) -> None:
    well(hookpath("info", folder))
    done = well(hookpath("info", folder, "--json"))
    (result,) = [e for e in done.events if e["event"] == "result"]
    assert {i["name"] for i in result["data"]["images"]} >= {
        "=cmd [bold]x[] $x_{$.tif",
        "half \\udcff.tif",
    }


def test_predict_and_evaluate(hookpath, folder: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = well(hookpath("predict", folder, "--model", model, "-o", out, "--tiff", "--geojson"))
    assert "red" in done.out
    records = [json.loads(p.read_text("utf-8")) for p in out.glob("*/prediction.json")]
    assert len(records) == len(FILES)
    for place in out.glob("*/classes.tif"):
        with open_map(place) as found:
            assert found.spacing_um == pytest.approx(1.0)
    for place in out.glob("*/probabilities.tif"):
        import tifffile

        with tifffile.TiffFile(place) as tiff:
            xml = ElementTree.fromstring(tiff.ome_metadata)  # type: ignore[arg-type]
        channels = [e.get("Name") for e in xml.iter() if e.tag.endswith("Channel")]
        assert len(channels) == len(records[0]["classes"])
        assert is_harmless("".join(str(c) for c in channels))
    report = tmp_path / "report"
    well(hookpath("evaluate", folder, "--model", model, "-o", report))
    page = (report / "report.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert is_harmless(page.replace("\t", ""))
    for path in report.rglob("*.csv"):
        for row in csv.reader(path.open(encoding="utf-8", newline="")):
            assert not any(c[:1] in ("=", "@") for c in row)
    for path in report.rglob("*.svg"):
        ElementTree.parse(path)
    well(hookpath("compare", report, report, "-o", tmp_path / "compared"), code=2)


def test_train_and_its_page(hookpath, folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    well(hookpath("train", folder, "-o", run, *TINY))
    classes = json.loads((run / "run.json").read_text("utf-8"))["classes"]
    assert len(classes) > 10
    page = (run / "report.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert is_harmless(page)
    well(hookpath("export", run, "--to", "zip", "-o", tmp_path / "m.zip"))


def test_extract_and_convert(hookpath, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "patches"
    well(hookpath("extract", folder, "-o", out, "--size", 32, "--at", "10x", "--workers", 0))
    rows = list(csv.reader((out / "patches.csv").open(encoding="utf-8", newline="")))
    assert len(rows) > 1
    assert not any(cell[:1] in ("=", "@") for row in rows for cell in row)
    annotated = folder / "=cmd [bold]x[] $x_{$.geojson"
    well(hookpath("convert", annotated, "--to", "asap", "-o", tmp_path / "asap"))
    (xml,) = (tmp_path / "asap").glob("*.xml")
    ElementTree.parse(xml)


def test_names_are_taken_as_files_have_them(hookpath, folder: Path, model: Path, tmp_path) -> None:
    """Also those that are shown otherwise."""
    out, patches, raw = tmp_path / "out", tmp_path / "patches", CLASSES[2]
    assert "\n" in raw
    one = ("--image", "half \udcff.tif")
    well(hookpath("predict", folder, "--model", model, "-o", out, "--inside", raw, *one))
    well(hookpath("import", folder, "--predictions", out, "--threshold", f"{raw}=0.01", *one))
    well(hookpath("measure", folder, "--inside", raw, *one))
    which = ("--where", "labels", "--label-share", 0.2, "--class", raw)
    size = ("--size", 16, "--at", "10x", "--workers", 0)
    well(hookpath("extract", folder, "-o", patches, *size, *which, *one))
    rows = list(csv.DictReader((patches / "patches.csv").open(encoding="utf-8", newline="")))
    assert {(row["image"], row["label"]) for row in rows} == {
        ("half \\udcff.tif", "\\x1b[31mred\\x1b]0;pwn\\x07 X")
    }


def test_the_loop(hookpath, folder: Path, tmp_path: Path) -> None:
    slides = tmp_path / "slides"
    shutil.copytree(folder, slides)
    well(hookpath("loop", "start", slides, "--preset", "fast"))
    well(hookpath("loop", "status", slides))


def test_every_drawn_object_is_as_it_was(folder: Path) -> None:
    drawings = [p for p in folder.glob("*.geojson") if not p.name.endswith(".hookpath.geojson")]
    assert len(drawings) == len(list(folder.glob("*.hookpath.geojson"))) > 0
    for path in drawings:
        assert [o.name for o in read_geojson(path) if o.run is None] == list(CLASSES)
