"""QuPath's own pixel classifiers as contestants, where a QuPath is found."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from hookpath.baselines.qupath_maps import MappedSlides
from hookpath.baselines.qupath_pixels import QuPathSettings, learn, predict_maps
from hookpath.baselines.qupath_process import why_not_startable
from hookpath.events import Reporter
from hookpath.experiments.contestant import Lesson
from hookpath.inference import predict_images
from hookpath.models import read_card
from hookpath.models.storage.folder_or_zip import CARD_NAME
from hookpath.training.data.training_data import gather


class QuPathClassifiers:
    """Starts QuPath twice for every trial: to learn, and to predict."""

    def missing(self) -> str | None:
        """Where there is no QuPath."""
        return why_not_startable()

    def learn(self, lesson: Lesson, reporter: Reporter) -> None:
        """Train on the strokes that networks are given; it takes what it takes."""
        folder = lesson.run / "model"
        if (folder / CARD_NAME).is_file():
            return
        settings = QuPathSettings.of(lesson.settings)
        data = gather([lesson.trial.project], lesson.config, reporter)
        seed = lesson.config.seed
        learn([*data.train, *data.val], data.classes, settings, folder, seed)

    def predict(self, lesson: Lesson, reporter: Reporter) -> None:
        """All test slides at once, since QuPath takes seconds to start."""
        card = read_card(lesson.run / "model")
        with (
            tempfile.TemporaryDirectory(dir=lesson.folder, prefix="maps-") as folder,
            ExitStack() as h,
        ):
            wanted = [e for e in lesson.trial.project.images if e.id in lesson.predict.images]
            slides = [h.enter_context(entry.slide.open()) for entry in wanted]
            maps = predict_maps(lesson.run / "model", slides, Path(folder))
            predict_images(
                lesson.trial.project,
                MappedSlides(maps, len(card.classes), card.spacing_um),
                card,
                lesson.predictions,
                lesson.predict,
                reporter,
            )
