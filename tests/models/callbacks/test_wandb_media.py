from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tests.data.mined import labelled, write_mined
from tests.models.training import QUIET, batch, classifier, loader, trainer

from slowpaths.core.records import Vote
from slowpaths.models.callbacks.loggers import wandb_logger
from slowpaths.models.callbacks.wandb_media import ConfusionMedia, finish, log_clips
from slowpaths.models.prediction import predict

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def test_wandb_offline_gets_curves_and_media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    for kind in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"WANDB_{kind}_DIR", str(tmp_path / "wandb"))
    mined = write_mined(tmp_path / "mined", num_matches=1, clips_a_match=2, size=32)
    loggers = [wandb_logger(save_dir=str(tmp_path / "run"))]
    model = classifier()
    run = trainer(max_epochs=1, logger=loggers, callbacks=[ConfusionMedia()], log_every_n_steps=1)
    run.fit(model, loader(4), loader(4, is_shuffled=False))
    clips = [labelled("v0-d000", stroke=0), labelled("v0-d001", stroke=1)]
    log_clips(
        loggers,
        predictions=predict(model, [batch(2)], clips=clips),
        labels={clip.delivery_id: clip for clip in clips},
        votes={"v0-d001": [Vote(delivery_id="v0-d001", rule="foot.stride", symbol="FF", evidence="stride .8")]},
        films_of=lambda names: {name: mined / "clips" / f"{name}.mp4" for name in names},
    )
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
