from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
import torch
from tests.models.training import QUIET, classifier, loader, trainer

from slowpaths.models.callbacks.curves import Curves
from slowpaths.models.callbacks.loggers import csv_logger

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def test_norm_rates_recall_and_idle_time_are_curves(tmp_path: Path) -> None:
    slow, model = loader(8), classifier(head_lr_ratio=3.0)
    collate = slow.collate_fn
    assert collate is not None
    slow.collate_fn = lambda items: time.sleep(0.5) or collate(items)
    options = {"logger": csv_logger(save_dir=str(tmp_path)), "callbacks": [Curves()], "log_every_n_steps": 1}
    run = trainer(max_epochs=1, **options)
    norms = []
    model.on_before_optimizer_step = lambda optimizer: norms.append(
        float(torch.cat([p.grad.flatten() for p in model.network.parameters() if p.grad is not None]).norm())
    )
    run.fit(model, slow, loader(4, is_shuffled=False))
    (path,) = tmp_path.glob("csv/*/metrics.csv")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    found = [float(row["optim/gradient_norm"]) for row in rows if row["optim/gradient_norm"]]
    assert len(found) == 2 and all(one >= other * 0.999 for one, other in zip(found, norms, strict=True))
    rates = next({name: float(v) for name, v in row.items() if "lr_" in name} for row in rows if row["optim/lr_0"])
    assert max(rates.values()) == pytest.approx(3 * min(rates.values()))
    (idle,) = [float(row["time/loader_idle"]) for row in rows if row["time/loader_idle"]]
    took_s = next(float(row["time/epoch_s"]) for row in rows if row["time/epoch_s"])
    assert 1.0 / took_s <= idle * 1.001 and idle < 1  # two batches at half a second
    recalls = {name for row in rows for name, value in row.items() if name.startswith("val_recall/") and value}
    assert recalls == {"val_recall/leave", "val_recall/ff_defence", "val_recall/bf_defence", "val_recall/cover_drive"}
    assert not any(name.startswith(("optim/", "time/", "val_recall/")) for name in run.callback_metrics)
