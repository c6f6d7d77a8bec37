"""Which patch next, read at several resolutions; augmentation; batches.

Names are looked up when first used: a reading process imports this package too, and without torch
it starts in a fraction of a second and takes 200 MB less.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hookpath.sampling.augmentation import Augmentation
    from hookpath.sampling.augmentation_config import AugmentationConfig
    from hookpath.sampling.balanced import BalancedSampler
    from hookpath.sampling.batch import Batch
    from hookpath.sampling.choosing import SamplerChoice
    from hookpath.sampling.heatmaps import Heatmap
    from hookpath.sampling.hierarchical import HierarchicalSampler
    from hookpath.sampling.overview import HeatmapOf, OverviewSet, OverviewStream
    from hookpath.sampling.sampler import Draw, Sampler
    from hookpath.sampling.scales import ScaleStream, ScaleValidation
    from hookpath.sampling.source import AnnotatedSlide, SlideFacts, load_source
    from hookpath.sampling.stream import PatchStream
    from hookpath.sampling.validation import ValidationStream, validation_regions

__all__ = [
    "AnnotatedSlide",
    "Augmentation",
    "AugmentationConfig",
    "BalancedSampler",
    "Batch",
    "Draw",
    "Heatmap",
    "HeatmapOf",
    "HierarchicalSampler",
    "OverviewSet",
    "OverviewStream",
    "PatchStream",
    "Sampler",
    "SamplerChoice",
    "ScaleStream",
    "ScaleValidation",
    "SlideFacts",
    "ValidationStream",
    "load_source",
    "validation_regions",
]

_MODULES = {
    "AnnotatedSlide": "source",
    "Augmentation": "augmentation",
    "AugmentationConfig": "augmentation_config",
    "BalancedSampler": "balanced",
    "Batch": "batch",
    "Draw": "sampler",
    "Heatmap": "heatmaps",
    "HeatmapOf": "overview",
    "HierarchicalSampler": "hierarchical",
    "OverviewSet": "overview",
    "OverviewStream": "overview",
    "PatchStream": "stream",
    "Sampler": "sampler",
    "SamplerChoice": "choosing",
    "ScaleStream": "scales",
    "ScaleValidation": "scales",
    "SlideFacts": "source",
    "ValidationStream": "validation",
    "load_source": "source",
    "validation_regions": "validation",
}


def __getattr__(name: str) -> Any:
    """A name of the contract, from the module that holds it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
