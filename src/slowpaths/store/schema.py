"""One Arrow schema per record, with a version in the metadata.

Open columns: `deliveries` carries one `feature_<name>` column a feature and `labels` / `predictions` one
`prob_<stroke>` column a stroke.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.skeleton import NUM_JOINTS
from slowpaths.core.strokes import STROKES
from slowpaths.core.views import VIEWS

VERSION_KEY = b"slowpaths.version"
TABLE_KEY = b"slowpaths.table"
FEATURE_PREFIX = "feature_"
PROB_PREFIX = "prob_"
PRIOR_KEY = b"prior"
"""What stands in the metadata of a predictions table under it: the shares of the strokes that its probabilities take
for given, as JSON; a network learns to assume those of its training, or even ones."""


@dataclass(frozen=True, slots=True)
class TableSpec:
    """Describe a table."""

    name: str  # name, also the file's stem
    version: int  # raised whenever a column changes its name, type or meaning
    schema: pa.Schema  # columns in order, with the version in the metadata
    optional: pa.Schema = field(default_factory=lambda: pa.schema([]))  # columns after them that a file may have
    key: str = ""  # column whose values are all different; "" where there is none
    filled: tuple[str, ...] = ()  # more columns without an empty value, beside ids
    finite: tuple[str, ...] = ()  # columns of numbers none of which is empty, NaN or infinite
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # column of a few words -> these

    @property
    def whole(self) -> pa.Schema:
        """Return the schema with all its optional columns."""
        return pa.schema([*self.schema, *self.optional], metadata=self.schema.metadata)


def _spec(
    name: str,
    version: int,
    columns: list[tuple[str, pa.DataType]],
    optional: list[tuple[str, pa.DataType]] | None = None,
    **checked: Any,
) -> TableSpec:
    metadata = {TABLE_KEY: name.encode(), VERSION_KEY: str(version).encode()}
    return TableSpec(name, version, pa.schema(columns, metadata=metadata), pa.schema(optional or []), **checked)


def _columns(*groups: str) -> list[tuple[str, pa.DataType]]:
    """Return columns in order; a group is the type of its columns and their names."""
    kinds = {"text": pa.string(), "real": pa.float64(), "whole": pa.int64(), "yes_no": pa.bool_()}
    return [(name, kinds[group.split()[0]]) for group in groups for name in group.split()[1:]]


_CLIP = _columns(
    "text delivery_id video_id", "real start_s end_s", "text label", "real confidence",
    *(f"real {PROB_PREFIX}{stroke}" for stroke in STROKES),
    "text source video match_id", "real impact_s event_p", "yes_no is_kept", "text votes_fingerprint",
)  # fmt: skip
_FOOTAGE = _columns(
    "text video_id path status reason", "real fps", "whole num_frames", "text fps_fraction", "whole width height",
    "real duration_s", "yes_no is_variable_rate has_audio", "text match_id digest codec", "whole rotation_deg",
    "yes_no is_interlaced", "whole bit_depth",
)  # fmt: skip
_SHOTS = _columns(
    "text video_id shot_id", "real start_s end_s", "text view", "yes_no is_replay", "real view_probability",
    "text replay_of transition", "whole first_frame last_frame",
)  # fmt: skip
_DELIVERIES = _columns(
    "text delivery_id video_id shot_id", "real start_s end_s impact_s impact_uncertainty_s", "text view",
    "real handedness_p box_x1 box_y1 box_x2 box_y2 event_p",
    *(f"real {FEATURE_PREFIX}{name}" for name in FEATURE_NAMES),
)  # fmt: skip
_POSES = [
    *_columns("text video_id shot_id", "whole track_id frame", "real pts_s"),
    *(
        (name, pa.list_(pa.float32(), size))
        for name, size in (("keypoints", 3 * NUM_JOINTS), ("box", 4), ("camera", 3))
    ),
]
_ENDS = ("start_s", "end_s")
_OF_CLIP = ("label", "confidence", "video", "impact_s", "is_kept")
_VIEWS = {"view": tuple(VIEWS)}
FOOTAGE = _spec(
    "footage", 1, _FOOTAGE, key="video_id", filled=("path", "num_frames"), words={"status": ("ok", "quarantined")}
)
UNCLAIMED = _spec("unclaimed", 1, _columns("text video_id cause", "real event_p"), key="video_id")
SHOTS = _spec(
    "shots", 1, _SHOTS, key="shot_id", filled=("is_replay", "first_frame", "last_frame"), finite=_ENDS, words=_VIEWS
)
DELIVERIES = _spec("deliveries", 1, _DELIVERIES, key="delivery_id", finite=(*_ENDS, "impact_s"), words=_VIEWS)
POSES = _spec("poses", 1, _POSES)
VOTES = _spec("votes", 2, _columns("text delivery_id rule symbol evidence", "real weight"))
CORRECTIONS = _spec("corrections", 1, _columns("text delivery_id label kind", "real impact_s", "text note"))
LABELS = _spec("labels", 1, _CLIP, key="delivery_id", filled=_OF_CLIP, finite=_ENDS)
PREDICTIONS = _spec(
    "predictions",
    1,
    [*_CLIP, *_columns("text model_id", "whole view_index", "text split")],
    optional=_columns("yes_no is_replay"),
    filled=_OF_CLIP,
    finite=_ENDS,
)

TABLES: dict[str, TableSpec] = {
    spec.name: spec for spec in (FOOTAGE, UNCLAIMED, SHOTS, DELIVERIES, POSES, VOTES, CORRECTIONS, LABELS, PREDICTIONS)
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
