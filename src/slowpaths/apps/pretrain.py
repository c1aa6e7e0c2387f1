"""`slowpaths pretrain`: teach SlowFast, without a label, to see what mining measured."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps._trainer import TrainerSettings
from slowpaths.apps.fit import about, build_data, configuration, fit
from slowpaths.core.ids import file_digest
from slowpaths.models import callbacks
from slowpaths.models.ssl.measures import MeasurePretraining
from slowpaths.models.weights import save_backbone
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.tables import write_text


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainConfig:
    """Configure `slowpaths pretrain`.

    Args:
        mined: Folder that `slowpaths mine` wrote; its labels are not read.
        out: Give it by name, and the same command resumes.
        init: Pretrained weights to start from: slowfast_r50_k400, slowfast_r101_k400, or a checkpoint.
        weights_dir: Looked at before the user's cache and the network.
        logger: csv, wandb, tensorboard; W&B runs offline unless WANDB_MODE says otherwise.
        seed: Seed of weights, order and augmentation.
        model: The network.
        data: Clips, windows, augmentation, split.
        optim: Optimiser, rates and schedule.
        trainer: Lightning Trainer.
    """

    mined: Path
    out: Path = Path("runs/pretrain/${now:%Y-%m-%d_%H-%M-%S}")
    init: str | None = None
    weights_dir: Path | None = None
    logger: tuple[Literal["csv", "wandb", "tensorboard"], ...] = ("csv",)
    seed: int = 0
    model: Any
    data: Any
    optim: Any
    trainer: TrainerSettings = TrainerSettings()


def run(cfg: DictConfig) -> Outcome:
    """Pretrain on `mined=`; run again with the same `out=` to resume."""
    config = plain(cfg)
    out = Path(config["out"])
    data = build_data(config, targets="measures")
    settings = {**config["model"], **config["optim"], **about(config, data)}
    module = MeasurePretraining(**settings, names=data.measure_names)
    trainer, best = fit(module, data, config, monitor="val/loss")
    save_backbone(out / "backbone.safetensors", best)
    files = ["backbone.safetensors", f"checkpoints/{best.name}"]
    shares = []
    if data.records("val"):
        trainer.validate(module, data, ckpt_path=best, weights_only=True, verbose=False)
        shares = module.explained.compute().flatten().tolist()
        write_text(out / "measures.csv", _table(data.measure_names, shares, module.explained.num_clips_M.tolist()))
        files.append("measures.csv")
    counts = {part: len(data.split.deliveries(part)) for part in ("train", "val", "test")}
    entry = Entry(
        stage="pretrain",
        inputs={"deliveries": file_digest(Path(config["mined"]) / "deliveries.parquet"), **data.lineage()},
        outputs=digests(out, files),
        configuration=configuration(config),
        seed=config["seed"],
        counts=counts,
    )
    append_entry(out, entry)
    for folder in (Path(config["mined"]), out):
        callbacks.log_ledger(trainer.loggers, folder=folder)
    metrics = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
    callbacks.finish(trainer.loggers, summary=metrics)
    seen = sorted((-share, name) for share, name in zip(shares, data.measure_names, strict=False) if share > 0)
    rows = [
        *((f"clips to {part}", count) for part, count in counts.items()),
        ("measures", len(data.measure_names)),
        *metrics.items(),
        *((f"R2 of {name}", -share) for share, name in seen[:5]),
    ]
    title = f"slowpaths pretrain: {config['trainer']['max_epochs']} epochs"
    show_table(title, ["what", "value"], rows, wrote=[out / name for name in files])
    return Outcome(metric=metrics.get("val/r2"))


def _table(names: Sequence[str], shares: Sequence[float], counts: Sequence[int]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["measure", "clips", "r2"])
    writer.writerows([name, count, f"{share:.4f}"] for name, share, count in zip(names, shares, counts, strict=True))
    return stream.getvalue()
