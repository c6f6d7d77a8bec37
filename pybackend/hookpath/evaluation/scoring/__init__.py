"""From a slide's class map and its annotations to metrics.

In: class maps (`hookpath.evaluation.predictions`) and the annotations of snapshots. Out: confusion
counts per slide, and every metric that follows from them, per class, slide, split, group or
annotation. No figures and no pages; nothing here knows of the rooms beside it but predictions.
"""
