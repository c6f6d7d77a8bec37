"""The pages say what the product is and says."""

from __future__ import annotations

import ast
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pybackend/hookpath"
DOCS = ROOT / "docs"
#: Stands for whatever a message fills in.
_FILLED = "\0"


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _first_cells(text: str) -> list[str]:
    """First column of all tables, without their heads."""
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    heads = {row for row, line in pairwise(rows) if set(line) <= set("-: ")}
    return [row for row in rows if row not in heads and not set(row) <= set("-: ")]


def test_architecture_names_every_room_and_no_other() -> None:
    rooms = {init.parent.name for init in PACKAGE.glob("*/__init__.py")}
    table = _page("architecture.md").split("## The rooms")[1].split("\n## ")[0]
    named = [cell.strip("`") for cell in _first_cells(table)]
    assert sorted(named) == sorted(rooms)
    assert len(named) == len(set(named))


def test_a_room_uses_those_above_it_in_the_table() -> None:
    table = _page("architecture.md").split("## The rooms")[1].split("\n## ")[0]
    order = [cell.strip("`") for cell in _first_cells(table)]
    downwards: set[tuple[str, str]] = set()
    for module in PACKAGE.glob("*/**/*.py"):
        room = module.relative_to(PACKAGE).parts[0]
        used = re.findall(r"^\s*(?:from|import) hookpath\.(\w+)", module.read_text("utf-8"), re.M)
        below = [u for u in used if u in order and order.index(u) > order.index(room)]
        downwards.update((room, other) for other in below)
    assert downwards == set()


def test_installation_names_every_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = _page("installation.md").split("### Extras")[1].split("\n## ")[0]
    named = [cell.strip("`") for cell in _first_cells(table)]
    assert sorted(named) == sorted(project["optional-dependencies"])


def _texts(module: Path) -> list[str]:
    """Strings of a module, as they are composed from their pieces."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            pieces = node.values
            found.append("".join(_piece(piece) for piece in pieces))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def _piece(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else _FILLED


#: Messages of pip, not ours.
FOREIGN = {"No matching distribution found for torch"}


def test_troubleshooting_quotes_messages_that_are_given() -> None:
    texts = "\n".join(text for module in PACKAGE.rglob("*.py") for text in _texts(module))
    texts = " ".join(texts.replace("`", "'").split())
    quoted = [
        q for cell in _first_cells(_page("troubleshooting.md")) for q in cell.split("`")[1::2]
    ]
    assert len(quoted) > 25
    unknown = [
        quote
        for quote in quoted
        if quote not in FOREIGN
        and not all(part.strip() in texts for part in quote.split("…") if part.strip())
    ]
    assert unknown == []


def test_names_of_code_on_pages_are_there() -> None:
    """Modules move; pages that name one move with them."""
    pages = [*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    rooms = "|".join(init.parent.name for init in PACKAGE.glob("*/__init__.py"))
    dotted = set(re.findall(rf"\bhookpath\.(?:{rooms})(?:\.[A-Za-z_]+)+", text)) - _METADATA
    assert len(dotted) > 5
    assert sorted(name for name in dotted if not _is_there(name)) == []
    files = set(re.findall(r"\b(?:hookpath|benchmarks)/[a-z_/]+\.py\b", text))
    assert (
        sorted(f for f in files if not any((r / f).is_file() for r in (ROOT, PACKAGE.parent))) == []
    )


#: Keys of image metadata that look like modules.
_METADATA = {"hookpath.loop.state", "hookpath.loop.round"}


def _is_there(name: str) -> bool:
    """Whether a dotted name is a module, or is named in the one that it lies in."""
    parts = name.split(".")[1:]
    for length in range(len(parts), 0, -1):
        place = PACKAGE.joinpath(*parts[:length])
        module = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if module.is_file():
            text = module.read_text(encoding="utf-8")
            return all(re.search(rf"\b{part}\b", text) for part in parts[length : length + 1])
    return False


def test_every_option_that_a_page_names_is_one_of_a_command() -> None:
    from typer.main import get_command

    from hookpath.cli.app import app

    known = set(_options(get_command(app)))
    pages = [page for page in DOCS.glob("*.md") if page.name not in _OTHER_PROGRAMS]
    lines = [
        (page.name, line) for page in pages for line in _calls(page.read_text(encoding="utf-8"))
    ]
    assert len(lines) > 70
    wrong = [
        (page, option)
        for page, line in lines
        for option in re.findall(r"(?<=\s)--[a-z][a-z-]+", line)
        if option not in known
    ]
    assert wrong == []


#: Pages about the repository's own scripts.
_OTHER_PROGRAMS = {"release.md", "installation.md"}


def _calls(text: str) -> list[str]:
    """Lines of code blocks that call hookpath, with what they go on in."""
    joined = text.replace("\\\n", " ")
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", joined, re.M | re.S)
    lines = [line.split("  #")[0] for block in blocks for line in block.splitlines()]
    return [line for line in lines if re.match(r"\s*(\$ )?(srun )?hookpath ", line)]


def _options(command: object) -> list[str]:
    own = [opt for param in getattr(command, "params", []) for opt in
           (*param.opts, *param.secondary_opts)]  # fmt: skip
    below = getattr(command, "commands", {}).values()
    return own + [option for each in below for option in _options(each)]


@pytest.mark.parametrize("page", sorted(p.name for p in DOCS.glob("*.md")))
def test_lists_and_tables_are_shown_as_such(page: str) -> None:
    """Markdown as the site reads it is stricter than GitHub's."""
    lines = re.sub(r"^```.*?^```", "", _page(page), flags=re.M | re.S).splitlines()
    item = re.compile(r"( *)(?:[-*]|\d+\.) ")
    wrong = []
    around = zip(["", "", *lines], ["", *lines], lines, [*lines[1:], ""], strict=False)
    for second, before, line, after in around:
        found = item.match(line)
        if found and found[1] and len(found[1]) < 4:
            wrong.append(f"a list in a list is indented by four: {line}")
        starts = found and not found[1] and before.strip() and not item.match(before)
        if starts and not before.startswith(("#", " ")):
            wrong.append(f"a blank line before a list: {line}")
        if found and not found[1] and before.startswith("    ") and not second.strip():
            wrong.append(f"a blank line after an indented paragraph: {line}")
        if line.startswith("|") and not before.startswith("|") and not set(after) <= set("|-: "):
            wrong.append(f"a table without a head: {line}")
    assert wrong == []


@pytest.mark.parametrize("page", sorted(p.name for p in DOCS.glob("*.md")))
def test_words_of_the_field(page: str) -> None:
    """What is measured is reported, what is made up is synthetic, what is marked is annotated."""
    text = re.sub(r"`[^`]*`", "", re.sub(r"^```.*?^```", "", _page(page), flags=re.M | re.S))
    assert re.findall(r"\b(?:is|are|was|were|be) told\b|\bpainted\b", text) == []


def test_code_uses_the_same_words() -> None:
    words = r"\b(?:is|are|was|were|be) told\b(?! apart)|\bpainted slide|\bmend(?:s|ed)?\b"
    found = {
        f"{module.relative_to(PACKAGE)}: {match[0]}"
        for module in PACKAGE.rglob("*.py")
        for match in re.finditer(words, module.read_text(encoding="utf-8"))
    }
    assert found == set()


def _is_described(module: str, name: str) -> bool:
    """Whether the reference has words for a name: a docstring, for a constant the text below it."""
    place = PACKAGE.joinpath(*module.split(".")[1:])
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node, below in pairwise([*tree.body, ast.Pass()]):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return ast.get_docstring(node) is not None
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            said = below.value if isinstance(below, ast.Expr) else None
            return isinstance(said, ast.Constant) and isinstance(said.value, str)
    imported = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module]
    return any(
        _is_described(str(n.module), alias.name)
        for n in imported
        for alias in n.names
        if name == (alias.asname or alias.name) and str(n.module).startswith("hookpath")
    )


def test_all_that_a_room_exports_is_in_the_reference() -> None:
    missing = []
    for init in PACKAGE.glob("*/__init__.py"):
        room = f"hookpath.{init.parent.name}"
        for node in ast.parse(init.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                names = ast.literal_eval(node.value)
                missing += [f"{room}.{name}" for name in names if not _is_described(room, name)]
    assert missing == []
