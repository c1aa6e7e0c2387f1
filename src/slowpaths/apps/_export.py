"""A mined folder as a file of other people's tools. No Hydra."""

from __future__ import annotations

from pathlib import Path

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import plain_name
from slowpaths.core.pose_tracks import striker_of
from slowpaths.core.records import LabelledClip
from slowpaths.data.interchange.dataset import Exported
from slowpaths.data.interchange.targets import TARGETS
from slowpaths.data.splits import split_clips
from slowpaths.review.deck import find_clips
from slowpaths.review.events import frame_times, replays_among
from slowpaths.store.mined_folder import MinedFolder


def export(mined: Path, target: str, out: Path) -> tuple[list[Path], list[str]]:
    """Write the newest labels of a mined folder in a format of `data.interchange.targets`.

    Returns:
        The files, and what a reader should know of them.

    Raises:
        UsageError: If the format needs clips or poses that the folder lacks.
        TableError: If a table is missing, or names a delivery or video as if it were a path.
    """
    chosen, exported = TARGETS[target], gather(mined)
    for what, there in (("clips", exported.files), ("poses", exported.tracks)):
        if chosen.needs == what and not there:
            raise UsageError(f"to={target} is made of {what}, and {mined} holds none: choose another to=")
    files = chosen.write(exported, out)
    notes = [f"{target} does not hold {chosen.loses}"]
    if len(set(exported.parts.values())) == 1:
        notes.append("there are fewer matches than parts: all of it is train")
    return files, notes


def gather(mined: Path) -> Exported:
    """Return the labels of a mined folder and what they are about."""
    folder = MinedFolder(mined)
    videos = {video.video_id: video for video in folder.footage() if video.status == "ok"}
    clips = sorted(folder.labels(), key=lambda clip: (clip.video, clip.impact_s))
    for name in (*videos, *(clip.delivery_id for clip in clips)):
        plain_name(name)
    shots, tracks = folder.shots(), folder.poses_by_shot()
    times = frame_times(videos.values(), shots, [track for found in tracks.values() for track in found])
    strikers = {
        one.delivery_id: track
        for one in folder.deliveries()
        if (track := striker_of(one, tracks.get(one.shot_id, ()))) is not None
    }
    return Exported(
        folder=mined,
        label_set=folder.dataset().label_set,
        clips=clips,
        videos=videos,
        files=find_clips(folder, [clip.delivery_id for clip in clips]),
        tracks=strikers,
        frame=lambda video_id, time_s: times[video_id].frame(time_s),
        parts=_parts(clips),
        replays=replays_among(clips, shots),
    )


def _parts(clips: list[LabelledClip]) -> dict[str, str]:
    """Deal whole matches out; with too few of them all is for training."""
    try:
        return dict(split_clips(clips).parts)
    except UsageError:
        return {clip.delivery_id: "train" for clip in clips}
