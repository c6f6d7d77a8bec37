"""The main job on synthetic slides, from a fixed seed.

In: a seed. Out: synthetic slides, two trained networks, their predictions, an evaluation, pictures.

Uses: annotations, evaluation, geometry, inference, locking, projects, sampling, slides,
training.
"""

from hookpath.demo.demo_job import TO_TRY, DemoConfig, DemoResult, make_demo_slides, run_demo

__all__ = ["TO_TRY", "DemoConfig", "DemoResult", "make_demo_slides", "run_demo"]
