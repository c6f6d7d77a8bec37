"""What runs in a reading process. Imports neither torch nor anything that does."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from hookpath.sampling._gdal import gdal_kept
from hookpath.sampling.reader import PatchReader, SlideFailedError
from hookpath.sampling.slots import Answer, Failure, Share, SlotLayout, Views
from hookpath.sampling.source import AnnotatedSlide


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
    # Ctrl-C and a batch system's SIGTERM go to the whole group; the training process decides.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    slots = [layout.views(buffer) for buffer in memory]
    reader = PatchReader(sources)
    with suppress(EOFError, OSError):
        connection.send(None)
        while True:
            share = connection.recv()
            with gdal_kept():
                answer = _answer(reader, share, slots[share.slot], progress)
            connection.send(answer)


def _answer(reader: PatchReader, share: Share, slot: Views, progress: Any) -> Answer:
    images, labels = slot
    for position, request in share.requests:
        progress[0] = position
        try:
            reader.read(request, [a[position] for a in images], [a[position] for a in labels])
        except SlideFailedError as failure:
            return Answer(Failure(position, failure.slide_index, str(failure)))
        except Exception:
            return Answer(bug=traceback.format_exc())
    return Answer()
