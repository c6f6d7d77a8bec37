"""Where slides and annotations come from, and where predictions go."""

from hookpath.jvm.installation import find_qupath, qupath_version
from hookpath.projects._readable import slide_of_server
from hookpath.projects._results import CONFIRMED_KEY, EDITED_KEY
from hookpath.projects.base import (
    SPLIT_KEY,
    ImageEntry,
    Problem,
    Project,
    WriteReport,
)
from hookpath.projects.changes import Changes
from hookpath.projects.edited import count_edited
from hookpath.projects.exchange import ExchangeEntry, ExchangeProject, ProjectPart
from hookpath.projects.file_remarks import tell_files
from hookpath.projects.folder import FolderEntry, FolderProject
from hookpath.projects.labelled import as_labels
from hookpath.projects.left_out import ReportOfImage, tell_left_out
from hookpath.projects.opening import open_project
from hookpath.projects.patients import Grouping
from hookpath.projects.planes import PlaneChoice, PlaneEntry, chosen_planes, drawn_planes
from hookpath.projects.pooling import (
    PooledEntry,
    PooledProject,
    image_id_of,
    own_entry,
    pooled,
    result_key,
)
from hookpath.projects.qupath import QuPathEntry, QuPathProject
from hookpath.projects.remap import Remap
from hookpath.projects.rest import NO_REST, REST_KEY, Rest
from hookpath.projects.snapshot import ImageSnapshot
from hookpath.projects.spacing import spacing_remarks
from hookpath.projects.splits import (
    FOLD_KEY,
    NOT_IN_SPLIT,
    SplitTable,
    apply_split,
    assume,
    split_remarks,
)
from hookpath.projects.splitting import MadeSplit, SplitPlan, keep_in_metadata, make_split
from hookpath.projects.summary import ImageSummary, summarise
from hookpath.projects.table import write_csv
from hookpath.projects.totals import Totals, by_project, missing_lines
from hookpath.projects.twins import twin_remarks
from hookpath.projects.vouched import teaching_objects

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
    "apply_split",
    "as_labels",
    "assume",
    "by_project",
    "chosen_planes",
    "count_edited",
    "drawn_planes",
    "find_qupath",
    "image_id_of",
    "keep_in_metadata",
    "make_split",
    "missing_lines",
    "open_project",
    "own_entry",
    "pooled",
    "qupath_version",
    "result_key",
    "slide_of_server",
    "spacing_remarks",
    "split_remarks",
    "summarise",
    "teaching_objects",
    "tell_files",
    "tell_left_out",
    "twin_remarks",
    "write_csv",
]
