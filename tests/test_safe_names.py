"""Names are data wherever they go."""

from __future__ import annotations

import csv
import io
import os

import pytest

from hookpath.limits import CELL_LENGTH, MESSAGE_LENGTH
from hookpath.safe_names import cell_text, csv_cell, file_stem, printable, readable, shortened
from support.nasty import NAMES, is_harmless


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_one_line_that_does_nothing(name: str) -> None:
    shown = printable(name)
    assert is_harmless(shown)
    assert len(shown.splitlines()) <= 1
    assert "\n" not in shown


def test_what_is_escaped_can_still_be_reported() -> None:
    assert printable("\x1b[31m") == "\\x1b[31m"
    assert printable("a\nb") == "a\\nb"
    assert printable("\u202eb") == "\\u202eb"
    assert printable("\ud800") == "\\ud800"
    family = "Krebs 中 👩\u200d👩"
    assert printable(family) == family


def test_long_texts_lose_their_middle() -> None:
    assert len(printable("x" * 10**7)) <= MESSAGE_LENGTH
    assert cell_text("a" + "x" * 1000 + "b") == f"a{'x' * 97} … {'x' * 97}b"
    assert len(cell_text("x" * 1000)) <= CELL_LENGTH


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_readable_text_can_be_encoded_and_is_itself_where_it_can(name: str) -> None:
    assert readable(name).encode("utf-8").decode() == readable(name)
    assert (readable(name) == name) == ("\ud800" not in name)


def test_no_cell_is_a_formula() -> None:
    assert csv_cell("=1+1") == "'=1+1"
    assert csv_cell("@SUM(1)") == "'@SUM(1)"
    assert csv_cell("\tx") == "'\tx"
    # Numbers stay numbers, also where they come as text.
    assert [csv_cell(v) for v in ("-1.5", "+3", -1.5, 4, None)] == ["-1.5", "+3", -1.5, 4, None]
    text = io.StringIO(newline="")
    csv.writer(text).writerow([csv_cell(name) for name in NAMES])
    text.seek(0)
    (row,) = csv.reader(text)
    assert len(row) == len(NAMES)
    assert not any(c[:1] in ("=", "@") for c in row)
    assert text.getvalue().encode("utf-8")


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_file_name_stays_in_its_folder(name: str) -> None:
    stem = file_stem(name)
    assert stem
    assert stem.strip("._ ") == stem or stem.startswith("_")
    assert not set(stem) & set('/\\:*?"<>|')
    assert len(stem.encode()) <= 200


def test_reserved_names_are_not_used() -> None:
    assert file_stem("CON") == "_CON"
    assert file_stem("nul.tif") == "_nul.tif"
    assert file_stem("Präparat 1 (größer).tif") == "Präparat_1_größer_.tif"


def test_a_long_name_leaves_room_for_what_follows_and_stays_unique() -> None:
    assert shortened("a.tif", 200) == "a.tif"
    long = ["ä" * 120 + end for end in ("", "1", "2", "\udcff")]
    found = [shortened(name, 60) for name in long]
    assert len(set(found)) == len(long)
    assert all(len(os.fsencode(name)) <= 195 for name in found)
    assert found == [shortened(name, 60) for name in long]
