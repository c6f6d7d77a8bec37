"""Cluster guiding: a loss in which kinds of tissue count the same, from fit to resume."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from hookpath.annotations import ClassTable
from hookpath.errors import TrainingError, UsageError
from hookpath.events import SILENT
from hookpath.models import build_model
from hookpath.models.tissue_clusters import Clusters
from hookpath.projects import open_project
from hookpath.training import TrainConfig, train_network
from hookpath.training.data.cluster_guiding import clusters_of_run
from hookpath.training.data.dataloaders import Order
from hookpath.training.data.training_data import TrainingData
from hookpath.training.losses.head_losses import cluster_weights, even_weights, sparse_cross_entropy
from hookpath.training.optimization.batch_gradients import gradients
from hookpath.training.optimization.patches_at_once import cut
from hookpath.training.run.run_folder import RunFolder
from hookpath.training.session_setup import open_session
from hookpath.training.training_session import Session
from support.textures import texture_folder
from support.training import Recorder, rows_of

#: A tiny run of a patch classifier, guided by three clusters of 32 patches.
GUIDED = (
    "preset=fast",
    "family=classifier",
    "model.input_size=32",
    "model.spacings=[1.0]",
    "backbone_weights=none",
    "batch_size=6",
    "epochs=2",
    "steps_per_epoch=2",
    "validation.max_patches=8",
    "clusters.k=3",
    "clusters.backbone=mobilenet_v2",
    "clusters.weights=none",
    "clusters.batches=4",
    "clusters.batch_size=8",
)


def cwce(logits: Tensor, labels: Tensor, clusters: Tensor) -> Tensor:
    """As the paper says it: each cluster's mean cross-entropy, then the mean of these."""
    per_cluster = []
    for cluster in clusters.unique():
        chosen = (clusters == cluster)[:, None, None] & (labels > 0)
        if chosen.any():
            scores = logits.permute(0, 2, 3, 1)[chosen]
            per_cluster.append(functional.cross_entropy(scores, labels[chosen] - 1))
    return torch.stack(per_cluster).mean()


def patches(seed: int, size: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, labels (some unknown) and clusters of 12 patches; clusters 1 and 4 are not there."""
    draw = torch.Generator().manual_seed(seed)
    logits = torch.randn((12, 3, size, size), generator=draw, dtype=torch.float64).float()
    labels = torch.randint(4, (12, size, size), generator=draw)
    clusters = torch.tensor([0, 0, 0, 0, 0, 0, 2, 2, 2, 3, 3, 5])
    labels[-1] = 2
    return logits, labels, clusters


@pytest.mark.parametrize("size", [1, 4])
def test_every_cluster_present_counts_the_same(size: int) -> None:
    for seed in range(5):
        logits, labels, clusters = patches(seed, size)
        weights = cluster_weights(labels, clusters, 6)
        found = sparse_cross_entropy(logits, labels, weights)
        torch.testing.assert_close(found, cwce(logits, labels, clusters))
        assert float(weights.sum()) == pytest.approx(1)


def test_it_is_not_also_a_mean_over_classes() -> None:
    """One cluster: the plain cross-entropy, although one class has five of the six patches."""
    logits, _, _ = patches(0)
    labels = torch.tensor([1] * 10 + [2] * 2)[:, None, None]
    weights = cluster_weights(labels, torch.zeros(12, dtype=torch.int64), 4)
    assert torch.allclose(weights, even_weights(labels))
    expected = functional.cross_entropy(logits[:, :, 0, 0], labels[:, 0, 0] - 1)
    torch.testing.assert_close(sparse_cross_entropy(logits, labels, weights), expected)


def test_a_cluster_of_unknown_patches_counts_as_absent() -> None:
    labels = torch.tensor([1, 2, 0, 0])[:, None, None]
    weights = cluster_weights(labels, torch.tensor([0, 0, 1, 1]), 2)
    assert weights.flatten().tolist() == [0.5, 0.5, 0, 0]
    nothing = cluster_weights(torch.zeros_like(labels), torch.tensor([0, 0, 1, 1]), 2)
    assert nothing.flatten().tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("size", [1, 5, 7])
def test_parts_of_a_batch_add_up_to_the_whole(size: int) -> None:
    """Weights are those of the whole batch, however clusters fall into the parts."""
    logits, labels, clusters = patches(1)
    weights = cluster_weights(labels, clusters, 6)
    whole = logits.clone().requires_grad_()
    cwce(whole, labels, clusters).backward()
    apart = logits.clone().requires_grad_()
    total = torch.zeros(())
    for part in cut([apart, labels, weights], size):
        loss = sparse_cross_entropy(*part)
        loss.backward()
        total += loss.detach()
    torch.testing.assert_close(total, cwce(logits, labels, clusters))
    torch.testing.assert_close(apart.grad, whole.grad)


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return texture_folder(tmp_path_factory.mktemp("slides"), size=128)


def opened(slides: Path, run: Path, *settings: str, resume: bool = False) -> Session:
    config = TrainConfig.load(overrides=[*GUIDED, *settings])
    return open_session([open_project(slides)], config, RunFolder(run), resume, SILENT)


def test_a_step_in_parts_is_the_step_of_the_whole_batch(slides: Path, tmp_path: Path) -> None:
    session = opened(slides, tmp_path / "run")
    try:
        session.model.eval()  # normalisation by statistics that do not depend on the parts
        batch = next(session.stream)
        images, labels = session.augment(batch, "cpu", 0)
        assert session.clusters is not None
        found = session.clusters(images[0])
        assert len(found.unique()) > 1
        targets = session.model.targets(labels)
        with torch.no_grad():
            expected = cwce(session.model(images)[0], targets[0], found)
        seen = []
        for size in (6, 4, 1):
            torch.testing.assert_close(gradients(session, batch, size), expected)
            seen.append(torch.cat([p.grad.flatten() for p in session.model.parameters()]))
        for other in seen[1:]:
            torch.testing.assert_close(other, seen[0], rtol=1e-3, atol=1e-5)
        plain = even_weights(targets[0])
        assert not torch.allclose(session.weigh(images, targets)[0], plain)
    finally:
        session.close()


def test_a_guided_run_goes_on_with_the_clusters_that_it_began_with(
    slides: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainConfig.load(overrides=list(GUIDED))
    heard = Recorder()
    train_network([open_project(slides)], config, tmp_path / "whole", reporter=heard)
    assert any(line.startswith("3 clusters found on 32 patches") for line in heard.infos)
    clusters = Clusters.load(tmp_path / "whole" / "clusters.safetensors")
    assert clusters.k == 3

    stopped = opened(slides, tmp_path / "run")
    stopped.close()
    saved = (tmp_path / "run" / "clusters.safetensors").read_bytes()
    assert saved == (tmp_path / "whole" / "clusters.safetensors").read_bytes()

    def fail(*_: object) -> None:
        raise AssertionError("clusters are found once")

    monkeypatch.setattr("hookpath.training.data.cluster_guiding.fit_clusters", fail)
    train_network([open_project(slides)], None, tmp_path / "run", resume=True)
    rows, again = (rows_of(tmp_path / name) for name in ("whole", "run"))
    assert [r["loss"] for r in rows] == [r["loss"] for r in again]
    (tmp_path / "run" / "clusters.safetensors").unlink()
    with pytest.raises(Exception, match="no readable clusters"):
        train_network([open_project(slides)], None, tmp_path / "run", resume=True)


def test_without_clusters_there_is_no_file_and_all_count_the_same(
    slides: Path, tmp_path: Path
) -> None:
    session = opened(slides, tmp_path / "run", "clusters.k=0")
    session.close()
    assert session.clusters is None
    assert not (tmp_path / "run" / "clusters.safetensors").exists()


def test_too_few_patches_are_an_error_before_anything_is_written(
    slides: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="8 patches are too few for 9 clusters"):
        opened(slides, tmp_path / "run", "clusters.k=9", "clusters.batches=1")
    assert not (tmp_path / "run").exists()


def test_networks_that_read_whole_slides_are_not_guided(tmp_path: Path) -> None:
    model = build_model("unet-lr", n_classes=2, size=64, filters=[2, 2, 2])
    config = TrainConfig.load(overrides=["clusters.k=3"])
    data = TrainingData(ClassTable(()), [], [], {}, [])
    order = Order(config, data, model, SILENT)
    with pytest.raises(TrainingError, match="unet-lr: clusters guide networks that learn classes"):
        clusters_of_run(order, torch.device("cpu"), RunFolder(tmp_path))


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match=r"clusters\.variance"):
        TrainConfig.load(overrides=["clusters.variance=1.0"])
