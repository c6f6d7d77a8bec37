"""``python -m hookpath``: the command line where the console script is not on the path."""

from __future__ import annotations

from hookpath.cli import main

if __name__ == "__main__":
    main()
