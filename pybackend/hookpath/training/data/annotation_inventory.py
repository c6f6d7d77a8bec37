"""What is annotated on the images of projects, and which classes that makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hookpath.annotations import (
    ClassTable,
    LabelRules,
    PathClass,
    PathObject,
    class_names_in,
    is_hand_drawn,
    is_unconfirmed,
    plain_class_name,
)
from hookpath.annotations.object_planes import FIRST, plane_of
from hookpath.errors import HookpathError, TrainingError, shared_code
from hookpath.projects import (
    ImageEntry,
    PlaneEntry,
    Problem,
    Project,
    Rest,
    as_labels,
    pooled,
    teaching_objects,
)
from hookpath.projects.image_planes import annotated_views
from hookpath.training.training_config import TrainConfig


@dataclass(frozen=True)
class InventoryImage:
    """An image, its key and name over all projects, and what is known of it (or why nobody knows).

    Of an image with several planes each that is annotated on is one; `image` is the whole image's
    key and name.

    `annotated` is what a person drew, and the rest of the tissue where that is a class; `written`
    are the names of its classes before any rule changed them.
    """

    key: str
    name: str
    project: str
    entry: ImageEntry
    annotated: tuple[PathObject, ...] = ()
    written: frozenset[str] = frozenset()
    error: HookpathError | None = None
    image: tuple[str, str] = ("", "")

    @property
    def whole(self) -> ImageEntry:
        """The image, with all of its planes."""
        return self.entry.entry if isinstance(self.entry, PlaneEntry) else self.entry

    @property
    def may_teach(self) -> bool:
        """Something is annotated, or it cannot be known: then loading says why."""
        return self.error is not None or bool(class_names_in(self.annotated))


def images_of(
    projects: Sequence[Project], rest: Rest | None, rules: LabelRules
) -> list[InventoryImage]:
    """Every image; its objects are read here and nowhere else: QuPath takes long over them.

    Args:
        rest: what undrawn tissue is; None: nothing is to be learned from drawings.
        rules: how annotations become labels.
    """
    images: list[InventoryImage] = []
    names = (entry.name for entry in pooled(projects).images)
    for number, project in enumerate(projects):
        for entry, name in zip(project.images, names, strict=False):
            key = key_of(number, entry, projects)
            image = key, name
            try:
                objects = entry.objects()
                for view in annotated_views(entry, objects):
                    suffix = view.id[len(entry.id) :], view.name[len(entry.name) :]
                    own = key + suffix[0], name + suffix[1]
                    plane = InventoryImage(*own, project.name, view, image=image)
                    images.append(_known(plane, objects, rest, rules))
            except HookpathError as error:
                images.append(
                    InventoryImage(key, name, project.name, entry, error=error, image=image)
                )
    return images


def _known(
    image: InventoryImage, objects: Sequence[PathObject], rest: Rest | None, rules: LabelRules
) -> InventoryImage:
    """The image with what is annotated on its plane.

    Raises:
        HookpathError: it cannot be known.
    """
    entry = image.entry
    plane = entry.plane if isinstance(entry, PlaneEntry) else FIRST  # see `annotated_views`
    objects = [o for o in objects if plane_of(o) == plane]
    annotated = [o for o in teaching_objects(entry, objects) if _is_person_s(o)]
    written = frozenset(c.name for c in class_names_in(annotated))
    if rest is not None:
        annotated = rest.completed(entry, as_labels(entry, annotated, rules))
    return replace(image, annotated=tuple(annotated), written=written)


def _is_person_s(o: PathObject) -> bool:
    """Annotated, or what is left of a changed result, which teaches nothing but is reported."""
    return is_hand_drawn(o) or is_unconfirmed(o)


def key_of(number: int, entry: ImageEntry, projects: Sequence[Project]) -> str:
    """An image's id, unique over all projects."""
    return f"{number}:{entry.id}" if len(projects) > 1 else entry.id


def class_table(
    projects: Sequence[Project], images: Sequence[InventoryImage], config: TrainConfig
) -> ClassTable:
    """Annotated classes: in the configured order, else the projects', else as they appear."""
    annotated: dict[str, PathClass] = {}
    for path_class in (c for image in images for c in class_names_in(image.annotated)):
        if path_class.name not in annotated or annotated[path_class.name].color is None:
            annotated[path_class.name] = path_class
    listed = {plain_class_name(c.name): c for project in projects for c in project.classes}
    missing = [name for name in config.classes if name not in annotated]
    if missing:
        raise TrainingError(
            f"class {missing[0]!r} is annotated nowhere; there are: {', '.join(annotated) or None}",
            code="nothing_annotated",
        )
    order = config.classes or [*(n for n in listed if n in annotated), *annotated]
    table = ClassTable.of(
        PathClass(n, getattr(listed.get(n), "color", None) or annotated[n].color)
        for n in dict.fromkeys(order)
    )
    if len(table) < 2 or not any(table.of_interest):
        raise _too_few_classes(projects, images, table)
    return table


def _too_few_classes(
    projects: Sequence[Project], images: Sequence[InventoryImage], table: ClassTable
) -> TrainingError:
    names = ", ".join(p.name for p in projects)
    failed = [i for i in images if i.error is not None]
    if failed:
        problem = Problem(failed[0].entry.name, str(failed[0].error))
        return TrainingError(
            f"{names}: fewer than two classes are annotated on what can be read; of {len(failed)} "
            f"images that cannot, the first, {problem.line}",
            code=shared_code(i.error for i in failed if i.error is not None),
        )
    found = f"only class {table.names[0]!r}" if len(table) else "no area with a class"
    if len(table) > 1:
        return TrainingError(
            f"{names}: only classes of no interest are annotated ({', '.join(table.names)}: their "
            "names end in *); draw areas of what is to be found",
            code="nothing_annotated",
        )
    return TrainingError(
        f"{names}: {found} is annotated; draw areas of at least two classes (what is left out is "
        "unknown, not a class; or name its class with --rest)",
        code="nothing_annotated",
    )
