"""The annotation loops: outlines by threshold (AN1), and train → propose → correct → retrain (AN2).

After Pedersen et al. 2022 (H2G-Net), section 2.1.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hookpath.loop.accepting import Accepted, accept
    from hookpath.loop.choosing import Choice, choose_next
    from hookpath.loop.figures import overview, plot_rounds, round_figures
    from hookpath.loop.folder import LoopFolder
    from hookpath.loop.merging import MergeReport, merge, open_other
    from hookpath.loop.proposing import ProposeReport, propose
    from hookpath.loop.records import ImageRecord, State
    from hookpath.loop.retraining import retrain
    from hookpath.loop.rounds import RoundResult
    from hookpath.loop.settings import LoopSettings, ProposalSettings
    from hookpath.loop.starting import default_folder, find_entry, start
    from hookpath.loop.telling import told
    from hookpath.loop.tissue import (
        TissueFound,
        TissueSettings,
        outline_tissue,
        tissue_in_project,
    )
    from hookpath.loop.truth import CHECK_CLASS, CONFIRMED_CLASS, Truth

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
    "retrain",
    "round_figures",
    "start",
    "tissue_in_project",
    "told",
]

_MODULES = {
    "Accepted": "accepting",
    "accept": "accepting",
    "Choice": "choosing",
    "choose_next": "choosing",
    "overview": "figures",
    "plot_rounds": "figures",
    "round_figures": "figures",
    "LoopFolder": "folder",
    "MergeReport": "merging",
    "merge": "merging",
    "open_other": "merging",
    "ProposeReport": "proposing",
    "propose": "proposing",
    "ImageRecord": "records",
    "State": "records",
    "RoundResult": "rounds",
    "retrain": "retraining",
    "LoopSettings": "settings",
    "ProposalSettings": "settings",
    "default_folder": "starting",
    "find_entry": "starting",
    "start": "starting",
    "told": "telling",
    "TissueFound": "tissue",
    "TissueSettings": "tissue",
    "outline_tissue": "tissue",
    "tissue_in_project": "tissue",
    "CHECK_CLASS": "truth",
    "CONFIRMED_CLASS": "truth",
    "Truth": "truth",
}


def __getattr__(name: str) -> Any:
    """A name of the contract, from the module that holds it (torch only where it is needed)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
