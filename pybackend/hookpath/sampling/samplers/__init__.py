"""Which patch next: pixel-balanced, hierarchical, or a plug-in's own rule.

In: annotated slides. Out: draws (slide, class, centre), reproducible from a seed and a state.
"""
