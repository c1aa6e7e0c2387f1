"""Tagged strokes as files other tools read: spot-style JSON, CSV and an edit decision list."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.core.records import LabelledClip, VideoRef
from slowpaths.core.strokes import STROKES
from slowpaths.store.tables import write_text

CSV_COLUMNS = ("video", "start_s", "end_s", "impact_s", "label", "confidence", "event_p")


def write_events(folder: Path, clips: Sequence[LabelledClip], videos: Iterable[VideoRef]) -> list[Path]:
    """Write `events.json`, `events.csv` and `events.edl`.

    Args:
        folder: Where they go.
        clips: Labels or predictions, at most one a delivery.
        videos: The footage they lie in.

    Returns:
        The files written.
    """
    by_id = {video.video_id: video for video in videos}
    ordered = sorted(clips, key=lambda clip: (clip.video, clip.span.start_s, clip.delivery_id))
    files = {
        folder / "events.json": json.dumps(to_spot(ordered, list(by_id.values())), indent=1) + "\n",
        folder / "events.csv": to_csv(ordered),
        folder / "events.edl": to_edl(ordered, by_id),
    }
    for path, text in files.items():
        write_text(path, text)
    return list(files)


def to_spot(clips: Iterable[LabelledClip], videos: Sequence[VideoRef]) -> list[dict[str, Any]]:
    """Return events in the layout of E2E-Spot (github.com/jhong93/spot): a list of videos with frame-indexed events.

    A frame index is the impact time multiplied by the average rate; `impact_s` is exact for variable rates.
    """
    clips = list(clips)
    rows = []
    for video in sorted((video for video in videos if video.status == "ok"), key=lambda video: video.path):
        events = [
            {
                "frame": round(_anchor_s(clip) * float(video.fps)),
                "label": clip.label,
                "score": round(clip.event_p * clip.confidence, 6),
                "comment": "",
                "impact_s": round(_anchor_s(clip), 3),
                "start_s": round(clip.span.start_s, 3),
                "end_s": round(clip.span.end_s, 3),
                "probs": {stroke: round(float(p), 6) for stroke, p in zip(STROKES, clip.probs, strict=True)},
            }
            for clip in clips
            if clip.video_id == video.video_id
        ]
        rows.append({"video": video.path, "num_frames": video.num_frames, "fps": float(video.fps), "events": events})
    return rows


def to_csv(clips: Iterable[LabelledClip]) -> str:
    """Return one line an event, with the columns a truth table has, so that a person can correct it in place."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for clip in clips:
        times = (clip.span.start_s, clip.span.end_s, _anchor_s(clip))
        writer.writerow(
            [
                clip.video,
                *(f"{time_s:.3f}" for time_s in times),
                clip.label,
                f"{clip.confidence:.4f}",
                f"{clip.event_p:.4f}",
            ]
        )
    return text.getvalue()


def to_edl(clips: Iterable[LabelledClip], videos: dict[str, VideoRef]) -> str:
    """Return a CMX 3600 edit decision list that plays the strokes one after another.

    Time codes count whole frames at the rounded rate of each video (non-drop), as CMX 3600 has no other.
    """
    lines = ["TITLE: slowpaths strokes", "FCM: NON-DROP FRAME", ""]
    record_s = 0.0
    for number, clip in enumerate(clips, start=1):
        rate = max(1, round(float(videos[clip.video_id].fps)))
        start_s = max(0.0, clip.span.start_s)
        source = [_timecode(time_s, rate) for time_s in (start_s, clip.span.end_s)]
        record = [_timecode(time_s, rate) for time_s in (record_s, record_s + clip.span.end_s - start_s)]
        lines.append(f"{number:03d}  AX       V     C        {source[0]} {source[1]} {record[0]} {record[1]}")
        lines.append(f"* FROM CLIP NAME: {Path(clip.video).name}")
        lines.append(f"* COMMENT: {clip.label} {clip.confidence:.2f}")
        record_s += clip.span.end_s - start_s
    return "\n".join(lines) + "\n"


def _anchor_s(clip: LabelledClip) -> float:
    return clip.span.centre_s if np.isnan(clip.impact_s) else clip.impact_s


def _timecode(time_s: float, rate: int) -> str:
    frames = round(time_s * rate)
    seconds, frame = divmod(frames, rate)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}"
