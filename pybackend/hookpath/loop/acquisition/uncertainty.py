"""A quick look at a slide with the round's model: how sure it is, and what the tissue is like.

Some tens of patches instead of the whole slide, so that hundreds of slides can be looked at before
one is chosen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hookpath.atomic_files import make_folder, replace_file
from hookpath.devices import choose_device
from hookpath.errors import LoopError
from hookpath.models import Network
from hookpath.sampling.reference_patches import read_patches, tissue_centres
from hookpath.slides import Slide

Floats = npt.NDArray[np.float32]

#: Views of a patch that are compared: turned by quarters, and mirrored.
VIEWS = 8
PATCHES = 48
_BATCH = 4


@dataclass(frozen=True)
class Survey:
    """Patches of one slide.

    Attributes:
        centres_l0: ``(P, 2)`` x and y in level-0 px.
        entropy: ``(P,)`` of the views' mean prediction, 0 (sure) … 1 (all classes alike).
        disagreement: ``(P,)`` of it, what comes from the views differing (mutual information).
        features: ``(P, F)`` the network's deepest map (`Network.deepest`), averaged over the patch.
    """

    centres_l0: npt.NDArray[np.float64]
    entropy: Floats
    disagreement: Floats
    features: Floats

    def save(self, path: Path, slide: str) -> None:
        """Write it, atomically; `slide` is the key of its `SlideIdentity`."""
        make_folder(path.parent)

        def fill(part: Path) -> None:
            with part.open("wb") as file:
                np.savez(file, slide=np.array(slide), **vars(self))

        replace_file(path, fill)

    @classmethod
    def load(cls, path: Path, slide: str) -> Survey | None:
        """What `save` wrote; None: nothing, or of another slide.

        Raises:
            LoopError: damaged.
        """
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as found:
                if "slide" not in found or str(found["slide"]) != slide:
                    return None
                return cls(**{name: found[name] for name in cls.__dataclass_fields__})
        except (OSError, ValueError, KeyError) as error:
            raise LoopError(f"{path}: damaged; delete it and look again") from error


class Surveyor:
    """Looks at slides with one model.

    Args:
        device: as in `hookpath.training.TrainConfig`.
        patches: at most so many of a slide.
        seed: of where they lie.

    Raises:
        LoopError: the network does not look at patches.
    """

    def __init__(
        self, model: Network, device: str = "auto", patches: int = PATCHES, seed: int = 0
    ) -> None:
        if model.reads != "patches" or model.scores == "magnification":
            raise LoopError(
                f"{model.family}: slides are compared by patches and their classes, and this "
                "network does not give them; name the image to propose on"
            )
        self.device = choose_device(device)
        self.model = model.to(self.device).eval()
        self.patches, self.seed = patches, seed
        self._deepest: Tensor | None = None
        model.deepest().register_forward_hook(self._remember)

    def look(self, slide: Slide) -> Survey:
        """Survey one slide.

        Raises:
            LoopError: no tissue is found.
            SlideError: the slide is damaged.
            MissingSpacingError: µm/px is unknown.
        """
        centres = tissue_centres(slide, self.model.branches, self.patches, self.seed)
        if not len(centres):
            raise LoopError(f"{slide.path.name}: no tissue found on it")
        parts = [
            self._look_at(slide, centres[start : start + _BATCH])
            for start in range(0, len(centres), _BATCH)
        ]
        entropy, disagreement, features = (np.concatenate(p) for p in zip(*parts, strict=True))
        return Survey(centres, entropy, disagreement, features)

    def _look_at(
        self, slide: Slide, centres: npt.NDArray[np.float64]
    ) -> tuple[Floats, Floats, Floats]:
        images = read_patches(slide, self.model.branches, centres)
        batch = [
            torch.from_numpy(i).to(self.device).permute(0, 3, 1, 2).float().div_(255)
            for i in images
        ]
        mean: Tensor | None = None
        single = torch.zeros(())
        features = torch.zeros(())
        with torch.inference_mode():
            for view in range(VIEWS):
                logits = self.model([_turned(i, view) for i in batch])[0]
                found = _turned_back(logits.softmax(dim=1), view)
                mean = found if mean is None else mean + found
                single = single + _entropy(found)
                if view == 0 and self._deepest is not None:
                    features = (
                        self._deepest.flatten(2).mean(dim=2)
                        if self._deepest.ndim > 2
                        else self._deepest
                    )
            assert mean is not None
            whole = _entropy(mean / VIEWS)
            disagreement = (whole - single / VIEWS).clamp(min=0)
        return _array(whole), _array(disagreement), _array(features)

    def _remember(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        self._deepest = output


def _array(values: Tensor) -> Floats:
    return np.asarray(values.float().cpu().numpy(), np.float32)


def _entropy(probabilities: Tensor) -> Tensor:
    """``(N, C, h, w)`` → ``(N,)`` mean entropy, 1 for equal probabilities."""
    logs = probabilities.clamp(min=1e-12).log()
    per_pixel = -(probabilities * logs).sum(dim=1) / math.log(max(2, probabilities.shape[1]))
    return per_pixel.mean(dim=(1, 2))


def _turned(image: Tensor, view: int) -> Tensor:
    """One of the eight ways to lay a square."""
    turned = torch.rot90(image, view % 4, dims=(2, 3))
    return turned.flip(3) if view >= 4 else turned


def _turned_back(image: Tensor, view: int) -> Tensor:
    unflipped = image.flip(3) if view >= 4 else image
    return torch.rot90(unflipped, -(view % 4), dims=(2, 3))
