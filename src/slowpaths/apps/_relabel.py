"""The round before training that corrects labels: models trained without a match say what they see in it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.apps._fit import Job, fit
from slowpaths.apps.verbs import TrainConfig
from slowpaths.data.module import ClipDataModule
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.prediction import AVERAGE_VIEW, load_classifier, predict
from slowpaths.models.relabel import relabelled
from slowpaths.store.tables import write_labels

_log = logging.getLogger(__name__)


def relabel(job: Job[TrainConfig], build: Callable[[Job[Any], ClipDataModule], StrokeClassifier]) -> Path:
    """Write the corrected labels table into the folder of the run, and return it.

    The matches of the training part are dealt out to `relabel_folds=` groups, or as many as there are matches. For each
    a model learns from the others, in a folder of its own that a killed run goes on with.

    Args:
        job: The training.
        build: Builds a fresh classifier for clips.

    Raises:
        UsageError: If all training clips come from one match.
    """
    config = job.config
    data = job.data(targets="labels", labels=config.labels)
    groups = data.cross_fit_groups(config.relabel_folds)
    probs: dict[str, np.ndarray] = {}
    for number, held_out in enumerate(groups):
        _log.info("relabelling: model %d of %d", number + 1, len(groups))
        others = [delivery for other in groups if other is not held_out for delivery in other]
        whole = replace(config.data, fractions=(1.0, 0.0, 0.0), num_folds=0, test_matches=(), max_train_clips=None)
        own = replace(config, out=job.folder.relabel_fold(number), data=whole, logger=None, callbacks=())
        fold = replace(job, config=own)
        learnt, asked = (
            fold.data(targets="labels", labels=config.labels, delivery_ids=deliveries)
            for deliveries in (others, held_out)
        )
        fitted = fit(build(fold, learnt), learnt, fold, monitor="val/refinement")
        trained = load_classifier(
            fitted.checkpoint, device=str(fitted.trainer.strategy.root_device), allowed={config.model["_target_"]}
        )
        said = predict(trained, asked.predict_dataloader(), clips=asked.clips())
        probs |= {row.delivery_id: row.probs for row in said if row.view_index == AVERAGE_VIEW}
    write_labels(job.folder.relabelled, relabelled(data.clips(), probs))
    return job.folder.relabelled
