"""What people use today, to be compared with: a pixel classifier as QuPath has one.

In: annotated slides. Out: a fitted pixel classifier (ours, or QuPath's own run by QuPath) and its
predictions in the form of all others.

Uses: annotations, geometry, inference, jvm, models, sampling, slides.
"""

from hookpath.baselines.classifier_fitting import PixelSettings, fit
from hookpath.baselines.classifier_prediction import PixelSlides
from hookpath.baselines.pixel_classifier import PixelClassifier, load_classifier, save_classifier
from hookpath.baselines.pixel_features import FeatureBank

__all__ = [
    "FeatureBank",
    "PixelClassifier",
    "PixelSettings",
    "PixelSlides",
    "fit",
    "load_classifier",
    "save_classifier",
]
