"""Where slides and annotations come from, and where predictions go.

In: a ``project.qpproj``, a folder of slides, or a request. Out: a `Project` of frozen snapshots;
changes are collected and written once.

Uses: annotations, geometry, jvm, locking, markup, slides.
"""

from hookpath.jvm.qupath_installation import find_qupath, qupath_version
from hookpath.projects.annotations_as_labels import as_labels
from hookpath.projects.confirmed_annotations import teaching_objects
from hookpath.projects.duplicate_slides import twin_remarks
from hookpath.projects.folder_store.file_matching_warnings import report_files
from hookpath.projects.folder_store.folder_project import FolderEntry, FolderProject
from hookpath.projects.image_planes import PlaneChoice, PlaneEntry, annotated_planes, chosen_planes
from hookpath.projects.image_snapshot import ImageSnapshot
from hookpath.projects.image_table import write_csv
from hookpath.projects.left_out_warnings import ReportOfImage, report_left_out
from hookpath.projects.object_ownership import CONFIRMED_KEY, EDITED_KEY, count_edited
from hookpath.projects.path_remapping import Remap
from hookpath.projects.pooled_projects import (
    PooledEntry,
    PooledProject,
    image_id_of,
    own_entry,
    pooled,
    result_key,
)
from hookpath.projects.project_changes import Changes
from hookpath.projects.project_opening import open_project
from hookpath.projects.project_protocol import SPLIT_KEY, ImageEntry, Problem, Project, WriteReport
from hookpath.projects.project_summary import ImageSummary, summarise
from hookpath.projects.qupath_store.qupath_project import QuPathEntry, QuPathProject
from hookpath.projects.qupath_store.reader_for_entry import slide_of_server
from hookpath.projects.request_store.request_project import (
    ExchangeEntry,
    ExchangeProject,
    ProjectPart,
)
from hookpath.projects.rest_of_tissue_class import NO_REST, REST_KEY, Rest
from hookpath.projects.spacing_override import spacing_remarks
from hookpath.projects.splits.assign_slides import (
    MadeSplit,
    SplitPlan,
    make_split,
    write_to_metadata,
)
from hookpath.projects.splits.patients import Grouping
from hookpath.projects.splits.split_table import (
    FOLD_KEY,
    NOT_IN_SPLIT,
    SplitTable,
    apply_split,
    assume,
    from_metadata,
    split_remarks,
    unused_remark,
)
from hookpath.projects.totals_over_images import Totals, by_project, missing_lines

__all__ = [
    "CONFIRMED_KEY",
    "EDITED_KEY",
    "FOLD_KEY",
    "NOT_IN_SPLIT",
    "NO_REST",
    "REST_KEY",
    "SPLIT_KEY",
    "Changes",
    "ExchangeEntry",
    "ExchangeProject",
    "FolderEntry",
    "FolderProject",
    "Grouping",
    "ImageEntry",
    "ImageSnapshot",
    "ImageSummary",
    "MadeSplit",
    "PlaneChoice",
    "PlaneEntry",
    "PooledEntry",
    "PooledProject",
    "Problem",
    "Project",
    "ProjectPart",
    "QuPathEntry",
    "QuPathProject",
    "Remap",
    "ReportOfImage",
    "Rest",
    "SplitPlan",
    "SplitTable",
    "Totals",
    "WriteReport",
    "annotated_planes",
    "apply_split",
    "as_labels",
    "assume",
    "by_project",
    "chosen_planes",
    "count_edited",
    "find_qupath",
    "from_metadata",
    "image_id_of",
    "make_split",
    "missing_lines",
    "open_project",
    "own_entry",
    "pooled",
    "qupath_version",
    "report_files",
    "report_left_out",
    "result_key",
    "slide_of_server",
    "spacing_remarks",
    "split_remarks",
    "summarise",
    "teaching_objects",
    "twin_remarks",
    "unused_remark",
    "write_csv",
    "write_to_metadata",
]
