"""What runs in a reading process. Imports neither torch nor anything that does."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from hookpath.sampling.annotated_slide import AnnotatedSlide
from hookpath.sampling.loading.gdal_rasterize import gdal_kept
from hookpath.sampling.loading.patch_reader import PatchReader, SlideFailedError
from hookpath.sampling.loading.shared_memory import Answer, Failure, Share, SlotLayout, Views
from hookpath.signals import ignore_signals


def serve(
    connection: Connection,
    sources: Sequence[AnnotatedSlide],
    layout: SlotLayout,
    memory: Sequence[Any],
    progress: Any,
) -> None:
    """Read shares until the other end of the connection closes, however that happens.

    The first thing sent is None, when reading can begin; then an `Answer` to each share, in order.

    Args:
        memory: one shared buffer for each slot.
        progress: shared array of one int: position of the patch being read.
    """
    # What stops a command goes to the whole group; the training process decides.
    ignore_signals()
    slots = [layout.views(buffer) for buffer in memory]
    reader = PatchReader(sources)
    with suppress(EOFError, OSError):
        connection.send(None)
        while True:
            share = connection.recv()
            connection.send(_answer(reader, share, slots[share.slot], progress))


def _answer(reader: PatchReader, share: Share, slot: Views, progress: Any) -> Answer:
    images, labels = slot
    try:
        for position, request in share.requests:
            progress[0] = position
            reader.read(request, [array[position] for array in images])
        with gdal_kept():
            for position, request in share.requests:
                reader.label(request, [array[position] for array in labels])
    except SlideFailedError as failure:
        return Answer(Failure(progress[0], failure.slide_index, str(failure)))
    except Exception:
        return Answer(bug=traceback.format_exc())
    return Answer()
