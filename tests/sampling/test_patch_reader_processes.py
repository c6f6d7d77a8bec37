"""Reading in other processes: the same stream, and nothing that hangs or stays behind."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from hookpath.errors import TrainingError
from hookpath.sampling import AnnotatedSlide, LoaderConfig, ValidationStream
from hookpath.sampling.loading.patch_reader_worker import serve
from hookpath.sampling.loading.shared_memory import SlotLayout
from support.annotated import BRANCHES, CLASSES, DeadlySlide, two_slides
from support.streams import Listener, all_same, spoil_tiles, stream_of, take


@pytest.fixture
def slides(tmp_path: Path) -> list[AnnotatedSlide]:
    return two_slides(tmp_path)


def readers() -> list[int]:
    """Process ids of the living reading processes."""
    return [
        p.pid for p in multiprocessing.active_children() if p.name == "hookpath-reader" and p.pid
    ]


def test_one_worker_gives_the_stream_of_none(slides: list[AnnotatedSlide]) -> None:
    with stream_of(slides) as plain, stream_of(slides, workers=1) as stream:
        assert all_same(take(plain, 4), take(stream, 4))
        assert plain.state_dict() == stream.state_dict()


def test_three_workers_a_resume_and_a_kill_do_not_change_the_stream(
    slides: list[AnnotatedSlide],
) -> None:
    """Batches of 4 over 3 processes; taken up half way, in the same stream and in another."""
    with stream_of(slides) as plain:
        expected = take(plain, 8)
    recorder = Listener()
    with stream_of(slides, workers=3, reporter=recorder) as stream:
        assert all_same(take(stream, 3), expected[:3])
        pids = readers()
        assert len(pids) == 3
        state = json.loads(json.dumps(stream.state_dict()))
        counts = stream.pixel_counts
        os.kill(pids[0], signal.SIGKILL)
        assert all_same(take(stream, 5), expected[3:])
        assert len(set(readers()) & set(pids)) == 2
        assert len(readers()) == 3
        stream.load_state_dict(state)  # what was read ahead is forgotten
        assert stream.pixel_counts.tolist() == counts.tolist()
        assert all_same(take(stream, 5), expected[3:])
    assert readers() == []
    assert recorder.warnings == [
        "a reading process was ended by SIGKILL; another one takes its place"
    ]
    with stream_of(slides) as resumed:
        resumed.load_state_dict(state)
        assert all_same(take(resumed, 5), expected[3:])


def test_a_slide_that_fails_on_the_way_is_reported_and_drawn_no_more(tmp_path: Path) -> None:
    """The second slide opens, but three quarters of its pixels are spoilt."""
    slides = two_slides(tmp_path)
    spoil_tiles(tmp_path / "b.tif", first=1)
    streams = {}
    for workers in (0, 2):
        recorder = Listener()
        with stream_of(slides, workers=workers, reporter=recorder) as stream:
            streams[workers] = take(stream, 8)
            state = stream.state_dict()
            after = take(stream, 2)
        assert len(recorder.warnings) == 1
        assert "b.tif" in recorder.warnings[0]
        assert state["sampler"]["excluded"] == [1]
    assert all_same(streams[0], streams[2])
    assert all((b.slide_index == 0).all() for b in streams[0])
    with stream_of(slides, reporter=recorder) as resumed:  # stays out after a resume, silently
        resumed.load_state_dict(state)
        assert all_same(take(resumed, 2), after)
    assert len(recorder.warnings) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="ends processes by signals")
def test_a_slide_that_crashes_its_reader_twice_is_out_and_one_that_gets_it_killed_is_an_end(
    slides: list[AnnotatedSlide],
) -> None:
    """A crash is the file's fault; a kill comes from outside, mostly for want of memory."""
    facts = slides[1].read_facts()
    for number in (signal.SIGSEGV, signal.SIGKILL):
        deadly = DeadlySlide(slides[1].slide.path, signal_number=number)
        sources = [slides[0], replace(slides[1], slide=deadly, facts=facts)]
        recorder = Listener()
        with stream_of(sources, workers=1, reporter=recorder) as stream:
            if number == signal.SIGSEGV:
                assert all((b.slide_index == 0).all() for b in take(stream, 3))
                assert [w for w in recorder.warnings if "b.tif" in w] == recorder.warnings[2:]
                assert len(recorder.warnings) == 3
            else:
                with pytest.raises(TrainingError, match="died at the same patch"):
                    next(stream)
        assert readers() == []


def test_the_last_slide_failing_ends_the_stream_with_a_reason(tmp_path: Path) -> None:
    slides = two_slides(tmp_path)[:1]
    spoil_tiles(tmp_path / "a.tif", first=1)  # the first one is looked at when it is opened
    with stream_of(slides) as stream, pytest.raises(TrainingError, match="no annotated area"):
        list(islice(stream, 50))


def test_validation_patches_are_the_same_with_workers_and_without_a_failed_slide(
    tmp_path: Path,
) -> None:
    slides = two_slides(tmp_path)
    epochs = []
    for workers in (0, 1):
        with ValidationStream(slides, CLASSES, BRANCHES, 10, LoaderConfig(4, 1, workers)) as stream:
            epochs += [list(stream), list(stream)]
            next(iter(stream))  # broken off: the next epoch starts over
            epochs.append(list(stream))
    assert all(all_same(epoch, epochs[0]) for epoch in epochs)
    spoil_tiles(tmp_path / "b.tif", first=0)
    recorder = Listener()
    loader = LoaderConfig(4, 1, reporter=recorder)  # type: ignore[arg-type]
    with ValidationStream(slides, CLASSES, BRANCHES, 10, loader) as stream:
        left = [index for batch in stream for index in batch.slide_index.tolist()]
        assert left == [0] * stream.patches
    assert len(recorder.warnings) == 1


_SCRIPT = """
import sys
from pathlib import Path

sys.path[:0] = sys.argv[2:]
if __name__ == "__main__":
    from support.annotated import two_slides
    from support.streams import stream_of

    with stream_of(two_slides(Path(sys.argv[1])), workers=1) as stream:
        next(stream)
        print("going", flush=True)
        for _ in stream:
            pass
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a process group")
def test_ctrl_c_leaves_no_process_behind(tmp_path: Path) -> None:
    """The signal reaches the whole group, as in a terminal; only the main process speaks."""
    script = tmp_path / "train.py"
    script.write_text(_SCRIPT)
    tests = Path(__file__).parent.parent
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path), str(tests)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "going\n"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert errors.count("Traceback") == 1
    assert _group_ends(process.pid, within_s=10)


def test_a_reading_process_ends_when_the_one_it_reads_for_is_gone() -> None:
    """Whatever ended that one (kill -9 too), its end of the connection closes."""
    layout = SlotLayout(BRANCHES, 1)
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, (), layout, (), spawn.RawArray("i", 1)))
    process.start()
    theirs.close()
    assert ours.recv() is None
    os.kill(process.pid or 0, signal.SIGTERM)  # a batch system's SIGTERM alone does not end it
    process.join(0.5)
    assert process.exitcode is None
    ours.close()
    process.join(30)
    assert process.exitcode == 0


def _group_ends(group: int, within_s: float) -> bool:
    """Whether all processes of a group are gone before long."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
