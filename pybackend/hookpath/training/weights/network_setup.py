"""The network of a run: new, or started from a model folder or a backbone's weights."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from hookpath.annotations import ClassTable, PathClass
from hookpath.errors import ModelDesignError, TrainingError, UsageError
from hookpath.events import Reporter
from hookpath.models import FAMILIES, Network, build_model, load_model, read_card
from hookpath.models.meta_network import on_meta_device
from hookpath.training.training_config import TrainConfig
from hookpath.training.weights.inherited_weights import Classes, inherited


@dataclass(frozen=True)
class Design:
    """A family and the arguments that are given for it."""

    family: str
    given: dict[str, Any]

    @property
    def network(self) -> type[Network]:
        """The family's class.

        Raises:
            ModelDesignError: there is no such family.
        """
        if self.family not in FAMILIES:
            build_model(self.family)
        return FAMILIES[self.family]

    def takes(self, argument: str) -> bool:
        """Whether the family's constructor knows an argument."""
        return argument in inspect.signature(self.network).parameters


def design_of(config: TrainConfig) -> Design:
    """The design of a run: its own, or that of `init_from` with its changes.

    Raises:
        ModelFolderError: `init_from` is no model folder.
        UsageError: it is of another family than the one that is asked for.
    """
    if config.init_from is None:
        return Design(config.family, config.model)
    card = read_card(Path(config.init_from))
    if card.family != config.family:
        raise UsageError(
            f"{config.init_from} is a {card.family}, not a {config.family}: leave the family out "
            "(-m), or start without init_from"
        )
    return Design(card.family, {**card.config, **config.model})


def refuse_unbuildable(config: TrainConfig) -> None:
    """Say now what `make_network` would say when the classes are known.

    Raises:
        ModelDesignError: the design cannot be built.
        ModelFolderError, UsageError: as `design_of`.
    """
    design = design_of(config)
    given = config.model_copy(update={"background": None})
    two = ClassTable.of([PathClass("a"), PathClass("b")])
    with on_meta_device():
        build_model(design.family, **_arguments(design, given, two))


def make_network(
    config: TrainConfig,
    classes: ClassTable,
    reporter: Reporter,
    begun: bool = False,
    channels: int = 0,
) -> Network:
    """Build the configured network, with the weights of `init_from` where they fit.

    Args:
        begun: the run has weights of its own already, so none are looked for.
        channels: of images that are no RGB; 0: they are RGB.

    Raises:
        ModelDesignError: the design cannot be built, or has no backbone to give weights to.
        ModelFolderError: `init_from` is no model folder.
        TrainingError: `init_from` shares no weights with this design.
        UsageError: `background` is not among the classes.
    """
    design = design_of(config)
    arguments = _arguments(design, config, classes)
    if channels:
        arguments["in_channels"] = _in_channels(design, channels)
    model = build_model(design.family, **arguments)
    if config.background is None and model.background is not None:
        reporter.info(
            f"background, i.e. nothing else: {classes.names[model.background]!r} (another one with "
            "--set background=CLASS)"
        )
    if not begun:
        _give_weights(model, config, classes, reporter)
    if config.bn_momentum is not None:
        _set_momentum(model, config.bn_momentum)
    return model


def _give_weights(
    model: Network, config: TrainConfig, classes: ClassTable, reporter: Reporter
) -> None:
    if config.init_from is not None:
        _start_from(model, Path(config.init_from), tuple(classes.names), reporter)
        return
    weights = config.backbone_weights
    if weights == "auto":
        weights = "imagenet" if model.encoder_modules() else None
    if weights is not None:
        model.load_backbone(weights, reporter.warn)


def _set_momentum(model: Network, momentum: float) -> None:
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = momentum


def _arguments(design: Design, config: TrainConfig, classes: ClassTable) -> dict[str, Any]:
    """Constructor arguments, with what follows from the classes and from λ where it is known."""
    arguments = dict(design.given)
    if design.takes("n_classes"):
        arguments["n_classes"] = len(classes)
    if design.takes("context_heads") and "context_heads" not in config.model:
        arguments["context_heads"] = config.loss_weight is None or config.loss_weight < 1
    if config.background is not None:
        arguments["background"] = _label(config.background, design, classes)
    return arguments


def _in_channels(design: Design, channels: int) -> int:
    if not design.takes("in_channels"):
        able = ", ".join(f for f in FAMILIES if Design(f, {}).takes("in_channels"))
        raise ModelDesignError(
            f"{design.family} reads RGB images only; for other channels take one of: {able}"
        )
    return channels


def _label(background: str, design: Design, classes: ClassTable) -> int:
    if not design.takes("background"):
        raise ModelDesignError(
            f"{design.family} gives no class to whole patches, so it takes no background class; "
            "drop --set background"
        )
    if background not in classes.names:
        raise UsageError(
            f"background {background!r} is not a class; there are: {', '.join(classes.names)}"
        )
    return classes.names.index(background) + 1


def _start_from(
    model: Network, folder: Path, class_names: tuple[str, ...], reporter: Reporter
) -> None:
    """Copy every weight of the same name and shape; a head's class by class (see `inherited`)."""
    source, card = load_model(folder)
    classes = Classes(tuple(c.name for c in card.classes), class_names)
    fitting = inherited(model, source.state_dict(), classes)
    if not fitting:
        raise TrainingError(f"{folder}: none of its weights fit this design; drop init_from")
    model.load_state_dict(fitting, strict=False)
    reporter.info(
        f"started from {folder}: {len(fitting)} of {len(model.state_dict())} weight tensors taken "
        f"over{classes.describe()}"
    )
