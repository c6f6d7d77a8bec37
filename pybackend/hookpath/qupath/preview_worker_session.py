"""What the worker keeps between requests: the open model and slide, and one request at a time."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import torch

from hookpath.context_managers import Closing
from hookpath.errors import HookpathError, PredictionError
from hookpath.geometry import Calibration
from hookpath.inference import PredictConfig, Predictor, load_predictor
from hookpath.inference.dense.tile_rows import Probabilities
from hookpath.inference.predictors.model_input_channels import seen_by
from hookpath.models import FeatureProbe, ModelCard, save_model
from hookpath.models.storage.folder_or_zip import changed_at, model_at
from hookpath.projects import slide_of_server
from hookpath.qupath.live_annotations import Feature
from hookpath.qupath.live_preview import CancelledError, Preview, View
from hookpath.qupath.quick_session import Head
from hookpath.qupath.quick_zoomed_prediction import ZoomedPreview, ZoomedSession
from hookpath.slides import SlideRef
from hookpath.training import TrainConfig
from hookpath.training.diagnostics.reference_features import FEWER, save_reference

READERS = 2
"""Handles of the slide, each read by a thread of its own while the network computes."""

Question = Callable[[], bool]

_NOTHING = "nothing was learned yet; draw areas of two classes first"


@dataclass(frozen=True)
class Wanted:
    """What to preview: a model folder (or a run with ``model/`` in it) on a slide.

    `model` None: what `Session.learn` learned last.
    """

    model: Path | None
    slide: SlideRef
    device: str = "auto"
    tissue: bool = True

    @classmethod
    def of(
        cls,
        model: str | None,
        slide: str,
        mpp: tuple[float, float] | None = None,
        crop_to_bounds: bool = True,
        device: str = "auto",
        tissue: bool = True,
        server: str | None = None,
        qupath: str | None = None,
        plane: tuple[int, int] | None = None,
    ) -> Wanted:
        """From plain values (see `slide_of`)."""
        folder = None if model is None else model_at(Path(model))
        ref = slide_of(slide, mpp, crop_to_bounds, server, qupath, plane)
        return cls(folder, ref, device, tissue)


def slide_of(
    slide: str,
    mpp: tuple[float, float] | None = None,
    crop_to_bounds: bool = True,
    server: str | None = None,
    qupath: str | None = None,
    plane: tuple[int, int] | None = None,
) -> SlideRef:
    """A slide from plain values.

    Args:
        mpp: µm/px along x and y; None: the file's own.
        server: QuPath's JSON of how it opens the image; None: the file as it is.
        qupath: folder of the QuPath that asks; taken where none is set by ``PAQUO_QUPATH_DIR``.
        plane: z and t of a stack; None: the one that QuPath shows first.

    Raises:
        PredictionError: that is no µm/px.
        ProjectError: the image cannot be read as `server` says.
    """
    if qupath:
        os.environ.setdefault("PAQUO_QUPATH_DIR", qupath)
    where = None if plane is None else (int(plane[0]), int(plane[1]))
    if server is not None:
        return replace(slide_of_server(json.loads(server), Path(slide).name), plane=where)
    try:
        calibration = None if mpp is None else Calibration(float(mpp[0]), float(mpp[1]))
    except (ValueError, TypeError, IndexError) as error:
        raise PredictionError(f"{slide}: {error}") from error
    return SlideRef(Path(slide), calibration, crop_to_bounds, plane=where)


@dataclass(frozen=True)
class Opened:
    """What is open. `number` tells it from what was open before and will be later."""

    number: int
    wanted: Wanted
    card: ModelCard
    preview: Preview | ZoomedPreview
    device: str


@dataclass
class _Loaded:
    """The network, kept while slides change; loaded again when its folder was written anew."""

    key: tuple[Path, str, int]
    predictor: Predictor
    card: ModelCard


@dataclass
class Session(Closing):
    """Answers one request at a time; the others wait, and leave when nobody waits for them."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _loaded: _Loaded | None = None
    _opened: Opened | None = None
    _quick: ZoomedSession | None = None
    _urgent: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def open(self, wanted: Wanted, cancelled: Question) -> Opened:
        """Load the model unless it is there, open the slide unless it is.

        Raises:
            CancelledError: `cancelled` said yes while another request was answered.
            HookpathError: the model or the slide cannot be used; what was open is closed.
        """
        with self._turn(cancelled):
            if wanted.model is None:
                return self._open_learned(wanted)
            loaded = self._model(wanted.model, wanted.device)
            if self._opened is None or wanted != self._opened.wanted:
                self._forget()
                preview = _preview_of(loaded, wanted)
                device = loaded.predictor.device
                self._opened = Opened(next(self._numbers), wanted, loaded.card, preview, device)
            return self._opened

    def learn(
        self,
        added: Mapping[str, Sequence[Feature]],
        removed: Mapping[str, Sequence[str]],
        slides: Mapping[str, SlideRef],
        settings: Sequence[str],
        cancelled: Question,
    ) -> Head:
        """Learn from what was drawn since (see `QuickSession.update`); a preview shows it at once.

        Args:
            settings: ``key=value``, as for ``hookpath train -m probe``. Others than before: all
                that was drawn is forgotten.

        Raises:
            CancelledError: `cancelled` said yes while another request was answered.
            HookpathError: it cannot be learned; what was drawn is remembered.
        """
        with self._first(), self._turn(cancelled):
            return self._learning(settings).update(added, removed, slides)

    def warm(self, settings: Sequence[str], cancelled: Question) -> None:
        """Load what `learn` needs, while a person draws the first strokes."""
        with self._turn(cancelled):
            self._learning(settings).warm()

    def _learning(self, settings: Sequence[str]) -> ZoomedSession:
        config = TrainConfig.load(overrides=[f"family={FeatureProbe.family}", *settings])
        if self._quick is None or self._quick.config != config:
            self._quick = ZoomedSession(config)
        return self._quick

    def save(self, folder: Path, cancelled: Question) -> ModelCard:
        """Write what was learned last as a model folder, like those of training.

        Raises:
            PredictionError: nothing was learned, or there is something in the folder.
            ModelFolderError: it cannot be written.
        """
        with self._first(), self._turn(cancelled):
            if self._quick is None:
                raise PredictionError(_NOTHING)
            if folder.exists() and any(folder.iterdir()):
                raise PredictionError(
                    f"{folder.name}: there is something of that name; choose another"
                )
            head = self._quick.whole()
            card = save_model(folder, head.model, head.card)
            slides, _ = self._quick.annotated.sources(self._quick.config.labels)
            save_reference(folder, slides, torch.device("cpu"), FEWER)
            return card

    def classify(self, number: int, view: View, cancelled: Question) -> tuple[Probabilities, float]:
        """Probabilities ``(C, h, w)`` uint8, and the seconds they took (waiting not counted).

        Raises:
            CancelledError: `cancelled` said yes, or what was opened as `number` is open no more.
            HookpathError: see `Preview.classify`.
        """
        with self._turn(cancelled):
            if self._opened is None or self._opened.number != number:
                raise CancelledError
            started = time.perf_counter()
            found = self._opened.preview.classify(view, lambda: cancelled() or self._urgent > 0)
            return found, time.perf_counter() - started

    def _turn(self, cancelled: Question) -> _Turn:
        return _Turn(self._lock, cancelled)

    @contextmanager
    def _first(self) -> Iterator[None]:
        """Views that are being computed give way: they show what is about to change."""
        self._urgent += 1
        try:
            yield
        finally:
            self._urgent -= 1

    def _model(self, model: Path, device: str) -> _Loaded:
        key = model, device, changed_at(model)
        if self._loaded is None or self._loaded.key != key:
            self._forget()
            self._loaded = None
            # By torch: what one looks at is small, and OpenVINO takes 2 s to begin with.
            config = PredictConfig(device=device, engine="torch")
            self._loaded = _Loaded(key, *load_predictor(model, config))
        return self._loaded

    def _open_learned(self, wanted: Wanted) -> Opened:
        """The quick network: its heads change, what is open only with the classes or the slide."""
        head = None if self._quick is None else self._quick.head
        if self._quick is None or head is None:
            raise PredictionError(_NOTHING)
        count = len(head.card.classes)
        known = self._opened
        if known is None or known.wanted != wanted or len(known.card.classes) != count:
            self._forget()
            preview = ZoomedPreview(
                self._quick, count, wanted.slide, wanted.device, wanted.tissue, READERS
            )
            number = next(self._numbers)
            self._opened = Opened(number, wanted, head.card, preview, preview.device)
        else:
            self._opened = replace(known, card=head.card)
        return self._opened

    def _forget(self) -> None:
        if self._opened is not None:
            self._opened.preview.close()
        self._opened = None

    def close(self) -> None:
        """Close the slide and let the network go."""
        with self._lock:
            self._forget()
            self._loaded = self._quick = None


class _Turn:
    """``with``: holds the lock; waiting for it ends when nobody waits for the answer."""

    def __init__(self, lock: threading.Lock, cancelled: Question) -> None:
        self._lock, self._cancelled = lock, cancelled

    def __enter__(self) -> None:
        while not self._lock.acquire(timeout=0.02):
            if self._cancelled():
                raise CancelledError

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _preview_of(loaded: _Loaded, wanted: Wanted) -> Preview:
    ref = seen_by(loaded.card, wanted.slide)
    slides = [ref.open()]
    try:
        slides += [ref.open() for _ in range(READERS - 1)]
        return Preview(loaded.predictor, slides, wanted.tissue)
    except BaseException as error:
        for slide in slides:
            slide.close()
        if isinstance(error, (HookpathError, CancelledError)) or not isinstance(error, Exception):
            raise
        raise PredictionError(f"{wanted.slide.path}: cannot be previewed ({error})") from error
