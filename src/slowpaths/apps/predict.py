"""`slowpaths predict`: raw footage in, tagged strokes out."""

from __future__ import annotations

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.footage import predict_mined
from slowpaths.apps.mine import mine
from slowpaths.apps.verbs import PredictConfig
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.models.prediction import AVERAGE_VIEW, load_classifier
from slowpaths.review.events import write_events
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import write_predictions


def run(cfg: DictConfig) -> Outcome:
    """Find the strokes of `footage=` and name them with the model of `ckpt=`."""
    config = _values.build(PredictConfig, plain(cfg))
    folder, out = RunFolder(config.out), config.out
    allowed = {config.allow_target} if config.allow_target else set()
    # Fails before any footage is read.
    classifier = load_classifier(config.ckpt, device=config.device, allowed=allowed)
    collected = mine(config, folder.mined)
    sizes = {"batch_size": config.batch_size, "num_test_views": config.num_test_views}
    predictions = predict_mined(classifier, folder.mined, **sizes) if collected.num_deliveries else []
    write_predictions(folder.predictions, predictions)
    tagged = [row for row in predictions if row.view_index == AVERAGE_VIEW]
    found = MinedFolder(folder.mined)
    files = write_events(out, tagged, collected.videos, shots=found.shots(), tracks=found.poses())
    entry = Entry(
        stage="predict",
        inputs={"ckpt": file_digest(config.ckpt), **{v.path: v.digest for v in collected.videos}},
        outputs=digests(out, [folder.predictions.name, *[path.name for path in files]]),
        configuration=fingerprint(plain(cfg)),
        counts={"videos": len(collected.videos), "strokes": len(tagged), "quarantined": collected.num_quarantined},
    )
    append_entry(out, entry)
    rows = [(row.video, f"{row.impact_s:.2f}", row.label, row.confidence, row.event_p) for row in tagged]
    columns = ["video", "impact s", "stroke", "confidence", "P(stroke)"]
    show_table("slowpaths predict", columns, rows, wrote=[*files, folder.predictions])
    return Outcome(metrics={"strokes": float(len(tagged))}, exit_code=3 if collected.num_quarantined else 0)
