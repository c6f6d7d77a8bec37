"""Two steps at once: what must not cross, and what may go on meanwhile."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hookpath.errors import BusyError
from hookpath.loop import State, accept, propose, retrain
from hookpath.loop.state.step_locks import alone
from hookpath.loop.steps import retrain as retraining_module
from support.loops import LoopStore


@contextmanager
def held_by_another_process(root: Path, what: str) -> Iterator[subprocess.Popen[str]]:
    code = f"""
        import sys, time
        from pathlib import Path
        from hookpath.loop.state.step_locks import alone
        with alone(Path({str(root)!r}), {what!r}, "x"):
            print("held", flush=True)
            time.sleep(60)
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
    finally:
        holder.kill()
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()


def test_one_process_at_a_time_and_none_after_a_crash(tmp_path: Path) -> None:
    with held_by_another_process(tmp_path, "training"):
        with pytest.raises(BusyError, match=r"another hookpath is training round 2 of .*; wait"):  # noqa: SIM117
            with alone(tmp_path, "training", "training round 2", patience_s=0.1):
                pass
        with alone(tmp_path, "an image", "x", patience_s=0.1):
            pass
    with alone(tmp_path, "training", "x", patience_s=5):
        pass


def test_a_second_training_is_refused_at_once(folder_store: LoopStore) -> None:
    folder = folder_store.begin()
    with held_by_another_process(folder.root, "training"), folder_store.project() as project:
        with pytest.raises(BusyError, match="training round 1") as refused:
            retrain(folder, project)
        assert refused.value.code == "busy"
    assert folder.round == 0


def test_what_is_accepted_while_training_runs_is_kept_for_the_next_round(
    folder_store: LoopStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person corrects slide 2 again, and has slide 3 proposed on, while round 2 trains."""
    folder = folder_store.begin()
    with folder_store.project() as project:
        two = project.images[2]
        propose(folder, project, [two])
        accept(folder, project, two, whole=True)

    train = retraining_module.train  # type: ignore[attr-defined]

    def interrupted(*args: object, **kwargs: object) -> object:
        with folder_store.project() as meanwhile:
            propose(folder, meanwhile, [meanwhile.images[2]])
        return train(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(retraining_module, "train", interrupted)
    with folder_store.project() as project:
        found = retrain(folder, project)
        records = [folder.record(e) for e in project.images]
    assert found.round == 2
    assert records[2].state is State.PROPOSED
    assert len(folder.proposals(records[2].id, records[2].proposed_in)) == 2
    assert records[0].state is State.TRAINED
    assert records[2].part is not None
