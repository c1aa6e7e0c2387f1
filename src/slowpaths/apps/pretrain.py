"""`slowpaths pretrain`: teach a network, without a label, to see what mining measured."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._fit import build_data, command, configuration, digests_of, fit, relaunched, run_settings
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps._trainer import TrainerSettings
from slowpaths.core.ids import file_digest
from slowpaths.data.settings import ClipSettings
from slowpaths.models.callbacks import wandb_media
from slowpaths.models.card import CardFacts, model_card
from slowpaths.models.heads import head_prefix
from slowpaths.models.initialisation import save_backbone
from slowpaths.models.part import Part
from slowpaths.models.settings import OptimSettings
from slowpaths.store.ledger import Entry, append_entry
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import DELIVERIES
from slowpaths.store.tables import write_text


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainConfig:
    """Configure `slowpaths pretrain`.

    Args:
        mined: Folder that `slowpaths mine` wrote; its labels are not read.
        out: Give it by name, and the same command resumes.
        init: Pretrained weights: slowfast_tiny_features, slowfast_r50_k400, slowfast_r101_k400, or a checkpoint.
        weights_dir: Looked at before the user's cache and the network.
        logger: Any of csv, wandb, tensorboard; W&B runs offline unless WANDB_MODE or an agent says otherwise.
        callbacks: Further Lightning callbacks, each by its _target_.
        seed: Seed of weights, order and augmentation.
        model: The network.
        data: Clips, windows, augmentation, split.
        objective: What is taught.
        optim: Optimiser, rates and schedule.
        trainer: Lightning Trainer.
    """

    mined: Path
    out: Path = Path("runs/pretrain/${now:%Y-%m-%d_%H-%M-%S}")
    init: str | None = None
    weights_dir: Path | None = None
    logger: Any = None
    callbacks: tuple[Any, ...] = ()
    seed: int = 0
    model: Any
    data: ClipSettings = ClipSettings()
    objective: Any
    optim: OptimSettings = OptimSettings()
    trainer: TrainerSettings = TrainerSettings()


def run(cfg: DictConfig) -> Outcome:
    """Pretrain on `mined=`; run again with the same `out=` to resume."""
    config = plain(cfg)
    folder, mined = RunFolder(Path(config["out"])), MinedFolder(Path(config["mined"]))
    data = build_data(config, targets="features")
    module = Part.parse(config["objective"], key="objective").build(
        network=config["model"],
        optim=OptimSettings(**config["optim"]),
        run=run_settings(config, data),
        feature_names=data.feature_names,
    )
    fitted = fit(module, data, config, verb="pretrain", monitor=module.monitor)
    trainer, best, metrics = fitted.trainer, fitted.checkpoint, fitted.metrics
    scores = []
    if data.records("val"):
        with relaunched("pretrain", folder.path):
            trainer.validate(module, data, ckpt_path=best, weights_only=True, verbose=False)
        scores = module.scores()
    outcome = Outcome(metrics=metrics)
    if not trainer.is_global_zero:
        return outcome  # one process of several writes
    save_backbone(folder.backbone, best, head=head_prefix(module.network))
    files = [folder.backbone, best, folder.model_card]
    if scores:
        write_text(folder.feature_scores, _table(scores))
        files.append(folder.feature_scores)
    counts = {part: len(data.split.deliveries(part)) for part in ("train", "val", "test")}
    card = CardFacts(
        verb="pretrain",
        command=command("pretrain"),
        checkpoint=best.name,
        data=config["mined"],
        sources=data.lineage(),
        counts=counts,
        metrics=metrics,
        warning="Measured against what mining measured in held-out matches, not against truth.",
    )
    write_text(folder.model_card, model_card(module, card))
    entry = Entry(
        stage="pretrain",
        inputs={"deliveries": file_digest(mined.file(DELIVERIES)), **data.lineage()},
        outputs=digests_of(folder, files),
        configuration=configuration(config),
        seed=config["seed"],
        counts=counts,
    )
    append_entry(folder.path, entry)
    for source in (mined.path, folder.path):
        wandb_media.log_ledger(trainer.loggers, folder=source)
    wandb_media.finish(trainer.loggers, summary=metrics)
    seen = sorted((-share, name) for name, _, share in scores if share > 0)
    rows = [
        *((f"clips to {part}", count) for part, count in counts.items()),
        ("features", len(data.feature_names)),
        *metrics.items(),
        *((f"R2 of {name}", -share) for share, name in seen[:5]),
    ]
    title = f"slowpaths pretrain: {config['trainer']['max_epochs']} epochs"
    show_table(title, ["what", "value"], rows, wrote=files)
    return outcome


def _table(scores: Sequence[tuple[str, int, float]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["feature", "clips", "r2"])
    writer.writerows([name, count, f"{share:.4f}" if math.isfinite(share) else ""] for name, count, share in scores)
    return stream.getvalue()
