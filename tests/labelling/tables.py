"""Deliveries and footage tables for the labelling tests, without any footage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from slowpaths.core.features import FEATURE_NAMES
from slowpaths.store.schema import DELIVERIES, FEATURE_PREFIX, FOOTAGE

QUALITY = {"pose_confidence": 0.8, "valid_fraction": 1.0, "striker_p": 0.9, "camera_inliers": 0.9, "is_live": 1.0}


def deliveries_table(num: int, features: Mapping[str, Any] | None = None, **columns: Any) -> pa.Table:
    """Return `num` end-on deliveries of a right-hander, well seen, with nothing measured but what is given."""
    values: dict[str, Any] = {
        "delivery_id": [f"v-d{index:08d}" for index in range(num)],
        "video_id": "v",
        "shot_id": "v-s0000",
        "start_s": 0.2,
        "end_s": 1.48,
        "impact_s": 1.0,
        "impact_uncertainty_s": 0.02,
        "view": "pitch_endon",
        "handedness_p": 0.95,
        "box_x1": 0.0,
        "box_y1": 0.0,
        "box_x2": 50.0,
        "box_y2": 100.0,
        "event_p": 0.9,
    }
    values |= {FEATURE_PREFIX + name: np.nan for name in FEATURE_NAMES}
    values |= {FEATURE_PREFIX + name: value for name, value in (QUALITY | dict(features or {})).items()}
    values |= columns
    arrays = {
        field.name: pa.array(
            np.full(num, values[field.name]) if np.ndim(values[field.name]) == 0 else values[field.name]
        )
        for field in DELIVERIES.schema
    }
    return pa.table(arrays).cast(DELIVERIES.schema.remove_metadata())


def footage_table(videos: Mapping[str, str] | None = None) -> pa.Table:
    """Return a footage table of video id -> match id."""
    videos = videos or {"v": "m"}
    empty = {field.name: pa.nulls(len(videos), field.type) for field in FOOTAGE.schema}
    given = {
        "video_id": pa.array(list(videos)),
        "path": pa.array([f"{name}.mp4" for name in videos]),
        "match_id": pa.array(list(videos.values())),
        "status": pa.array(["ok"] * len(videos)),
        "num_frames": pa.array([500] * len(videos)),
    }
    return pa.table(empty | given).cast(FOOTAGE.schema.remove_metadata())


def random_deliveries(num: int, *, seed: int = 0) -> pa.Table:
    """Return deliveries whose features fill their usual ranges, three views, both hands, four videos."""
    rng = np.random.default_rng(seed)
    bold = rng.random(num) < 0.5  # attacking, off the front foot, so that some distributions have two humps
    features = {name: rng.normal(0.0, 0.5, num) for name in FEATURE_NAMES}
    features |= {
        "stride_front": rng.normal(np.where(bold, 1.2, 0.0), 0.15),
        "stride_back": rng.normal(np.where(bold, 0.0, -0.5), 0.1),
        "peak_hand_speed": rng.normal(np.where(bold, 8.0, 3.5), 0.8),
        "hand_path_deg": rng.uniform(0, 90, num),
        "hand_path_linearity": rng.uniform(0.5, 1, num),
        "flow_horizontal": rng.uniform(0, 1, num),
        "knee_front_deg": rng.uniform(80, 180, num),
        "knee_back_deg": rng.uniform(80, 180, num),
        "lean_back_deg": rng.normal(0, 10, num),
        "post_impact_speed": rng.uniform(0, 1, num),
        "arc_length": rng.uniform(0.3, 4, num),
        "onset_z": rng.gamma(2, 4, num),
        "camera_pan_off": rng.normal(0, 0.08, num),
        "camera_zoom": rng.normal(0, 0.05, num),
        "pose_confidence": rng.uniform(0.2, 1, num),
        "valid_fraction": rng.uniform(0.4, 1, num),
        "striker_p": rng.uniform(0.3, 1, num),
        "camera_inliers": rng.uniform(0.1, 1, num),
        "is_live": (rng.random(num) < 0.8).astype(float),
    }
    for values in features.values():
        values[rng.random(num) < 0.05] = np.nan
    return deliveries_table(
        num,
        features,
        view=rng.choice(["pitch_endon", "pitch_side", "closeup"], size=num, p=[0.6, 0.3, 0.1]),
        handedness_p=rng.choice([0.05, 0.5, 0.97], size=num, p=[0.2, 0.1, 0.7]),
        video_id=rng.choice(["v", "w", "x", "y"], size=num),
        event_p=rng.uniform(0.3, 1, num),
    )
