"""A pose backend of your own: `pose._target_=my_pose.PosesFromFiles`.

This one reads joints that another tool has estimated, one Parquet file a video with the columns of the `poses` table.
A backend that looks at the picture does the same with `frames`, RGB pictures (T, H, W, 3), uint8.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from slowpaths.pose.protocol import People, no_keypoints


class PosesFromFiles:
    """Read people from `<folder>/<video name>.poses.parquet`.

    Args:
        folder: Folder of the files.
    """

    name = "files"
    reason = "joints come from files"
    has_keypoints_in_detect = True

    def __init__(self, *, folder: str = "poses") -> None:
        self.folder = Path(folder)

    def detect(self, frames, *, at):
        """Return the people of each frame, in pixels of the frames that are given."""
        return [self._people(at.path.stem, int(frame), at.scale) for frame in at.indices_T]

    def keypoints(self, frames, boxes, *, at):
        """Return the joints (N, 17, 3) of the people in the boxes of each frame."""
        found = []
        for people, wanted in zip(self.detect(frames, at=at), boxes, strict=True):
            joints = no_keypoints(len(wanted))
            for number, box in enumerate(wanted):
                if len(people):
                    gaps = np.abs(people.boxes_N4 - box).sum(axis=1)
                    joints[number] = people.keypoints_NJC[gaps.argmin()]
            found.append(joints)
        return found

    def _people(self, video, frame, scale):
        table = _table(self.folder / f"{video}.poses.parquet")
        rows = np.flatnonzero(table["frame"] == frame)
        zoom = np.array([scale, scale, 1.0])
        return People(
            boxes_N4=table["box"][rows].reshape(-1, 4) * scale,
            scores_N=np.ones(len(rows)),
            keypoints_NJC=table["keypoints"][rows].reshape(-1, 17, 3) * zoom,
        )


@lru_cache(maxsize=4)
def _table(path):
    columns = pq.read_table(path, columns=["frame", "box", "keypoints"]).to_pydict()
    return {name: np.array(values, dtype=float) for name, values in columns.items()}
