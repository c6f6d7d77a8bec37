"""What people use today, to be compared with: a pixel classifier as QuPath has one."""

from hookpath.baselines.classifier import PixelClassifier, load_classifier, save_classifier
from hookpath.baselines.features import FeatureBank
from hookpath.baselines.fitting import PixelSettings, fit
from hookpath.baselines.predicting import PixelSlides

__all__ = [
    "FeatureBank",
    "PixelClassifier",
    "PixelSettings",
    "PixelSlides",
    "fit",
    "load_classifier",
    "save_classifier",
]
