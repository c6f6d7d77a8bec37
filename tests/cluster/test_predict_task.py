"""Slides predicted by workers, objects written by the process that asked for them."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from hookpath.cluster import (
    cluster_connection,
    connected,
    design_on_cluster,
    evaluation_on_cluster,
    extract_on_cluster,
    predict_on_cluster,
)
from hookpath.errors import ClusterError
from hookpath.evaluation import evaluate_project
from hookpath.experiments import DESIGNS, Contestant, Design, Options, run_design
from hookpath.extraction import ExtractConfig, Magnification, extract_projects
from hookpath.inference import PredictConfig, predict_project
from hookpath.projects import Project, open_project, reopen_projects
from hookpath.projects.reopen_projects import ProjectSpec
from support.predictors import save_random_model
from support.reporting import Notes
from support.textures import texture_folder
from support.threads import one_thread

distributed = pytest.importorskip("distributed")


def in_this_process(count: int | None) -> object:
    """A cluster of one worker that is a thread."""
    return distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    )


def test_slides_are_predicted_by_workers_and_written_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers are threads of this process here: others would import torch first."""
    folder, model = texture_folder(tmp_path / "slides", slides=2, size=160), tmp_path / "model"
    save_random_model(model, seed=3)
    (folder / "broken.svs").write_bytes(b"0123456789")
    monkeypatch.setattr(cluster_connection, "_local", in_this_process)
    notes, config = Notes(), PredictConfig(device="cpu", tissue=False, min_area_um2=1)
    spec, out = ProjectSpec((folder,)), tmp_path / "out"
    with one_thread():
        report = predict_on_cluster(spec, [model], out, config, "local", notes)
        second = predict_on_cluster(spec, [model], out, config, "local")
        assert [p.image for p in report.problems] == ["broken.svs"]
        assert [f.record.image for f in report.predicted] == ["s0.tif", "s1.tif"]
        assert all(f.record.in_project for f in report.predicted)
        assert sum("once more" in line for line in notes.infos) == 1
        entry = next(e for e in open_project(folder).images if e.name == "s0.tif")
        assert {o.run for o in entry.objects() if o.run} == {report.predicted[0].record.run}
        again = predict_project(open_project(folder), model, out, config)
    for later in (second, again):
        assert (later.predicted, len(later.resumed)) == ((), 2), "the same work, whoever did it"


def test_a_worker_opens_the_projects_once_for_each_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opened them for every slide; what failed is looked at afresh, though."""
    folder, model = texture_folder(tmp_path / "slides", slides=4, size=64), tmp_path / "model"
    save_random_model(model, seed=3)
    monkeypatch.setattr(cluster_connection, "_local", in_this_process)
    opened: list[Path] = []

    def counted(source: Path, *args: object, **kwargs: object) -> Project:
        opened.append(source)
        return open_project(source, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(reopen_projects, "open_project", counted)
    spec, config = ProjectSpec((folder,)), PredictConfig(device="cpu", tissue=False)
    with one_thread(), connected("local") as client:
        for command in (1, 2):
            predict_on_cluster(spec, [model], tmp_path / "out", config, client)
            assert len(opened) == 2 * command, "by this process and by the worker"
        (folder / "broken.svs").write_bytes(b"0123456789")
        predict_on_cluster(spec, [model], tmp_path / "out", config, client)
    assert 4 + 2 < len(opened) <= 4 + 2 + 2


def test_patches_are_cut_by_workers_and_listed_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = texture_folder(tmp_path / "slides", slides=2, size=160)
    (folder / "broken.svs").write_bytes(b"0123456789")
    monkeypatch.setattr(cluster_connection, "_local", in_this_process)
    config = ExtractConfig(
        (Magnification.parse("10x"),), size=32, where="labels", workers=0, masks=True
    )
    spec = ProjectSpec((folder,))
    report = extract_on_cluster(spec, tmp_path / "out", config, "local")
    assert [p.image for p in report.problems] == ["broken.svs"]
    assert [r.image for r in report.resumed] == ["s0.tif", "s1.tif"]
    with spec.each() as projects:
        alone = extract_projects(projects, tmp_path / "alone", config)
    assert report.table is not None
    assert alone.table is not None
    assert report.table.read_bytes() == alone.table.read_bytes()


def test_a_model_is_evaluated_by_workers_as_in_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, model = texture_folder(tmp_path / "slides", slides=2, size=160), tmp_path / "model"
    save_random_model(model, seed=3)
    monkeypatch.setattr(cluster_connection, "_local", in_this_process)
    config = PredictConfig(device="cpu", tissue=False)
    project = open_project(folder)
    with one_thread(), evaluation_on_cluster(ProjectSpec((folder,)), "local") as work:
        there = evaluate_project(
            project, model_dir=model, out_dir=tmp_path / "there", predict=config, work=work
        )
        here = evaluate_project(project, model_dir=model, out_dir=tmp_path / "here", predict=config)
    assert [s.as_dict(here.classes.names) for s in there.slides] == [
        s.as_dict(here.classes.names) for s in here.slides
    ]
    assert there.model["weights_sha256"] == here.model["weights_sha256"]
    names = sorted(p.name for p in (tmp_path / "here" / "pictures").iterdir())
    assert names == sorted(p.name for p in (tmp_path / "there" / "pictures").iterdir())


def tiny_design(filters: int) -> Design:
    model = {"spacings": [1.0], "input_size": 76, "depth": 2, "filters": filters}
    settings = {"preset": "fast", "epochs": 1, "steps_per_epoch": 1, "batch_size": 2}
    return Design("tiny", "One network.", (Contestant("net", {"family": "unet", "model": model}),),
                  settings, folds=2, validation=0.0)  # fmt: skip


def test_an_experiment_is_done_by_workers_and_gathered_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = texture_folder(tmp_path / "slides", slides=2, size=160)
    monkeypatch.setattr(cluster_connection, "_local", in_this_process)
    spec, out = ProjectSpec((folder,)), tmp_path / "out"
    options = Options(device="cpu")
    with one_thread():
        found = design_on_cluster(tiny_design(2), out, spec, options, "local")
        weights = {p: p.stat().st_mtime_ns for p in out.rglob("weights.safetensors")}
        again = run_design(tiny_design(2), out, open_project(folder), options)
        assert {p: p.stat().st_mtime_ns for p in out.rglob("weights.safetensors")} == weights
        with pytest.raises(ClusterError, match=r"2 of 2 trainings failed, the first seed-0-fold-1"):
            design_on_cluster(tiny_design(-1), tmp_path / "bad", spec, options, "local")
    assert len(weights) == 2
    assert [s.trial.name for s in found.scores] == ["seed-0-fold-1", "seed-0-fold-2"]
    assert [s.report.pooled.counts.tolist() for s in found.scores] == [
        s.report.pooled.counts.tolist() for s in again.scores
    ]


def test_designs_travel() -> None:
    for design in DESIGNS.values():
        assert pickle.loads(pickle.dumps(design)).name == design.name
