"""One process at a time does a thing to a folder: what would destroy another's work is refused."""

from hookpath.locking.alone import (
    LOCK_NAME,
    PATIENCE_S,
    alone,
    entered,
    folder_alone,
    is_empty,
    working_in,
)

__all__ = ["LOCK_NAME", "PATIENCE_S", "alone", "entered", "folder_alone", "is_empty", "working_in"]
