"""What every format is written from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slowpaths.core.records import LabelledClip, PoseTrack, VideoRef


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exported:
    """Hold the labels of a mined folder and what they are about."""

    folder: Path  # the mined folder; paths of clips are relative to it
    label_set: str  # fingerprint of the labels
    clips: Sequence[LabelledClip]  # labels, in order of video and time
    videos: Mapping[str, VideoRef]  # id -> video
    files: Mapping[str, Path]  # delivery -> its clip, where there is one
    tracks: Mapping[str, PoseTrack]  # delivery -> its striker, where poses are kept; each frame once
    frame: Callable[[str, float], int]  # video and seconds -> frame
    parts: Mapping[str, str]  # delivery -> "train", "val" or "test"; no match in two of them
    replays: frozenset[str]  # deliveries that show again what was shown before

    def of(self, video_id: str) -> list[LabelledClip]:
        """Return the labels of one video."""
        return [clip for clip in self.clips if clip.video_id == video_id]

    def frames(self, clip: LabelledClip) -> tuple[int, int]:
        """Return the first and the last frame of a stroke, inclusive."""
        first = self.frame(clip.video_id, clip.span.start_s)
        return first, max(first, self.frame(clip.video_id, clip.span.end_s) - 1)
