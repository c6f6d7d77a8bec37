"""``hookpath doctor``."""

from __future__ import annotations

from typing import Annotated

import typer

from hookpath.cli.console_and_exit_codes import Debug, Json, running
from hookpath.errors import HookpathError


def command(
    quick: Annotated[
        bool, typer.Option("--quick", help="Only what training and prediction need.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """What is found on this machine, what is missing, and how to get it."""
    with running("doctor", json, debug) as console:
        from hookpath.cli.doctor_checks import all_checks
        from hookpath.cli.machine_info import describe

        checks = all_checks(quick)
        console.result("doctor", {"checks": [vars(check) for check in checks], **describe()})
        console.table("", ["", "", "found"], [[c.mark, c.name, c.found] for c in checks])
        for check in checks:
            if check.advice:
                console.say(f"{check.name}: {check.advice}")
        broken = [c.name for c in checks if c.state == "broken"]
        if broken:
            raise HookpathError(f"hookpath cannot work here: {', '.join(broken)} (see above)")
