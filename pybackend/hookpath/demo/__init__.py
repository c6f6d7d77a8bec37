"""The main job on slides that are painted for it, from a fixed seed."""

from hookpath.demo.run import TO_TRY, DemoConfig, DemoResult, paint_demo, run_demo

__all__ = ["TO_TRY", "DemoConfig", "DemoResult", "paint_demo", "run_demo"]
