"""Pixel classifiers as contestants: what an annotator has today, without a network."""

from __future__ import annotations

from hookpath.baselines import PixelSettings, PixelSlides, fit, load_classifier, save_classifier
from hookpath.events import Reporter
from hookpath.experiments.contestant import Lesson
from hookpath.inference import predict_images
from hookpath.models.storage.folder_or_zip import CARD_NAME
from hookpath.training.data.training_data import gather


class PixelClassifiers:
    """Fits and predicts with `hookpath.baselines`."""

    def missing(self) -> str | None:
        """Never."""
        return None

    def learn(self, lesson: Lesson, reporter: Reporter) -> None:
        """Fit on the strokes that networks are given; it takes seconds, whatever the budget."""
        folder = lesson.run / "model"
        if (folder / CARD_NAME).is_file():
            return
        settings = PixelSettings.of(lesson.settings)
        data = gather([lesson.trial.project], lesson.config, reporter)
        found = fit([*data.train, *data.val], data.classes, settings, lesson.config.seed)
        save_classifier(
            folder,
            found,
            data.classes,
            {"settings": settings.model_dump(mode="json"), "split": data.split},
        )

    def predict(self, lesson: Lesson, reporter: Reporter) -> None:
        """All test slides."""
        classifier, card = load_classifier(lesson.run / "model")
        predict_images(
            lesson.trial.project,
            PixelSlides(classifier),
            card,
            lesson.predictions,
            lesson.predict,
            reporter,
        )
