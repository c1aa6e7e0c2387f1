"""What a user may change about mining: plain values with the reason for each default, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slowpaths.core.errors import UsageError
from slowpaths.store.mined_folder import ClipSpec

EngineName = Literal["local", "ray"]
"""Who mines: this machine, or the machines of a Ray cluster."""
_SHARE = (0.0, 1.0)
# Least and greatest value of each number. Beyond them nothing is found, memory runs out or x264 refuses.
_RANGES: dict[str, tuple[float, float]] = {
    "work_height": (64, 4320),
    "work_fps": (1, 1000),
    "detect_fps": (0.5, 1000),
    "survey_every_s": (0.02, 60),
    "survey_looks": (1, 10_000),
    "max_candidates": (1, 100),
    "max_play_s": (2, 3600),
    "min_view_p": _SHARE,
    "min_event_p": _SHARE,
    "min_gap_s": (0.1, 600),
    "before_s": (0.04, 10),
    "after_s": (0.04, 10),
    "margin_s": (0, 10),
    "clip_fps": (1, 240),
    "clip_px": (16, 2160),
    "crop_scale": (0.1, 20),
    "clip_crf": (0, 51),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MiningSettings:
    """Hold the settings of one mining run.

    Args:
        backend: Decoder, as `video.open.open_video` takes it.
        work_height: Height at which cameras and people are looked at, pixels. YOLOX-Nano sees 416 pixels of width, so
            more than 360 lines of a 16:9 picture are thrown away before it looks.
        work_fps: Frames a second that are looked at inside a play shot; more adds cost and no information, since the
            downswing lasts about .2 s.
        detect_fps: Times a second that people, and joints and movement of those who may be the striker, are looked for
            inside a play shot. Boxes in between are interpolated.
        survey_every_s: Least time between the frames on which people are counted to name views, seconds.
        survey_looks: Most frames of a shot on which they are counted, from its middle.
        max_candidates: Tracks a shot on which pose is run to find the striker, by their places: of 109 strikers of real
            clips 90 had the best place, 15 the second, 4 the third, none a later one.
        max_play_s: A play shot longer than this is mined in pieces of this length, seconds (memory); more than twice
            `min_gap_s`, by which pieces overlap. The reduced pictures of a video that has no more of them than such a
            piece are kept, so that none is decoded twice.
        min_view_p: Shots that are less probably a view of play than this are not searched for strokes. In those that
            are searched the view counts for how probable a stroke is: of real clips, a gate at .35 loses strokes that
            are as sure as others, and one at .05 finds none more.
        min_event_p: Deliveries less probable than this are dropped: of real clips that were each mined by what was set
            on the other half, nine claims in ten are true from .2 on. Below .5 none is learnt from
            (`selection.min_event_p`).
        min_gap_s: Shortest time between two deliveries of one shot, seconds. An over takes four minutes, but bowling
            machines feed a ball every few seconds.
        before_s: Clip before the impact, seconds (method: 32 frames at 25 fps, impact at frame 20).
        after_s: Clip after the impact, seconds.
        margin_s: Margin stored on both sides for temporal jitter, seconds.
        clip_fps: Frame rate of stored clips.
        clip_px: Side of stored clips, pixels.
        crop_scale: Side of the square crop over the longer side of the striker's box.
        clip_crf: Constant rate factor of stored clips.
        view_weights: File of a view classifier of your own (`scripts/calibration/views.py`); the shipped one where
            empty.
        moment_weights: File of a moment network of your own (`scripts/calibration/moments.py`); the shipped one where
            empty.
        timing_weights: File of a timing network of your own (`scripts/calibration/timing.py`); the shipped one where
            empty.
        bat_weights: File of a bat network of your own (`scripts/calibration/bats.py`); the shipped one where empty.
        sound: Whether the sound is listened to.
        phases: Whether the phases of a stroke and how long they last count for the impact, or only what points at one
            instant.
        stabilise: Whether the movement of the camera is taken out of boxes and joints (flow is compared with what lies
            beside a person in any case).
        other_games: Whether strokes are left out whose pictures more likely show another game, or an animal, than not.
        bat: Whether the picture around the hands is asked where the bat points.
        mine_replays: Whether replays are searched for strokes too (they are marked and left out of rates).
        write_clips: Whether clips are written at all.

    Raises:
        UsageError: If a value is out of range.
    """

    backend: str = "auto"
    work_height: int = 360
    work_fps: float = 30.0
    detect_fps: float = 10.0
    survey_every_s: float = 0.5
    survey_looks: int = 3
    max_candidates: int = 3
    max_play_s: float = 60.0
    min_view_p: float = 0.2
    min_event_p: float = 0.2
    min_gap_s: float = 3.0
    before_s: float = 0.80
    after_s: float = 0.48
    margin_s: float = 0.40
    clip_fps: int = 25
    clip_px: int = 256
    crop_scale: float = 1.6
    clip_crf: int = 20
    view_weights: str = ""
    moment_weights: str = ""
    timing_weights: str = ""
    bat_weights: str = ""
    sound: bool = True
    phases: bool = True
    stabilise: bool = True
    other_games: bool = True
    bat: bool = True
    mine_replays: bool = True
    write_clips: bool = True

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:  # not-a-number is in no range
                value = getattr(self, name)
                raise UsageError(f"mining.{name}={value} is out of range: give a number from {low:g} to {high:g}")
        if self.clip_px % 2:
            raise UsageError(f"mining.clip_px={self.clip_px} is odd, and H.264 has even sides: give {self.clip_px + 1}")
        if self.write_clips and self.clip_spec.num_frames < 2:
            raise UsageError(
                f"mining.clip_fps={self.clip_fps} puts {self.clip_spec.num_frames} frames into a clip, which shows no "
                "movement: raise it, or mining.before_s and mining.after_s"
            )
        if self.max_play_s <= 2 * self.min_gap_s:
            raise UsageError(
                f"mining.max_play_s={self.max_play_s} leaves no room between two overlaps: give more than twice "
                f"mining.min_gap_s={self.min_gap_s}"
            )

    @property
    def clip_spec(self) -> ClipSpec:
        """Return what a stored clip looks like."""
        before_s, after_s = self.before_s + self.margin_s, self.after_s + self.margin_s
        return ClipSpec(
            fps=self.clip_fps,
            num_frames=round((before_s + after_s) * self.clip_fps),
            size=self.clip_px,
            impact_frame=round(before_s * self.clip_fps),
        )
