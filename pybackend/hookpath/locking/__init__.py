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
from hookpath.locking.claims import CLAIMS_NAME, Claims, Failed, Lease
from hookpath.locking.sharing import Work, may_pass, share_out

__all__ = [
    "CLAIMS_NAME",
    "LOCK_NAME",
    "PATIENCE_S",
    "Claims",
    "Failed",
    "Lease",
    "Work",
    "alone",
    "entered",
    "folder_alone",
    "is_empty",
    "may_pass",
    "share_out",
    "working_in",
]
