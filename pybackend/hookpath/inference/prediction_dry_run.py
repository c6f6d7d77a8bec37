"""What a prediction would meet: whether each image can be predicted, and how usual it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hookpath.errors import HookpathError
from hookpath.events import SILENT, Reporter
from hookpath.inference.image_selection import chosen_images, part_of
from hookpath.inference.out_of_distribution import OodDetector, load_detector
from hookpath.inference.prediction_config import PredictConfig
from hookpath.inference.prediction_record import OodScore
from hookpath.inference.predictor_protocol import Predictor
from hookpath.inference.predictors.model_input_channels import seen_by
from hookpath.inference.predictors.predictor_factory import check_spacing, load_ensemble
from hookpath.models import ModelCard
from hookpath.projects import ImageEntry, Project, chosen_planes, image_id_of

TASK = "look at images"


@dataclass(frozen=True)
class ImageCheck:
    """One image, not predicted.

    Attributes:
        ood: how unlike the training slides it is; None: it has no tissue, or the model no
            reference.
        problem: why it would be refused, one line; None: it would not.
    """

    image: str
    image_id: str
    ood: OodScore | None = None
    problem: str | None = None


@dataclass(frozen=True)
class DryRun:
    """All images of a prediction that was not run.

    Attributes:
        device: where it would compute, in words.
        has_reference: whether the model knows what its training slides looked like.
    """

    device: str
    has_reference: bool
    images: tuple[ImageCheck, ...]


def check_images(
    project: Project,
    model_dir: Path | Sequence[Path],
    config: PredictConfig | None = None,
    reporter: Reporter = SILENT,
) -> DryRun:
    """Look at the images that `predict_project` would predict; nothing is written.

    Args:
        model_dir: a model folder or an ensemble's; several: the first says how usual images look.

    Raises:
        ModelFolderError, ModelDesignError: the model cannot be loaded.
        UsageError: `config.images` names an image that is not there.
    """
    # The network itself is asked; an engine for whole slides would only take time to make.
    config = (config or PredictConfig()).model_copy(update={"engine": "torch"})
    images = chosen_images(project, config.images)
    folders = [model_dir] if isinstance(model_dir, Path) else list(model_dir)
    predictor, card = load_ensemble(folders, config, reporter)
    detector = load_detector(folders[0], card, predictor)
    planes = [plane for image in images for plane in chosen_planes(image, config.planes)]
    entries = part_of(planes, config.shard)
    found = []
    reporter.start(TASK, len(entries), "image")
    for entry in entries:
        found.append(_foreseen(entry, predictor, card, detector, reporter))
        reporter.advance(TASK)
    reporter.finish(TASK)
    return DryRun(predictor.device, detector is not None, tuple(found))


def _foreseen(
    entry: ImageEntry,
    predictor: Predictor,
    card: ModelCard,
    detector: OodDetector | None,
    reporter: Reporter,
) -> ImageCheck:
    here = ImageCheck(entry.name, image_id_of(entry))
    try:
        with seen_by(card, entry.slide).open() as slide:
            check_spacing(slide, predictor.reads_um(slide), reporter)
            ood = None if detector is None else detector.score(slide)
    except HookpathError as error:
        return ImageCheck(here.image, here.image_id, problem=str(error))
    return ImageCheck(here.image, here.image_id, ood=ood)
