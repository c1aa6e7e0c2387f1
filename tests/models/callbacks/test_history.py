from __future__ import annotations

import csv
import logging
import sys
from pathlib import Path

import pytest
import torch
from lightning.pytorch.callbacks import Callback, RichProgressBar
from tests.models.training import QUIET, classifier, loader, trainer

from slowpaths.models.callbacks.history import History, PlainProgress, build_progress

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def test_history_has_a_row_an_epoch(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    trainer(max_epochs=2, callbacks=[History(path)]).fit(classifier(), loader(4), loader(4, is_shuffled=False))
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert {"train/loss", "val/nll", "val/top1", "val/macro_f1"} <= rows[0].keys()
    assert not any("step_" in name for name in rows[0])


def test_progress_is_a_bar_for_people_and_lines_for_logs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(build_progress(), RichProgressBar)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    progress = build_progress()
    assert isinstance(progress, PlainProgress)
    with caplog.at_level(logging.INFO, logger="slowpaths"):
        trainer(max_epochs=2, callbacks=[progress]).fit(classifier(), loader(4))
    lines = [record.message for record in caplog.records if record.name.startswith("slowpaths")]
    assert lines[-1].startswith("epoch 2 of 2: train/loss ")


def test_the_metrics_of_a_run_are_those_of_the_checkpoint_that_is_kept(tmp_path: Path) -> None:
    history = History(tmp_path / "history.csv")
    assert history.kept("val/nll") == {}
    rows = [{"epoch": 0, "step": 2, "val/nll": 3.0}, {"epoch": 1, "step": 4, "val/nll": 1.0}, {"epoch": 2, "step": 6}]
    history.load_state_dict({"rows": rows})
    assert history.kept("val/nll") == {"val/nll": 1.0}
    assert history.kept(None) == {}


class Reported(Callback):
    """Report a metric that is not finite."""

    def on_train_epoch_end(self, trainer, pl_module) -> None:
        trainer.callback_metrics["val/r2"] = torch.tensor(float("nan"))


def test_no_number_in_the_history_is_not_finite(tmp_path: Path) -> None:
    history = History(tmp_path / "history.csv")
    trainer(max_epochs=1, callbacks=[Reported(), history]).fit(classifier(), loader(4))
    text = (tmp_path / "history.csv").read_text()
    assert "nan" not in text and "val/r2" not in text
    assert "val/r2" not in history.kept(None)
