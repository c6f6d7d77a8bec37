"""What the documentation site has beside docs/*.md (a hook of mkdocs.yml).

Generated at every build, so that it cannot be out of date: every command as its ``--help`` has it,
the Python reference of every room, and the repository's own changelog and rules for contributors.
Readers of the site fetch nothing from elsewhere.
Links from a page to a file outside docs/ lead to the repository where its address is known
(``HOOKPATH_REPOSITORY``), else they are plain text; one that leads nowhere ends the build.
"""

from __future__ import annotations

import ast
import posixpath
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "pybackend/hookpath"
#: Pages that are files of the repository's root.
FROM_ROOT = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md"}
#: Modules beside the rooms that other code meets, and what each holds.
BESIDE = {
    "errors": "What every function may raise: one line, a code, an exit code.",
    "events": "Progress, messages and results, and who gets them (`Reporter`).",
}
#: The script that the theme's offline plugin would take from a CDN.
_FETCHED = re.compile(r'<script src="https://unpkg\.com/iframe-worker/shim"></script>')
_ELSEWHERE = re.compile(r'<(?:script|img|link rel="stylesheet")[^>]*(?:src|href)="https?:[^"]*"')
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The rooms below *Python*; the repository's address below every page, where it is known."""
    reference = next(section["Reference"] for section in config.nav or [] if "Reference" in section)
    python = next(entry for entry in reference if "Python" in entry)
    python["Python"] = [python["Python"], *(f"reference/python/{room}.md" for room, _ in rooms())]
    if repository := config.extra["repository"]:
        config.copyright = f'{config.copyright} · <a href="{repository}">source</a>'
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    made = {
        "reference/commands.md": commands(),
        "reference/python/index.md": room_list(),
        **{f"reference/python/{room}.md": room_page(room) for room, _ in rooms()},
        **{page: (ROOT / file).read_text("utf-8") for page, file in FROM_ROOT.items()},
    }
    for page, text in made.items():
        if (stub := files.get_file_from_path(page)) is not None:  # for who reads docs/ as it lies
            files.remove(stub)
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to files outside docs/ lead to the repository, or are text."""
    here = posixpath.dirname("docs/" + page.file.src_uri)
    if page.file.src_uri in FROM_ROOT:
        here = ""
    repository = config.extra["repository"]

    def resolved(link: re.Match[str]) -> str:
        picture, text, target = link.groups()
        if "://" in target or target.startswith(("#", "mailto:")):
            return link[0]
        path, _, anchor = target.partition("#")
        place = posixpath.normpath(posixpath.join(here, path))
        if place.startswith("docs/") and not (ROOT / place).is_dir():
            inside = posixpath.relpath(place, posixpath.dirname("docs/" + page.file.src_uri))
            return f"{picture}[{text}]({inside}{'#' + anchor if anchor else ''})"
        if not (ROOT / place).exists() and place not in {f"docs/{f.src_uri}" for f in files}:
            raise PluginError(f"{page.file.src_uri}: {target} is not there")
        shown = text if text.startswith("`") else f"`{text}`" if "/" in text else text
        return f"[{text}]({repository}/blob/main/{place})" if repository else shown

    return "".join(
        piece if code else _LINK.sub(resolved, piece) for code, piece in fenced(markdown)
    )


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Search in a site that is opened from a folder, without fetching a script from elsewhere."""
    ours = posixpath.relpath("assets/folder-search.js", posixpath.dirname(page.url) or ".")
    output = _FETCHED.sub(f'<script src="{ours}"></script>', output)
    if (fetched := _ELSEWHERE.search(output)) is not None:
        raise PluginError(f"{page.file.src_uri}: readers would have to fetch {fetched[0]}")
    return output


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """The page of what is not found is a web server's, where search needs no help."""
    return _FETCHED.sub("", output_content)


def fenced(markdown: str) -> Iterator[tuple[bool, str]]:
    """A page in pieces: whether it is a block of code, and its text."""
    for number, piece in enumerate(re.split(r"(^```.*?^```\n?)", markdown, flags=re.M | re.S)):
        yield number % 2 == 1, piece


def commands() -> str:
    """Every command with its options, as typer shows them."""
    words = [
        sys.executable,
        "-m",
        "typer",
        "hookpath.cli.app",
        "utils",
        "docs",
        "--name",
        "hookpath",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, encoding="utf-8")
    if done.returncode or "## `hookpath train`" not in done.stdout:
        raise PluginError(f"no command reference: {done.stderr.strip()[-500:] or 'it is empty'}")
    text = done.stdout.replace("# `hookpath`\n", "# Every command\n", 1)
    firsts = re.findall(r"^## `hookpath (\S+)`\n\n(.+?)\n\n", text, flags=re.M | re.S)
    for name, purpose in firsts:  # typer shortens what each is for in the list of all
        line = f"* [`{name}`](#hookpath-{name}): {purpose.replace(chr(10), ' ')}"
        text = re.sub(rf"^\* `{name}`: .*$", lambda _, new=line: new, text, count=1, flags=re.M)
    return text


def rooms() -> list[tuple[str, str]]:
    """The package's rooms that export names, and modules beside them; what is in each."""
    found = []
    for init in sorted(PACKAGE.glob("*/__init__.py")):
        tree = ast.parse(init.read_text("utf-8"))
        names = [n for n in tree.body if isinstance(n, ast.Assign) and _assigns_all(n)]
        if names:
            found.append((init.parent.name, ast.get_docstring(tree) or ""))
    return sorted([*found, *BESIDE.items()])


def _assigns_all(node: ast.Assign) -> bool:
    return any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)


def room_page(room: str) -> str:
    """The reference of a room: all that it exports."""
    return f"# hookpath.{room}\n\n::: hookpath.{room}\n"


def room_list() -> str:
    """The reference's first page: the rooms, a line for each."""
    lines = [
        f"| [`hookpath.{room}`]({room}.md) | {text.split(chr(10) * 2)[0].replace(chr(10), ' ')} |"
        for room, text in rooms()
    ]
    return PYTHON_INTRO + "\n".join(["| room | what is in it |", "|---|---|", *lines, ""])


PYTHON_INTRO = """# Python

What a room exports is what other code may use. Names that begin with an underscore, and modules
below a room, may change at any time. [Architecture](../../architecture.md) says how the rooms hang
together. The main steps are also in the package itself: `hookpath.open_project`, `open_slide`,
`train`, `TrainConfig`, `load_model`, `predict_project`, `evaluate_project`.

"""
