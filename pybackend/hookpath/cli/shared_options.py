"""What several commands take: projects, models, µm/px."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hookpath.errors import UsageError

if TYPE_CHECKING:
    from hookpath.annotations import LabelRules
    from hookpath.projects import PlaneChoice, Project, Rest
    from hookpath.slides import TissueRule

Source = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE",
        help="A QuPath project (project.qpproj or its folder), a folder of slides with "
        "<slide>.geojson beside them, or one slide.",
    ),
]
Sources = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE...",
        help="QuPath projects (project.qpproj or its folder), folders of slides with "
        "<slide>.geojson beside them, slides; or folders with any of these in them.",
    ),
]
Mpp = Annotated[
    float | None,
    typer.Option("--mpp", help="µm/px of slides of which neither project nor file says it."),
]
OverrideMpp = Annotated[
    float | None, typer.Option("--override-mpp", help="µm/px of all slides, whatever they say.")
]
Model = Annotated[
    Path | None,
    typer.Option("--model", help="Model folder, a .zip of one, or the run that made it."),
]
Models = Annotated[
    list[Path] | None,
    typer.Option(
        "--model",
        help="Model folder, a .zip of one, the run that made it, or a folder of folds; several: "
        "the mean of their probabilities.",
    ),
]
Preset = Literal["auto", "paper", "fast", "gpu"]
Family = Annotated[
    str | None,
    typer.Option(
        "-m",
        "--model",
        metavar="FAMILY",
        help="Network: hooknet, unet, mrn, classifier, multiscale, unet-lr, h2gnet, scale… "
        "(docs/training.md).",
        show_default="hooknet",
    ),
]
RestClass = Annotated[
    str | None,
    typer.Option(
        "--rest",
        metavar="CLASS",
        help="Undrawn tissue of annotated slides is of this class (docs/sampling.md).",
        show_default="unknown, unless image metadata says so",
    ),
]
ZPlanes = Annotated[
    str | None,
    typer.Option(
        "--z",
        metavar="PLANES",
        help="z-planes of a stack, as QuPath counts them, from 0: 3, or 0,2-4, or all.",
        show_default="the middle one",
    ),
]
TimePoints = Annotated[
    str | None,
    typer.Option("--t", metavar="POINTS", help="Time points, likewise.", show_default="the first"),
]
LineWidth = Annotated[
    float | None,
    typer.Option(
        "--line-width",
        metavar="UM",
        min=0.01,
        max=10_000,
        help="Lines and points are areas of this width in µm (docs/annotations.md).",
        show_default="they are not learned from",
    ),
]
FoldDerived = Annotated[
    bool,
    typer.Option(
        "--fold-derived", help="Derived classes (Tumor: Positive) count as their base class."
    ),
]
Splits = Annotated[
    Path | None,
    typer.Option(
        "--splits",
        metavar="FILE",
        help="Table of `hookpath split -o`, instead of what the images' metadata say.",
    ),
]
Fold = Annotated[
    int | None,
    typer.Option(
        "--fold", min=1, help="The fold that is tested, of --splits or of the images' metadata."
    ),
]
MapClass = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="OLD=NEW", help="What is annotated as class OLD counts as NEW; repeatable."
    ),
]
Remapped = Annotated[
    list[str] | None,
    typer.Option(
        "--remap",
        metavar="OLD=NEW",
        help="Slides that a QuPath project has in folder OLD lie in NEW now; repeatable.",
    ),
]
TissueIs = Annotated[
    Literal["generous", "saturation"],
    typer.Option(
        "--tissue-rule", help="What tissue is: rather too much, or HSV saturation above 20."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="A training setting, as model.filters=16; repeatable."
    ),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="TOML file with training settings.")
]
OnlyImages = Annotated[
    list[str] | None,
    typer.Option("--image", help="Only this image (id or name); repeatable.", show_default="all"),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps (Apple).")]


Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="K/N",
        help="Only every N-th slide, from the K-th (1…N): for array jobs.",
        show_default="all; several at once share them",
    ),
]


Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="WHERE",
        help="Dask does the work: local, local:4, slurm, slurm:10 or tcp://scheduler:8786.",
        show_default="this process",
    ),
]


def shard_of(text: str | None) -> tuple[int, int] | None:
    """``3/10`` as numbers.

    Raises:
        UsageError: it is no part of anything.
    """
    if text is None:
        return None
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise UsageError(f"--shard {text}: write part/parts, from 1/10 to 10/10")
    return int(part), int(parts)


@contextmanager
def opened(
    sources: Sequence[Path],
    mpp: float | None = None,
    override_mpp: float | None = None,
    warn: Callable[[str], None] | None = None,
    remap: Sequence[str] | None = None,
) -> Iterator[list[Project]]:
    """The projects, closed at the end.

    Args:
        remap: ``OLD=NEW``: where folders of slides are now.
        warn: gets every image whose µm/px differs from `mpp`, or is overruled.

    Raises:
        UsageError: a value is no pixel size.
        ProjectError: nothing usable is there.
    """
    from hookpath.projects import Remap, open_project, spacing_remarks

    places = Remap.parsed(remap or ())
    for name, value in (("--mpp", mpp), ("--override-mpp", override_mpp)):
        if value is not None and not 0.01 <= value <= 100:
            raise UsageError(f"{name} {value:g}: µm per pixel must lie between 0.01 and 100")
    with ExitStack() as stack:
        projects = []
        for source in _each_once(sources):
            projects.append(open_project(source, mpp, override_mpp=override_mpp, remap=places))
            stack.callback(projects[-1].close)
            if warn is not None and (mpp is not None or override_mpp is not None):
                for remark in spacing_remarks(projects[-1]):
                    warn(remark)
        yield projects


def _each_once(sources: Sequence[Path]) -> list[Path]:
    """A source that is named twice would count twice."""
    return list({source.expanduser().resolve(): source for source in reversed(sources)}.values())[
        ::-1
    ]


@contextmanager
def opened_as_one(
    sources: Sequence[Path],
    mpp: float | None = None,
    override_mpp: float | None = None,
    warn: Callable[[str], None] | None = None,
    remap: Sequence[str] | None = None,
) -> Iterator[Project]:
    """The projects as one, whose images keep apart whatever they are called (see `opened`)."""
    from hookpath.projects import pooled

    with opened(sources, mpp, override_mpp, warn, remap) as projects:
        yield pooled(projects)


def take_split(
    project: Project, splits: Path | None, fold: int | None, warn: Callable[[str], None]
) -> None:
    """Go by a table or a fold instead of the split in the images' metadata.

    Raises:
        UsageError: there is no such table or fold.
    """
    from hookpath.projects import split_remarks

    if splits is not None or fold is not None:
        for line in split_remarks(project, splits, fold):
            warn(line)


def class_map(given: Sequence[str] | None) -> dict[str, str]:
    """``OLD=NEW`` of ``--map``, the first ``=`` between them.

    Raises:
        UsageError: there is none, or a side is empty.
    """
    pairs = [text.partition("=")[::2] for text in given or ()]
    for text, pair in zip(given or (), pairs, strict=True):
        if not all(name.strip() for name in pair):
            raise UsageError(f"--map {text!r}: give OLD=NEW, two names of classes")
    return {old.strip(): new.strip() for old, new in pairs}


def plane_choice(z: str | None, t: str | None) -> PlaneChoice:
    """What ``--z`` and ``--t`` choose.

    Raises:
        UsageError: they cannot be understood.
    """
    from hookpath.projects.image_planes import PlaneChoice, parse_indices

    return PlaneChoice(z and parse_indices(z, "--z"), t and parse_indices(t, "--t"))


def label_rules(
    line_width: float | None, fold_derived: bool, mapped: Sequence[str] | None
) -> LabelRules:
    """How annotations become labels, from the options.

    Raises:
        UsageError: see `class_map`.
    """
    from hookpath.annotations import LabelRules

    return LabelRules(line_width_um=line_width, fold_derived=fold_derived, rename=class_map(mapped))


def rest_option(name: str | None, tissue: TissueRule = "generous") -> Rest:
    """What undrawn tissue is.

    Raises:
        UsageError: no name of a class.
    """
    from pydantic import ValidationError

    from hookpath.projects import Rest

    try:
        return Rest(class_name=name, tissue=tissue)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise UsageError(f"--rest {name!r} names no class: {reason}") from None


def channel_list(text: str) -> str:
    """What `parse_channels` understands, as a setting's value."""
    import json

    return json.dumps(parse_channels(text), ensure_ascii=False)


def parse_channels(text: str) -> list[str]:
    """``DAPI, CD8``; names with a comma in them: ``["a, b", "c"]``.

    Raises:
        UsageError: it names no channel.
    """
    import json

    try:
        found = json.loads(text) if text.lstrip().startswith("[") else text.split(",")
        names = [str(name).strip() for name in found]
    except ValueError:
        names = []
    if not names or not all(names):
        raise UsageError(f"--channels {text}: write names with commas between, as in DAPI,CD8")
    return names


def model_folder(path: Path) -> Path:
    """A model folder, or a ``.zip`` of one, as it is; of a run its ``model`` folder."""
    from hookpath.models import model_at

    return model_at(path)
