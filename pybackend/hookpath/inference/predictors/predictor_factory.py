"""The way to predict slides with a network, whatever its kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hookpath.errors import ModelDesignError, ModelFolderError, PredictionError
from hookpath.events import SILENT, Reporter
from hookpath.inference.dense.dense_predictor import DenseSlides
from hookpath.inference.engines.engine_choice import patch_runner, tile_runner
from hookpath.inference.engines.onnx_runtime import OnnxPatches
from hookpath.inference.engines.patch_runners import PatchRunner, TorchPatches
from hookpath.inference.engines.tile_runner import Runner
from hookpath.inference.overview.overview_predictor import FirstStage, OverviewSlides
from hookpath.inference.patchwise.patchwise_predictor import PatchSlides
from hookpath.inference.prediction_config import PredictConfig
from hookpath.inference.predictor_protocol import Predictor
from hookpath.inference.predictors.batch_norm_adaptation import AdaptedSlides
from hookpath.inference.predictors.ensemble import Ensemble, Member
from hookpath.inference.predictors.ensemble_channels import ChannelledSlides
from hookpath.inference.predictors.model_errors import NamedSlides
from hookpath.inference.predictors.model_input_channels import scales_of
from hookpath.inference.predictors.stain_normalized_slides import StainedSlides, stain_target
from hookpath.inference.predictors.test_time_augmentation import TurnedPatches, TurnedRunner
from hookpath.models import H2GNet, ModelCard, Network, SegmentationModel, load_model
from hookpath.models.h2gnet import shown_classes
from hookpath.models.storage.ensemble_file import ensemble_card, is_ensemble, members_of
from hookpath.models.storage.folder_or_zip import FIRST_STAGE_NAME, ONNX_NAME, WEIGHTS_NAME
from hookpath.models.storage.model_folder import only_exported, read_onnx
from hookpath.slides import Slide

COARSEST_FACTOR = 1.25
"""A slide may be this much coarser than the model's µm/px; beyond, detail that it learned from is
missing and the result would look right and be wrong."""


def predictor_of(
    model: Network | Runner | Predictor,
    card: ModelCard,
    config: PredictConfig | None = None,
    reporter: Reporter = SILENT,
) -> Predictor:
    """The way to predict slides with a network (or what computes its tiles).

    Args:
        card: of the model's folder.
        reporter: hears why the CPU is taken, and of what had to be made smaller to fit.

    Raises:
        DeviceError: no such device here.
        ModelDesignError: slides cannot be predicted with this family, or not as `config` says.
        ModelFolderError: the card names stains that cannot be understood.
    """
    if isinstance(model, Predictor):
        return model
    config = config or PredictConfig()
    if config.adapt_bn:  # its weights are not to be changed: a compiled network would not notice
        config = config.model_copy(update={"engine": "torch"})
    found = _plain(model, card, config, reporter)
    if config.adapt_bn:
        if not isinstance(model, Network):
            raise ModelDesignError(f"{card.family}: only networks of torch adapt to a slide")
        found = AdaptedSlides(found, model)
    return _stained(found, card)


def _plain(
    model: Network | Runner, card: ModelCard, config: PredictConfig, reporter: Reporter
) -> Predictor:
    """Predicts slides as they are."""
    if isinstance(model, SegmentationModel):
        runner: Runner = tile_runner(model, config.device, config.engine, config.amp, reporter.info)
        return DenseSlides(TurnedRunner(runner) if config.tta else runner, config, reporter)
    if isinstance(model, Network) and model.reads == "patches":
        patches = patch_runner(model, config.device, config.engine, config.amp, reporter.info)
        return PatchSlides(_seen(patches, config), config, reporter)
    if isinstance(model, Network) and model.reads == "overview":
        return _overviews(model, card, config, reporter)
    if isinstance(model, Network) and model.scores == "magnification":
        raise ModelDesignError(
            f"{card.family} tells magnifications, not classes; ask it about slides with hookpath "
            "info SOURCE --scale-model"
        )
    if isinstance(model, Network):
        raise ModelDesignError(f"{card.family}: slides cannot be predicted with it yet")
    return DenseSlides(TurnedRunner(model) if config.tta else model, config, reporter)


def _seen(runner: PatchRunner, config: PredictConfig) -> PatchRunner:
    return TurnedPatches(runner) if config.tta else runner


def _stained(predictor: Predictor, card: ModelCard) -> Predictor:
    """Shown slides in the stains that the model was trained on."""
    target = stain_target(card)
    return predictor if target is None else StainedSlides(predictor, target)


def load_predictor(
    folder: Path, config: PredictConfig | None = None, reporter: Reporter = SILENT
) -> tuple[Predictor, ModelCard]:
    """The way to predict slides with a model folder (or an ensemble's), and the model's card.

    A folder that only has ``model.onnx`` is run by ONNX Runtime; its card's hash is that file's.
    Outputs that are no numbers are reported with the file that they come from.

    Raises:
        ModelFolderError: the model cannot be loaded.
        DeviceError, ModelDesignError: see `predictor_of`.
    """
    config = config or PredictConfig()
    if is_ensemble(folder):
        return load_ensemble(members_of(folder), config, reporter)
    exported = only_exported(folder)
    load = _exported if exported else _trained
    predictor, card = load(folder, config, reporter)
    return NamedSlides(predictor, folder / (ONNX_NAME if exported else WEIGHTS_NAME)), card


def load_ensemble(
    folders: Sequence[Path], config: PredictConfig | None = None, reporter: Reporter = SILENT
) -> tuple[Predictor, ModelCard]:
    """The way to predict slides with the mean of several models, and what they are together.

    Raises:
        ModelDesignError: they do not tell the same classes apart.
        ModelFolderError, DeviceError: see `load_predictor`.
    """
    folders = [member for folder in folders for member in members_of(folder)]
    if len(folders) == 1:
        return load_predictor(folders[0], config, reporter)
    card = ensemble_card(folders)
    names = [entry.name for entry in card.classes]
    members = []
    for folder in folders:
        predictor, own = load_predictor(folder, config, reporter)
        if scales := scales_of(own):
            predictor = ChannelledSlides(predictor, scales)
        channels = [entry.name for entry in own.classes]
        order = tuple(channels.index(name) for name in names)
        members.append(Member(str(folder), predictor, order))
    return Ensemble(members), card


def _trained(
    folder: Path, config: PredictConfig, reporter: Reporter
) -> tuple[Predictor, ModelCard]:
    model, card = load_model(folder)
    if model.scores != "magnification" and len(card.classes) != model.n_classes:
        raise ModelFolderError(
            f"{folder}: model.json names {len(card.classes)} classes, but the network tells "
            f"{model.n_classes} apart; copy the model folder again"
        )
    return predictor_of(model, card, config, reporter), card


def _exported(
    folder: Path, config: PredictConfig, reporter: Reporter
) -> tuple[Predictor, ModelCard]:
    data, card = read_onnx(folder)
    card = card.model_copy(update={"weights_sha256": card.onnx_sha256})
    if card.reads == "scales":
        raise ModelDesignError(
            f"{folder}: an exported {card.family} runs elsewhere; give the folder it came from"
        )
    if config.adapt_bn:
        raise ModelDesignError(
            f"{folder}: an exported network does not adapt to a slide; predict with the folder it "
            "came from, or leave --adapt-bn out"
        )
    runner = _seen(OnnxPatches(data, card, config.device, reporter.info), config)
    if card.reads == "overview":
        first = _exported_first(folder, card, config, reporter)
        return _stained(OverviewSlides(runner, first), card), card
    return _stained(PatchSlides(runner, config, reporter), card), card


def _exported_first(
    folder: Path, card: ModelCard, config: PredictConfig, reporter: Reporter
) -> FirstStage | None:
    if card.family != H2GNet.family:
        return None
    data, patch = read_onnx(folder / FIRST_STAGE_NAME)
    whole = config.model_copy(update={"overlap": None})  # as the second stage was trained
    runner = _seen(OnnxPatches(data, patch, config.device, reporter.info), config)
    shown = shown_classes(len(card.classes), card.config["background"])
    return FirstStage(PatchSlides(runner, whole, reporter), shown)


def _overviews(
    model: Network, card: ModelCard, config: PredictConfig, reporter: Reporter
) -> OverviewSlides:
    patches = TorchPatches(model, config.device, config.amp, reporter.info)
    runner = _seen(patches, config)
    if not isinstance(model, H2GNet):
        return OverviewSlides(runner)
    whole = config.model_copy(update={"overlap": None})  # as the second stage was trained
    first = FirstStage(_plain(model.patch, card, whole, reporter), model.shown)
    return OverviewSlides(runner, first)


def check_spacing(slide: Slide, spacing_um: float, reporter: Reporter = SILENT) -> None:
    """Refuse a slide that is much coarser than the model's µm/px, warn of one a little coarser.

    Raises:
        MissingSpacingError: µm/px is unknown.
        PredictionError: more than `COARSEST_FACTOR` times coarser.
    """
    mpp = slide.calibration.mpp
    if mpp > spacing_um * COARSEST_FACTOR:
        raise PredictionError(
            f"{slide.path}: has {mpp:.4g} µm/px, the model needs {spacing_um:.4g} or finer; check "
            "the pixel size in QuPath (or --mpp), or train a model at this slide's µm/px",
            code="spacing_mismatch",
        )
    if mpp > spacing_um * 1.01:
        reporter.warn(
            f"{slide.path.name}: {mpp:.4g} µm/px is coarser than the model's {spacing_um:.4g}; "
            "enlarging it, results may suffer"
        )
