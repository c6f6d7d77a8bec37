"""The main job on slides that are painted for it, from a fixed seed."""

from hookpath.demo.run import DemoConfig, DemoResult, run_demo

__all__ = ["DemoConfig", "DemoResult", "run_demo"]
