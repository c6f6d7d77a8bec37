"""Which patch next, read at several resolutions; augmentation; batches."""

from hookpath.sampling.augmentation import Augmentation
from hookpath.sampling.augmentation_config import AugmentationConfig
from hookpath.sampling.balanced import BalancedSampler
from hookpath.sampling.batch import Batch
from hookpath.sampling.sampler import Draw, Sampler
from hookpath.sampling.source import AnnotatedSlide, SlideFacts, load_sources
from hookpath.sampling.stream import PatchStream
from hookpath.sampling.validation import ValidationStream, validation_regions

__all__ = [
    "AnnotatedSlide",
    "Augmentation",
    "AugmentationConfig",
    "BalancedSampler",
    "Batch",
    "Draw",
    "PatchStream",
    "Sampler",
    "SlideFacts",
    "ValidationStream",
    "load_sources",
    "validation_regions",
]
