"""The JVM of a QuPath, started by Paquo in this process: once, on first use, and never stopped."""

from __future__ import annotations

import importlib.util
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

    options = [*paquo_settings().get("java_opts", ()), *_JAVA_OPTIONS]
    kwargs = {**paquo_settings(), "qupath_dir": str(home), "java_opts": options}
    try:
        start_jvm(finder_kwargs=kwargs)
        import paquo.java as table
    except Exception as error:  # whatever the JVM says, the user can only change QuPath
        raise NoQuPathError(f"QuPath in {home} does not start through Paquo: {error}") from error
    _quieten(table)
    _share_tiles(table)
    return table


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
