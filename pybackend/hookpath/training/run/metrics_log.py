"""One row per epoch: ``metrics.csv``, TensorBoard and the reporter say the same."""

from __future__ import annotations

from typing import Any

from hookpath.context_managers import Closing
from hookpath.events import Reporter
from hookpath.training.run.loggers import Loggers, Picture
from hookpath.training.run.run_folder import RunFolder

#: Columns that differ from one execution to the next; all others are reproducible.
TIME_COLUMNS = ("seconds", "patches_per_s", "data_wait")

#: What pictures of validation patches are called.
PICTURE_NAME = "validation"

Row = dict[str, Any]


class MetricsLog(Closing):
    """Writes rows; when a run goes on, rows of epochs that are done again are dropped.

    Args:
        first_epoch: the epoch that the next row is of.
        loggers: hear of every row, too.
    """

    def __init__(
        self, run: RunFolder, first_epoch: int, reporter: Reporter, loggers: Loggers | None = None
    ) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._run = run
        self._reporter = reporter
        self._rows: list[Row] = [dict(row) for row in run.rows(before_epoch=first_epoch)]
        self._loggers = loggers
        self._events = SummaryWriter(str(run.events), purge_step=first_epoch)

    def add(self, row: Row, picture: Picture | None = None) -> None:
        """Append the row of an epoch; numbers that are not known are left empty.

        `picture`: of validation patches, ``(H, W, 3)`` RGB: tissue, annotated, predicted.
        """
        self._rows.append({k: "" if v is None or v != v else v for k, v in row.items()})
        self._run.write_rows(self._rows)
        for name, value in row.items():
            if name != "epoch" and value is not None and value == value:
                self._events.add_scalar(name.replace(":", "/"), value, row["epoch"])
        if picture is not None:
            self._events.add_image(PICTURE_NAME, picture, row["epoch"], dataformats="HWC")
        self._events.flush()
        if self._loggers is not None:
            known = {k: v for k, v in row.items() if isinstance(v, int | float) and v == v}
            self._loggers.epoch(int(row["epoch"]), known)
            if picture is not None:
                self._loggers.picture(int(row["epoch"]), PICTURE_NAME, picture)
        self._reporter.result("epoch", row)

    def close(self) -> None:
        """Close the TensorBoard events and the loggers."""
        self._events.close()
        if self._loggers is not None:
            self._loggers.close()


class NoLog(Closing):
    """Of a process that only helps: the first one writes the rows."""

    def __init__(
        self, run: RunFolder, first_epoch: int, reporter: Reporter, loggers: Loggers | None = None
    ) -> None: ...

    def add(self, row: Row, picture: Picture | None = None) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing is open."""
