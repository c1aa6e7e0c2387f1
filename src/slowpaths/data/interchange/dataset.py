"""What every format is written from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slowpaths.core.errors import TableError
from slowpaths.core.records import LabelledClip, PoseTrack, VideoRef


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exported:
    """Hold the labels of a mined folder and what they are about.

    Raises:
        TableError: If the video of a label is not there.
    """

    folder: Path  # the mined folder; paths of clips are relative to it
    label_set: str  # fingerprint of the labels
    clips: Sequence[LabelledClip]  # labels, in order of video and time
    videos: Mapping[str, VideoRef]  # id -> video
    files: Mapping[str, Path]  # delivery -> its clip, where there is one
    tracks: Mapping[str, PoseTrack]  # delivery -> its striker, where poses are kept; each frame once
    frame: Callable[[str, float], int]  # video and seconds -> frame that begins there; as many as it has at its end
    parts: Mapping[str, str]  # delivery -> "train", "val" or "test"; no match in two of them
    replays: frozenset[str]  # deliveries that show again what was shown before

    def __post_init__(self) -> None:
        if strangers := sorted({clip.video_id for clip in self.clips} - set(self.videos)):
            lacks = f"the footage table of {self.folder} lacks the video '{strangers[0]}' of a label"
            raise TableError(f"{lacks}: mine the footage again")

    def of(self, video_id: str) -> list[LabelledClip]:
        """Return the labels of one video."""
        return [clip for clip in self.clips if clip.video_id == video_id]

    def shown(self, video_id: str, time_s: float) -> int:
        """Return the frame of a video that is shown at an instant."""
        return min(self.frame(video_id, time_s), max(0, self.videos[video_id].num_frames - 1))

    def frames(self, clip: LabelledClip) -> tuple[int, int]:
        """Return the first and the last frame of a stroke, inclusive."""
        first = self.shown(clip.video_id, clip.span.start_s)
        return first, max(first, self.frame(clip.video_id, clip.span.end_s) - 1)
