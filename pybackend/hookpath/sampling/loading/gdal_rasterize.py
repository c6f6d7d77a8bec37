"""Rasterising many label patches without setting GDAL up for each."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any


def gdal_kept() -> AbstractContextManager[Any]:
    """While entered, rasterio finds its environment ready.

    Otherwise it makes one for every call, which takes as long as rasterising the patch.
    """
    from rasterio import Env

    environment: AbstractContextManager[Any] = Env.from_defaults()
    return environment
