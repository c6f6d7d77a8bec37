"""What QuPath's training window offers is what the networks take, and is said in words."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hookpath.models import FAMILIES
from hookpath.qupath.training_options import as_json, offered, settings, settings_json
from hookpath.training import PRESETS, TrainConfig

EXTENSION = Path(__file__).parents[2] / "qupath_ext"
FILE = EXTENSION / "core/src/main/resources/qupath/ext/hookpath/core/families.json"
STRINGS = EXTENSION / "extension/src/main/resources/qupath/ext/hookpath/ui/strings.properties"


def test_the_extension_has_what_the_networks_say() -> None:
    assert FILE.read_text(encoding="utf-8") == as_json(), (
        "python -m hookpath.qupath.training_options writes it anew"
    )


def test_the_extension_knows_every_setting() -> None:
    assert FILE.with_name("settings.json").read_text(encoding="utf-8") == settings_json(), (
        "python -m hookpath.qupath.training_options settings writes it anew"
    )
    kinds = settings()
    assert (kinds["epochs"], kinds["minutes"], kinds["patience"]) == ("whole", "number", "whole")
    assert kinds["augmentation.flips"] == "flag"
    assert kinds["validation.val"] == kinds["class_weights"] == "any"


def test_every_family_is_offered_or_left_out_for_a_reason() -> None:
    assert all("window_place" in vars(network) for network in FAMILIES.values())
    assert len({network.window_place for network in FAMILIES.values()} - {None}) == len(offered())


def test_the_preset_s_own_values_are_among_what_is_offered() -> None:
    for family in json.loads(FILE.read_text(encoding="utf-8")).values():
        assert family["presets"].keys() == set(PRESETS)
        for offer in family["presets"].values():
            assert offer["size"] in offer["sizes"]
            assert offer.get("context") in offer.get("contexts", [None])


def test_the_settings_that_are_named_are_settings() -> None:
    for family, offer in json.loads(FILE.read_text(encoding="utf-8")).items():
        changes = [f"family={family}", f"{offer['size']}={offer['presets']['fast']['size']}"]
        assert TrainConfig.load(None, "fast", changes).family == family


def test_every_family_has_a_name_and_a_purpose_in_words() -> None:
    text = STRINGS.read_text(encoding="utf-8")
    for family in offered():
        assert f"\nchoice.{family} = " in text
        assert f"\ntrain.about.{family} = " in text


def test_every_preset_has_a_name_in_words_and_no_text_is_there_twice() -> None:
    lines = STRINGS.read_text(encoding="utf-8").splitlines()
    keys = [line.partition(" = ")[0] for line in lines if " = " in line and line[0] not in "# "]
    assert {f"preset.{name}" for name in PRESETS} <= set(keys)
    assert sorted(keys) == sorted(set(keys)), "the later one would win"


def test_an_apostrophe_is_doubled_only_where_a_text_takes_values() -> None:
    """As Java's MessageFormat has it, by which only those texts are read."""
    for line in STRINGS.read_text(encoding="utf-8").splitlines():
        takes = re.search(r"\{\d", line) is not None
        left = line.replace("''", "") if takes else line
        assert "'" not in left if takes else "''" not in left, line
