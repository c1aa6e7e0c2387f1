"""A small mined folder with one of everything that can happen, for the tests of this room."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
from tests.factories import write_votes

from slowpaths.core.records import Box, Delivery, LabelledClip, Shot, VideoRef, Vote
from slowpaths.core.spans import Span
from slowpaths.core.strokes import INDEX, NUM_STROKES
from slowpaths.store import tables

TRUTH = [
    "a.mp4,0.5,2.5,1.5,cover,R,pitch_endon",  # found 2 frames late
    "a.mp4,9,12,10.5,pull,L,pitch_endon",  # found .36 s early, handedness wrong
    "a.mp4,30,31,30.5,sweep,R,pitch_endon",  # in a crowd shot: lost
    "b.mp4,,,,,R,pitch_side",  # a leave somewhere in b
    "broken.mp4,0,1,0.5,cover,R,pitch_endon",
    "gone.mp4,0,1,0.5,cover,R,pitch_endon",
]
TRUTH_COLUMNS = "video,start_s,end_s,impact_s,label,handedness,view"


def delivery(video: str, impact_s: float, *, hand: float = 0.9, view: str = "pitch_endon") -> Delivery:
    return Delivery(
        delivery_id=f"{video}-{impact_s}",
        video_id=video,
        shot_id="s",
        span=Span(impact_s - 0.8, impact_s + 0.48),
        impact_s=impact_s,
        impact_uncertainty_s=0.04,
        view=view,
        handedness_p=hand,
        box=Box(x1=0, y1=0, x2=10, y2=20),
        event_p=0.8,
    )


def shot(video: str, start_s: float, end_s: float, view: str) -> Shot:
    return Shot(
        shot_id=f"{video}-{start_s}",
        video_id=video,
        span=Span(start_s, end_s),
        first_frame=int(start_s * 25),
        last_frame=int(end_s * 25) - 1,
        view=view,
    )


def make_mined(folder: Path, *, labels: bool = True, rules: bool = True) -> Path:
    """Write a mined folder: a.mp4, b.mp4, a clean and a noisy video that truth does not mention, and a broken one."""
    names = {"va": "x/a.mp4", "vb": "x/b.mp4", "vc": "clean.mp4", "vn": "noisy.mp4"}
    videos = [
        VideoRef(video_id=key, path=path, fps=Fraction(25), num_frames=1000, width=640, height=360)
        for key, path in names.items()
    ]
    videos.append(VideoRef(video_id="vx", path="broken.mp4", status="quarantined", reason="no frame decodes"))
    deliveries = [
        delivery("va", 1.58),
        delivery("va", 10.14, hand=0.7),
        delivery("va", 20.0),  # false
        delivery("vb", 3.0, view="pitch_endon"),
        delivery("vn", 3.0),
    ]
    shots = [
        shot("va", 0, 29, "pitch_endon"),
        shot("va", 29, 40, "crowd"),
        shot("vb", 0, 40, "pitch_endon"),
        shot("vc", 0, 40, "field"),
        shot("vn", 0, 40, "field"),
    ]
    tables.write_footage(folder / "footage.parquet", videos)
    tables.write_shots(folder / "shots.parquet", shots)
    tables.write_deliveries(folder / "deliveries.parquet", deliveries)
    if labels:
        tables.write_labels(folder / "labels.parquet", [_label(item, names[item.video_id]) for item in deliveries])
    votes = [
        Vote(delivery_id="va-1.58", rule="side.sweep", symbol="OFF", evidence=""),
        Vote(delivery_id="va-10.14", rule="side.sweep", symbol="OFF", evidence=""),
        Vote(delivery_id="va-1.58", rule="foot.stride", symbol="FF", evidence=""),
        Vote(delivery_id="va-20.0", rule="foot.stride", symbol="FF", evidence=""),
    ]
    write_votes(folder / "votes.parquet", votes)
    if rules:
        declared = {
            "side.sweep": {"family": "side", "votes": {"OFF": ["cover_drive", "bf_punch", "cut"]}},
            "foot.stride": {"family": "foot", "votes": {"FF": ["cover_drive", "sweep"]}},
        }
        (folder / "rules.json").write_text(json.dumps(declared))
    return folder


def _label(item: Delivery, video: str) -> LabelledClip:
    probs = np.full(NUM_STROKES, 0.2 / (NUM_STROKES - 1))
    probs[INDEX["cover_drive"]] = 0.8
    return LabelledClip(
        delivery_id=item.delivery_id,
        video_id=item.video_id,
        video=video,
        match_id="",
        span=item.span,
        impact_s=item.impact_s,
        event_p=item.event_p,
        probs=probs,
        label="cover_drive",
        confidence=0.8,
        source="weak",
        is_kept=True,
        votes_fingerprint="",
    )
