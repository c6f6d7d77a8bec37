"""Beginning a loop, and which images are in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hookpath.annotations import LabelRules, class_names_in, is_hand_drawn
from hookpath.annotations.object_planes import planes_of
from hookpath.errors import HookpathError, LoopError, UsageError
from hookpath.events import SILENT, Reporter
from hookpath.loop.ground_truth.ground_truth_rules import drawn_truth
from hookpath.loop.ground_truth.training_view import labelled_mm2
from hookpath.loop.state.image_records import ImageRecord, State
from hookpath.loop.state.loop_folder import LoopFolder, refuse_begun, round_folder
from hookpath.loop.state.loop_settings import LoopSettings
from hookpath.loop.state.step_locks import alone
from hookpath.loop.state.step_progress import report_failure
from hookpath.loop.steps.initial_model import adopt, refuse_untrainable
from hookpath.models import FAMILIES
from hookpath.projects import EDITED_KEY, SPLIT_KEY, ImageEntry, Problem, Project, QuPathProject
from hookpath.projects.annotations_as_labels import as_labels
from hookpath.projects.folder_store.folder_project import FolderProject
from hookpath.projects.image_planes import PlaneEntry
from hookpath.projects.image_snapshot import LOOP_PLACE
from hookpath.safe_names import readable
from hookpath.training import TrainConfig
from hookpath.training.weights.network_setup import refuse_unbuildable


def default_folder(project: Project) -> Path:
    """The loop's folder inside the project's.

    Raises:
        UsageError: the project is a file that lives for one job only.
    """
    if isinstance(project, QuPathProject):
        return project.source.resolve().parent / LOOP_PLACE
    if isinstance(project, FolderProject):
        return project.folder / LOOP_PLACE
    raise UsageError("name the loop's folder with --loop DIR")


def start(
    root: Path,
    project: Project,
    settings: LoopSettings,
    reporter: Reporter = SILENT,
    model: Path | None = None,
) -> LoopFolder:
    """Begin a loop: images on which a person drew are ``corrected``, the others ``todo``.

    Args:
        model: counts as that of round 1, so that it proposes at once, and the next round is
            trained from it; None: the first round is trained from what is annotated.

    Raises:
        LoopError: one has begun there, nothing usable is in the project, or the network learns no
            classes.
        ModelDesignError: the network cannot be built.
        ModelFolderError: `model` is none.
        BusyError: another process is beginning one there.
    """
    refuse_begun(root)
    _refuse_without_classes(settings)
    refuse_unbuildable(TrainConfig.of(settings.train))
    if model is not None:
        refuse_untrainable(model)
    usable = 0
    first: Problem | None = None
    found: list[tuple[ImageEntry, ImageRecord]] = []
    for entry in project.images:
        try:
            found.append((entry, _first_record(entry, settings.rules)))
            usable += 1
        except HookpathError as error:
            report_failure(entry, error, reporter)
            first = first or Problem(entry.name, str(error))
    if not usable:
        why = f"; the first, {first.line}" if first else ""
        raise LoopError(f"{project.source}: no image of it can be used{why}")
    _report_other_planes([entry for entry, _ in found], reporter)
    with alone(root, "start", "beginning the loop", patience_s=0.0):
        refuse_begun(root)  # by another process meanwhile, whose model must stay
        learned = {} if model is None else adopt(round_folder(root, 1), project, model)
        folder = LoopFolder.draft(root, settings)
        parts = {image: part for part, images in learned.items() for image in images}
        with project.changes():
            for entry, record in found:
                part = parts.get(entry.id)
                folder.keep(entry, record.model_copy(update={"part": part}), flush=False)
        folder.begin()  # last of all: what is killed before has not begun, and is begun again
    return folder


def _refuse_without_classes(settings: LoopSettings) -> None:
    """Of such a network (`scale`) nothing can be proposed."""
    family = settings.train.get("family", "")
    network = FAMILIES.get(family)
    if network is not None and network.scores == "magnification":
        raise LoopError(
            f"{family} learns no classes, so nothing could be proposed; choose another network"
        )


def _first_record(entry: ImageEntry, rules: LabelRules) -> ImageRecord:
    entry.slide  # noqa: B018  (raises what is wrong with the image)
    objects = as_labels(entry, entry.objects(), rules)
    annotated = [o for o in objects if EDITED_KEY not in o.metadata]
    if not class_names_in(annotated):
        return ImageRecord(id=entry.id, name=entry.name)
    areas = labelled_mm2(entry, drawn_truth(annotated))
    return ImageRecord(id=entry.id, name=entry.name, state=State.CORRECTED, labelled_mm2=areas)


def _report_other_planes(entries: Sequence[ImageEntry], reporter: Reporter) -> None:
    """Of stacks, what people drew where this loop does not look: nobody would learn it."""
    taken: dict[str, list[PlaneEntry]] = {}
    for view in entries:
        if isinstance(view, PlaneEntry):
            taken.setdefault(view.entry.id, []).append(view)
    for views in taken.values():
        whole = views[0].entry
        annotated = planes_of(o for o in whole.objects() if is_hand_drawn(o))
        other = [plane for plane in annotated if plane not in [v.plane for v in views]]
        if other:
            named = ", ".join(f"z {z}, t {t}" for z, t in other)
            reporter.warn(
                f"{whole.name}: is annotated on {named}, where this loop neither learns nor "
                "proposes; begin it with --z and --t to choose planes"
            )


def find_entry(project: Project, name: str) -> ImageEntry:
    """The image with that id, or else that name.

    Raises:
        UsageError: there is none, or several have the name.
    """
    name = readable(name)
    by_id = [e for e in project.images if e.id == name]
    found = by_id or [e for e in project.images if e.name == name]
    if len(found) == 1:
        return found[0]
    what = "several images are" if found else "no image is"
    hint = "give its id" if found else "hookpath info lists them"
    raise UsageError(f"{project.source}: {what} called {name!r}; {hint}")


def is_test(entry: ImageEntry, record: ImageRecord) -> bool:
    """Test slides are never trained on, so nothing is proposed on them unasked."""
    return (entry.metadata.get(SPLIT_KEY) or record.part or "").strip().lower() == "test"
