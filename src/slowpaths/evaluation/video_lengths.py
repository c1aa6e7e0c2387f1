"""How long the judged videos are: what watching everything costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from slowpaths.evaluation.matching import match_videos
from slowpaths.evaluation.mining_check import MinedSet
from slowpaths.evaluation.pairing import Pairing
from slowpaths.evaluation.shot_check import video_names
from slowpaths.evaluation.table_columns import read_columns
from slowpaths.evaluation.truth_table import Truth


def footage_s(pairing: Pairing, truth: Truth, mined: MinedSet | None, shots_truth: Path | None) -> float | None:
    """Return how long the judged videos are together; None where one is not known."""
    lengths = {item.video: item.video_duration_s for item in truth.deliveries if np.isfinite(item.video_duration_s)}
    others = {video.path: video.duration_s for video in mined.videos if video.duration_s > 0} if mined else {}
    for found in (others, video_lengths(shots_truth) if shots_truth else {}):
        partners = match_videos(found, pairing.videos)
        lengths = {partners[name]: length for name, length in found.items() if name in partners} | lengths
    known = [lengths[video] for video in pairing.videos if video in lengths]
    return float(sum(known)) if known and len(known) == len(pairing.videos) else None


def video_lengths(path: Path) -> dict[str, float]:
    """Return how long videos are by the last of their true shots, seconds; empty where they are given in frames."""
    columns = read_columns(path)
    name, videos = video_names(columns)
    lengths: dict[str, float] = {}
    for video, end_s in zip(videos, columns.numbers("end_s", unit="seconds"), strict=True):
        key = video.rsplit("-", 1)[0] if name == "video_id" else video  # an id is the stem and a digest
        lengths[key] = max(lengths.get(key, 0.0), float(end_s))
    return lengths if "end_s" in columns else {}
