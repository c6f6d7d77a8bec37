"""The annotation loops: outlines by threshold (AN1), and train → propose → correct → retrain (AN2).

After Pedersen et al. 2022 (H2G-Net), section 2.1.

In: a project and the loop's folder. Out: proposals in the project, ground truth, a model per round.
The way through its rooms: state → acquisition → proposals → ground_truth → steps; simulation plays
it.

Uses: annotations, evaluation, geometry, inference, locking, models, projects, sampling, slides,
stages, training.
"""

from typing import TYPE_CHECKING

from hookpath.lazy_exports import names_from

if TYPE_CHECKING:
    from hookpath.loop.acquisition.rank_images import Choice, choose_next
    from hookpath.loop.ground_truth.ground_truth_rules import CHECK_CLASS, CONFIRMED_CLASS, Truth
    from hookpath.loop.proposals.tissue_outlines import (
        TissueFound,
        TissueSettings,
        outline_tissue,
        tissue_in_project,
    )
    from hookpath.loop.state.image_records import ImageRecord, State
    from hookpath.loop.state.loop_folder import LoopFolder
    from hookpath.loop.state.loop_settings import LoopSettings, ProposalSettings
    from hookpath.loop.state.round_records import RoundResult
    from hookpath.loop.state.step_progress import report_failure
    from hookpath.loop.steps.accept import Accepted, accept
    from hookpath.loop.steps.merge import MergeReport, merge, open_other
    from hookpath.loop.steps.propose import ProposeReport, propose
    from hookpath.loop.steps.retrain import retrain
    from hookpath.loop.steps.start import default_folder, find_entry, start
    from hookpath.loop.steps.status import overview, plot_rounds, round_metrics

__all__ = [
    "CHECK_CLASS",
    "CONFIRMED_CLASS",
    "Accepted",
    "Choice",
    "ImageRecord",
    "LoopFolder",
    "LoopSettings",
    "MergeReport",
    "ProposalSettings",
    "ProposeReport",
    "RoundResult",
    "State",
    "TissueFound",
    "TissueSettings",
    "Truth",
    "accept",
    "choose_next",
    "default_folder",
    "find_entry",
    "merge",
    "open_other",
    "outline_tissue",
    "overview",
    "plot_rounds",
    "propose",
    "report_failure",
    "retrain",
    "round_metrics",
    "start",
    "tissue_in_project",
]

_MODULES = {
    "Accepted": "steps.accept",
    "accept": "steps.accept",
    "Choice": "acquisition.rank_images",
    "choose_next": "acquisition.rank_images",
    "overview": "steps.status",
    "plot_rounds": "steps.status",
    "round_metrics": "steps.status",
    "LoopFolder": "state.loop_folder",
    "MergeReport": "steps.merge",
    "merge": "steps.merge",
    "open_other": "steps.merge",
    "ProposeReport": "steps.propose",
    "propose": "steps.propose",
    "ImageRecord": "state.image_records",
    "State": "state.image_records",
    "RoundResult": "state.round_records",
    "retrain": "steps.retrain",
    "LoopSettings": "state.loop_settings",
    "ProposalSettings": "state.loop_settings",
    "default_folder": "steps.start",
    "find_entry": "steps.start",
    "start": "steps.start",
    "report_failure": "state.step_progress",
    "TissueFound": "proposals.tissue_outlines",
    "TissueSettings": "proposals.tissue_outlines",
    "outline_tissue": "proposals.tissue_outlines",
    "tissue_in_project": "proposals.tissue_outlines",
    "CHECK_CLASS": "ground_truth.ground_truth_rules",
    "CONFIRMED_CLASS": "ground_truth.ground_truth_rules",
    "Truth": "ground_truth.ground_truth_rules",
}

__getattr__ = names_from(__name__, _MODULES)
