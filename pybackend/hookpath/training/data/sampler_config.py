"""Which sampler a run uses: its settings, and what its network takes for a patch of a class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from hookpath.models import Network
from hookpath.sampling import SamplerChoice
from hookpath.training.training_config import TrainConfig


def sampler_choice(config: TrainConfig, model: Network) -> SamplerChoice:
    """The configured sampler.

    A network that gives one class to a patch drops patches that are neither clearly of one class
    nor of another (`Network.targets`); those are not drawn in the first place.
    """
    if model.scores != "patches":
        return SamplerChoice(config.sampler, config.hierarchy)
    branches = len(model.branches)

    def accepts(labels: npt.NDArray[np.uint8], wanted: int) -> bool:
        window = torch.from_numpy(labels)[None].long()
        return int(model.targets([window] * branches)[0]) == wanted

    return SamplerChoice(config.sampler, config.hierarchy, accepts)
