"""What every process of ours does before it loads anything large."""

from __future__ import annotations

import gc

from hookpath.lazy_dynamo import load_the_compiler_late
from hookpath.mps import enable_cpu_fallback
from hookpath.thread_waiting import wait_quietly

#: Python looks for circles among its objects each time so many more are there than before (700 by
#: itself). Reading 100,000 polygons makes millions, and took four times as long by that.
_NEW_OBJECTS = 10_000


def begin() -> None:
    """To be called before torch is imported."""
    wait_quietly()
    enable_cpu_fallback()
    load_the_compiler_late()
    gc.set_threshold(_NEW_OBJECTS, 20, 100)
