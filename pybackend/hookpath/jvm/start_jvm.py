"""The JVM of a QuPath, started by Paquo in this process: once, on first use, and never stopped."""

from __future__ import annotations

import gc
import importlib.util
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from hookpath.errors import HookpathError
from hookpath.jvm.qupath_installation import (
    find_qupath,
    paquo_settings,
    qupath_version,
    why_no_qupath,
)

# -Xrs: Ctrl-C and SIGTERM stay Python's; the JVM would end the process without any clean-up.
# Native access is what JPype does; from Java 24 on it costs four lines of warning otherwise.
_JAVA_OPTIONS = ("-Djava.awt.headless=true", "-Xrs", "--enable-native-access=ALL-UNNAMED")

#: One thread reads mostly, from a small heap: G1's threads took a fifth of the time of that.
_COLLECTOR = "-XX:+UseSerialGC"

#: Where the JVM itself looks for options.
_OPTIONS_FROM = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS")

#: Tiles that QuPath's servers keep among themselves: a rotated image asks for a tile of the
#: original four times. 64 MiB of 256² px.
_SHARED_TILES = 256


class NoQuPathError(HookpathError):
    """Paquo or QuPath is missing here, or does not start."""


def why_no_java() -> str:
    """Why QuPath's code cannot run here, and what to do, in one line; "": it can be tried."""
    if importlib.util.find_spec("paquo") is None:
        return "Paquo is missing: pip install 'hookpath[qupath]'"
    return "" if find_qupath() else why_no_qupath()


@cache
def java() -> Any:
    """Paquo's table of Java classes; starts the JVM.

    A JVM does not survive a fork: start other processes with the ``spawn`` method.

    Raises:
        NoQuPathError: Paquo or QuPath is missing, or the JVM does not start.
    """
    if reason := why_no_java():
        raise NoQuPathError(reason)
    home = find_qupath()
    assert home is not None
    return _start(home)


@cache
def qupath_running() -> tuple[Path | None, str]:
    """The QuPath whose code runs here (for good: a JVM starts once), and its version ("": none)."""
    home = find_qupath()
    return home, (qupath_version(home) or "") if home else ""


def _start(home: Path) -> Any:
    from paquo.jpype_backend import start_jvm

    options = java_options(paquo_settings().get("java_opts", ()))
    kwargs = {**paquo_settings(), "qupath_dir": str(home), "java_opts": options}
    try:
        start_jvm(finder_kwargs=kwargs)
        import paquo.java as table
    except Exception as error:  # whatever the JVM says, the user can only change QuPath
        raise NoQuPathError(f"QuPath in {home} does not start through Paquo: {error}") from error
    _quieten(table)
    _share_tiles(table)
    _part_collectors()
    return table


def java_options(configured: Iterable[str]) -> list[str]:
    """What the JVM is started with; a collector that a person chose stays (two are refused).

    Args:
        configured: Paquo's own options.
    """
    given = [*configured, *(os.environ.get(name, "") for name in _OPTIONS_FROM)]
    chosen = re.search(r"-XX:\+Use\w+GC\b", " ".join(given))
    return [*configured, *_JAVA_OPTIONS, *([] if chosen else [_COLLECTOR])]


def _part_collectors() -> None:
    """Java's and Python's garbage is collected by each alone.

    JPype lets every collection of Java's young objects, a few a second where tiles are read, look
    through all of Python's, with the lock held (0.1 s beside torch); and Python's start Java's.
    Only circles across both need that, and tiles are in none.
    """
    import _jpype  # type: ignore[import-not-found]

    coupling = getattr(_jpype, "_collect", None)
    gc.callbacks[:] = [c for c in gc.callbacks if c is not coupling]


def _quieten(table: Any) -> None:
    """QuPath's log goes to stderr, errors only: stdout belongs to results."""
    table.System.setOut(table.System.err)
    factory = table.JClass("org.slf4j.LoggerFactory")
    level = table.JClass("ch.qos.logback.classic.Level")
    factory.getLogger("ROOT").setLevel(level.ERROR)


def _share_tiles(table: Any) -> None:
    """As QuPath's window does; without it every tile is decoded each time that it is asked for."""
    builder = table.JClass("com.google.common.cache.CacheBuilder").newBuilder()
    tiles = builder.maximumSize(_SHARED_TILES).build().asMap()
    provider = table.JClass("qupath.lib.images.servers.ImageServerProvider")
    provider.setCache(tiles, table.JClass("java.awt.image.BufferedImage").class_)


def java_says(error: BaseException) -> str:
    """An exception of Java's in one line."""
    return " ".join(str(error).split())
