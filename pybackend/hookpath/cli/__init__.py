"""The command line: parse, call one function of the rooms, print.

In: arguments, or a request file. Out: text for people or JSON lines for programs, and an exit code.

Uses: annotations, cluster, conversion, demo, evaluation, experiments, export, extraction,
inference, loop, measurements, models, projects, review, slides, stages, suggestion, training,
training_preview.
"""

import os
import sys

from hookpath.cli.stdout_guard import flush_or_forget, in_utf8, steady_streams
from hookpath.process_setup import begin
from hookpath.signals import end_on_signals

#: What typer makes of a Ctrl-C that comes before a command or after it.
_INTERRUPTED = 130


def main() -> None:
    """Entry point of the console script."""
    begin()
    in_utf8()
    steady_streams()
    _refuse_a_lost_folder()
    end_on_signals()
    try:
        code = _run()
    finally:
        flush_or_forget()
    end_on_signals(code)
    raise SystemExit(code)


def _run() -> int:
    """The command; its exit code."""
    try:
        from hookpath.cli.app import app

        app()
    except KeyboardInterrupt:
        return _failed("stopped")
    except OSError as error:  # of --help and --version: what commands print is theirs to answer for
        return _failed(f"standard output cannot be written ({error.strerror})")
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:
            return _failed("stopped")
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _refuse_a_lost_folder() -> None:
    """Libraries of torch look themselves up from where they are, and end the process otherwise."""
    try:
        os.getcwd()  # noqa: PTH109  (a path is of no use)
    except FileNotFoundError:
        raise SystemExit(
            _failed("the folder that you are in is not there any more; go to another one (cd ~)")
        ) from None


def _failed(message: str) -> int:
    """As a command ends that fails, or is stopped."""
    print(f"error: {message}", file=sys.stderr)
    return 1
