"""Whose slides they are: slides of one patient are alike, and must not stand on two sides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hookpath.errors import UsageError
from hookpath.projects.duplicate_slides import same_files
from hookpath.projects.pooled_projects import own_entry
from hookpath.projects.project_protocol import ImageEntry

#: Image metadata in which projects keep whose slide it is; case, blanks, ``_`` and ``-`` do not
#: count.
PATIENT_KEYS = ("patient", "patientid", "patientnumber", "case", "caseid", "casenumber", "subject",
                "subjectid", "donor", "donorid")  # fmt: skip

#: TCGA's barcode: project, tissue source site and participant tell the patient.
TCGA = r"(TCGA-[A-Z0-9]{2}-[A-Z0-9]{4})"


@dataclass(frozen=True)
class Grouping:
    """What keeps slides together.

    Attributes:
        by: ``patient``, ``slide`` (each alone), or a key of image metadata.
        pattern: regular expression on image names whose first group (or whole) is the patient's
            name, where metadata do not tell it; None: TCGA's barcode.
    """

    by: str = "patient"
    pattern: str | None = None

    def __post_init__(self) -> None:
        if not self.by.strip():
            raise UsageError("--by is empty; write patient, slide, or a key of image metadata")
        try:
            re.compile(self.pattern or TCGA)
        except re.error as error:
            raise UsageError(
                f"--pattern {self.pattern!r}: not a regular expression ({error})"
            ) from None

    def value_of(self, entry: ImageEntry) -> str | None:
        """The group that metadata or name of an image tell; None: neither does."""
        if self.by == "slide":
            return None
        if self.by != "patient":
            return entry.metadata.get(self.by, "").strip() or None
        known = {_plain(key): value.strip() for key, value in entry.metadata.items()}
        patient = next((known[key] for key in PATIENT_KEYS if known.get(key)), None)
        return patient or self._in_name(own_entry(entry).name)

    def _in_name(self, name: str) -> str | None:
        found = re.search(self.pattern or TCGA, name)
        if found is None:
            return None
        return (found[1] if found.re.groups else found[0]) or None

    def groups(self, entries: Sequence[ImageEntry]) -> dict[str, str]:
        """Image id → group; images of one slide file are of one group, whatever is said of them.

        An image whose patient is unknown is a group of its own, called by its name.
        """
        found = {e.id: self.value_of(e) or f"image {e.name}" for e in entries}
        for same in same_files(entries):
            for other in {found[e.id] for e in same[1:]} - {found[same[0].id]}:
                found = {k: found[same[0].id] if v == other else v for k, v in found.items()}
        return found

    def untold(self, entries: Sequence[ImageEntry]) -> list[str]:
        """Names of the images whose group nobody tells, where one was asked for."""
        return [] if self.by == "slide" else [e.name for e in entries if not self.value_of(e)]


def _plain(key: str) -> str:
    return re.sub(r"[\s_\-.]", "", key).casefold()
