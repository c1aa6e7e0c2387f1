"""Archives of MediaPipe pose sequences, read as plain records.

Legend: N sequences, T frames, J = 17 joints (COCO), L = 33 landmarks (MediaPipe), C = x, y, confidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from slowpaths.core.errors import TableError
from slowpaths.core.ids import video_id
from slowpaths.core.records import PoseSequence, PoseTrack
from slowpaths.core.skeleton import JOINTS, MEDIAPIPE_INDEX, MEDIAPIPE_JOINTS
from slowpaths.core.text import csv_table
from slowpaths.store.tables import write_text

PICTURE_SIZE = (1280, 720)
"""Archives hold x and y as shares of an unknown picture: broadcast pictures are 16:9."""
FPS = 25.0
"""Archives hold no times either: broadcasts of 50 Hz countries run at 25 frames a second."""
_KEYS = ("pose", "length", "label", "name")


def read_pose_archive(path: Path) -> list[PoseSequence]:
    """Read an archive (`numpy.savez`) of MediaPipe pose sequences at an assumed rate and picture size (width, height).

    The archive holds `pose` (N, T, 33, 3) with x and y as shares of the picture, NaN where padded, `length` (N,),
    `label` (N,), `name` (N,) and optionally `exact_duplicate_of` (N,). Depth is dropped. MediaPipe's visibility is not
    in it: a joint has confidence 1 where it is there and 0 where it is not.

    Raises:
        TableError: If the file is missing, is no such archive, or holds pickled objects.
    """
    path = Path(path)
    arrays = _load(path)
    pose_NTLC, lengths_N = arrays["pose"], arrays["length"]
    names = [str(name) for name in arrays["name"]]
    duplicates = arrays.get("exact_duplicate_of", np.full(len(names), ""))
    if len(set(names)) < len(names):
        raise TableError(f"{path} names a sequence twice: names must differ, they tell the sequences apart")
    rows = [MEDIAPIPE_INDEX[joint] for joint in JOINTS]
    sequences = []
    for index, name in enumerate(names):
        shares_TJ2 = pose_NTLC[index][: int(lengths_N[index])][:, rows, :2].astype(np.float64)
        digest = hashlib.sha256(name.encode() + np.ascontiguousarray(shares_TJ2).tobytes()).hexdigest()
        track = _track(shares_TJ2 * np.array(PICTURE_SIZE), video=video_id(Path(name), digest))
        said = {"name": name, "label": str(arrays["label"][index]), "duplicate_of": str(duplicates[index])}
        sequences.append(PoseSequence(**said, track=track, picture_size=PICTURE_SIZE, digest=digest))
    return sequences


def _load(path: Path) -> dict[str, np.ndarray]:
    cure = f"give a file of numpy.savez with the arrays {', '.join(_KEYS)}"
    if not path.is_file():
        raise TableError(f"{path} does not exist: {cure}")
    try:
        with path.open("rb") as stream:
            archive = np.load(stream, allow_pickle=False)
            keys = [key for key in (*_KEYS, "exact_duplicate_of") if not isinstance(archive, np.ndarray)]
            arrays = {key: archive[key] for key in keys if key in archive}
    except Exception as error:  # numpy reports a broken or pickled archive by half a dozen types
        raise TableError(f"{path} is not a readable archive of plain arrays: {cure}") from error
    if isinstance(archive, np.ndarray):
        raise TableError(f"{path} holds one array, not an archive of poses: {cure}")
    if missing := [key for key in _KEYS if key not in arrays]:
        raise TableError(f"{path} lacks the array '{missing[0]}': {cure}")
    _check(path, arrays)
    return arrays


def _check(path: Path, arrays: dict[str, np.ndarray]) -> None:
    pose = arrays["pose"]
    if pose.ndim != 4 or pose.shape[2:] != (MEDIAPIPE_JOINTS, 3) or pose.dtype.kind != "f":
        raise TableError(
            f"{path}: 'pose' has the shape {pose.shape} and type {pose.dtype}; it must be (sequences, frames, "
            f"{MEDIAPIPE_JOINTS}, 3) of floating point numbers, the joints of MediaPipe Pose"
        )
    for key, array in arrays.items():
        if array.shape[0:1] != pose.shape[:1] or (key != "pose" and array.ndim != 1):
            raise TableError(f"{path}: '{key}' has the shape {array.shape}; it must be ({pose.shape[0]},)")
    lengths = arrays["length"]
    if lengths.dtype.kind not in "iu" or (lengths < 1).any() or (lengths > pose.shape[1]).any():
        raise TableError(f"{path}: 'length' must hold whole numbers from 1 to {pose.shape[1]}, the frames of 'pose'")


def _track(xy_TJ2: np.ndarray, *, video: str) -> PoseTrack:
    num_frames = len(xy_TJ2)
    is_seen_TJ = np.asarray(np.isfinite(xy_TJ2).all(axis=2))
    keypoints_TJC = np.concatenate([np.where(is_seen_TJ[..., None], xy_TJ2, np.nan), is_seen_TJ[..., None]], axis=2)
    boxes_T4 = np.full((num_frames, 4), np.nan)
    for row in np.flatnonzero(is_seen_TJ.any(axis=1)):
        seen = xy_TJ2[row][is_seen_TJ[row]]
        boxes_T4[row] = [*seen.min(axis=0), *seen.max(axis=0)]
    frames_T, camera_T3 = np.arange(num_frames), np.zeros((num_frames, 3))
    poses = {"keypoints_TJC": keypoints_TJC, "boxes_T4": boxes_T4, "camera_T3": camera_T3}
    return PoseTrack(video_id=video, shot_id="", track_id=0, frames_T=frames_T, pts_s=frames_T / FPS, **poses)


def write_archive_truth(path: Path, sequences: Iterable[PoseSequence]) -> None:
    """Write the truth table of an archive as CSV: what is played, somewhere in the "video" of that name.

    Columns are video, start_s, end_s, impact_s (empty: not known), label and match_id, which copies share. Sequences
    without a label are left out.

    Raises:
        TableError: If no sequence has a label.
        SlowpathsError: If the disk cannot be written.
    """
    unknown = {"start_s": "", "end_s": "", "impact_s": ""}
    rows = [
        {"video": item.name, **unknown, "label": item.label, "match_id": item.duplicate_of or item.name}
        for item in sequences
        if item.label
    ]
    if not rows:
        raise TableError(f"no sequence has a label, so there is no truth to write to {path}: name a labelled archive")
    write_text(path, csv_table(rows))
