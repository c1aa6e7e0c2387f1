"""COCO keypoints: the striker's joints in every frame of a stroke.

Source: https://cocodataset.org/#format-data. Visibility is 2 where a joint was seen and 0 where not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from slowpaths.core.records import LabelledClip
from slowpaths.core.skeleton import INDEX, JOINTS, LIMBS
from slowpaths.data.interchange.dataset import Exported
from slowpaths.store.tables import write_json

LOSES = "time but as frame numbers in the names of pictures, which are not written, and probabilities"


def write(exported: Exported, out: Path) -> list[Path]:
    """Write `person_keypoints.json`; a picture is called `<video id>/<frame>.jpg`."""
    images: dict[tuple[str, int], dict[str, object]] = {}
    annotations: list[dict[str, object]] = []
    for clip in exported.clips:
        if clip.delivery_id in exported.tracks:
            for frame, found in _people(clip, exported):
                video = exported.videos[clip.video_id]
                name = {"file_name": f"{clip.video_id}/{frame:06d}.jpg", "width": video.width, "height": video.height}
                image = images.setdefault((clip.video_id, frame), {"id": len(images) + 1, **name})
                annotations.append({"id": len(annotations) + 1, "image_id": image["id"], **found})
    person: dict[str, object] = {"id": 1, "name": "person", "supercategory": "person", "keypoints": list(JOINTS)}
    person["skeleton"] = [[INDEX[one] + 1, INDEX[other] + 1] for one, other in LIMBS]
    path = out / "person_keypoints.json"
    licence = {"description": f"slowpaths label set {exported.label_set}, pose model output"}
    write_json(
        path, {"info": licence, "images": list(images.values()), "annotations": annotations, "categories": [person]}
    )
    return [path]


def _people(clip: LabelledClip, exported: Exported) -> list[tuple[int, dict[str, object]]]:
    """Return the frames of a stroke and the person in each."""
    track, (first, last) = exported.tracks[clip.delivery_id], exported.frames(clip)
    found = []
    for row in np.flatnonzero((track.frames_T >= first) & (track.frames_T <= last)):
        joints_JC, (x1, y1, x2, y2) = track.keypoints_TJC[row], track.boxes_T4[row].tolist()
        is_seen_J = np.isfinite(joints_JC).all(axis=1) & (joints_JC[:, 2] > 0)
        if not is_seen_J.any() or not np.isfinite([x1, y1, x2, y2]).all():
            continue
        places_J3 = np.where(is_seen_J[:, None], np.column_stack([joints_JC[:, :2], np.full(len(joints_JC), 2)]), 0)
        person = {
            "category_id": 1,
            "keypoints": places_J3.round(2).ravel().tolist(),
            "num_keypoints": int(is_seen_J.sum()),
            "bbox": [round(value, 2) for value in (x1, y1, x2 - x1, y2 - y1)],
            "area": round((x2 - x1) * (y2 - y1), 2),
            "iscrowd": 0,
            "stroke": clip.label,
            "delivery_id": clip.delivery_id,
        }
        found.append((int(track.frames_T[row]), person))
    return found
