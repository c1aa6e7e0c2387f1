"""`slowpaths predict`: raw footage in, tagged strokes out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from slowpaths.apps._fit import use_own_threads
from slowpaths.apps.console import show_table
from slowpaths.apps.launch import Outcome, plain, require
from slowpaths.apps.mine import mine
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.core.records import Prediction
from slowpaths.data.module import ClipDataModule
from slowpaths.data.settings import ClipSettings
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.prediction import AVERAGE_VIEW, load_classifier, predict
from slowpaths.review.events import write_events
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import write_predictions


def run(cfg: DictConfig) -> Outcome:
    """Find the strokes of `footage=` and name them with the model of `ckpt=`."""
    require(cfg, "predict", "ckpt", "footage", "out")
    config = plain(cfg)
    folder = RunFolder(Path(config["out"]))
    out = folder.path
    use_own_threads()
    allowed = {config["allow_target"]} if config["allow_target"] else set()
    # Fails before any footage is read.
    classifier = load_classifier(config["ckpt"], device=config["device"], allowed=allowed)
    collected = mine(config, folder.mined)
    predictions = _predict(classifier, folder.mined, config) if collected.num_deliveries else []
    write_predictions(folder.predictions, predictions)
    tagged = [row for row in predictions if row.view_index == AVERAGE_VIEW]
    files = write_events(out, tagged, collected.videos)
    entry = Entry(
        stage="predict",
        inputs={"ckpt": file_digest(Path(config["ckpt"])), **{v.path: v.digest for v in collected.videos}},
        outputs=digests(out, [folder.predictions.name, *[path.name for path in files]]),
        configuration=fingerprint(config),
        counts={"videos": len(collected.videos), "strokes": len(tagged), "quarantined": collected.num_quarantined},
    )
    append_entry(out, entry)
    rows = [(row.video, f"{row.impact_s:.2f}", row.label, row.confidence, row.event_p) for row in tagged]
    columns = ["video", "impact s", "stroke", "confidence", "P(stroke)"]
    show_table("slowpaths predict", columns, rows, wrote=[*files, folder.predictions])
    return Outcome(metric=float(len(tagged)), exit_code=3 if collected.num_quarantined else 0)


def _predict(classifier: StrokeClassifier, mined: Path, config: Mapping[str, Any]) -> list[Prediction]:
    shown = dict(classifier.run.clip)
    fps = shown.pop("fps", None)
    settings = ClipSettings(
        batch_size=config["batch_size"], num_test_views=config["num_test_views"], num_workers=0, **shown
    )
    data = ClipDataModule(mined=mined, settings=settings, targets="none", fps=fps)
    data.setup()
    return predict(classifier, data.predict_dataloader(), clips=data.clips())
