"""FiftyOne: a temporal detection data set, one video a sample.

Load it with `fo.Dataset.from_dir(dataset_dir=out, dataset_type=fo.types.FiftyOneTemporalDetectionDataset)`. Source:
https://docs.voxel51.com/user_guide/import_datasets.html. Frames of a support count from 1.
"""

from __future__ import annotations

from pathlib import Path

from slowpaths.core.strokes import STROKES
from slowpaths.data.interchange.dataset import Exported
from slowpaths.store.tables import write_json

LOSES = "who bats, where they are, and their joints"


def write(exported: Exported, out: Path) -> list[Path]:
    """Write `labels.json`, and `data.json`, which says where each video lies below the footage folder."""
    labels = {}
    for video_id in exported.videos:
        rows = [
            {
                "label": clip.label,
                "support": [frame + 1 for frame in exported.frames(clip)],
                "confidence": clip.confidence,
                "attributes": {
                    "delivery_id": clip.delivery_id,
                    "impact_frame": exported.shown(video_id, clip.impact_s) + 1,
                    "event_p": clip.event_p,
                    "source": clip.source,
                    "is_replay": clip.delivery_id in exported.replays,
                    **{f"prob_{stroke}": float(p) for stroke, p in zip(STROKES, clip.probs, strict=True)},
                },
            }
            for clip in exported.of(video_id)
        ]
        if rows:
            labels[video_id] = rows
    files = [out / "labels.json", out / "data.json"]
    write_json(files[0], {"classes": list(STROKES), "labels": labels})
    write_json(files[1], {video_id: exported.videos[video_id].path for video_id in labels})
    return files
