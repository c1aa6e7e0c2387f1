"""Spot JSON: the annotation files of E2E-Spot, one file a part, and the list of classes.

Source: https://github.com/jhong93/spot (data/README.md and its parsed files): a list of videos, each with num_frames,
num_events, fps, width, height and events of frame, label and comment.
"""

from __future__ import annotations

import json
from pathlib import Path

from slowpaths.core.strokes import STROKES
from slowpaths.data.interchange.dataset import Exported
from slowpaths.data.interchange.lists import PARTS
from slowpaths.store.tables import write_text

LOSES = "extent, confidence and who bats; a part holds whole videos, with those labels that are kept for training"


def write(exported: Exported, out: Path) -> list[Path]:
    """Write `train.json`, `val.json`, `test.json` and `class.txt`."""
    rows: dict[str, list[dict[str, object]]] = {part: [] for part in PARTS}
    for video_id, video in exported.videos.items():
        clips = [clip for clip in exported.of(video_id) if clip.is_kept and clip.delivery_id not in exported.replays]
        if not clips:
            continue
        events = [
            {"frame": exported.shown(video_id, clip.impact_s), "label": clip.label, "comment": clip.delivery_id}
            for clip in clips
        ]
        picture = {"fps": float(video.fps), "width": video.width, "height": video.height}
        counts = {"num_frames": video.num_frames, "num_events": len(events)}
        part = exported.parts[clips[0].delivery_id]  # a match, and so a video, lies in one part
        rows[part].append({"video": video.path, **counts, **picture, "events": events})
    files = {out / f"{part}.json": json.dumps(rows[part], indent=1) + "\n" for part in PARTS}
    files[out / "class.txt"] = "".join(f"{stroke}\n" for stroke in STROKES)
    for path, text in files.items():
        write_text(path, text)
    return list(files)
