"""Cluster guiding: kinds of tissue, found before training, that the loss balances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import torch
from torch import Tensor

from hookpath.devices import widest_float
from hookpath.errors import TrainingError, write_code
from hookpath.models.backbone_weights import load_backbones
from hookpath.models.backbones import Backbone, refuse_small
from hookpath.models.tissue_clusters import Clusters, features_of, fit_clusters
from hookpath.sampling import LoaderConfig, PatchStream
from hookpath.training.data.dataloaders import Order
from hookpath.training.data.sampler_config import sampler_choice
from hookpath.training.losses.head_losses import Weigher, cluster_weights
from hookpath.training.run.run_folder import RunFolder

TASK = "clusters"
FILE_NAME = "clusters.safetensors"

#: So that the patches that clusters are found on are not the first that training sees.
_OTHER_PATCHES = 1


def clusters_of_run(order: Order, device: torch.device, run: RunFolder) -> Clusters | None:
    """The run's clusters: those that it was begun with, else new ones (not yet in its folder).

    Raises:
        TrainingError: the network is not one that clusters can guide, or there are too few patches.
        ModelDesignError: no such backbone, or the file does not fit it.
        ModelFolderError: those of the run are missing or damaged.
    """
    if order.config.clusters.k == 0 or order.heatmaps is not None:
        return None  # of a system in stages, the first one is guided
    if order.model.reads != "patches" or order.model.scores == "magnification":
        raise TrainingError(
            f"{order.model.family}: clusters guide networks that learn classes from patches; "
            "use --set clusters.k=0"
        )
    exact = torch.device("cpu") if widest_float(device) != torch.float64 else device
    if run.started:
        return Clusters.load(run.root / FILE_NAME).to(exact)
    return find_clusters(order, device).to(exact)


def save_clusters(clusters: Clusters | None, run: RunFolder) -> None:
    """Keep a run's clusters for when it goes on.

    Raises:
        TrainingError: they cannot be written.
    """
    if clusters is None:
        return
    try:
        clusters.save(run.root / FILE_NAME)
    except OSError as error:
        raise TrainingError(
            f"{run.root / FILE_NAME}: cannot be written ({error.strerror})", code=write_code(error)
        ) from error


def find_clusters(order: Order, device: torch.device) -> Clusters:
    """Cluster what the run's own sampler draws, as it is (without augmentation)."""
    settings = order.config.clusters
    if order.data.channels:
        raise TrainingError("clusters are found in RGB patches only; drop the clusters settings")
    backbone = _backbone(order).to(device)
    features = [features_of(backbone, images.to(device)) for images in _patches(order)]
    table = torch.cat(features).cpu().double().numpy()
    if len(table) < settings.k:
        raise TrainingError(
            f"{len(table)} patches are too few for {settings.k} clusters; "
            "raise clusters.batches or clusters.batch_size"
        )
    fit = fit_clusters(table, settings.k, settings.variance, order.config.seed)
    order.reporter.info(
        f"{settings.k} clusters found on {len(table)} patches by {len(fit.components)} of "
        f"{table.shape[1]} components"
    )
    return Clusters(backbone, fit)


def cluster_weigher(clusters: Clusters | None) -> Weigher | None:
    """What each pixel or patch of a batch counts, by the cluster of the target branch's image."""
    if clusters is None:
        return None

    def weigh(images: Sequence[Tensor], targets: Sequence[Tensor]) -> list[Tensor]:
        found = clusters(images[0][:, :3].to(clusters.mean.device)).to(images[0].device)
        return [cluster_weights(target, found, clusters.k) for target in targets]

    return weigh


def _backbone(order: Order) -> Backbone:
    """With weights; random ones follow from the seed, and nobody else's draws are disturbed."""
    settings = order.config.clusters
    refuse_small(settings.backbone, order.model.branches[0].input_size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(order.config.seed)
        backbone = Backbone(settings.backbone)
    if settings.weights is not None:
        load_backbones(backbone, settings.weights, order.reporter.warn, "clusters.weights")
    return backbone.eval()


def _patches(order: Order) -> Iterator[Tensor]:
    """``(n, 3, S, S)`` float in [0, 1] of the target branch, batch by batch."""
    config, reporter = order.config, order.reporter
    stream = PatchStream(
        order.data.train,
        order.data.classes,
        order.model.branches[:1],
        LoaderConfig(
            config.clusters.batch_size,
            config.seed + _OTHER_PATCHES,
            config.workers,
            config.clusters.batches,
            reporter=reporter,
        ),
        sampler_choice(config, order.model),
    )
    reporter.start(TASK, config.clusters.batches, "batch")
    with closing(stream):
        for batch in stream:
            yield batch.images[0].float() / 255
            reporter.advance(TASK)
    reporter.finish(TASK)
