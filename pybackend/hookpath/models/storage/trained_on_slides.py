"""Does a model know this slide? What it learned from says nothing about other slides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Taught = Literal["train", "val", "unseen"]
"""The part of its training that a slide was for a model."""


def part_of_training(training: Mapping[str, Any], name: str, content: str) -> Taught | None:
    """What a slide was for a model, by its card's provenance; None: the card does not say.

    A slide is known by its content, under whatever name; by its name where the card of an older
    model has names alone.

    Args:
        training: of the model's card, which may come from anybody.
        name: of the image.
        content: digest of the slide's files ("": unknown).
    """
    listed = False
    for key, value in (("contents", content), ("split", name)):
        parts = training.get(key)
        if not isinstance(parts, Mapping) or not value:
            continue
        listed = True
        for part in ("val", "train"):
            known = parts.get(part)
            if isinstance(known, list | tuple) and value in known:
                return "train" if part == "train" else "val"
        if key == "contents":
            break
    return "unseen" if listed else None
