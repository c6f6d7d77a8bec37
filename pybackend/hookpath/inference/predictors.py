"""Predicting a slide, whatever the network: what every way of doing it is to the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from shapely.geometry.base import BaseGeometry

from hookpath.errors import ModelDesignError, ModelFolderError, PredictionError
from hookpath.events import SILENT, Reporter
from hookpath.inference.config import PredictConfig
from hookpath.inference.cover import OutputGrid, Tissue
from hookpath.inference.densely import DenseSlides
from hookpath.inference.grids import Box
from hookpath.inference.onnx import OnnxPatches
from hookpath.inference.overviews import FirstStage, OverviewSlides
from hookpath.inference.patch_runners import TorchPatches
from hookpath.inference.patchwise import PatchSlides
from hookpath.inference.rows import PredictedRow, PredictedTile
from hookpath.inference.runner import Runner, TorchRunner
from hookpath.models import H2GNet, ModelCard, Network, SegmentationModel, load_model
from hookpath.models.folder import FIRST_STAGE_NAME, only_exported, read_onnx
from hookpath.models.h2gnet import shown_classes
from hookpath.slides import Slide

COARSEST_FACTOR = 1.25
"""A slide may be this much coarser than the model's µm/px; beyond, detail that it learned from is
missing and the result would look right and be wrong."""


class SlideJob(Protocol):
    """One slide, about to be predicted."""

    @property
    def grid(self) -> OutputGrid:
        """The output px of the whole slide (`start` is (0, 0))."""

    def count(self) -> int:
        """Number of steps that `rows` takes; 0: nothing is wanted there."""

    def rows(
        self,
        slides: Sequence[Slide],
        on_step: Callable[[int], None],
        spill_dir: Path | None = None,
    ) -> Iterator[PredictedRow]:
        """All rows of `grid`, top to bottom.

        Args:
            slides: one or more handles of the slide, each used by one reading thread.
            on_step: called after each of the `count` steps, with the output px that it gave.
            spill_dir: for temporary files.

        Raises:
            SlideError: the slide is damaged somewhere.
            PredictionError: not even the smallest step fits into memory.
        """

    def part(
        self,
        slides: Sequence[Slide],
        window: Box,
        on_step: Callable[[int], None],
        as_uint8: bool = True,
    ) -> Iterator[PredictedTile]:
        """What is wanted in a window of `grid`, with the numbers that `rows` gives there.

        Tiles, in px of `grid`, may reach beyond the window. `on_step` may raise to stop it.
        Only where `Predictor.local`.
        """


@runtime_checkable
class Predictor(Protocol):
    """Predicts slides with one model.

    A class per pixel of a fixed µm/px, one per patch, or one per px of a whole slide made small,
    whose µm/px then differs from slide to slide: `spacing_um` says which.
    """

    @property
    def n_classes(self) -> int:
        """Number of output channels."""

    @property
    def device(self) -> str:
        """Where it computes, in words."""

    @property
    def local(self) -> bool:
        """Whether a part of a slide can be predicted without the rest (`SlideJob.part`)."""

    def spacing_um(self, slide: Slide) -> float:
        """µm/px of the output on this slide.

        Raises:
            MissingSpacingError: the slide's µm/px is unknown.
        """

    def reads_um(self, slide: Slide) -> float:
        """Finest µm/px that is read of this slide (a much coarser slide is refused)."""

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> SlideJob:
        """Plan one slide.

        Args:
            inside: area geometries in level-0 px to predict in; None: the whole slide.
            tissue: False: on glass, too.

        Raises:
            MissingSpacingError: the slide's µm/px is unknown.
            SlideError: the slide is damaged.
        """


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
        ModelDesignError: slides cannot be predicted with this family.
    """
    config = config or PredictConfig()
    if isinstance(model, SegmentationModel):
        runner = TorchRunner(model, config.device, config.amp, reporter.info)
        return DenseSlides(runner, config, reporter)
    if isinstance(model, Network) and model.reads == "patches":
        patches = TorchPatches(model, config.device, config.amp, reporter.info)
        return PatchSlides(patches, config, reporter)
    if isinstance(model, Network) and model.reads == "overview":
        return _overviews(model, card, config, reporter)
    if isinstance(model, Network) and model.scores == "magnification":
        raise ModelDesignError(
            f"{card.family} tells magnifications, not classes; ask it about slides with hookpath "
            "info SOURCE --scale-model"
        )
    if isinstance(model, Network):
        raise ModelDesignError(f"{card.family}: slides cannot be predicted with it yet")
    return model if isinstance(model, Predictor) else DenseSlides(model, config, reporter)


def load_predictor(
    folder: Path, config: PredictConfig | None = None, reporter: Reporter = SILENT
) -> tuple[Predictor, ModelCard]:
    """The way to predict slides with a model folder, and the model's card.

    A folder that only has ``model.onnx`` is run by ONNX Runtime; its card's hash is that file's.

    Raises:
        ModelFolderError: the model cannot be loaded.
        DeviceError, ModelDesignError: see `predictor_of`.
    """
    config = config or PredictConfig()
    if not only_exported(folder):
        model, card = load_model(folder)
        if model.scores != "magnification" and len(card.classes) != model.n_classes:
            raise ModelFolderError(
                f"{folder}: model.json names {len(card.classes)} classes, but the network tells "
                f"{model.n_classes} apart; copy the model folder again"
            )
        return predictor_of(model, card, config, reporter), card
    data, card = read_onnx(folder)
    card = card.model_copy(update={"weights_sha256": card.onnx_sha256})
    if card.reads == "scales":
        raise ModelDesignError(
            f"{folder}: an exported {card.family} runs elsewhere; give the folder it came from"
        )
    runner = OnnxPatches(data, card, config.device, reporter.info)
    if card.reads == "overview":
        return OverviewSlides(runner, _exported_first(folder, card, config, reporter)), card
    return PatchSlides(runner, config, reporter), card


def _exported_first(
    folder: Path, card: ModelCard, config: PredictConfig, reporter: Reporter
) -> FirstStage | None:
    if card.family != H2GNet.family:
        return None
    data, patch = read_onnx(folder / FIRST_STAGE_NAME)
    whole = config.model_copy(update={"overlap": None})  # as the second stage was trained
    runner = OnnxPatches(data, patch, config.device, reporter.info)
    shown = shown_classes(len(card.classes), card.config["background"])
    return FirstStage(PatchSlides(runner, whole, reporter), shown)


def _overviews(
    model: Network, card: ModelCard, config: PredictConfig, reporter: Reporter
) -> OverviewSlides:
    runner = TorchPatches(model, config.device, config.amp, reporter.info)
    if not isinstance(model, H2GNet):
        return OverviewSlides(runner)
    whole = config.model_copy(update={"overlap": None})  # as the second stage was trained
    first = FirstStage(predictor_of(model.patch, card, whole, reporter), model.shown)
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
