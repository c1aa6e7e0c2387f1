"""A small mined folder to review: six deliveries, clips whose frames can be read back, and text that means harm."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from tests.data.mined import labelled
from tests.factories import bars, write_votes

from slowpaths.core.records import Box, Delivery, Prediction, Shot, VideoRef, Vote
from slowpaths.core.spans import Span
from slowpaths.core.strokes import INDEX, NUM_STROKES, STROKES
from slowpaths.store import tables
from slowpaths.video.write import write_clip

NUM_FRAMES, IMPACT_FRAME, FPS = 52, 30, 25
HARM = "</script><script>window.harmed = 1</script><img src=x onerror='window.harmed = 1'> & \"q\""
VIDEOS = {"v0": "a, odd é.mp4", "v1": f"day/{HARM}.mp4"}
RULES = {
    "foot.stride": {"family": "foot", "votes": {"front": ["cover_drive", "sweep"], "back": ["cut", "pull_hook"]}},
    "plane.hand_path": {"family": "plane", "votes": {"horizontal": ["cut", "sweep"], "vertical": ["cover_drive"]}},
    "side.sweep": {"family": "side", "votes": {"off": ["cover_drive", "cut"]}},
}
# Delivery -> stroke, confidence, kept, view, votes; d3 is in conflict, d5 has no vote.
PLAN = {
    "v0-d0": ("cover_drive", 0.9, True, "pitch_endon", [("foot.stride", "front"), ("side.sweep", "off")]),
    "v0-d1": ("cut", 0.999, True, "pitch_endon", [("plane.hand_path", "horizontal")]),
    "v0-d2": ("sweep", 0.6, False, "nets_endon", [("foot.stride", "front"), ("plane.hand_path", "horizontal")]),
    "v1-d3": ("cut", 0.4, True, "pitch_endon", [("foot.stride", "back"), ("plane.hand_path", "vertical")]),
    "v1-d4": ("cover_drive", 0.8, True, "pitch_endon", [("side.sweep", "off")]),
    "v1-d5": ("leave", 0.2, False, "closeup", []),
}


def write_reviewable(folder: Path, *, has_clips: bool = True, has_labels: bool = True) -> Path:
    """Write the folder and return it."""
    videos = [VideoRef(video_id=key, path=path, fps=Fraction(25), match_id=key) for key, path in VIDEOS.items()]
    videos.append(VideoRef(video_id="vx", path="broken.mp4", status="quarantined", reason="no frame decodes"))
    deliveries, shots, labels, votes = [], [], [], []
    for number, (name, (stroke, confidence, is_kept, view, cast)) in enumerate(PLAN.items()):
        video_id = name[:2]
        span = Span(10.0 * number + 1.2, 10.0 * number + 2.48)
        shots.append(
            Shot(shot_id=f"s{number}", video_id=video_id, span=span, first_frame=0, last_frame=9, view=view,
                 view_probability=0.75, is_replay=name == "v1-d4")
        )  # fmt: skip
        deliveries.append(
            Delivery(delivery_id=name, video_id=video_id, shot_id=f"s{number}", span=span,
                     impact_s=10.0 * number + 2.0, impact_uncertainty_s=0.04, view=view, handedness_p=0.9,
                     box=Box(x1=0, y1=0, x2=10, y2=20), event_p=0.8)
        )  # fmt: skip
        clip = labelled(name, stroke=INDEX[stroke], confidence=confidence, is_kept=is_kept, video_id=video_id)
        labels.append(replace(clip, video=VIDEOS[video_id], impact_s=10.0 * number + 2.0))
        votes += [
            Vote(delivery_id=name, rule=rule, symbol=symbol, evidence=f"x 1 >= 0 {HARM}") for rule, symbol in cast
        ]
        if has_clips:
            frames = (bars(frame, width=64, height=64) for frame in range(NUM_FRAMES))
            write_clip(folder / "clips" / f"{name}.mp4", frames, fps=FPS)
    tables.write_footage(folder / "footage.parquet", videos)
    tables.write_shots(folder / "shots.parquet", shots)
    tables.write_deliveries(folder / "deliveries.parquet", deliveries[::-1])  # cards are put in order of time
    if has_labels:
        tables.write_labels(folder / "labels.parquet", labels)
        write_votes(folder / "votes.parquet", votes)
        (folder / "rules.json").write_text(json.dumps(RULES))
    clip = {"fps": FPS, "num_frames": NUM_FRAMES, "size": 64, "impact_frame": IMPACT_FRAME}
    described = {"clip": clip if has_clips else None, "label_model": "hierarchical", "rule_set": "r123"}
    (folder / "dataset.json").write_text(json.dumps(described))
    return folder


def write_said(path: Path, *, stroke: str = "cut", names: list[str] | None = None, models: int = 1) -> Path:
    """Write predictions: 70 % on one stroke for every delivery, as two views and their average."""
    probs = np.full(NUM_STROKES, 0.3 / (NUM_STROKES - 1))
    probs[INDEX[stroke]] = 0.7
    rows = []
    for name in names if names is not None else list(PLAN):
        for model in range(models):
            for view in (0, 1, -1):
                # the average is told from the views by its confidence on the stroke
                said = probs if view == -1 else np.full(NUM_STROKES, 1 / NUM_STROKES)
                rows.append(
                    Prediction(delivery_id=name, video_id=name[:2], video="", match_id="", span=Span(0.0, 1.28),
                               impact_s=0.8, event_p=0.9, probs=said, label=STROKES[int(said.argmax())],
                               confidence=float(said.max()), source="model", model_id=f"m{model}", view_index=view,
                               split="test")
                )  # fmt: skip
    tables.write_predictions(path, rows)
    return path
