"""`slowpaths pretrain`: teach a network, without a label, to see what mining measured."""

from __future__ import annotations

import math

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._fit import Job, fit, record, relaunched
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.verbs import PretrainConfig
from slowpaths.core.ids import file_digest
from slowpaths.core.text import csv_table
from slowpaths.models.heads import head_prefix
from slowpaths.models.initialisation import save_backbone
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES
from slowpaths.store.tables import write_text


def run(cfg: DictConfig) -> Outcome:
    """Pretrain on `mined=`; run again with the same `out=` to resume."""
    config = _values.build(PretrainConfig, plain(cfg))
    job = Job(verb="pretrain", config=config, plain=plain(cfg))
    folder, data = job.folder, job.data(targets="features")
    module = _values.instantiate(
        config.objective,
        key="objective",
        network=config.model,
        optim=config.optim,
        run=job.run_settings(data),
        feature_names=data.feature_names,
    )
    fitted = fit(module, data, job, monitor=module.monitor)
    trainer, best, metrics = fitted.trainer, fitted.checkpoint, fitted.metrics
    scores = []
    if data.records("val"):
        with relaunched(job):
            trainer.validate(module, data, ckpt_path=best, weights_only=True, verbose=False)
        scores = module.scores()
    outcome = Outcome(metrics=metrics)
    if not trainer.is_global_zero:
        return outcome  # one process of several writes
    save_backbone(folder.backbone, best, head=head_prefix(module.network))
    files = [folder.backbone, best, folder.model_card]
    if scores:
        table = [
            {"feature": name, "clips": count, "r2": f"{share:.4f}" if math.isfinite(share) else ""}
            for name, count, share in scores
        ]
        write_text(folder.feature_scores, csv_table(table))
        files.append(folder.feature_scores)
    lineage = data.lineage()
    counts = record(
        fitted,
        module,
        data,
        job,
        files=files,
        inputs={"deliveries": file_digest(MinedFolder(config.mined).file(DELIVERIES)), **lineage},
        sources=lineage,
        warning="Measured against what mining measured in held-out matches, not against truth.",
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
