"""Logging in to an OMERO server without a window.

QuPath's extension for OMERO notes in a project who was logged in, never the password, and asks for
it: in a dialog where there is a window, else on the terminal, which a batch job and the processes
that read patches lack. So a password may be given by the environment, for one server only: a
project from a stranger, which names another address, gets none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

#: The server (``https://omero.example.org``), and who logs in there.
SERVER, USER, PASSWORD = "HOOKPATH_OMERO_SERVER", "HOOKPATH_OMERO_USER", "HOOKPATH_OMERO_PASSWORD"

#: Options of the extension's reader that say who reads, each with a value; they change no pixel.
_WHO = frozenset({"--usertype", "--username", "--password"})

_PORTS = {"http": 80, "https": 443}


def is_omero(builder: Mapping[str, Any]) -> bool:
    """Whether a server's JSON is read by QuPath's extension for OMERO (its 0.1 or later)."""
    return str(builder.get("providerClassName", "")).endswith(".OmeroImageServerBuilder")


def logged_in(builder: Any) -> Any:
    """The same JSON, with the environment's user and password for images of the server it names.

    Holds a password: to build a server from at once, not to be kept or shown.

    Args:
        builder: JSON of a server.
    """
    if isinstance(builder, Mapping):
        found = {key: logged_in(member) for key, member in builder.items()}
        user, password = os.environ.get(USER), os.environ.get(PASSWORD)
        if is_omero(builder) and user and password and _is_named(str(builder.get("uri", ""))):
            login = ["--usertype", "REGULAR_USER", "--username", user, "--password", password]
            found["args"] = [*without_login(builder.get("args") or ()), *login]
        return found
    return [logged_in(member) for member in builder] if isinstance(builder, list) else builder


def without_login(args: Any) -> list[Any]:
    """The reader's options but for those that say who reads."""
    kept, rest = [], iter(args)
    for word in rest:
        if str(word).strip() in _WHO:
            next(rest, None)
        else:
            kept.append(word)
    return kept


def hidden(text: str) -> str:
    """A message without the password: QuPath's names the options of what it could not open."""
    password = os.environ.get(PASSWORD)
    return text.replace(password, "…") if password else text


def _is_named(uri: str) -> bool:
    """Whether an address is on the server that the environment names, by the same protocol."""
    named, here = _origin(os.environ.get(SERVER, "")), _origin(uri)
    return named is not None and named == here


def _origin(uri: str) -> tuple[str, str, int] | None:
    """Protocol, host and port of an address; None: it is none that can be logged in to."""
    try:
        parts: SplitResult = urlsplit(uri.strip())
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname and port else None
