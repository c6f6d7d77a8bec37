"""How the JVM of QuPath's code is started."""

from __future__ import annotations

import gc
import time

import pytest

from hookpath.jvm import java
from hookpath.jvm.start_jvm import java_options
from support.projects import skip_without_qupath

SERIAL, OTHER = "-XX:+UseSerialGC", "-XX:+UseG1GC"


def test_one_collector_is_named_and_a_persons_own_choice_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS"):
        monkeypatch.delenv(name, raising=False)
    plain = java_options(["-Xmx1g", "-XX:+UseStringDeduplication"])
    assert plain[:2] == ["-Xmx1g", "-XX:+UseStringDeduplication"]
    assert "-Xrs" in plain
    assert plain.count(SERIAL) == 1
    assert SERIAL not in java_options([OTHER])
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", f"-Duser.home=/x {OTHER}")
    assert SERIAL not in java_options(["-Xmx1g"])


@pytest.mark.qupath
def test_javas_collections_start_none_of_pythons() -> None:
    skip_without_qupath()
    table = java()
    table.System.gc()
    time.sleep(1)
    full: list[str] = []

    def seen(phase: str, info: dict[str, int]) -> None:
        if info["generation"] == 2:
            full.append(phase)

    gc.callbacks.append(seen)
    try:
        for _ in range(3):
            table.System.gc()
            time.sleep(0.4)
    finally:
        gc.callbacks.remove(seen)
    assert full == []
