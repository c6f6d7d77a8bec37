"""One way to train every family, whether it is one network or several in stages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hookpath.events import SILENT, Reporter
from hookpath.models import FAMILIES, Network
from hookpath.probing import fit_probe
from hookpath.projects import Project
from hookpath.stages.h2gnet_classifiers import FirstStages
from hookpath.stages.stage_progress import Share
from hookpath.training import RunFolder, TrainConfig, TrainResult, train_network

#: Share of a run that its first stages take: they see the slides at full resolution, many times.
_FIRST = 0.75


def train(
    projects: Sequence[Project],
    config: TrainConfig | None,
    run_dir: Path,
    resume: bool = False,
    reporter: Reporter = SILENT,
) -> TrainResult:
    """Train a model of any family; see `hookpath.training.train_network`, which trains one network.

    A probe is fitted at once (see `hookpath.probing`).

    Of H2G-Net the classifiers and the heatmaps come first, each in a folder of its own inside
    `run_dir`; the run itself is that of the refinement network, whose model folder holds both
    stages. Stopped or killed at any time, `resume` goes on in the stage that it was in.
    """
    known = config or TrainConfig.of(RunFolder(run_dir).record().config)
    network = FAMILIES.get(known.family) or Network
    if network.fitted:
        return train_network(projects, config, run_dir, resume, reporter, fit=fit_probe)
    if not network.first_stage:
        return train_network(projects, config, run_dir, resume, reporter)
    first = FirstStages(projects, Share(reporter, 0.0, _FIRST))
    last = Share(reporter, _FIRST, 1.0)
    return train_network(projects, config, run_dir, resume, last, first)
