"""Draw the people a pose backend finds in a video into an mp4, to look at them.

Without --every, every frame is detected on; tracks are linked over the whole video, so give a single shot.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from slowpaths.core.errors import SlowpathsError
from slowpaths.core.records import PoseTrack
from slowpaths.pose.estimate import BACKENDS, FramesAt, People, PoseEstimator, build_pose
from slowpaths.pose.tracks import fill_gaps, link_people, smooth
from slowpaths.video.open import open_video
from slowpaths.video.protocol import Decoder
from slowpaths.video.write import draw_people, write_clip


def look(path: Path, decoder: Decoder, pose: PoseEstimator, *, stop: int, step: int) -> list[PoseTrack]:
    """Find the people of every `step`-th frame, with their joints, and link them."""
    people: list[People] = []
    for index, frame_HWC in decoder.iterate(stop=stop, step=step):
        at = FramesAt(path=path, indices_T=np.array([index]))
        (found,) = pose.detect(frame_HWC[None], at=at)
        if not pose.has_keypoints_in_detect:
            (keypoints_NKC,) = pose.keypoints(frame_HWC[None], [found.boxes_N4], at=at)
            found = People(boxes_N4=found.boxes_N4, scores_N=found.scores_N, keypoints_NKC=keypoints_NKC)
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
        keypoints_NKC = np.array([track.keypoints_TKC[row] for track, row in here]).reshape(-1, 17, 3)
        boxes_N4 = np.array([track.boxes_T4[row] for track, row in here]).reshape(-1, 4)
        yield draw_people(frame_HWC, keypoints_NKC, boxes_N4, captions=[str(track.track_id) for track, _ in here])


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


if __name__ == "__main__":
    main()
