"""The command line: parse, call one function of the rooms, print."""

from hookpath.cli.app import main

__all__ = ["main"]
