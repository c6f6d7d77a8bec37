"""What tests of patch streams share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from hookpath.sampling import AnnotatedSlide, Batch, LoaderConfig, PatchStream
from support.annotated import BRANCHES, CLASSES


def stream_of(slides: list[AnnotatedSlide], **options: object) -> PatchStream:
    """A stream of batches of 4 with seed 3, unless given otherwise."""
    sampler = options.pop("sampler", None)
    loader = LoaderConfig(**({"batch_size": 4, "seed": 3} | options))  # type: ignore[arg-type]
    return PatchStream(slides, CLASSES, BRANCHES, loader, sampler)  # type: ignore[arg-type]


def take(stream: Iterator[Batch], n: int) -> list[Batch]:
    """The next `n` batches."""
    return [next(stream) for _ in range(n)]


def same(a: Batch, b: Batch) -> bool:
    """Equal in every pixel, label and slide."""
    return (
        all(torch.equal(x, y) for x, y in zip(a.images, b.images, strict=True))
        and all(torch.equal(x, y) for x, y in zip(a.labels, b.labels, strict=True))
        and torch.equal(a.slide_index, b.slide_index)
    )


def all_same(a: list[Batch], b: list[Batch]) -> bool:
    """As many batches, and all the same."""
    return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))


def spoil_tiles(path: Path, first: int) -> None:
    """Overwrite the compressed data of level 0's tiles from number `first` on.

    The slide still opens, and what lies in earlier tiles still reads.
    """
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        spans = list(zip(page.dataoffsets, page.databytecounts, strict=True))[first:]
    with path.open("r+b") as file:
        for offset, size in spans:
            file.seek(offset)
            file.write(b"\xff" * size)


class Listener:
    """Keeps what a reporter gets."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, message: str, code: str = "") -> None:
        """Keep it."""
        self.warnings.append(message)

    def __getattr__(self, name: str) -> object:
        return lambda *args, **kwargs: None
