"""A split as a table that people can read and write: which image is in which part or fold.

CSV with a column ``image`` and a column ``split`` (``train``, ``val``, ``test``) or ``fold`` (1,
2…); ``group`` says what keeps images together, ``slide`` knows a slide whose name changed. With
folds, one fold tests, the next one validates (where there are three or more), the others train.
"""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from hookpath.atomic_files import replace_text
from hookpath.errors import HookpathError, OutputError, UsageError, write_code
from hookpath.limits import FOLDS
from hookpath.projects.image_snapshot import StoredImage
from hookpath.projects.pooled_projects import own_entry
from hookpath.projects.project_protocol import SPLIT_KEY, ImageEntry, Project
from hookpath.safe_names import csv_cell, of_csv_cell
from hookpath.slides.slide_identity import content_of
from hookpath.untrusted_files import read_table, reason

FOLD_KEY = "hookpath.fold"
"""Image metadata with the fold of a slide."""

NOT_IN_SPLIT = "none"
"""Image metadata, assumed only: the image is in no part of the split in use."""

_PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class SplitRow:
    """One image of a split: its part, or its fold."""

    image: str
    group: str = ""
    split: str | None = None
    fold: int | None = None
    slide: str = ""


@dataclass(frozen=True)
class SplitTable:
    """A split of one or more projects."""

    rows: tuple[SplitRow, ...]

    @property
    def folds(self) -> int:
        """How many there are; 0: it has parts instead."""
        return max((row.fold or 0 for row in self.rows), default=0)

    def part_of(self, row: SplitRow, fold: int | None) -> str | None:
        """``train``, ``val`` or ``test`` in a round of cross-validation; None: free.

        Raises:
            UsageError: there are folds and none is chosen, or the other way round.
        """
        count = self.folds
        if (fold is None) != (count == 0):
            has = (
                f"has {count} folds: say which one is tested (--fold)" if count else "has no folds"
            )
            raise UsageError(f"the split {has}")
        if fold is None:
            return row.split
        if not 1 <= fold <= count:
            raise UsageError(f"--fold {fold}: the split has folds 1 to {count}")
        if row.fold == fold:
            return "test"
        return part_beside(row.fold, fold, count)

    def save(self, path: Path) -> None:
        """Write it.

        Raises:
            OutputError: it cannot be written.
        """
        text = StringIO()
        table = csv.writer(text, lineterminator="\n")
        last = "fold" if self.folds else "split"
        table.writerow(("image", "group", last, "slide"))
        for row in self.rows:
            part = row.fold if self.folds else row.split
            table.writerow([csv_cell(v) for v in (row.image, row.group, part or "", row.slide)])
        try:
            replace_text(path, text.getvalue())
        except OSError as error:
            raise OutputError(
                f"{path}: cannot be written ({error.strerror or error}); choose another place",
                code=write_code(error),
            ) from error

    @classmethod
    def load(cls, path: Path) -> SplitTable:
        """Read it.

        Raises:
            UsageError: missing, or no such table; names the line.
        """
        try:
            lines = read_table(path)
        except (OSError, ValueError) as error:
            raise UsageError(f"{path}: cannot be read as a split ({reason(error)})") from None
        has = set(lines[0]) if lines else set()
        if "image" not in has or not has & {"split", "fold"}:
            raise UsageError(
                f"{path}: no split; it needs a column image and a column split or fold"
            )
        rows = tuple(_row(line, path, number) for number, line in enumerate(lines, start=2))
        counts = Counter(row.image for row in rows)
        if twice := next((name for name, count in counts.items() if count > 1), None):
            raise UsageError(f"{path}: {twice} is there twice")
        return cls(rows)


def part_beside(fold: int | None, tested: int, folds: int) -> str | None:
    """Part of an image of another fold than the tested one."""
    if fold is None:
        return NOT_IN_SPLIT
    if folds < 3:
        return None
    return "val" if fold == tested % folds + 1 else "train"


def apply_split(
    project: Project, path: Path | None, fold: int | None
) -> tuple[list[str], list[str]]:
    """Take a split for what the images' metadata say, in this process; nothing is written.

    Args:
        path: of the table; None: folds are in the images' metadata (`FOLD_KEY`).

    Returns:
        Names of images that are in no part, and names in the table that no image has.

    Raises:
        UsageError: no such table, or no such fold.
    """
    table = from_metadata(project.images) if path is None else SplitTable.load(path)
    by_name = {row.image: row for row in table.rows}
    by_look = {_look(row.image): row for row in table.rows}
    by_slide = {row.slide: row for row in table.rows if row.slide}
    left: list[str] = []
    used: set[str] = set()
    for entry in project.images:
        row = by_name.get(entry.name) or by_name.get(own_entry(entry).name)
        row = row or by_look.get(_look(own_entry(entry).name))
        row = row or (by_slide.get(content_digest(entry)) if by_slide else None)
        part = NOT_IN_SPLIT if row is None else table.part_of(row, fold)
        if row is None or part == NOT_IN_SPLIT:
            left.append(entry.name)
        used.add(row.image if row else "")
        assume(entry, {SPLIT_KEY: part})
    return left, [name for name in by_name if name not in used]


def split_remarks(
    project: Project, path: Path | None, fold: int | None, unused: bool = True
) -> list[str]:
    """`apply_split`, and what a person should know of it, one line each.

    Args:
        unused: also which images are in no part; without it see `unused_remark`.

    Raises:
        UsageError: as `apply_split`.
    """
    left, unknown = apply_split(project, path, fold)
    lines = unused_remark(path or project.name, left) if unused else []
    return lines + _remark(path or project.name, unknown, "not here")


def unused_remark(where: Path | str, names: Sequence[str]) -> list[str]:
    """At most one line: of images that a split has in no part.

    Args:
        where: the table, or the project whose metadata are the split.
    """
    return _remark(where, names, "in no part of the split: not used")


def _remark(where: Path | str, names: Sequence[str], what: str) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return [f"{where}: {names[0]}{more}: {what}"]


def from_metadata(images: Sequence[ImageEntry]) -> SplitTable:
    """The folds that the images' metadata say.

    Raises:
        UsageError: they say none.
    """
    rows = []
    for entry in images:
        said = entry.metadata.get(FOLD_KEY, "").strip()
        rows.append(SplitRow(entry.name, fold=int(said) if _is_fold(said) else None))
    table = SplitTable(tuple(rows))
    if not table.folds:
        raise UsageError(
            f"no image has {FOLD_KEY} in its metadata; make folds with hookpath split, or name "
            "their table (--splits)"
        )
    return table


def assume(entry: ImageEntry, values: Mapping[str, str | None]) -> None:
    """Take metadata of an image to be so in this process; nothing is written."""
    own = own_entry(entry)
    if isinstance(own, StoredImage):
        own.assume(values)


def content_digest(entry: ImageEntry) -> str:
    """Digest of a slide's content; "": it cannot be read."""
    try:
        return content_of(entry.slide.path)[0]
    except HookpathError:
        return ""


def _look(name: str) -> str:
    """A name as it looks: macOS and other systems spell accents differently."""
    return unicodedata.normalize("NFC", name)


def _is_fold(text: str) -> bool:
    return text.isdecimal() and len(text) < 10 and 1 <= int(text) <= FOLDS


def _row(line: Mapping[str, str | None], path: Path, number: int) -> SplitRow:
    values = {k: of_csv_cell(v or "").strip() for k, v in line.items() if k is not None}
    split = {"validation": "val"}.get(values.get("split", "").lower(), values.get("split", ""))
    fold = values.get("fold", "")
    if split and split.lower() not in _PARTS:
        raise UsageError(
            f"{path}, line {number}: {split!r} is no part; use train, val or test (or numbers in a "
            "column fold)"
        )
    if fold and not _is_fold(fold):
        raise UsageError(
            f"{path}, line {number}: {fold[:20]!r} is no fold; use numbers from 1 to {FOLDS}"
        )
    return SplitRow(
        values["image"], values.get("group", ""), split.lower() or None,
        int(fold) if fold else None, values.get("slide", ""),
    )  # fmt: skip
