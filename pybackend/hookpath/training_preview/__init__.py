"""What a training would see and take, looked at before it begins.

In: what a training would be given. Out: sample patches beside their labels, time and memory that it
will take, a page.

Uses: annotations, evaluation, geometry, models, probing, projects, sampling, training.
"""

from hookpath.training_preview.batch_picture import show_batch
from hookpath.training_preview.preview_page import look_page
from hookpath.training_preview.run_cost import Cost
from hookpath.training_preview.sample_patches import Sample
from hookpath.training_preview.training_dry_run import Look, look

__all__ = ["Cost", "Look", "Sample", "look", "look_page", "show_batch"]
