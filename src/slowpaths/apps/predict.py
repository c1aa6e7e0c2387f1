"""`slowpaths predict`: raw footage in, tagged strokes out."""

from __future__ import annotations

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.footage import clips_to_be, predict_videos
from slowpaths.apps.mine import mine
from slowpaths.apps.verbs import PredictConfig
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.models.prediction import AVERAGE_VIEW, load_classifier, view_disagreement
from slowpaths.review.events import suppressed, write_events
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import read_predictions


def run(cfg: DictConfig) -> Outcome:
    """Find the strokes of `footage=` and name them with the model of `ckpt=`."""
    config = _values.build(PredictConfig, plain(cfg))
    folder, out = RunFolder(config.out), config.out
    allowed = {config.allow_target} if config.allow_target else set()
    # Fails before any footage is read.
    classifier = load_classifier(config.ckpt, device=config.device, allowed=allowed)
    views = {"batch_size": config.batch_size, "num_test_views": config.num_test_views}
    clips_to_be(classifier, folder.mined, **views).check_clips(config.mining.clip_spec)
    collected = mine(config, folder.mined)
    num_resumed = predict_videos(classifier, folder, **views)
    predictions = read_predictions(folder.predictions)
    named = [row for row in predictions if row.view_index == AVERAGE_VIEW]
    tagged = sorted(suppressed(named, within_s=config.suppress_s), key=lambda row: (row.video, row.impact_s))
    found = MinedFolder(folder.mined)
    disagreement = view_disagreement(predictions)
    files = write_events(
        out, tagged, collected.videos, shots=found.shots(), tracks=found.poses(), disagreement=disagreement
    )
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
    if disagreement:
        columns.append("views differ, bits")
        rows = [(*cells, disagreement[row.delivery_id]) for cells, row in zip(rows, tagged, strict=True)]
    notes = [f"{num_resumed} videos were named before"] if num_resumed else []
    if num_near := len(named) - len(tagged):
        notes.append(f"{num_near} strokes within {config.suppress_s:g} s of a surer one are no events")
    show_table("slowpaths predict", columns, rows, notes=notes, wrote=[*files, folder.predictions])
    return Outcome(metrics={"strokes": float(len(tagged))}, exit_code=3 if collected.num_quarantined else 0)
