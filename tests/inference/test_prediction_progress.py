"""How far a run over many images is, as a progress bar shows it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hookpath.events import SilentReporter
from hookpath.inference import PredictConfig, predict_project
from hookpath.inference.prediction_progress import OverallReporter, weights_of
from hookpath.projects import open_project
from support.predictors import save_random_model
from support.reporting import Notes
from support.textures import texture_folder


class Shares(SilentReporter):
    """Keeps shares, tasks and results in order."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def start(self, task: str, total: int | None, unit: str = "it") -> None:
        self.said.append(task)

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        self.said.append(payload.get("code", payload.get("image_id")))

    def overall(self, done: float) -> None:
        self.said.append(round(done, 3))


def test_images_count_by_their_weight_and_tiles_within() -> None:
    heard = Shares()
    overall = OverallReporter(heard, [1, 3])
    overall.start("predict a", 2, "tile")
    overall.advance("predict a")
    overall.start("write a", 3, "file")
    overall.advance("write a", 3)
    overall.image_done()
    overall.image(1, "b")
    overall.start("predict b", 3, "tile")
    overall.advance("predict b", 2)
    overall.image_done()
    # A quarter for the first image, of which nine tenths are tiles.
    assert heard.said == [0, "predict a", 0.113, "write a", 0.25, "predict b", 0.7, 1.0]


def test_what_was_there_already_takes_no_time() -> None:
    heard = Shares()
    overall = OverallReporter(heard, [1, 1, 2])
    for number, was_there in enumerate((True, False, False)):
        overall.image(number, "a")
        overall.image_done(was_there)
    assert heard.said == [0, 0, 0.333, 1]


def test_of_many_slides_it_is_said_which_one_this_is_and_how_long_they_all_take() -> None:
    now, notes = [0.0], Notes()
    overall = OverallReporter(notes, [1, 1, 1, 1, 6], clock=lambda: now[0])
    for number, seconds in enumerate((600, 1, 599, 0)):
        overall.image(number, f"{number}.svs")
        now[0] += seconds
        overall.image_done()
    overall.image(4, "4.svs")
    assert notes.infos == [
        "slide 1 of 5: 0.svs",
        "slide 2 of 5: 1.svs; 1 h 30 min left",
        "slide 4 of 5: 3.svs; 46 min 40 s left",
    ], "of slides that take a second each not every one is reported"


def test_a_run_tells_shares_results_and_failures(tmp_path: Path) -> None:
    folder = texture_folder(tmp_path / "slides", slides=2, size=160)
    (folder / "broken.svs").write_bytes(b"0123456789")
    model = save_random_model(tmp_path / "model", seed=3)
    heard = Shares()
    config = PredictConfig(device="cpu", as_="none")
    report = predict_project(open_project(folder), model, tmp_path / "out", config, heard)
    texts = [s for s in heard.said if isinstance(s, str)]
    assert texts == [
        "predict s0.tif", "write s0.tif", "s0.tif",
        "predict s1.tif", "write s1.tif", "s1.tif",
        "slide_unreadable",
    ]  # fmt: skip
    shares = [s for s in heard.said if not isinstance(s, str)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert any(0.4 < s < 0.6 for s in shares)
    (problem,) = report.problems
    assert (problem.code, problem.image_id, problem.image) == ("slide_unreadable",) + (
        "broken.svs",
    ) * 2


def test_finished_images_are_reported_again(tmp_path: Path) -> None:
    """Whoever shows results needs them, however old."""
    folder = texture_folder(tmp_path / "slides", slides=1, size=160)
    model = save_random_model(tmp_path / "model", seed=3)
    for resumed in (False, True):
        notes = Notes()
        predict_project(open_project(folder), model, tmp_path / "out", reporter=notes)
        ((kind, slide),) = notes.results
        assert (kind, slide["resumed"]) == ("slide", resumed)


def test_weights_are_bytes_also_those_beside_a_mirax_slide(tmp_path: Path) -> None:
    folder = texture_folder(tmp_path, slides=1, size=160)
    (tmp_path / "m.mrxs").write_bytes(b"12345")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "Data0000.dat").write_bytes(b"1" * 1000)
    assert weights_of(open_project(folder).images) == [
        1005, pytest.approx((tmp_path / "s0.tif").stat().st_size)
    ]  # fmt: skip
