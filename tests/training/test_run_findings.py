"""A run says in words what it found out about itself."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import torch

from hookpath.annotations import ClassTable, PathClass, PathObject, write_geojson
from hookpath.evaluation import train_report
from hookpath.geometry import BranchSpec
from hookpath.inference import PredictConfig, predict_project
from hookpath.models import read_card
from hookpath.projects import open_project
from hookpath.sampling import AnnotatedSlide, Batch, load_source
from hookpath.sampling.off_slide_share import shares_off_slide
from hookpath.training import TrainConfig, train_network
from hookpath.training.diagnostics import training_slide_scores
from hookpath.training.diagnostics.classes_on_glass import shares_on_glass
from hookpath.training.diagnostics.run_findings import Learned, context_off_slide
from hookpath.training.diagnostics.stain_similarity import Staining, far_from_all
from support.slides import write_pyramid
from support.textures import DARK, PALE, texture_image
from support.training import TINY, Recorder
from training.test_resume import dying

NAMES = ("A", "B")


def learned(counts: Sequence[Sequence[int]], loss: float, f1: float | None = 0.9) -> Learned:
    return Learned(NAMES, loss, np.array(counts, np.int64), f1)


def codes(found: Learned) -> list[str]:
    return [finding.code for finding in found.findings()]


def test_guessing_by_the_classes_shares_is_called_next_to_nothing() -> None:
    found = learned([[50, 0], [50, 0]], loss=0.69)
    assert found.prior_loss == pytest.approx(math.log(2))
    (finding,) = found.findings()
    assert finding.code == "learned_nothing"
    assert "loss is 0.690, where guessing by how often each class is annotated gives 0.693" in (
        finding.message
    )


def test_a_class_that_is_never_found_and_a_poor_score_are_named() -> None:
    found = learned([[60, 0], [20, 0]], loss=0.4)
    assert found.training_f1 == pytest.approx((2 * 60 / 140) / 2)
    assert codes(found) == ["class_never_found", "underfit"]
    assert "class 'B' is never predicted" in found.findings()[0].message
    assert "macro F1 is 0.43 on the training slides themselves" in found.findings()[1].message


def test_much_better_on_its_own_slides_is_learning_by_heart() -> None:
    good = [[50, 0], [0, 50]]
    (finding,) = learned(good, loss=0.05, f1=0.6).findings()
    assert finding.code == "overfit"
    assert "1.00 on the training slides and 0.60 on the validation" in finding.message
    assert codes(learned(good, loss=0.05, f1=0.9)) == []
    assert codes(learned(good, loss=0.05, f1=None)) == []


def test_one_class_alone_says_nothing() -> None:
    assert codes(learned([[50, 0], [0, 0]], loss=0.0)) == []


def source_of(
    folder: Path, image: Any, boxes: Sequence[tuple[PathClass, Any]], mpp: float = 1.0
) -> tuple[list[AnnotatedSlide], ClassTable]:
    write_pyramid(folder / "s.tif", image, mpp=mpp, levels=2, tile=128)
    objects = [PathObject(shape, path_class=c) for c, shape in boxes]
    write_geojson(folder / "s.geojson", objects)
    (entry,) = open_project(folder).images
    classes = ClassTable.of([c for c, _ in boxes])
    return [load_source(entry, entry.objects(), classes)], classes


def test_the_share_of_a_context_that_lies_off_the_slide(tmp_path: Path) -> None:
    """A field of 384 µm about the middle of a slide of 256 µm."""
    middle = shapely.box(120, 120, 136, 136)
    sources, _ = source_of(tmp_path, texture_image(0), [(DARK, middle)])
    branches = [BranchSpec(1.0, 24, 4), BranchSpec(16.0, 24, 4)]
    near, wide = shares_off_slide(sources, branches, 10, seed=0)
    assert near == 0
    assert wide == pytest.approx(1 - (256 / 384) ** 2)
    (finding,) = context_off_slide([near, wide], [1.0, 16.0], [24.0, 384.0])
    assert finding.message.startswith(
        "56% of what the network sees at 16 µm/px lies off the slides (it looks at 384 µm around"
    )


def half_glass() -> Any:
    """Tissue in the left 400 µm, glass in the right 624."""
    image = np.full((512, 1024, 3), 243, np.uint8)
    image[:, :400] = np.random.default_rng(0).integers(90, 180, (512, 400, 3))
    return image


def test_a_class_that_is_drawn_on_glass_is_noticed(tmp_path: Path) -> None:
    on_tissue, on_glass = shapely.box(50, 50, 350, 450), shapely.box(650, 50, 1000, 450)
    boxes = [(DARK, on_tissue), (PathClass("Glass", (9, 9, 9)), on_glass)]
    sources, classes = source_of(tmp_path, half_glass(), boxes)
    assert shares_on_glass(sources, classes) == {"Glass": 1.0}


def test_a_class_that_makes_no_objects_may_lie_on_glass(tmp_path: Path) -> None:
    on_tissue, on_glass = shapely.box(50, 50, 350, 450), shapely.box(650, 50, 1000, 450)
    boxes = [(DARK, on_tissue), (PathClass("Background*", (9, 9, 9)), on_glass)]
    sources, classes = source_of(tmp_path, half_glass(), boxes)
    assert shares_on_glass(sources, classes) == {}


def batch_of_colours(*colours: tuple[int, int, int]) -> Batch:
    images = torch.stack(
        [torch.tensor(c, dtype=torch.uint8).reshape(3, 1, 1).expand(3, 8, 8) for c in colours]
    )
    labels = torch.ones(len(colours), 4, 4, dtype=torch.uint8)
    return Batch([images], [labels], torch.arange(len(colours)), (BranchSpec(1.0, 8, 4),))


def density(*values: float) -> tuple[int, int, int]:
    """The colour of optical densities (natural log)."""
    red, green, blue = (round(256 * math.exp(-v) - 1) for v in values)
    return red, green, blue


def test_slides_are_told_apart_by_the_direction_of_their_density() -> None:
    """Twice as dark is the same stain; blue that takes red's place is another."""
    seen, others = Staining(), Staining()
    seen.note(batch_of_colours(density(0.6, 0.8, 0.0)))
    others.note(batch_of_colours(density(0.3, 0.4, 0.0), density(0.0, 0.8, 0.6), (250, 250, 250)))
    assert set(others.directions) == {0, 1}
    far = far_from_all(others.directions, seen.directions)
    assert far == {1: pytest.approx(math.degrees(math.acos(0.64)), abs=0.5)}


def config(*overrides: str) -> TrainConfig:
    return TrainConfig.load(overrides=[*TINY, *overrides])


def saved(run_dir: Path) -> list[str]:
    return [f["code"] for f in json.loads((run_dir / "findings.json").read_text())]


def test_a_run_that_learns_nothing_says_so_everywhere(folder: Path, tmp_path: Path) -> None:
    reporter = Recorder()
    settings = config("epochs=1", "learning_rate=1e-9")
    train_network([open_project(folder)], settings, tmp_path / "run", reporter=reporter)
    assert "learned_nothing" in reporter.codes
    assert "learned_nothing" in saved(tmp_path / "run")
    report = train_report(tmp_path / "run").read_text(encoding="utf-8")
    assert "learned next to nothing" in report
    assert "Training slides, kept weights" in report


def test_a_run_that_learns_has_its_training_score_in_the_card(folder: Path, tmp_path: Path) -> None:
    reporter = Recorder()
    train_network([open_project(folder)], config(), tmp_path / "run", reporter=reporter)
    metrics = read_card(tmp_path / "run" / "model").metrics
    assert metrics["training_loss"] < metrics["prior_loss"] == pytest.approx(math.log(2), abs=0.05)
    assert 0 <= metrics["training_macro_f1"] <= 1
    assert "learned_nothing" not in reporter.codes


def test_training_slides_that_are_scored_do_not_validate(folder: Path, tmp_path: Path) -> None:
    """A run without validation slides said "validate: 64/64 patches"."""
    reporter = Recorder()
    settings = config("epochs=1", "validation.fraction=0")
    train_network([open_project(folder)], settings, tmp_path / "run", reporter=reporter)
    assert "validate" not in reporter.tasks
    assert reporter.tasks[-1] == "score training slides"


def test_a_run_that_was_stopped_in_its_last_look_looks_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config("epochs=1")
    with monkeypatch.context() as patched:
        patched.setattr(training_slide_scores, "validate", dying(training_slide_scores.validate, 1))  # type: ignore[attr-defined]
        with pytest.raises(KeyboardInterrupt):
            train_network([open_project(folder)], settings, tmp_path / "run")
    assert not (tmp_path / "run" / "findings.json").exists()
    train_network([open_project(folder)], None, tmp_path / "run", resume=True)
    assert "training_loss" in read_card(tmp_path / "run" / "model").metrics
    assert (tmp_path / "run" / "findings.json").is_file()


def test_validation_slides_of_another_stain_are_named(tmp_path: Path) -> None:
    for number in range(3):
        image = texture_image(number)
        if number == 2:
            image = image[..., [1, 0, 2]]  # green where purple was
        write_pyramid(tmp_path / f"s{number}.tif", image, mpp=1.0, levels=2, tile=128)
        boxes = [(DARK, shapely.box(20, 20, 108, 236)), (PALE, shapely.box(148, 20, 236, 236))]
        objects = [PathObject(shape, path_class=c) for c, shape in boxes]
        write_geojson(tmp_path / f"s{number}.geojson", objects)
    reporter = Recorder()
    settings = config("epochs=1", "validation.val=['s2.tif']")
    train_network([open_project(tmp_path)], settings, tmp_path / "run", reporter=reporter)
    (message,) = [
        m
        for m, c in zip(reporter.warnings, reporter.codes, strict=True)
        if c == "stained_otherwise"
    ]
    assert "s2.tif (" in message
    assert "s0.tif" not in message


@pytest.mark.parametrize("dark", [False, True])
def test_a_model_whose_class_lies_on_the_background_says_so(tmp_path: Path, dark: bool) -> None:
    """Fluorescence has no glass that could be told of."""
    image = 255 - half_glass() if dark else half_glass()
    boxes = [(DARK, shapely.box(50, 50, 350, 450)), (PALE, shapely.box(650, 50, 1000, 450))]
    for number in range(2):
        write_pyramid(tmp_path / f"s{number}.tif", image, mpp=1.0, levels=2, tile=128)
        objects = [PathObject(shape, path_class=c) for c, shape in boxes]
        write_geojson(tmp_path / f"s{number}.geojson", objects)
    reporter = Recorder()
    project, run = open_project(tmp_path), tmp_path / "run"
    train_network([project], config("epochs=1"), run, reporter=reporter)
    assert read_card(tmp_path / "run" / "model").glass
    assert "drawn_on_glass" in reporter.codes
    asked = PredictConfig(device="cpu", into_project=False)
    predict_project(project, run / "model", tmp_path / "out", asked, reporter)
    assert any("background is predicted, too" in line for line in reporter.infos)
    assert not any("glass" in line for line in (*reporter.infos, *reporter.warnings))
