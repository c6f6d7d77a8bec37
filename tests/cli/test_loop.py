"""``hookpath loop`` and ``hookpath tissue`` as a user and as a viewer call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from hookpath.annotations import read_geojson, write_geojson
from hookpath.annotations.object_planes import on_plane, plane_of
from support.loops import LoopStore, make_loop_store
from support.projects import REQUEST
from support.textures import texture_image, texture_objects
from support.training import TINY

SET = [f"--set={value}" for value in (*TINY[1:], "device=cpu")]


def result_of(done: Any, kind: str) -> dict[str, Any]:
    (found,) = [e["data"] for e in done.events if e.get("kind") == kind]
    return found


def test_a_round_step_by_step(hookpath: Callable[..., Any], tmp_path: Path) -> None:
    folder = make_loop_store("folder", tmp_path / "slides").root
    done = hookpath("loop", "start", folder, "--preset", "fast", *SET, "--min-area", 200)
    assert done.code == 0, done.err
    assert (folder / "hookpath" / "loop" / "loop.json").is_file()
    assert hookpath("loop", "start", folder, "--preset", "fast").code == 1

    done = hookpath("loop", "propose", folder, "--image", "s2.tif", "--json")
    assert done.code == 0, done.out
    assert result_of(done, "proposed")["name"] == "s2.tif"
    assert Path(result_of(done, "proposed")["probabilities"]).is_file()
    assert result_of(done, "loop")["counts"]["proposed"] == 1

    done = hookpath("loop", "accept", folder, "--image", "s2.tif")
    assert done.code == 1
    assert "untouched proposals teach nothing" in done.err
    assert hookpath("loop", "accept", folder).code == 2
    done = hookpath("loop", "accept", folder, "--image", "s2.tif", "--whole", "--json")
    assert result_of(done, "accepted")["correction"]["left_as_it_was"] is True

    done = hookpath("loop", "retrain", folder, "--set", "epochs=1", "--json")
    assert done.code == 0, done.out
    assert result_of(done, "round")["warm"] is True
    assert (folder / "hookpath" / "loop" / "rounds.png").is_file()

    done = hookpath("loop", "next", folder, "--region-um", 40, "--json")
    assert [w["name"] for w in result_of(done, "next")["ranked"]] == ["s3.tif"]
    done = hookpath("loop", "status", folder, "--changes")
    assert "round 2" in done.out
    assert "s3.tif" in done.out
    assert "changed since" not in done.out
    # What was accepted lies in the file of results, not in what was drawn.
    empty = '{"type": "FeatureCollection", "features": []}'
    (folder / "s2.tif.hookpath.geojson").write_text(empty)
    assert "changed since" in hookpath("loop", "status", folder, "--changes").out


def test_a_simulation_prints_its_curves(hookpath: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "out"
    small = ("--pool", 4, "--size", 128, "--rounds", 2, "--region-um", 40, "--budget", 0.002)
    call = ("loop", "simulate", "-o", out, "--seeds", 1, *small, "--strategy", "random",
            "--strategy", "untouched", "--set", "steps_per_epoch=2")  # fmt: skip
    done = hookpath(*call)
    assert done.code == 0, done.err
    assert "gain over random" in done.out
    assert (out / "curves.png").is_file()
    done = hookpath("loop", "simulate", "-o", out, "--truth", tmp_path)
    assert done.code == 2
    assert "name the SOURCE" in done.err


def test_a_loop_comes_first(hookpath: Callable[..., Any], tmp_path: Path) -> None:
    folder = make_loop_store("folder", tmp_path / "slides").root
    done = hookpath("loop", "status", folder)
    assert done.code == 1
    assert "begin with loop start" in done.err


@pytest.fixture
def exchange(tmp_path: Path) -> LoopStore:
    """A job of a viewer."""
    return make_loop_store("exchange", tmp_path / "job")


def ask(hookpath: Callable[..., Any], store: LoopStore, command: str, **options: Any) -> Any:
    """Have the viewer's request say what to do."""
    path = store.root / REQUEST
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "command": command, "options": options}))
    return hookpath("--request", path, "--json")


def test_a_viewer_s_request(hookpath: Callable[..., Any], exchange: LoopStore) -> None:
    loop = str(exchange.loop)
    start = {"preset": "fast", "set": [*TINY[1:], "device=cpu"], "min-area": 200}
    done = ask(hookpath, exchange, "loop", step="start", loop=loop, **start)
    assert done.code == 0, done.out
    done = ask(hookpath, exchange, "loop", step="propose", loop=loop, image=["3"])
    assert done.code == 0, done.out
    index = json.loads((exchange.root / "results" / "index.json").read_text(encoding="utf-8"))
    assert index["images"]["3"]["metadata"]["hookpath.loop.state"] == "proposed"
    assert index["images"]["3"]["count"] > 0
    done = ask(hookpath, exchange, "loop", step="status")
    assert done.code == 2
    assert "--loop" in done.out


def test_tissue(hookpath: Callable[..., Any], tmp_path: Path) -> None:
    folder = make_loop_store("folder", tmp_path / "slides").root
    done = hookpath(
        "tissue", folder, "--image", "s2.tif", "--spacing", 4, "--min-area", 500, "--json"
    )
    assert done.code == 0, done.out
    assert result_of(done, "tissue")["objects"] == 1
    assert len(result_of(done, "tissues")["images"]) == 1


def stack_folder(folder: Path) -> Path:
    """Two z-stacks of three planes; on the last plane of the first one something is annotated."""
    folder.mkdir()
    for number in range(2):
        planes = np.stack([texture_image(10 * number + z, 128) for z in range(3)])
        tifffile.imwrite(
            folder / f"s{number}.ome.tif", planes, ome=True, photometric="rgb", tile=(64, 64),
            metadata={"axes": "ZYXS", "PhysicalSizeX": 1.0, "PhysicalSizeY": 1.0},
        )  # fmt: skip
    annotated = [on_plane(o, (2, 0)) for o in texture_objects(128)]
    write_geojson(folder / "s0.geojson", annotated)
    return folder


@pytest.mark.parametrize(("options", "plane"), [((), 1), (("--z", "0,2"), 2)])
def test_the_loop_works_on_one_plane_or_on_chosen_ones(
    hookpath: Callable[..., Any], tmp_path: Path, options: tuple[str, ...], plane: int
) -> None:
    folder = stack_folder(tmp_path / "slides")
    if not options:  # what is annotated on another plane than the one that is shown teaches nothing
        shown = [on_plane(o, (1, 0)) for o in texture_objects(128)]
        write_geojson(folder / "s0.geojson", shown)
    start = ("loop", "start", folder, "--preset", "fast", *SET, "--min-area", 50, *options)
    done = hookpath(*start, "--json")
    assert done.code == 0, done.out
    names = [image["name"] for image in result_of(done, "loop")["images"]]
    assert len(names) == (4 if options else 2)
    target = "s1.ome.tif (z 2, t 0)" if options else "s1.ome.tif"
    done = hookpath("loop", "propose", folder, "--image", target, "--json")
    assert done.code == 0, done.out
    found = read_geojson(folder / "s1.ome.tif.hookpath.geojson")
    assert {plane_of(o) for o in found} == {(plane, 0)}
    if not options:
        return
    other = "s1.ome.tif (z 0, t 0)"
    assert hookpath("loop", "propose", folder, "--image", other, "--json").code == 0
    both = read_geojson(folder / "s1.ome.tif.hookpath.geojson")
    assert {plane_of(o) for o in both} == {(0, 0), (2, 0)}
    assert len([o for o in both if plane_of(o) == (2, 0)]) == len(found)
    done = hookpath("loop", "accept", folder, "--image", target, "--whole", "--json")
    assert done.code == 0, done.out
    states = {i["name"]: i["state"] for i in result_of(done, "loop")["images"]}
    assert (states[target], states[other]) == ("corrected", "proposed")


def test_what_is_annotated_on_planes_that_the_loop_does_not_take_is_told(
    hookpath: Callable[..., Any], tmp_path: Path
) -> None:
    """A loop without a choice takes the middle plane, and said nothing of the others."""
    folder = stack_folder(tmp_path / "slides")
    told = "s0.ome.tif: is annotated on z 2, t 0, where this loop neither learns nor proposes"
    start = ("loop", "start", folder, "--preset", "fast", *SET, "--loop")
    done = hookpath(*start, tmp_path / "a")
    assert done.code == 0, done.err
    assert told in done.err
    assert "annotated on" not in hookpath(*start, tmp_path / "b", "--z", "0,2").err


@pytest.mark.parametrize("wrong", ["model.input_size=77", "model.depht=2", "model.depth=9"])
def test_a_network_that_cannot_be_built_is_refused_at_the_start(
    hookpath: Callable[..., Any], tmp_path: Path, wrong: str
) -> None:
    """In the words of train; the loop began, and its first training failed."""
    folder = make_loop_store("folder", tmp_path / "slides").root
    options = (folder, "--preset", "fast", *SET, "--set", wrong)
    done, trained = (
        hookpath("loop", "start", *options),
        hookpath("train", *options, "-o", tmp_path / "r"),
    )
    assert done.code == trained.code == 1, done.err
    assert done.err.splitlines()[-1] == trained.err.splitlines()[-1]
    assert not (folder / "hookpath").exists()


def test_planes_of_a_loop_are_understood_at_its_start(
    hookpath: Callable[..., Any], tmp_path: Path
) -> None:
    folder = stack_folder(tmp_path / "slides")
    assert hookpath("loop", "start", folder, "--z", "first").code == 2
    assert not (folder / "hookpath").exists()
