"""The command line: parse, call one function of the rooms, print.

In: arguments, or a request file. Out: text for people or JSON lines for programs, and an exit code.

Uses: annotations, cluster, conversion, demo, evaluation, experiments, export, extraction,
inference, loop, measurements, models, projects, review, slides, stages, suggestion, training,
training_preview.
"""

import sys

from hookpath.cli.stdout_guard import flush_or_forget, in_utf8, steady_streams
from hookpath.process_setup import begin

#: What typer makes of a Ctrl-C that comes before a command or after it.
_INTERRUPTED = 130


def main() -> None:
    """Entry point of the console script."""
    begin()
    in_utf8()
    steady_streams()
    try:
        from hookpath.cli.app import app

        app()
    except KeyboardInterrupt:
        _stopped()
    except SystemExit as ended:
        if ended.code != _INTERRUPTED:
            raise
        _stopped()
    finally:
        flush_or_forget()


def _stopped() -> None:
    """As a command ends that is stopped."""
    print("error: stopped", file=sys.stderr)
    raise SystemExit(1) from None
