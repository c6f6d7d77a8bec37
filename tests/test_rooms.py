"""Rooms (the folders of the package) import one way only, and say what happens in them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

import hookpath

PACKAGE = Path(hookpath.__file__).parent
FILES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
ROOMS = sorted(path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE)


@functools.cache
def imported(path: Path, *, lazy: bool) -> tuple[str, ...]:
    """Modules of ours that a file imports; those within functions if `lazy`, none for types."""

    def of(node: ast.AST, inside: bool) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            if isinstance(child, ast.ImportFrom) and child.module and (lazy or not inside):
                for alias in child.names:
                    full = f"{child.module}.{alias.name}"
                    yield full if full in FILES else child.module
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from of(child, inside or function)

    names = of(ast.parse(path.read_text("utf-8")), False)
    return tuple(name for name in names if name in FILES)


def arrows(inside: str, *, lazy: bool) -> dict[str, set[str]]:
    """Of each child of the package `inside` (room or file): the children that it imports."""

    def child(module: str) -> str | None:
        head, _, tail = module.partition(f"{inside}.")
        return tail.split(".")[0] if not head and tail else None

    found: dict[str, set[str]] = {}
    for module, path in FILES.items():
        if (start := child(module)) is not None:
            ends = {child(name) for name in imported(path, lazy=lazy)} - {None, start}
            found.setdefault(start, set()).update(end for end in ends if end)
    return found


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Some circle in a graph, else nothing."""
    done: set[str] = set()

    def walk(node: str, way: list[str]) -> list[str]:
        if node in way:
            return way[way.index(node) :]
        if node in done:
            return []
        for end in sorted(graph.get(node, ())):
            if hit := walk(end, [*way, node]):
                return hit
        done.add(node)
        return []

    return next((hit for node in sorted(graph) if (hit := walk(node, []))), [])


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []


def test_rooms_import_one_way_only() -> None:
    graph = arrows("hookpath", lazy=True)
    assert "slides" in graph["training"]
    assert circle(graph) == []


@pytest.mark.parametrize(
    "room", [".".join(room.relative_to(PACKAGE.parent).parts) for room in ROOMS]
)
def test_within_a_room_too(room: str) -> None:
    assert circle(arrows(room, lazy=False)) == []


@pytest.mark.parametrize(
    "room", [room for room in ROOMS if room.parent == PACKAGE], ids=lambda room: room.name
)
def test_a_room_uses_what_it_says(room: Path) -> None:
    said = said_of(room).rpartition("Uses: ")[2].rstrip(".").replace("\n", " ")
    names = set() if said == "no other room" else {name.strip() for name in said.split(",")}
    rooms = {other.name for other in ROOMS if other.parent == PACKAGE}
    assert arrows("hookpath", lazy=True)[room.name] & rooms == names


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_says_what_goes_in_and_what_comes_out(room: Path) -> None:
    text = said_of(room)
    assert room.name in ("geometry", "encoders") or ("In: " in text and "Out: " in text)


def said_of(room: Path) -> str:
    """What a room says of itself."""
    return ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8"))) or ""


@pytest.mark.parametrize("room", [None, *(r for r in ROOMS if r.parent == PACKAGE)], ids=str)
def test_no_exported_name_is_also_a_module(room: Path | None) -> None:
    """Else the reference shows the module in place of what is exported, that is: nothing."""
    init = ast.parse(((room or PACKAGE) / "__init__.py").read_text("utf-8"))
    exported = [
        c.value
        for node in init.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for c in ast.walk(node.value)
        if isinstance(c, ast.Constant)
    ]
    modules = {path.stem for path in (room or PACKAGE).iterdir()}
    assert modules.isdisjoint(map(str, exported))
