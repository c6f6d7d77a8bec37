"""Reading the pixels (and the context labels) of drawn patches."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hookpath.errors import HookpathError
from hookpath.geometry import Region
from hookpath.sampling.annotated_slide import AnnotatedSlide
from hookpath.slides import Slide

UInt8Array = npt.NDArray[np.uint8]

#: Open handles per process; each costs a few MB of OpenSlide cache and file descriptors.
_MAX_OPEN = 64


@dataclass(frozen=True)
class PatchRequest:
    """One patch to read: image regions of all branches, label regions of the context branches.

    The target's labels are counted, so the process that draws has rasterised them already.
    """

    slide_index: int
    image_regions: tuple[Region, ...]
    label_regions: tuple[Region, ...]


class SlideFailedError(Exception):
    """A slide that worked before cannot be read; `slide_index` says which. Room-internal."""

    def __init__(self, slide_index: int, message: str) -> None:
        super().__init__(message)
        self.slide_index = slide_index


class PatchReader:
    """Reads patches in one process; opens slides when first needed and keeps them open."""

    def __init__(self, sources: Sequence[AnnotatedSlide], max_open: int = _MAX_OPEN) -> None:
        self._sources = sources
        self._max_open = max_open
        self._open: OrderedDict[int, Slide] = OrderedDict()

    def read(self, request: PatchRequest, images: Sequence[UInt8Array]) -> None:
        """Fill the given arrays, ``(M_b, M_b, C)`` per branch.

        Raises:
            SlideFailedError: the slide cannot be opened or read there.
        """
        try:
            slide = self._slide(request.slide_index)
            for region, out in zip(request.image_regions, images, strict=True):
                out[...] = slide.read(region)
        except (HookpathError, OSError) as error:
            self._drop(request.slide_index)
            raise SlideFailedError(request.slide_index, str(error)) from error

    def label(self, request: PatchRequest, labels: Sequence[UInt8Array]) -> None:
        """Fill the given arrays, ``(h_b, w_b)`` per context branch.

        Best called for many patches in a row, apart from reading: each call is faster then.
        """
        source = self._sources[request.slide_index].labels
        for region, label in zip(request.label_regions, labels, strict=True):
            label[...] = source.rasterize(region)

    def _slide(self, index: int) -> Slide:
        if index not in self._open:
            while len(self._open) >= self._max_open:
                self._open.popitem(last=False)[1].close()
            self._open[index] = self._sources[index].open()
        self._open.move_to_end(index)
        return self._open[index]

    def _drop(self, index: int) -> None:
        slide = self._open.pop(index, None)
        if slide is not None:
            slide.close()

    def close(self) -> None:
        """Close every slide."""
        for index in list(self._open):
            self._drop(index)
