"""Draw the people a pose backend finds in a video into an mp4, to look at them.

Without --every, every frame is detected on; tracks are linked over the whole video, so give a single shot.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from slowpaths.core.errors import SlowpathsError
from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import INDEX, LIMBS
from slowpaths.pose.estimate import BACKENDS, build_pose
from slowpaths.pose.protocol import FramesAt, People, PoseEstimator
from slowpaths.pose.tracks import fill_gaps, link_people, smooth
from slowpaths.video.open import open_video
from slowpaths.video.protocol import Decoder
from slowpaths.video.write import write_clip


def look(path: Path, decoder: Decoder, pose: PoseEstimator, *, stop: int, step: int) -> list[PoseTrack]:
    """Find the people of every `step`-th frame, with their joints, and link them."""
    people: list[People] = []
    for index, frame_HWC in decoder.iterate(stop=stop, step=step):
        at = FramesAt(path=path, indices_T=np.array([index]))
        (found,) = pose.detect(frame_HWC[None], at=at)
        if not pose.has_keypoints_in_detect:
            (keypoints_NJC,) = pose.keypoints(frame_HWC[None], [found.boxes_N4], at=at)
            found = People(boxes_N4=found.boxes_N4, scores_N=found.scores_N, keypoints_NJC=keypoints_NJC)
        people.append(found)
    frames_T = np.arange(0, stop, step)
    return link_people(
        people,
        frames_T=frames_T,
        pts_s=decoder.pts_s[frames_T],
        camera_T3=np.zeros((len(frames_T), 3)),
        video_id=path.stem,
        shot_id="",
        min_frames=1,
    )


def draw(decoder: Decoder, tracks: list[PoseTrack], *, stop: int, step: int) -> Iterator[np.ndarray]:
    """Yield the frames with the tracks drawn in, labelled with their numbers."""
    for index, frame_HWC in decoder.iterate(stop=stop, step=step):
        here = [(track, row) for track in tracks for row in np.flatnonzero(track.frames_T == index)]
        keypoints_NJC = np.array([track.keypoints_TJC[row] for track, row in here]).reshape(-1, 17, 3)
        boxes_N4 = np.array([track.boxes_T4[row] for track, row in here]).reshape(-1, 4)
        yield draw_people(frame_HWC, keypoints_NJC, boxes_N4, captions=[str(track.track_id) for track, _ in here])


CONFIDENT = 0.3  # joints below are not drawn (the visibility threshold of COCO tools' keypoint drawings)
COLOURS = ((255, 176, 0), (100, 143, 255), (220, 38, 127), (120, 94, 240), (254, 97, 0), (0, 158, 115))


def main() -> None:
    """Read the command line and write the film."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("out", type=Path, help="mp4 to write")
    parser.add_argument("--pose", default="auto", choices=BACKENDS)
    parser.add_argument("--weights-dir", type=Path)
    parser.add_argument("--frames", type=int, default=250, help="frames to look at")
    parser.add_argument("--every", type=int, default=1, help="take every n-th frame")
    parser.add_argument("--smooth", action="store_true", help="fill gaps and smooth the joints first")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        pose = build_pose(arguments.pose, weights_dir=arguments.weights_dir)
        with open_video(arguments.video) as decoder:
            stop = min(arguments.frames, len(decoder))
            tracks = look(arguments.video, decoder, pose, stop=stop, step=arguments.every)
            if arguments.smooth:
                tracks = [smooth(fill_gaps(track)) for track in tracks]
            frames = draw(decoder, tracks, stop=stop, step=arguments.every)
            length_s = decoder.pts_s[stop - 1] - decoder.pts_s[0]
            fps = Fraction((stop - 1) / length_s / arguments.every if length_s > 0 else 25).limit_denominator(1001)
            write_clip(arguments.out, frames, fps=fps)
    except SlowpathsError as error:
        parser.exit(error.exit_code, f"{error}\n")
    print(f"{arguments.out}: {stop} frames, {len(tracks)} tracks, pose={pose.name} ({pose.reason})")


def draw_people(
    frame_HWC: np.ndarray,
    keypoints_NJC: np.ndarray,
    boxes_N4: np.ndarray | None = None,
    *,
    captions: Sequence[str] = (),
    min_confidence: float = CONFIDENT,
) -> np.ndarray:
    """Return a copy of the frame with limbs, joints and boxes drawn, one colour a person.

    Args:
        frame_HWC: Picture (H, W, 3), uint8.
        keypoints_NJC: COCO-17 keypoints (N, 17, 3) in pixels with confidence; NaN is left out.
        boxes_N4: Boxes x1, y1, x2, y2 (N, 4), pixels; None or NaN for none.
        captions: Text above each box.
        min_confidence: Joints below are not drawn.
    """
    canvas = np.ascontiguousarray(frame_HWC).copy()
    thickness = max(1, round(canvas.shape[0] / 240))
    for person, keypoints_JC in enumerate(np.asarray(keypoints_NJC, dtype=np.float64)):
        colour = COLOURS[person % len(COLOURS)]
        is_seen = np.isfinite(keypoints_JC).all(axis=1) & (keypoints_JC[:, 2] >= min_confidence)
        points = np.nan_to_num(keypoints_JC[:, :2]).round().astype(int).tolist()
        for a, b in ((INDEX[start], INDEX[end]) for start, end in LIMBS):
            if is_seen[a] and is_seen[b]:
                cv2.line(canvas, points[a], points[b], colour, thickness, cv2.LINE_AA)
        for joint in np.flatnonzero(is_seen):
            cv2.circle(canvas, points[joint], thickness + 1, colour, -1, cv2.LINE_AA)
        if boxes_N4 is not None and np.isfinite(boxes_N4[person]).all():
            x1, y1, x2, y2 = np.round(boxes_N4[person]).astype(int).tolist()
            cv2.rectangle(canvas, (x1, y1), (x2, y2), colour, thickness)
            if person < len(captions):
                cv2.putText(canvas, captions[person], (x1, max(y1 - 4, 10)), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1)
    return canvas


if __name__ == "__main__":
    main()
