"""The page on training says what the code does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hookpath.training import TrainConfig
from hookpath.training.presets import FAMILY_VALUES
from hookpath.training.run.run_folder import FREE_ON_RESUME, flatten

PAGE = Path(__file__).parents[2] / "docs" / "training.md"

#: Settings that are tables of their own.
TABLES = ("model", "stages.classifier")


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every setting's dotted key and description."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name, field.description or ""


def shown(value: Any) -> str:
    """A value as in TOML."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return {(): "[]"}.get(value, str(value)) if isinstance(value, tuple) else str(value)


def expected_rows() -> list[str]:
    paper, *rest = (
        {"labels.rename": None}
        | flatten(TrainConfig.of({"preset": p}).model_dump(exclude={"model"}))
        for p in ("paper", "fast", "auto", "gpu")
    )
    rows = []
    for key, description in settings(TrainConfig):
        default = "see below" if key in TABLES else shown(paper[key])
        others = (
            "see below" if key in TABLES else "" if shown(p[key]) == default else shown(p[key])
            for p in rest
        )
        rows.append(f"| `{key}` | {default} | {' | '.join(others)} | {description} |")
    return rows


def test_the_table_holds_every_setting_and_its_defaults() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("| `") and line.count("|") == 7] == (
        expected_rows()
    )


def family_rows() -> list[str]:
    """What families change of a preset, and the arguments it gives them; equal ones together."""
    families: dict[tuple[str, ...], list[str]] = {}
    for family in sorted({f for values in FAMILY_VALUES.values() for f in values}):
        paper, fast, auto, gpu = (changes(family, p) for p in ("paper", "fast", "auto", "gpu"))
        cells = paper, fast, "as fast" if auto == fast else auto, gpu
        families.setdefault(cells, []).append(family)
    return [
        f"| {', '.join(f'`{name}`' for name in names)} | {' | '.join(cells)} |"
        for cells, names in families.items()
    ]


def changes(family: str, preset: str) -> str:
    own, common = (
        flatten(TrainConfig.of({"preset": preset, **f}).model_dump())
        for f in ({"family": family}, {})
    )
    changed = [
        f"{key} = {value:.3g}" if isinstance(value, float) else f"{key} = {shown(value)}"
        for key, value in own.items()
        if key.startswith("model.") or (key != "family" and common.get(key) != value)
        if not (key.startswith("augmentation.") and value == 0)
    ]
    return ", ".join(changed)


def test_the_table_of_families_holds_what_they_change() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    at = lines.index("| family | paper | fast | auto | gpu |") + 2
    assert lines[at : at + len(family_rows())] == family_rows()


def test_every_setting_is_described() -> None:
    assert all(description for _, description in settings(TrainConfig))


def test_what_may_change_when_going_on_is_named() -> None:
    named = ", ".join(f"`{name}`" for name in sorted(FREE_ON_RESUME))
    assert named in " ".join(PAGE.read_text(encoding="utf-8").split())
