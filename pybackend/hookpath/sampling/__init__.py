"""Which patch next, read at several resolutions; augmentation; batches.

Names are looked up when first used: a reading process imports this package too, and without torch
it starts in a fraction of a second and takes 200 MB less.

In: annotated slides. Out: endless, reproducible batches of concentric patches with labels. The way
through its rooms: samplers (what) → loading (pixels) → augmentation.

Uses: annotations, geometry, projects, slides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hookpath.lazy_exports import names_from

if TYPE_CHECKING:
    from hookpath.sampling.annotated_slide import AnnotatedSlide, SlideFacts, load_source
    from hookpath.sampling.augmentation.augmentation_config import AugmentationConfig
    from hookpath.sampling.augmentation.batch_augmentation import Augmentation
    from hookpath.sampling.batch_stream import PatchStream
    from hookpath.sampling.concentric_batch import Batch
    from hookpath.sampling.loader_config import LoaderConfig
    from hookpath.sampling.magnification_stream import ScaleStream, ScaleValidation
    from hookpath.sampling.overview_heatmaps import Heatmap
    from hookpath.sampling.overview_samples import HeatmapOf, OverviewSet, OverviewStream
    from hookpath.sampling.samplers.h2gnet_sampler import HierarchicalSampler
    from hookpath.sampling.samplers.hooknet_sampler import BalancedSampler
    from hookpath.sampling.samplers.sampler_factory import SamplerChoice
    from hookpath.sampling.samplers.sampler_protocol import Draw, Sampler
    from hookpath.sampling.validation_patches import ValidationStream, validation_regions

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
    "LoaderConfig",
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
    "AnnotatedSlide": "annotated_slide",
    "Augmentation": "augmentation.batch_augmentation",
    "AugmentationConfig": "augmentation.augmentation_config",
    "BalancedSampler": "samplers.hooknet_sampler",
    "Batch": "concentric_batch",
    "Draw": "samplers.sampler_protocol",
    "Heatmap": "overview_heatmaps",
    "HeatmapOf": "overview_samples",
    "HierarchicalSampler": "samplers.h2gnet_sampler",
    "LoaderConfig": "loader_config",
    "OverviewSet": "overview_samples",
    "OverviewStream": "overview_samples",
    "PatchStream": "batch_stream",
    "Sampler": "samplers.sampler_protocol",
    "SamplerChoice": "samplers.sampler_factory",
    "ScaleStream": "magnification_stream",
    "ScaleValidation": "magnification_stream",
    "SlideFacts": "annotated_slide",
    "ValidationStream": "validation_patches",
    "load_source": "annotated_slide",
    "validation_regions": "validation_patches",
}

__getattr__ = names_from(__name__, _MODULES)
