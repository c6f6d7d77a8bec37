"""``hookpath --request FILE``: the command and its options come from a file, not from a shell.

A viewer cannot rely on a shell's quoting or on a platform's encoding of arguments; a UTF-8 file
has neither. What a command does is the same, and so are its events (docs/json-events.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hookpath import __version__
from hookpath.cli.console_and_exit_codes import running
from hookpath.cli.stop_requests import Job, inside
from hookpath.errors import UsageError, VersionError
from hookpath.projects import ProjectPart
from hookpath.untrusted_files import read_json, reason

SCHEMA = 1

Scalar = bool | int | float | str
Options = dict[str, Scalar | list[Scalar]]

#: Arguments of the commands that name what to work on: the request file itself.
_SOURCES = ("source", "sources")

#: Said by the caller of ``--request``, not in the file.
_OURS = ("json", "debug", "help")

#: What click (typer may bring its own) raises on a wrong call.
_WrongCall: Any = typer.BadParameter.__base__


class Request(BaseModel):
    """Content of a request file. Members that we do not know are left alone.

    `options`: long names of the command line's options without dashes; a list repeats one, false
    turns one off (``--no-…``), null leaves it out. ``source`` there names further sources,
    ``step`` the step of ``loop``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    schema_: int = Field(alias="schema")
    extension: str | None = None
    command: str
    options: dict[str, Scalar | list[Scalar] | None] = Field(default_factory=dict)
    project: ProjectPart | None = None


def run_request(root: typer.Context, path: Path, as_json: bool, debug: bool) -> NoReturn:
    """Run the command that a request file asks for, as if it had been typed.

    Raises:
        typer.Exit: with the command's exit code; 2 where the request is wrong.
    """
    flags = [*(["--json"] if as_json else []), *(["--debug"] if debug else [])]
    name = "request"
    try:
        request = read_request(path)
        name = request.command
        check_versions(path, request.extension)
        words = _Words(root.command, path).of(request, flags)
        with inside(Job(path.absolute().parent)):
            code = root.command.main(words, prog_name="hookpath", standalone_mode=False)
    except (UsageError, _WrongCall) as error:
        with running(name, as_json, debug):
            raise _one_line(error, path) from error
    raise typer.Exit(code if isinstance(code, int) else 0)


def _one_line(error: Exception, path: Path) -> UsageError:
    if isinstance(error, UsageError):
        return error
    said = error.format_message() if isinstance(error, _WrongCall) else error
    return UsageError(f"{path}: {' '.join(str(said).split())}")


def read_request(path: Path) -> Request:
    """The checked content of a request file.

    Raises:
        UsageError: the file is missing, not JSON, or not a request; names the file.
    """
    try:
        content = read_json(path)
        if isinstance(content, dict) and content.get("schema", SCHEMA) != SCHEMA:
            raise VersionError(
                f"{path}: written for schema {content['schema']}, hookpath {__version__} reads "
                f"schema {SCHEMA}; update the older of the two"
            )
        return Request.model_validate(content)
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such request file") from error
    except ValidationError as error:
        raise UsageError(f"{path}: {reason(error)}") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not readable as JSON ({reason(error)})") from error


def check_versions(path: Path, extension: str | None) -> None:
    """Extension and package belong together where major and minor number are the same.

    Raises:
        VersionError: they are not; names the older one. Without a version nothing is checked.
    """
    if extension is None:
        return
    theirs, ours = _numbers(extension), _numbers(__version__)
    if not theirs:
        raise VersionError(f"{path}: {extension!r} is no version of the extension")
    if theirs == ours:
        return
    advice = (
        f"install hookpath {extension} for Python (in QuPath: Set up Python)"
        if theirs > ours
        else f"install the extension {__version__} in QuPath"
    )
    raise VersionError(
        f"{path}: the QuPath extension is {extension}, the Python package is {__version__}: "
        f"{advice}"
    )


def _numbers(version: str) -> tuple[int, ...]:
    """Major and minor; nothing where that is no version."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return tuple(int(n) for n in found.groups()) if found else ()


@dataclass(frozen=True)
class _Words:
    """Writes a request as the words of a command line, options checked by name."""

    root: Any
    path: Path

    def of(self, request: Request, flags: Sequence[str]) -> list[str]:
        """Command, options and arguments.

        Raises:
            UsageError: no such command or option, or a value that the option cannot take.
        """
        name, command = self._below(self.root, request.command, "command")
        names, options = [name], {k: v for k, v in request.options.items() if v is not None}
        if hasattr(command, "commands"):
            name, command = self._below(command, str(options.pop("step", "")), "step")
            names.append(name)
        given = self._arguments(command, options, request.project is not None)
        return [*names, *self._options(" ".join(names), command, options), *flags, "--", *given]

    def _below(self, group: Any, name: str, what: str) -> tuple[str, Any]:
        if name not in group.commands:
            known = ", ".join(group.commands)
            raise UsageError(f"{self.path}: unknown {what} {name!r}; known: {known}")
        return name, group.commands[name]

    def _options(self, name: str, command: Any, given: Options) -> list[str]:
        options = (p for p in command.params if _is_option(p) and p.name not in _OURS)
        known = {_long(p).removeprefix("--"): p for p in options}
        words: list[str] = []
        for key, value in given.items():
            if key not in known:
                raise UsageError(
                    f"{self.path}: {name} has no option {key!r}; it has: {', '.join(sorted(known))}"
                )
            words += self._option(key, known[key], value)
        return words

    def _option(self, key: str, option: Any, value: Scalar | list[Scalar]) -> list[str]:
        if option.is_flag:
            if not isinstance(value, bool):
                raise UsageError(f"{self.path}: option {key!r} is either true or false")
            if value:
                return [_long(option)]
            return list(option.secondary_opts[-1:])
        values = value if isinstance(value, list) else [value]
        if any(isinstance(v, bool) for v in values) or (len(values) > 1 and not option.multiple):
            raise UsageError(f"{self.path}: option {key!r} takes one value, not {value!r}")
        return [f"{_long(option)}={v}" for v in values]

    def _arguments(self, command: Any, options: Options, project: bool) -> list[str]:
        """Takes the arguments out of the options."""
        given: list[str] = []
        for name in (p.name for p in command.params if not _is_option(p)):
            if name in _SOURCES and project:
                given.append(str(self.path))
            given += _texts(options.pop("source" if name in _SOURCES else name, None))
        return given


def _is_option(parameter: Any) -> bool:
    """As options tell it themselves: typer brings a click of its own, or not."""
    return bool(parameter.param_type_name == "option")


def _long(option: Any) -> str:
    return next(str(name) for name in option.opts if name.startswith("--"))


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]
