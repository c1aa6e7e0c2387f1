"""`slowpaths predict`: raw footage in, tagged strokes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.footage import clips_to_be, predict_videos
from slowpaths.apps.mine import mine
from slowpaths.apps.verbs import PredictConfig
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.core.records import VideoRef
from slowpaths.models.prediction import AVERAGE_VIEW, load_classifier, view_disagreement
from slowpaths.review.events import VideoEvents, suppressed, write_events
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import read_predictions

_MOST_SHOWN = 50  # strokes in the terminal; the files hold all


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
    num_resumed = predict_videos(classifier, folder, compile=config.compile, **views)
    told = _Told()
    files = write_events(out, told.events(folder, collected.videos, within_s=config.suppress_s))
    entry = Entry(
        stage="predict",
        inputs={"ckpt": file_digest(config.ckpt), **{v.path: v.digest for v in collected.videos}},
        outputs=digests(out, [folder.predictions.name, *[path.name for path in files]]),
        configuration=fingerprint(plain(cfg)),
        counts={"videos": len(collected.videos), "strokes": told.num_strokes, "quarantined": collected.num_quarantined},
    )
    append_entry(out, entry)
    columns = ["video", "impact s", "stroke", "confidence", "P(stroke)"]
    columns += ["views differ, bits"] if any(len(row) > len(columns) for row in told.rows) else []
    notes = [f"{num_resumed} videos were named before"] if num_resumed else []
    if told.num_near:
        notes.append(f"{told.num_near} strokes within {config.suppress_s:g} s of a surer one are no events")
    if num_more := told.num_strokes - len(told.rows):
        notes.append(f"{num_more} more strokes stand in events.csv")
    show_table("slowpaths predict", columns, told.rows, notes=notes, wrote=[*files, folder.predictions])
    return Outcome(metrics={"strokes": float(told.num_strokes)}, exit_code=3 if collected.num_quarantined else 0)


@dataclass(slots=True)
class _Told:
    """Count what becomes of the strokes of a run, video by video, and keep the first ones to show."""

    num_strokes: int = 0
    num_near: int = 0  # strokes that a surer one suppresses
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def events(self, folder: RunFolder, videos: Iterable[VideoRef], *, within_s: float) -> Iterator[VideoEvents]:
        """Read what was predicted of one video after another, in the order of their paths."""
        found = MinedFolder(folder.mined)
        for video in sorted(videos, key=lambda video: video.path):
            predictions = read_predictions(folder.predictions, video=video.video_id)
            named = [row for row in predictions if row.view_index == AVERAGE_VIEW]
            tagged = sorted(suppressed(named, within_s=within_s), key=lambda row: row.impact_s)
            disagreement = view_disagreement(predictions)
            self.num_strokes += len(tagged)
            self.num_near += len(named) - len(tagged)
            for row in tagged[: _MOST_SHOWN - len(self.rows)]:
                cells = (row.video, f"{row.impact_s:.2f}", row.label, row.confidence, row.event_p)
                self.rows.append((*cells, disagreement[row.delivery_id]) if disagreement else cells)
            yield VideoEvents(
                video=video,
                clips=tagged,
                shots=found.shots(video=video.video_id),
                tracks=found.poses(video=video.video_id),
                disagreement=disagreement,
            )
