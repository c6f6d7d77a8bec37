"""``hookpath doctor``"""

from __future__ import annotations

from hookpath.cli.console import Debug, Json, running
from hookpath.errors import HookpathError


def command(json: Json = False, debug: Debug = False) -> None:
    """What is found on this machine, what is missing, and how to get it."""
    with running("doctor", json, debug) as console:
        from hookpath.cli.checks import all_checks

        checks = all_checks()
        console.result("doctor", {"checks": [vars(check) for check in checks]})
        console.table("", ["", "", "found"], [[c.mark, c.name, c.found] for c in checks])
        for check in checks:
            if check.advice:
                console.say(f"{check.name}: {check.advice}")
        broken = [c.name for c in checks if c.state == "broken"]
        if broken:
            raise HookpathError(f"hookpath cannot work here: {', '.join(broken)} (see above)")
