"""`slowpaths pretrain`: teach a network without a label."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._batch_size import with_batch_size
from slowpaths.apps._console import show_table
from slowpaths.apps._fit import Job, fit, record, relaunched
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.verbs import PretrainConfig
from slowpaths.core.parts import locate, target_of
from slowpaths.core.text import csv_table, markdown_table
from slowpaths.data.module import ClipDataModule
from slowpaths.data.views import ViewDataModule
from slowpaths.models.callbacks.embedding_probe import EmbeddingProbe, ProbeClips
from slowpaths.models.heads import head_prefix
from slowpaths.models.initialisation import save_backbone
from slowpaths.models.pretrain.composition import Composition
from slowpaths.models.pretrain.distil import STUDENT
from slowpaths.store.tables import write_text


def run(cfg: DictConfig) -> Outcome:
    """Pretrain on `mined=`; run again with the same `out=` to resume."""
    job = Job(verb="pretrain", config=_values.build(PretrainConfig, plain(cfg)), plain=plain(cfg))
    job = with_batch_size(job, _parts)
    config, folder = job.config, job.folder
    module, data = _parts(job)
    extra = [_probe(data, job)] if isinstance(data, ViewDataModule) else []
    fitted = fit(module, data, job, monitor=module.monitor, extra=extra)
    trainer, best, metrics = fitted.trainer, fitted.checkpoint, fitted.metrics
    scores = []
    if data.records("val") and module.monitor:
        with relaunched(job):
            trainer.validate(module, data, ckpt_path=best, weights_only=True, verbose=False)
        scores = module.scores()
    outcome = Outcome(metrics=metrics)
    if not trainer.is_global_zero:
        return outcome  # one process of several writes
    save_backbone(folder.backbone, best, head=head_prefix(module.network))
    files, notes = [folder.backbone, best, folder.model_card, folder.backbone_card], []
    if scores:
        table = [
            {"feature": name, "clips": count, "r2": f"{share:.4f}" if math.isfinite(share) else ""}
            for name, count, share in scores
        ]
        write_text(folder.feature_scores, csv_table(table))
        seen_table = markdown_table(list(table[0]), [list(row.values()) for row in table])
        notes = [f"**Features of held-out matches.** Share of their variance that is seen.\n\n{seen_table}"]
        files.append(folder.feature_scores)
    lineage = data.lineage()
    counts = record(
        fitted,
        module,
        data,
        job,
        files=files,
        inputs=lineage,
        sources=lineage,
        notes=notes,
    )
    seen = sorted((-share, name) for name, _, share in scores if share > 0)
    rows = [
        *((f"clips to {part}", count) for part, count in counts.items()),
        ("features", len(data.feature_names)),
        *metrics.items(),
        *((f"R2 of {name}", -share) for share, name in seen[:5]),
    ]
    title = f"slowpaths pretrain: {config.trainer.max_epochs} epochs"
    show_table(title, ["what", "value"], rows, wrote=files)
    return outcome


def _parts(job: Job[PretrainConfig]) -> tuple[Any, ClipDataModule]:
    config, data = job.config, _data(job)
    module = _values.instantiate(
        config.objective,
        key="objective",
        network=config.model,
        optim=config.optim,
        run=job.run_settings(data),
        feature_names=data.feature_names,
    )
    return module, data


def _data(job: Job[PretrainConfig]) -> ClipDataModule:
    """Return the clips, in two views where the objective compares views."""
    config, kind = job.config, locate(target_of(job.config.objective, key="objective"), key="objective")
    if not (isinstance(kind, type) and issubclass(kind, Composition)):
        return job.data(targets="features")
    teachers = {part.get("teacher") for part in config.objective.get("parts", {}).values() if part}
    voice = STUDENT if STUDENT in teachers else None
    data = ViewDataModule(views=config.views, voice=voice, mined=config.mined, settings=config.data, seed=config.seed)
    data.setup()
    return data


def _probe(data: ViewDataModule, job: Job[PretrainConfig]) -> EmbeddingProbe:
    """Return what watches the embedding of training and validation clips."""
    wanted, labels = job.config.probe, data.weak_labels()
    records = [*data.records("train"), *data.records("val")]
    if len(records) > wanted.max_clips:
        records = [records[row] for row in np.linspace(0, len(records) - 1, wanted.max_clips).round().astype(int)]
    ids, validation = [record.clip.delivery_id for record in records], set(data.split.deliveries("val"))
    probs = np.array([labels[name] for name in ids]) if labels.keys() >= set(ids) else np.empty((len(ids), 0))
    matches = [record.clip.match_id or record.clip.video_id for record in records]
    clips = ProbeClips(
        loader=data.fixed_dataloader(records),
        probs_NC=torch.from_numpy(probs),
        match_N=torch.from_numpy(np.unique(matches, return_inverse=True)[1]),
        ball_N=torch.from_numpy(data.balls(records)),
        is_val_N=torch.tensor([name in validation for name in ids]),
    )
    return EmbeddingProbe(clips, wanted, last=job.folder.last_checkpoint)
