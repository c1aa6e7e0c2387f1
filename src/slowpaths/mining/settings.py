"""What a user may change about mining: plain values with the reason for each default."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class MiningSettings:
    """Hold the settings of one mining run.

    Args:
        backend: Decoder, as `video.open.open_video` takes it.
        work_height: Height at which cameras and people are looked at, pixels. YOLOX-Nano sees 416 pixels of width, so
            more than 360 lines of a 16:9 picture are thrown away before it looks.
        work_fps: Frames a second that are looked at inside a play shot; more adds cost and no information, since the
            downswing lasts about .2 s.
        detect_fps: Detections a second inside a play shot; boxes in between are interpolated.
        survey_every_s: Time between the frames on which people are counted to name views, seconds.
        max_candidates: Tracks a shot on which pose is run to find the striker.
        max_play_s: A play shot longer than this is mined in pieces of this length, seconds (memory).
        min_view_p: Shots whose most probable play view is less probable than this are not searched for strokes.
        min_event_p: Deliveries less probable than this are dropped.
        min_gap_s: Shortest time between two deliveries of one shot, seconds. An over takes four minutes, but bowling
            machines feed a ball every few seconds.
        before_s: Clip before the impact, seconds (method: 32 frames at 25 fps, impact at frame 20).
        after_s: Clip after the impact, seconds.
        margin_s: Margin stored on both sides for temporal jitter, seconds.
        clip_fps: Frame rate of stored clips.
        clip_px: Side of stored clips, pixels.
        crop_scale: Side of the square crop over the longer side of the striker's box.
        clip_crf: Constant rate factor of stored clips.
        sound: Whether the sound is listened to.
        phases: Whether the phases of a stroke and how long they last count for the impact, or only what points at one
            instant.
        stabilise: Whether the movement of the camera is taken out of boxes and joints (flow is compared with what lies
            beside a person in any case).
        mine_replays: Whether replays are searched for strokes too (they are marked and left out of rates).
        write_clips: Whether clips are written at all.

    Raises:
        ValueError: If a value is of another kind than its default.
    """

    backend: str = "auto"
    work_height: int = 360
    work_fps: float = 30.0
    detect_fps: float = 10.0
    survey_every_s: float = 0.5
    max_candidates: int = 3
    max_play_s: float = 60.0
    min_view_p: float = 0.35
    min_event_p: float = 0.5
    min_gap_s: float = 3.0
    before_s: float = 0.80
    after_s: float = 0.48
    margin_s: float = 0.40
    clip_fps: int = 25
    clip_px: int = 256
    crop_scale: float = 1.6
    clip_crf: int = 20
    sound: bool = True
    phases: bool = True
    stabilise: bool = True
    mine_replays: bool = True
    write_clips: bool = True

    def __post_init__(self) -> None:
        for field in fields(self):
            value, kind = getattr(self, field.name), type(field.default)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (is_number if kind in (int, float) else isinstance(value, kind)):
                wanted = "true or false" if kind is bool else "a word" if kind is str else "a number"
                raise ValueError(f"{field.name} is {wanted}, not {value!r}")

    def clip_spec(self) -> dict[str, int]:
        """Return what a stored clip looks like: frame rate, frames, side in pixels, frame of the impact."""
        before_s, after_s = self.before_s + self.margin_s, self.after_s + self.margin_s
        return {
            "fps": self.clip_fps,
            "num_frames": round((before_s + after_s) * self.clip_fps),
            "size": self.clip_px,
            "impact_frame": round(before_s * self.clip_fps),
        }
