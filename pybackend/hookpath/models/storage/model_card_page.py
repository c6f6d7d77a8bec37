"""What a model is, for a person: the card as a page of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from hookpath.models.encoders import PAPER
from hookpath.models.storage.model_folder import CHANNELS_KEY, ModelCard
from hookpath.safe_names import cell_text

_UNIT = {"pixels": "a class per pixel", "patches": "a class per patch"}


_USE = "Use it as it is: `hookpath predict SOURCE --model THIS.zip -o OUT`.\n"


def card_page(card: ModelCard, use: str = _USE) -> str:
    """The page: classes, µm/px, what it was trained on, what was measured, licences, its `use`."""
    title = f"hookpath model: {_text(card.family)}"
    what = _UNIT.get(card.scores, "the magnification")
    sections = [
        _section("Classes", ("class", "colour"), _classes(card)),
        _section("What it reads", ("input", "µm/px", "px", "px it tells of"), _branches(card)),
        _section("Channels, in this order", ("channel", "is 0", "is 255"), _channels(card)),
        _section("Training", ("", ""), list(_training(card.training))),
        _section("Measured on the validation slides", ("", ""), list(_metrics(card.metrics))),
        _section("Weights learned elsewhere", ("", ""), list(_origin(card))),
    ]
    head = f"# {title}\n\nIt tells {what}, at {card.spacing_um:g} µm/px.\n\n"
    return head + "".join(sections) + use


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *([_text(cell) for cell in row] for row in rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## {title}\n\n{table}\n\n"


def _classes(card: ModelCard) -> list[tuple[str, str]]:
    return [(c.name, "#{:02x}{:02x}{:02x}".format(*c.color)) for c in card.classes]


def _branches(card: ModelCard) -> list[tuple[object, ...]]:
    return [
        (i, f"{b.spacing_um:g}", b.input_size, b.output_size) for i, b in enumerate(card.branches)
    ]


def _channels(card: ModelCard) -> list[tuple[object, ...]]:
    """Of a model that is not of RGB."""
    found = card.normalisation.get(CHANNELS_KEY)
    listed = [_mapping(c) for c in found] if isinstance(found, list) else []
    return [(c.get("name"), c.get("low"), c.get("high")) for c in listed]


def _training(training: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Numbers of slides, never their names: they may tell of patients."""
    split, config = (_mapping(training.get(name)) for name in ("split", "config"))
    for part, name in (("train", "training"), ("val", "validation"), ("test", "test")):
        if isinstance(slides := split.get(part), Sequence) and not isinstance(slides, str):
            yield f"{name} slides", len(slides)
    for name in ("started", "steps"):
        if name in training:
            yield name, training[name]
    for name in ("preset", "seed"):
        if name in config:
            yield name, config[name]
    for name, version in _mapping(training.get("versions")).items():
        if name in ("hookpath", "torch"):
            yield str(name), version
    if "data_fingerprint" in training:
        yield "fingerprint of the data", training["data_fingerprint"]


def _metrics(metrics: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            yield from _metrics(value, f"{before}{name}: ")
        elif isinstance(value, float):
            yield f"{before}{name}", f"{value:.3f}"
        elif isinstance(value, int | str):
            yield f"{before}{name}", value


def _origin(card: ModelCard) -> Iterator[tuple[str, object]]:
    """Where encoders and backbones come from, and what their weights may be used for."""
    config = _mapping(card.training.get("config"))
    learned = card.config.get("encoder", PAPER) != PAPER, "backbone" in card.config
    for name, there in zip(("encoder", "backbone"), learned, strict=True):
        if there:
            yield name, card.config[name]
    if config.get("init_from"):
        yield "started from the model", PurePath(str(config["init_from"])).name
    elif any(learned) and (weights := config.get("backbone_weights")):
        yield "weights", PurePath(str(weights)).name
        yield "their licence", _licence(str(weights), str(card.config.get("encoder", PAPER)))


def _licence(weights: str, encoder: str) -> str:
    """Of the weights that training began with."""
    if weights not in ("imagenet", "auto"):
        return "that of the file: ask whoever made it"
    if encoder == PAPER:
        return "BSD-3-Clause (torchvision); trained on ImageNet"
    import timm

    known = timm.get_pretrained_cfg(encoder) if timm.is_model(encoder) else None
    return f"{getattr(known, 'license', None) or 'unknown'} (as timm states it)"


def _mapping(value: object) -> Mapping[str, Any]:
    """A card from elsewhere may hold anything."""
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    """A value as text in a table: whatever it holds, it stays one cell and shows as it is."""
    line = cell_text(" ".join(str(value).split()))
    return re.sub(r"([\\`*_{}\[\]<>|#!&~])", r"\\\1", line) or " "
