"""What the process behind the live preview can be asked (``python -m hookpath.qupath`` is it).

The process speaks Appose's protocol (one JSON object a line: scripts come on stdin, their outcomes
go to stdout); pixels go through shared memory that the caller made. The scripts that it is meant
for call the functions here::

    import hookpath.qupath.worker as worker
    worker.open(task, model="…", slide="…", mpp=[0.25, 0.25], crop_to_bounds=True, device="auto")
    worker.classify(
        task, opened=1, shm="psm_1", x_l0=0, y_l0=0, width=512, height=512, downsample=2.0
    )
    worker.learn(task, added={"1": [{"type": "Feature", …}]}, slides={"1": {"slide": "…"}})

Each leaves its answer in the task's outputs; what a person can do something about comes as
``problem`` (one line), a view that was cancelled as ``cancelled``. Anything else is a failed task
with its traceback. Neither ends the worker; the end of stdin does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hookpath.errors import HookpathError
from hookpath.qupath.live_preview import CancelledError, View
from hookpath.qupath.preview_worker_session import Session, Wanted, slide_of

SESSION = Session()


class Task(Protocol):
    """What is used of an Appose task."""

    outputs: dict[str, Any]
    cancel_requested: bool


def _answer(function: Callable[..., Mapping[str, Any]]) -> Callable[..., None]:
    """Outcome to outputs; an error with a message for people is an outcome, too."""

    @wraps(function)
    def answered(task: Task, **arguments: Any) -> None:
        try:
            task.outputs.update(function(task, **arguments))
        except CancelledError:
            task.outputs["cancelled"] = True
        except HookpathError as error:
            task.outputs["problem"] = str(error)

    return answered


@_answer
def open(task: Task, **wanted: Any) -> Mapping[str, Any]:
    """Load model and slide (arguments: `Wanted.of`), unless they are what is open already.

    Outputs: ``opened`` (to be given to `classify`), ``classes`` (name and colour, in the order of
    the channels), ``spacing_um``, ``downsample`` (x, y), ``width``, ``height`` (output px),
    ``device``, ``seconds``.
    """
    started = time.perf_counter()
    opened = SESSION.open(Wanted.of(**wanted), lambda: task.cancel_requested)
    card, preview = opened.card, opened.preview
    return {
        "opened": opened.number,
        "classes": [{"name": c.name, "color": list(c.color)} for c in card.classes],
        "spacing_um": preview.spacing_um,
        "downsample": list(preview.grid.downsample),
        "width": preview.grid.width,
        "height": preview.grid.height,
        "device": opened.device,
        "seconds": time.perf_counter() - started,
    }


@_answer
def classify(task: Task, opened: int, shm: str, **view: Any) -> Mapping[str, Any]:
    """Probabilities of a view (arguments: `View`) into the shared memory named `shm`.

    ``(C, height, width)`` uint8, 0…255. Outputs: ``seconds`` of work, ``channels``. ``cancelled``
    if something else was opened since.
    """
    from appose import SharedMemory

    question = lambda: task.cancel_requested  # noqa: E731
    found, seconds = SESSION.classify(opened, View(**view), question)
    with SharedMemory(name=shm, rsize=found.nbytes) as block:
        out = np.ndarray(found.shape, np.uint8, buffer=block.buf)
        out[:] = found
        del out  # the block cannot be closed while something looks into it
    return {"seconds": seconds, "channels": len(found)}


@_answer
def learn(
    task: Task,
    added: Mapping[str, Any],
    removed: Mapping[str, Any] | None = None,
    slides: Mapping[str, Any] | None = None,
    settings: Sequence[str] = (),
) -> Mapping[str, Any]:
    """Fit the quick network (family ``probe``) to all that was drawn so far.

    Args:
        added: by image, GeoJSON features of annotations; one that is there already is replaced.
        removed: by image, ids of annotations that were deleted.
        slides: by image, how to open it (arguments: `slide_of`); of images not named before.
        settings: ``key=value``, as for ``hookpath train -m probe``.

    Outputs: ``classes`` (as of `open`), ``cells`` learned from, ``computed`` (tiles whose features
    were not known), ``seconds``. To see it, `open` with ``model=None``; what is open so already
    shows it from the next `classify` on; where ``classes`` are others than before, `open` again.
    """
    refs = {key: slide_of(**values) for key, values in (slides or {}).items()}
    question = lambda: task.cancel_requested  # noqa: E731
    head = SESSION.learn(added, removed or {}, refs, settings, question)
    return {
        "classes": [{"name": c.name, "color": list(c.color)} for c in head.card.classes],
        "cells": head.cells,
        "computed": head.computed,
        "seconds": head.seconds,
    }


@_answer
def warm(task: Task, settings: Sequence[str] = ()) -> Mapping[str, Any]:
    """Load what `learn` needs (seconds), before there is anything to learn."""
    SESSION.warm(settings, lambda: task.cancel_requested)
    return {}


@_answer
def save(task: Task, folder: str) -> Mapping[str, Any]:
    """Keep what was learned as a model folder, which must be new. Outputs: ``classes``."""
    card = SESSION.save(Path(folder), lambda: task.cancel_requested)
    return {"classes": [{"name": c.name, "color": list(c.color)} for c in card.classes]}


@_answer
def close(task: Task) -> Mapping[str, Any]:
    """Close the slide, let the model go."""
    SESSION.close()
    return {}
