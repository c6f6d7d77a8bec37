"""How a command talks and ends: text for people, JSON lines for machines, one exit code."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from hookpath import __version__
from hookpath.cli.reporters import BarReporter, JsonReporter, LineReporter, emit
from hookpath.errors import HookpathError, UsageError
from hookpath.events import Reporter

Json = Annotated[
    bool, typer.Option("--json", help="JSON lines on stdout instead of text, for machines.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@dataclass(frozen=True)
class Job:
    """What a request file's command belongs to: the folder of the file."""

    folder: Path


class Console:
    """Output of one command. Results go to stdout, progress and messages to stderr."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.reporter: Reporter
        if as_json:
            self.reporter = JsonReporter()
        else:
            self.reporter = BarReporter() if sys.stderr.isatty() else LineReporter()

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        """A result for machines; people get `say` and `table`."""
        self.reporter.result(kind, payload)

    def say(self, text: str = "") -> None:
        """One line of result for people."""
        if not self.as_json:
            print(text, flush=True)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table for people; columns after the first are right-aligned unless they hold text."""
        if self.as_json:
            return
        from rich import box
        from rich.console import Console as Screen
        from rich.table import Table

        table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD)
        for number, column in enumerate(columns):
            numeric = number > 0 and all(_is_figure(row[number]) for row in rows)
            table.add_column(column, justify="right" if numeric else "left", overflow="fold")
        for row in rows:
            table.add_row(*(_plain(cell) for cell in row))
        # In a log there is no window width that could justify folding.
        screen = Screen() if sys.stdout.isatty() else Screen(width=200)
        screen.print(table)

    def close(self) -> None:
        """Take progress bars off the terminal."""
        if isinstance(self.reporter, BarReporter):
            self.reporter.close()


@contextmanager
def running(command: str, as_json: bool, debug: bool) -> Iterator[Console]:
    """Everything a command does happens inside: errors become one line and an exit code.

    Raises:
        typer.Exit: with the exit code, after any error.
    """
    console = Console(as_json)
    if as_json:
        emit("start", command=command, hookpath=__version__)
    code, message = 0, ""
    try:
        with _sigterm_as_ctrl_c():
            yield console
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        _leave_quietly()
    except KeyboardInterrupt:
        code, message = 1, f"{command}: stopped"
        _trace(debug)
    except UsageError as error:
        code, message = 2, str(error)
        _trace(debug)
    except HookpathError as error:
        code, message = 1, str(error)
        _trace(debug)
    except Exception as error:
        code, message = 1, _unexpected(error)
        _trace(debug)
    finally:
        console.close()
    _end(as_json, code, message)


def _end(as_json: bool, code: int, message: str) -> None:
    if as_json:
        if message:
            emit("error", message=message)
        emit("end", exit_code=code)
    elif message:
        print(f"error: {message}", file=sys.stderr)
    if code:
        raise typer.Exit(code)


def _unexpected(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'a file'}: {error.strerror}"
    text = " ".join(str(error).split())
    return f"unexpected {type(error).__name__}: {text} (--debug shows where; please report it)"


def _trace(debug: bool) -> None:
    if debug:
        traceback.print_exc()


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """Batch systems end a job with SIGTERM: treated like Ctrl-C."""

    def interrupt(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave_quietly() -> NoReturn:
    """The reader of our output (``| head``) has gone; Python must not complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(1)


def _is_figure(cell: str) -> bool:
    return not cell or cell[0] in "0123456789-–.…"


def _plain(cell: str) -> str:
    """Square brackets are rich's markup; in names they are just that."""
    from rich.markup import escape

    return escape(cell)
