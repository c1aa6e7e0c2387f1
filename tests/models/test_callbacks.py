from __future__ import annotations

import csv
import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import RichProgressBar
from lightning.pytorch.loggers import CSVLogger, WandbLogger
from tests.data.mined import labelled, write_mined
from tests.models.training import QUIET, batch, classifier, loader, trainer

from slowpaths.core.errors import MissingDependencyError, UsageError
from slowpaths.core.records import Vote
from slowpaths.models.callbacks import (
    ConfusionMedia,
    History,
    PlainProgress,
    build_checkpoints,
    build_loggers,
    build_progress,
    finish,
    log_clips,
    log_ledger,
)
from slowpaths.models.prediction import predict
from slowpaths.store.ledger import Entry, append_entry

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def test_history_has_a_row_an_epoch(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    trainer(max_epochs=2, callbacks=[History(path)]).fit(classifier(), loader(4), loader(4, is_shuffled=False))
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert {"train/loss_epoch", "val/nll", "val/top1", "val/macro_f1"} <= rows[0].keys()
    assert not any(name.endswith("_step") for name in rows[0])


def test_last_is_kept_always_and_best_with_validation(tmp_path: Path) -> None:
    for monitor, names in (("val/nll", ["best.ckpt", "last.ckpt"]), (None, ["last.ckpt"])):
        folder = tmp_path / str(monitor).replace("/", "_")
        keeper = build_checkpoints(folder, monitor=monitor)
        loaders = [loader(4), loader(4, is_shuffled=False)][: 1 + bool(monitor)]
        trainer(max_epochs=1, enable_checkpointing=True, callbacks=[keeper]).fit(classifier(), *loaders)
        assert sorted(path.name for path in folder.iterdir()) == names


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
    assert lines[-1].startswith("epoch 2 of 2: train/loss_epoch ")


def test_a_run_that_goes_on_keeps_the_rows_of_before(tmp_path: Path) -> None:
    for _ in range(2):
        loggers = build_loggers("csv", out=tmp_path, run_name="r", config={})
        trainer(max_epochs=1, logger=loggers).fit(classifier(), loader(4))
    assert sorted(path.parent.name for path in tmp_path.glob("csv/*/metrics.csv")) == ["version_0", "version_1"]


def test_loggers_are_chosen_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"out": tmp_path, "run_name": "r", "config": {}}
    assert build_loggers("", **options) == []
    assert [type(logger) for logger in build_loggers("csv", **options)] == [CSVLogger]
    assert [type(logger) for logger in build_loggers(["wandb", "csv"], **options)] == [WandbLogger, CSVLogger]
    with pytest.raises(UsageError, match="unknown logger 'mlflow'"):
        build_loggers("csv, mlflow", **options)
    monkeypatch.setattr("lightning.fabric.loggers.tensorboard._TENSORBOARD_AVAILABLE", False)
    monkeypatch.setattr("lightning.fabric.loggers.tensorboard._TENSORBOARDX_AVAILABLE", False)
    with pytest.raises(MissingDependencyError, match=r"slowpaths\[tensorboard\]"):
        build_loggers("tensorboard", **options)


def test_wandb_offline_gets_curves_media_and_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    for kind in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"WANDB_{kind}_DIR", str(tmp_path / "wandb"))
    mined = write_mined(tmp_path / "mined", num_matches=1, clips_a_match=2, size=32)
    append_entry(mined, Entry(stage="mine", outputs={"labels.parquet": "0" * 64, "clips/v0-d000.mp4": "1" * 64}))
    loggers = build_loggers("wandb", out=tmp_path / "run", run_name="tiny", config={"model": {"depth": 18}})
    model = classifier()
    run = trainer(max_epochs=1, logger=loggers, callbacks=[ConfusionMedia()], log_every_n_steps=1)
    run.fit(model, loader(4), loader(4, is_shuffled=False))
    clips = [labelled("v0-d000", stroke=0), labelled("v0-d001", stroke=1)]
    log_clips(
        loggers,
        predictions=predict(model, [batch(2)], clips=clips),
        labels={clip.delivery_id: clip for clip in clips},
        votes={"v0-d001": [Vote(delivery_id="v0-d001", rule="foot.stride", symbol="FF", evidence="stride .8")]},
        folder=mined,
    )
    log_ledger(loggers, folder=mined)
    experiment = loggers[0].experiment
    folder = Path(experiment.dir)
    finish(loggers, summary={"top1": 0.5, "nothing": float("nan")})
    tables = [json.loads(path.read_text()) for path in (folder / "media" / "table").rglob("*.json")]
    by_columns = {table["columns"][0]: table for table in tables}
    clip_table = by_columns["delivery"]
    assert sorted(row[0] for row in clip_table["data"]) == ["v0-d000", "v0-d001"]
    films = sorted((folder / "media" / "videos").rglob("*.mp4"))
    shown = sorted((mined / "clips").glob("*.mp4"))
    assert sorted(film.read_bytes() for film in films) == sorted(clip.read_bytes() for clip in shown)
    votes = {row[0]: row[clip_table["columns"].index("votes")] for row in clip_table["data"]}
    assert votes == {"v0-d000": "", "v0-d001": "foot.stride -> FF (stride .8)"}
    confusion = by_columns["Actual"]
    assert sum(row[-1] for row in confusion["data"]) == 4
    assert list(folder.parent.glob("*.wandb"))  # what `wandb sync` sends
    assert torch.isfinite(model.val_confusion.compute()).all()
