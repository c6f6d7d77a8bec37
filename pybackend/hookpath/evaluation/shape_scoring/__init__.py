"""Objects and boundaries: F1 of objects (IoU of a half), ASSD and HD95 in µm.

In: label tiles of prediction and ground truth. Out: counts that add up over tiles and slides, and
the metrics that follow. Only what lies where the ground truth is known is judged.
"""
