"""Features on disk for the next time, under a name made of all that they follow from."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hookpath.atomic_files import replace_file
from hookpath.models import FeatureProbe
from hookpath.probing.tile_features import Vectors
from hookpath.sampling import AnnotatedSlide

VARIABLE = "HOOKPATH_CACHE"
"""Environment variable that names the folder in place of the user's own cache folder."""

#: Changes whenever features of the same network and pixels do.
_FORMAT = 2


def cache_folder() -> Path:
    """Where features are kept: as `VARIABLE` says, else in the user's cache folder."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given) / "features"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "hookpath" / "features"


def digest(*parts: Any) -> str:
    """A name for values that JSON can hold."""
    text = json.dumps([_FORMAT, *parts], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def identity_of_slide(source: AnnotatedSlide) -> str:
    """Changes with the slide (`hookpath.slides.SlideIdentity`) and its colours or channels.

    Raises:
        SlideError: the slide cannot be opened.
    """
    channels = [c.model_dump() for c in source.slide.channels]
    shown = (channels,) if channels else ()  # as names were made before
    return digest(source.read_identity().key, repr(source.stain), *shown)


def identity_of_features(model: FeatureProbe) -> str:
    """Changes with the encoder, its weights, and how its maps are put together."""
    weights = hashlib.sha256()
    for name, value in sorted(model.encoder.state_dict().items()):
        weights.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    design = {k: model.config[k] for k in ("spacings", "depth", "working_depth", "encoder")}
    return digest(weights.hexdigest(), design)


@dataclass
class FeatureCache:
    """Files of features, at most so many bytes; those not used for longest go first.

    A file that is damaged or gone is one that is not there.

    Attributes:
        folder: made when first needed.
        most_bytes: 0: nothing is kept.
        memory_bytes: of what is at hand without reading it again.
        hits, misses: of `get`.
    """

    folder: Path = field(default_factory=cache_folder)
    most_bytes: int = 2 * 2**30
    memory_bytes: int = 0
    hits: int = 0
    misses: int = 0
    _held: OrderedDict[str, Vectors] = field(default_factory=OrderedDict)

    def get(self, name: str) -> Vectors | None:
        """What was kept under a name (a `digest`), or None."""
        found = self._held.get(name)
        if found is None:
            found = self._read(self._path(name))
            self._hold(name, found)
        self.hits += found is not None
        self.misses += found is None
        return found

    def has(self, name: str) -> bool:
        """Whether there is a file of that name; it may be damaged (see `get`)."""
        return name in self._held or (bool(self.most_bytes) and self._path(name).is_file())

    def _read(self, path: Path) -> Vectors | None:
        found: Vectors | None = None
        if self.most_bytes:
            with contextlib.suppress(OSError, ValueError, EOFError):
                found = np.load(path, allow_pickle=False)
                os.utime(path)
        return found

    def _hold(self, name: str, vectors: Vectors | None) -> None:
        if vectors is None or not self.memory_bytes:
            return
        self._held[name] = vectors
        while sum(v.nbytes for v in self._held.values()) > self.memory_bytes:
            self._held.popitem(last=False)

    def put(self, name: str, vectors: Vectors) -> None:
        """Keep features, where that can be; a full or read-only disk is no failure."""
        self._hold(name, vectors)
        if not self.most_bytes:
            return
        path = self._path(name)

        def fill(part: Path) -> None:
            with part.open("wb") as file:
                np.save(file, vectors, allow_pickle=False)

        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, fill, flush=False)

    def trim(self) -> None:
        """Delete what was not used for longest, until the rest fits."""
        files: list[tuple[float, int, Path]] = []
        now = time.time()
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(OSError):
                stat = path.stat()
                files.append((min(stat.st_mtime, now), stat.st_size, path))
                if stat.st_mtime > now:  # or it would be the youngest until that day
                    os.utime(path)
        held = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if held <= self.most_bytes:
                return
            with contextlib.suppress(OSError):
                path.unlink()
                held -= size

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / f"{name}.npy"
