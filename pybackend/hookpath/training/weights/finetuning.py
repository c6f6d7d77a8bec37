"""Fine-tuning: the parts of a network that start from weights learned elsewhere.

Frozen first, then everything moves, those parts more slowly (`schedule.rate_of_encoder`). Which
stage a run is in follows from how far it is, so there is nothing to save.
"""

from __future__ import annotations

from torch import nn

from hookpath.models import Network
from hookpath.training.training_config_tables import FineTuneConfig


class FineTuning:
    """Freezes and frees a network's encoders (`Network.encoder_modules`) as the run goes on.

    With ``encoder_bn = "frozen"`` their batch normalisations stay in evaluation mode, whatever
    mode the network is put in, and keep scale and shift.
    """

    def __init__(self, model: Network, settings: FineTuneConfig) -> None:
        encoders = model.encoder_modules()
        norms = [m for e in encoders for m in e.modules() if is_norm(m)]
        self._settings = settings
        if settings.encoder_bn == "frozen":
            model.keep_still(norms)
        still = {id(p) for m in norms for p in m.parameters()}
        self._movable = [
            p
            for e in encoders
            for p in e.parameters()
            if settings.encoder_bn == "train" or id(p) not in still
        ]
        self._still = [p for m in norms for p in m.parameters() if settings.encoder_bn == "frozen"]
        self._frozen: bool | None = None

    def at(self, done: float) -> None:
        """Freeze or free the encoders as is due once the share `done` (0…1) of the run is done."""
        frozen = is_frozen(self._settings, done)
        if frozen == self._frozen:
            return
        self._frozen = frozen
        for p in self._movable:
            p.requires_grad_(not frozen)
        for p in self._still:
            p.requires_grad_(False)


def is_frozen(settings: FineTuneConfig, done: float) -> bool:
    """Whether encoder weights stand still when the share `done` of the run is done."""
    return done < settings.freeze_encoder or settings.freeze_encoder >= 1


def is_norm(module: nn.Module) -> bool:
    """Whether a module is a batch normalisation."""
    return isinstance(module, nn.modules.batchnorm._BatchNorm)
