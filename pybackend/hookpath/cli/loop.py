"""``hookpath loop``: the annotation loop, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hookpath.cli import loop_simulate
from hookpath.cli import shared_options as shared
from hookpath.cli.console_and_exit_codes import Console, Debug, Json, fail_for, running
from hookpath.errors import LoopError, UsageError
from hookpath.limits import LENGTH_UM

if TYPE_CHECKING:
    from hookpath.loop import LoopFolder
    from hookpath.projects import Problem, Project

app = typer.Typer(
    name="loop",
    help="Train on a few annotated slides, have the next ones proposed, correct, train again.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Loop = Annotated[
    Path | None,
    typer.Option(
        "--loop", help="Folder of the loop.", show_default="hookpath/loop in the project's folder"
    ),
]
Images = Annotated[
    list[str] | None, typer.Option("--image", help="Id or name of an image; repeatable.")
]


@app.command()
def start(
    source: shared.Source,
    loop: Loop = None,
    family: shared.Family = None,
    preset: Annotated[
        shared.Preset | None,
        typer.Option(help="Training preset, as for train.", show_default="auto"),
    ] = None,
    config: shared.ConfigFile = None,
    set_: shared.Settings = None,
    init_from: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="Begin with this model: it counts as round 1, so it proposes at once.",
        ),
    ] = None,
    rest: Annotated[
        str | None,
        typer.Option(
            help="Class of confirmed area that no annotation covers; never proposed.",
            show_default="such area is unknown",
        ),
    ] = None,
    line_width: shared.LineWidth = None,
    fold_derived: shared.FoldDerived = False,
    smooth: Annotated[float, typer.Option(help="Smoothing of proposals, µm.")] = 4.0,
    min_area: Annotated[float, typer.Option(help="Smaller proposals are dropped, µm².")] = 2000.0,
    max_hole: Annotated[float, typer.Option(help="Smaller holes are filled, µm².")] = 2000.0,
    simplify: Annotated[float, typer.Option(help="Outlines may move by this, µm.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Of draws at random.")] = 0,
    z: shared.ZPlanes = None,
    t: shared.TimePoints = None,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Begin a loop. Nothing is trained yet, unless it begins with a model (--init-from)."""
    with _running("start", source, mpp, override_mpp, json, debug) as (console, project):
        from hookpath.cli.train import default_preset
        from hookpath.loop import LoopSettings, ProposalSettings, default_folder
        from hookpath.loop import start as begin
        from hookpath.projects.image_planes import PlaneProject
        from hookpath.training import TrainConfig
        from hookpath.training.settings_parser import toml_text

        shared.plane_choice(z, t)
        model = None if init_from is None else shared.model_folder(init_from)
        given = {
            "family": family,
            "init_from": model and toml_text(str(model)),
            "labels.line_width_um": line_width,
            "labels.fold_derived": fold_derived and "true",
        }
        changes = [*(f"{key}={value}" for key, value in given.items() if value), *(set_ or [])]
        train = TrainConfig.load(config, preset or default_preset(config), changes)
        settings = LoopSettings(
            train=train.model_dump(mode="json"),
            proposals=ProposalSettings(
                smooth_um=smooth, min_area_um2=min_area, max_hole_um2=max_hole, simplify_um=simplify
            ),
            rest=rest,
            seed=seed,
            z=z,
            t=t,
        )
        place = loop or default_folder(project)
        view = PlaneProject(project, settings.planes)
        folder = begin(place, view, settings, console.reporter, model)
        _report(console, folder, view)


@app.command()
def status(
    source: shared.Source,
    loop: Loop = None,
    changes: Annotated[
        bool,
        typer.Option(
            "--changes", help="Read all annotations: what was changed after it was accepted?"
        ),
    ] = False,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """State of every image and metrics of every round."""
    with _running("status", source, mpp, override_mpp, json, debug) as (console, project):
        _report(console, *_begun(loop, project), changes)


@app.command()
def propose(
    source: shared.Source,
    loop: Loop = None,
    image: Images = None,
    count: Annotated[int, typer.Option(min=1, help="So many images that are to do.")] = 1,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Predict slides and write annotations to be corrected; trains first if nothing is trained."""
    with _running("propose", source, mpp, override_mpp, json, debug) as (console, project):
        from hookpath.loop import find_entry
        from hookpath.loop import propose as propose_on

        folder, project = _begun(loop, project)
        chosen = [find_entry(project, name) for name in image or ()]
        report = propose_on(folder, project, chosen, count, console.reporter)
        _report(console, folder, project)
        fail_for(report.problems, len(report.proposed), LoopError)


@app.command(name="next")
def next_(
    source: shared.Source,
    loop: Loop = None,
    image: Images = None,
    count: Annotated[int, typer.Option(min=1, help="Show where to look on so many slides.")] = 1,
    strategy: Annotated[
        Literal["both", "uncertainty", "diversity", "random"],
        typer.Option(help="What makes a slide worth correcting; both: unsure and unlike."),
    ] = "both",
    measure: Annotated[
        Literal["entropy", "disagreement"],
        typer.Option(help="How uncertainty is measured: entropy, or augmented passes differing."),
    ] = "entropy",
    regions: Annotated[int, typer.Option(min=0, help="At most so many rectangles a slide.")] = 5,
    region_um: Annotated[float, typer.Option(min=1, max=LENGTH_UM, help="Their side, µm.")] = 500.0,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Which slide to correct next, and where on it: rectangles named 1, 2, 3… by worth."""
    with _running("next", source, mpp, override_mpp, json, debug) as (console, project):
        from hookpath.loop import Choice, choose_next, find_entry

        folder, project = _begun(loop, project)
        chosen = [find_entry(project, name) for name in image or ()]
        choice = Choice(strategy, measure, regions, region_um)
        report = choose_next(folder, project, chosen, count, choice, console.reporter)
        names = {e.id: e.name for e in project.images}
        ranked = [{**vars(w), "name": names[w.id]} for w in report.ranked]
        values = {"strategy": strategy, "ranked": ranked, "regions": report.regions}
        console.result("next", {**values, "problems": [vars(p) for p in report.problems]})
        _report(console, folder, project)
        for found in ranked[:count]:
            console.say(f"next   {found['name']}")
        if image:
            fail_for(report.problems, len(image) - len(report.problems), LoopError)


@app.command()
def accept(
    source: shared.Source,
    image: Images = None,
    loop: Loop = None,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Name of an annotation in which all that is shown is right; repeatable."),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="All that is shown on the slide is right.")
    ] = False,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Take over corrections: what is confirmed, drawn or changed; never an untouched proposal.

    Without --whole and --region: annotations of class "Region: confirmed*", locked objects, and
    what was drawn.
    """
    with _running("accept", source, mpp, override_mpp, json, debug) as (console, project):
        from hookpath.loop import accept as accept_image
        from hookpath.loop import find_entry, report_failure

        folder, project = _begun(loop, project)
        if not image:
            raise UsageError("name the image to accept with --image")
        problems: list[Problem] = []
        with project.changes():
            for entry in [find_entry(project, name) for name in image]:
                try:
                    done = accept_image(folder, project, entry, region or (), whole)
                    console.result("accepted", _accepted(done))
                except LoopError as error:
                    problems.append(report_failure(entry, error, console.reporter))
        _report(console, folder, project)
        fail_for(problems, len(image) - len(problems), LoopError)


@app.command()
def retrain(
    source: shared.Source,
    loop: Loop = None,
    set_: shared.Settings = None,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Train the next round's model on all that is known, from the last round's weights."""
    with _running("retrain", source, mpp, override_mpp, json, debug) as (console, project):
        from hookpath.loop import plot_rounds
        from hookpath.loop import retrain as train_round

        folder, project = _begun(loop, project)
        found = train_round(folder, project, console.reporter, set_ or ())
        console.result("round", vars(found))
        plot_rounds(folder)
        _report(console, folder, project)


@app.command()
def merge(
    source: shared.Source,
    other: Annotated[
        Path, typer.Option("--with", help="The other copy's loop (or project) folder.")
    ],
    loop: Loop = None,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Take over what was done on another copy of the project: the newer state of each image wins.

    Where both have worked on an image the older truth is set aside and listed.
    """
    with _running("merge", source, mpp, override_mpp, json, debug) as (console, project):
        from hookpath.loop import merge as take_over
        from hookpath.loop import open_other

        folder, project = _begun(loop, project)
        report = take_over(folder, open_other(other), project, console.reporter)
        conflicts = [vars(c) for c in report.conflicts]
        console.result("merged", {**vars(report), "conflicts": conflicts})
        _report(console, folder, project)
        for name in report.taken:
            console.say(f"taken over   {name}")
        for conflict in report.conflicts:
            console.say(
                f"conflict     {conflict.name}: kept what is {conflict.kept}, "
                f"{conflict.set_aside} has the other"
            )


app.command(name="simulate")(loop_simulate.command)


@contextmanager
def _running(
    step: str, source: Path, mpp: float | None, override_mpp: float | None, json: bool, debug: bool
) -> Iterator[tuple[Console, Project]]:
    """A step with its project open, from its first word to its exit code."""
    with (
        running(f"loop {step}", json, debug) as console,
        shared.opened([source], mpp, override_mpp, console.reporter.warn) as (project,),
    ):
        yield console, project


def _folder(loop: Path | None, project: Project) -> LoopFolder:
    from hookpath.loop import LoopFolder, default_folder

    return LoopFolder(loop or default_folder(project))


def _begun(loop: Path | None, project: Project) -> tuple[LoopFolder, Project]:
    """The loop that is there, and the project's images and planes that are in it."""
    from hookpath.projects.image_planes import PlaneProject

    folder = _folder(loop, project)
    return folder, PlaneProject(project, folder.settings.planes)


def _accepted(done: Any) -> dict[str, Any]:
    values = dict(vars(done))
    correction = values["correction"]
    if correction is not None:
        extra = {"saved": correction.saved, "left_as_it_was": correction.left_as_it_was}
        values["correction"] = {**vars(correction), **extra}
    return values


def _report(console: Console, folder: LoopFolder, project: Project, changes: bool = False) -> None:
    """The state after a step: the same for every step."""
    from hookpath.loop import overview

    found = overview(folder, project, changes)
    console.result("loop", found)
    columns = ["image", "state", "round", "confirmed mm²", "labelled mm²", "worth"]
    console.table(f"round {found['round']}", columns, [_row(i) for i in found["images"]])
    for values in found["rounds"]:
        console.say(_round_line(values))
    console.say(f"loop   {folder.root}")


def _row(image: dict[str, Any]) -> list[str]:
    confirmed = "whole" if image["whole"] else f"{image['confirmed_mm2']:.3f}"
    worth = "" if image["worth"] is None else f"{image['worth']:.2f}"
    labelled = f"{sum(image['labelled_mm2'].values()):.3f}"
    state = "cannot be used" if image["problem"] else image["state"]
    state += ", changed since" if image.get("edited") else ""
    return [image["name"], state, str(image["round"]), confirmed, labelled, worth]


def _round_line(values: dict[str, Any]) -> str:
    def text(value: float | None) -> str:
        return "–" if value is None else f"{value:.3f}"

    dice = ", ".join(f"{n} {text(v)}" for n, v in values["corrections"]["dice"].items())
    line = f"round {values['round']}: validation macro F1 {text(values['f1'])}"
    if dice:
        line += (
            f"; Dice of proposals {dice}; outlines spared {text(values['corrections']['saved'])}"
        )
    return line
