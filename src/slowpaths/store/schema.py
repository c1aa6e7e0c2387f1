"""One Arrow schema per record, with a version in the metadata.

Open columns: `deliveries` carries one `feature_<name>` column a feature and `labels` / `predictions` one
`prob_<stroke>` column a stroke.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.strokes import STROKES

VERSION_KEY = b"slowpaths.version"
TABLE_KEY = b"slowpaths.table"
FEATURE_PREFIX = "feature_"
PROB_PREFIX = "prob_"


@dataclass(frozen=True, slots=True)
class TableSpec:
    """Describe a table.

    Args:
        name: Name, also the file's stem.
        version: Raised whenever a column changes its name, type or meaning.
        schema: Columns in order, with the version in the metadata.
    """

    name: str
    version: int
    schema: pa.Schema


def _spec(name: str, version: int, columns: list[tuple[str, pa.DataType]]) -> TableSpec:
    metadata = {TABLE_KEY: name.encode(), VERSION_KEY: str(version).encode()}
    return TableSpec(name, version, pa.schema([pa.field(key, kind) for key, kind in columns], metadata=metadata))


_S, _F, _I, _B = pa.string(), pa.float64(), pa.int64(), pa.bool_()
_SPAN = [("start_s", _F), ("end_s", _F)]
_CLIP = [
    ("delivery_id", _S),
    ("video_id", _S),
    *_SPAN,
    ("label", _S),
    ("confidence", _F),
    *[(PROB_PREFIX + stroke, _F) for stroke in STROKES],
    ("source", _S),
    ("video", _S),
    ("match_id", _S),
    ("impact_s", _F),
    ("event_p", _F),
    ("is_kept", _B),
    ("votes_fingerprint", _S),
]

FOOTAGE = _spec(
    "footage",
    1,
    [
        ("video_id", _S),
        ("path", _S),
        ("status", _S),
        ("reason", _S),
        ("fps", _F),
        ("num_frames", _I),
        ("fps_fraction", _S),
        ("width", _I),
        ("height", _I),
        ("duration_s", _F),
        ("is_variable_rate", _B),
        ("has_audio", _B),
        ("match_id", _S),
        ("digest", _S),
        ("codec", _S),
        ("rotation_deg", _I),
        ("is_interlaced", _B),
        ("bit_depth", _I),
    ],
)
SHOTS = _spec(
    "shots",
    1,
    [
        ("video_id", _S),
        ("shot_id", _S),
        *_SPAN,
        ("view", _S),
        ("is_replay", _B),
        ("view_probability", _F),
        ("replay_of", _S),
        ("transition", _S),
        ("first_frame", _I),
        ("last_frame", _I),
    ],
)
DELIVERIES = _spec(
    "deliveries",
    1,
    [
        ("delivery_id", _S),
        ("video_id", _S),
        ("shot_id", _S),
        *_SPAN,
        ("impact_s", _F),
        ("impact_uncertainty_s", _F),
        ("view", _S),
        ("handedness_p", _F),
        ("box_x1", _F),
        ("box_y1", _F),
        ("box_x2", _F),
        ("box_y2", _F),
        ("event_p", _F),
        *[(FEATURE_PREFIX + name, _F) for name in FEATURE_NAMES],
    ],
)
POSES = _spec(
    "poses",
    1,
    [
        ("video_id", _S),
        ("shot_id", _S),
        ("track_id", _I),
        ("frame", _I),
        ("pts_s", _F),
        ("keypoints", pa.list_(pa.float32(), 51)),
        ("box", pa.list_(pa.float32(), 4)),
        ("camera", pa.list_(pa.float32(), 3)),
    ],
)
VOTES = _spec("votes", 1, [("delivery_id", _S), ("rule", _S), ("symbol", _S), ("evidence", _S)])
LABELS = _spec("labels", 1, _CLIP)
PREDICTIONS = _spec("predictions", 1, [*_CLIP, ("model_id", _S), ("view_index", _I), ("split", _S)])

TABLES: dict[str, TableSpec] = {
    spec.name: spec for spec in (FOOTAGE, SHOTS, DELIVERIES, POSES, VOTES, LABELS, PREDICTIONS)
}

# What a column holds that is no field of its record in `core.records` (those are described there).
MEANINGS: dict[str, str] = {
    "start_s": "Start, seconds of presentation time.",
    "end_s": "End, exclusive, seconds of presentation time.",
    "fps": "Average frame rate, frames a second.",
    "fps_fraction": "The same as an exact fraction, such as 30000/1001.",
    "box_x1": "Left edge of the striker's box at impact, pixels of the full-size picture as shown.",
    "box_y1": "Top edge.",
    "box_x2": "Right edge.",
    "box_y2": "Bottom edge.",
    "frame": "Frame index in presentation order.",
    "pts_s": "Presentation time, seconds.",
    "keypoints": "17 COCO joints as x, y in pixels and confidence 0..1; x, y NaN where unseen.",
    "box": "Box x1, y1, x2, y2 of the person, pixels.",
    "camera": "Camera position since the first frame: pan right and tilt down in pixels, log zoom in.",
}
