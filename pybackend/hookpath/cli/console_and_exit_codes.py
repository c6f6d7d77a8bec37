"""How a command talks and ends: text for people, JSON lines for machines, one exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO

import typer

from hookpath import __version__
from hookpath.cli.heartbeat import Heartbeat
from hookpath.cli.progress_reporters import BarReporter, JsonReporter, LineReporter
from hookpath.cli.stdout_guard import stdout_for_events
from hookpath.cli.stop_requests import CURRENT_JOB, stop_main_thread, stoppable
from hookpath.errors import (
    HookpathError,
    OutputError,
    UsageError,
    code_of,
    one_line,
    shared_code,
    write_code,
)
from hookpath.extras import explained
from hookpath.safe_names import cell_text, printable
from hookpath.signals import COME_AGAIN, QueueStop
from hookpath.untrusted_files import reason

if TYPE_CHECKING:
    from hookpath.projects import Problem

Json = Annotated[
    bool, typer.Option("--json", help="JSON lines on stdout instead of text, for machines.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


class Console:
    """Output of one command. Results go to stdout, progress and messages to stderr."""

    def __init__(self, events: TextIO | None = None) -> None:
        self.as_json = events is not None
        self.reporter: JsonReporter | BarReporter | LineReporter
        if events is not None:
            self.reporter = JsonReporter(events, stop_main_thread)
        else:
            self.reporter = BarReporter() if sys.stderr.isatty() else LineReporter()

    def event(self, event: str, **values: Any) -> None:
        """An event for machines."""
        if isinstance(self.reporter, JsonReporter):
            self.reporter.emit(event, **values)

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        """A result for machines; people get `say` and `table`."""
        self.reporter.result(kind, payload)

    def say(self, text: str = "") -> None:
        """One line of result for people."""
        if not self.as_json:
            with _standard_output():
                print(printable(text), flush=True)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table for people; columns after the first are right-aligned unless they hold text."""
        if self.as_json:
            return
        from rich import box
        from rich.console import Console as Screen
        from rich.table import Table
        from rich.text import Text

        # Text, not a string: square brackets in a name are rich's markup.
        head = Text(printable(title)) if title else None
        table = Table(title=head, title_justify="left", box=box.SIMPLE_HEAD)
        for number, column in enumerate(columns):
            justify: Any = "right" if number > 0 and _are_numbers(rows, number) else "left"
            table.add_column(Text(cell_text(column)), justify=justify, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell_text(cell)) for cell in row))
        # In a log there is no window width that could justify folding.
        screen = Screen() if sys.stdout.isatty() else Screen(width=200)
        with _standard_output():
            screen.print(table)

    def quiet(self, wanted: bool) -> None:
        """Whether messages are left to another process that says the same."""
        if not isinstance(self.reporter, JsonReporter):
            self.reporter.quiet = wanted

    def for_queue(self, stop: BaseException) -> bool:
        """Whether it was a batch system that stopped the command.

        Jobs of a viewer are stopped by that viewer, which uses a signal, too.
        """
        by_viewer = CURRENT_JOB.get() or getattr(self.reporter, "gone", False)
        return isinstance(stop, QueueStop) and not by_viewer

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
    with ExitStack() as streams:
        console = Console(streams.enter_context(stdout_for_events()) if as_json else None)
        console.event("start", command=command, hookpath=__version__)
        if not isinstance(console.reporter, JsonReporter):
            streams.callback(Heartbeat(console.reporter, command).end)
        failure: Exception | KeyboardInterrupt | None = None
        try:
            with stoppable(CURRENT_JOB.get()) as stopped_by:
                try:
                    yield console
                except Exception as error:  # a stop may surface as anything
                    if stop := stopped_by():
                        raise stop from error
                    raise
        except (typer.Exit, typer.Abort):
            raise
        except BrokenPipeError:
            _leave_quietly()
        except (Exception, KeyboardInterrupt) as error:
            failure = _wrong_option(error) or explained(error)
            if debug:
                traceback.print_exc()
        finally:
            console.close()
        code = _end(console, command, failure)
    if code:
        raise typer.Exit(code)


def _wrong_option(error: BaseException) -> UsageError | None:
    """What a command was given, where settings refuse it; None: it is something else."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError) and error.title.endswith(("Config", "Settings")):
        return UsageError(f"setting {reason(error)}")
    return None


def _end(console: Console, command: str, failure: Exception | KeyboardInterrupt | None) -> int:
    """Say how it ended; the exit code."""
    code = _exit_code(console, failure)
    if failure is not None:
        stopped = isinstance(failure, KeyboardInterrupt)
        message = printable(f"{command}: stopped" if stopped else one_line(failure))
        console.event("error", message=message, code=code_of(failure))
        if not console.as_json:
            print(f"error: {message}", file=sys.stderr)
    console.event("end", exit_code=code)
    if code == 0 and isinstance(console.reporter, JsonReporter) and console.reporter.gone:
        print("error: standard output cannot be written; its end is missing", file=sys.stderr)
        return 1
    return code


def _exit_code(console: Console, failure: Exception | KeyboardInterrupt | None) -> int:
    if failure is None:
        return 0
    if isinstance(failure, UsageError):
        return 2
    return COME_AGAIN if console.for_queue(failure) else 1


def _leave_quietly() -> NoReturn:
    """The reader of our output (``| head``) has gone; Python must not complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(1)


@contextmanager
def _standard_output() -> Iterator[None]:
    """Say what cannot be written; `BrokenPipeError` is nobody's fault."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"standard output cannot be written ({error.strerror}); what the command made is there",
            code=write_code(error),
        ) from error


def fail_for(
    problems: Sequence[Problem], done: int, error: type[HookpathError], what: str = "failed"
) -> None:
    """End a command that could not do all: how many images of how many, and why the first.

    Args:
        done: images that it could do.
        error: the kind that is raised, where there are problems.
    """
    if problems:
        total = len(problems) + done
        many = f"{len(problems)} of {total} images {what}; " if total > 1 else ""
        raise error(many + problems[0].line, code=shared_code(problems))


def counted(number: int, one: str, many: str) -> str:
    """``1 image was``, ``2 images were``."""
    return f"{number} {one if number == 1 else many}"


def _are_numbers(rows: Sequence[Sequence[str]], column: int) -> bool:
    return all(not row[column] or row[column][0] in "0123456789-–.…" for row in rows)
