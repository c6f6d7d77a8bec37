"""The command line: parse, call one function of the rooms, print."""


def main() -> None:
    """Entry point of the console script."""
    from hookpath.cli.app import app

    app()
