"""Image readers that a person added to QuPath as extensions (OMERO, say), in the JVM of Paquo.

QuPath's window finds them in the folder of extensions that its preferences name. Here they are
looked for only when an image needs a reader that QuPath itself lacks.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any


def add_readers(table: Any, names: Iterable[str]) -> None:
    """Let in the extensions' readers if one of those that are named is not there yet.

    Args:
        table: Paquo's table of Java classes.
        names: Java classes of QuPath's ``ImageServerBuilder``.

    Raises:
        jpype.JException: an extension says that it has a reader, and has a broken one.
    """
    wanted = set(names)
    provider = table.JClass("qupath.lib.images.servers.ImageServerProvider")
    there = {str(b.getClass().getName()) for b in provider.getInstalledImageServerBuilders()}
    if wanted - there:
        _let_in(table)


@cache
def _let_in(table: Any) -> None:
    """As QuPath does it: a class loader of the extensions' own, below that of QuPath."""
    jars = _jars(table)
    if not jars:
        return
    urls = [table.JClass("java.io.File")(str(jar)).toURI().toURL() for jar in jars]
    provider = table.JClass("qupath.lib.images.servers.ImageServerProvider")
    builder = table.JClass("qupath.lib.images.servers.ImageServerBuilder")
    loader = table.JClass("java.net.URLClassLoader")(urls, provider.class_.getClassLoader())
    services = table.JClass("java.util.ServiceLoader")
    provider.setServiceLoader(services.load(builder.class_, loader))


def _jars(table: Any) -> list[Path]:
    """Every jar below the folder of extensions, a catalog's among them; there may be no folder."""
    manager = table.JClass("qupath.lib.gui.UserDirectoryManager").getInstance()
    folder = manager.getExtensionsPath()
    return [] if folder is None else sorted(Path(str(folder)).rglob("*.jar"))
