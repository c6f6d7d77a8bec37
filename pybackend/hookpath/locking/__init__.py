"""One process at a time does a thing to a folder: what would destroy another's work is refused.

In: the path of a folder or file. Out: a lock, a claim on a piece of work, or a refusal that says
who has it.

Uses: no other room.
"""

from hookpath.locking.named_locks import (
    LOCK_NAME,
    PATIENCE_S,
    STEP_LOCKS,
    alone,
    entered,
    folder_alone,
    is_empty,
    working_in,
)
from hookpath.locking.work_claims import CLAIMS_NAME, Claims, Failed, Lease
from hookpath.locking.work_sharing_loop import Work, may_pass, share_out

__all__ = [
    "CLAIMS_NAME",
    "LOCK_NAME",
    "PATIENCE_S",
    "STEP_LOCKS",
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
