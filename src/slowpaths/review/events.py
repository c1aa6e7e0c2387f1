"""Tagged strokes as files other tools read: spot-style JSON, CSV and an edit decision list."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent
from typing import Any

import numpy as np

from slowpaths.core.records import LabelledClip, PoseTrack, Shot, VideoRef
from slowpaths.core.strokes import STROKES
from slowpaths.core.text import csv_table, one_line
from slowpaths.store.tables import atomic_write

CSV_COLUMNS = ("video", "start_s", "end_s", "impact_s", "label", "confidence", "event_p", "is_replay")
_EDL_HEAD = "TITLE: slowpaths strokes\nFCM: NON-DROP FRAME\n\n"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameTimes:
    """Say which frame of a video is shown when: exact at the anchors, even between them."""

    times_s: np.ndarray  # presentation times of the anchors, seconds, ascending
    frames: np.ndarray  # their frame numbers
    fps: float  # average rate, for what lies outside
    num_frames: int  # frames of the video

    def shown(self, time_s: float) -> int:
        """Return the frame that is shown at an instant: the nearest one, the earlier of two."""
        return min(self.frame(time_s), max(0, self.num_frames - 1))

    def frame(self, time_s: float) -> int:
        """Return the frame that begins nearest to the end of a span, exclusive: `num_frames` at the video's end."""
        inside_s = float(np.clip(time_s, self.times_s[0], self.times_s[-1]))
        place = float(np.interp(inside_s, self.times_s, self.frames)) + (time_s - inside_s) * self.fps
        return int(np.clip(np.ceil(place - 0.5 - 1e-6), 0, self.num_frames))


def frame_times(
    videos: Iterable[VideoRef], shots: Iterable[Shot] = (), tracks: Iterable[PoseTrack] = ()
) -> dict[str, FrameTimes]:
    """Return the frames of each video by time, from the presentation times that its shots and tracks carry."""
    anchors: dict[str, dict[float, int]] = {video.video_id: {} for video in videos}
    for shot in shots:
        ends = {shot.span.start_s: shot.first_frame, shot.span.end_s: shot.last_frame + 1}
        anchors.get(shot.video_id, {}).update(ends)
    for track in tracks:
        anchors.get(track.video_id, {}).update(zip(track.pts_s.tolist(), track.frames_T.tolist(), strict=True))
    result = {}
    for video in videos:
        known = sorted((anchors[video.video_id] or {0.0: 0}).items())
        times_s, frames = (np.array(column, dtype=np.float64) for column in zip(*known, strict=True))
        known_frames = {"fps": float(video.fps), "num_frames": video.num_frames}
        result[video.video_id] = FrameTimes(times_s=times_s, frames=frames, **known_frames)
    return result


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VideoEvents:
    """Hold what is told of one video.

    Args:
        video: The video.
        clips: At most one label or prediction a delivery.
        shots: Its shots; with the tracks they carry the presentation times that frame numbers come from.
        tracks: Its pose tracks.
        disagreement: Delivery -> how far its views disagree, bits, for the JSON.
    """

    video: VideoRef
    clips: Sequence[LabelledClip] = ()
    shots: Sequence[Shot] = ()
    tracks: Sequence[PoseTrack] = ()
    disagreement: Mapping[str, float] = field(default_factory=dict)


def write_events(folder: Path, found: Iterable[VideoEvents]) -> list[Path]:
    """Write `events.json`, `events.csv` and `events.edl`, video by video: only one of them is in memory.

    Args:
        folder: They go here.
        found: The videos in the order of their paths.
    """
    files = [folder / f"events{suffix}" for suffix in (".json", ".csv", ".edl")]
    cuts, num_told = _EditList(), 0
    with ExitStack() as stack:
        spot, table, edits = (stack.enter_context(atomic_write(file)) for file in files)
        spot.write(b"[")
        table.write(to_csv([], ()).encode())
        edits.write(_EDL_HEAD.encode())
        for one in found:
            clips = sorted(one.clips, key=lambda clip: (clip.span.start_s, clip.delivery_id))
            times, replays = frame_times([one.video], one.shots, one.tracks), replays_among(clips, one.shots)
            for row in to_spot(clips, [one.video], times, replays, one.disagreement):
                spot.write(f"{',' if num_told else ''}\n{indent(json.dumps(row, indent=1), ' ')}".encode())
                num_told += 1
            table.write(to_csv(clips, replays).partition("\n")[2].encode())
            edits.write(cuts.text(clips, [one.video], times, replays).encode())
        spot.write(b"\n]\n" if num_told else b"]\n")
    return files


def replays_among(clips: Iterable[LabelledClip], shots: Iterable[Shot]) -> frozenset[str]:
    """Return the deliveries whose impact lies in a shot that is a replay."""
    spans: dict[str, list[Shot]] = {}
    for shot in shots:
        if shot.is_replay:
            spans.setdefault(shot.video_id, []).append(shot)
    return frozenset(
        clip.delivery_id
        for clip in clips
        if any(shot.span.start_s <= _anchor_s(clip) < shot.span.end_s for shot in spans.get(clip.video_id, ()))
    )


def suppressed(clips: Iterable[LabelledClip], *, within_s: float) -> list[LabelledClip]:
    """Return clips without those that lie near a surer one of their video: greedy non-maximum suppression.

    Args:
        clips: One label or prediction a delivery.
        within_s: How near impacts are that leave one event, seconds, exclusive.
    """
    kept: dict[str, list[LabelledClip]] = {}
    for clip in sorted(clips, key=lambda clip: (-_score(clip), _anchor_s(clip), clip.delivery_id)):
        surer = kept.setdefault(clip.video_id, [])
        if all(abs(_anchor_s(clip) - _anchor_s(other)) >= within_s for other in surer):
            surer.append(clip)
    return [clip for of_video in kept.values() for clip in of_video]


def to_spot(
    clips: Iterable[LabelledClip],
    videos: Sequence[VideoRef],
    times: Mapping[str, FrameTimes],
    replays: Container[str],
    disagreement: Mapping[str, float],
) -> list[dict[str, Any]]:
    """Return events in the layout of E2E-Spot (github.com/jhong93/spot): a list of videos with frame-indexed events.

    A frame index is the frame shown at the impact, at whatever rate and however late the pictures begin.
    """
    clips = list(clips)
    rows = []
    for video in sorted((video for video in videos if video.status == "ok"), key=lambda video: video.path):
        events = [
            {
                "frame": times[video.video_id].shown(_anchor_s(clip)),
                "label": clip.label,
                "score": round(_score(clip), 6),
                "comment": "",
                "is_replay": clip.delivery_id in replays,
                "impact_s": round(_anchor_s(clip), 3),
                "start_s": round(clip.span.start_s, 3),
                "end_s": round(clip.span.end_s, 3),
                **_rounded("view_disagreement", disagreement.get(clip.delivery_id)),
                "probs": {stroke: round(float(p), 6) for stroke, p in zip(STROKES, clip.probs, strict=True)},
            }
            for clip in clips
            if clip.video_id == video.video_id
        ]
        rows.append({"video": video.path, "num_frames": video.num_frames, "fps": float(video.fps), "events": events})
    return rows


def to_csv(clips: Iterable[LabelledClip], replays: Container[str]) -> str:
    """Return one line an event, with the columns a truth table has, so that a person can correct it in place."""
    rows = []
    for clip in clips:
        times = [f"{time_s:.3f}" for time_s in (clip.span.start_s, clip.span.end_s, _anchor_s(clip))]
        is_replay = str(clip.delivery_id in replays).lower()
        values = (clip.video, *times, clip.label, f"{clip.confidence:.4f}", f"{clip.event_p:.4f}", is_replay)
        rows.append(dict(zip(CSV_COLUMNS, values, strict=True)))
    return csv_table(rows, columns=CSV_COLUMNS)


def to_edl(
    clips: Iterable[LabelledClip], videos: Sequence[VideoRef], times: Mapping[str, FrameTimes], replays: Container[str]
) -> str:
    """Return a CMX 3600 edit decision list that plays the strokes one after another.

    Time codes count frames as shown, at the rounded rate of each video (non-drop), as CMX 3600 has no other.
    """
    return _EDL_HEAD + _EditList().text(clips, videos, times, replays)


@dataclass(slots=True)
class _EditList:
    """Number edits and add up how long they play, over one video after another."""

    num_edits: int = 0
    record_s: float = 0.0

    def text(
        self,
        clips: Iterable[LabelledClip],
        videos: Sequence[VideoRef],
        times: Mapping[str, FrameTimes],
        replays: Container[str],
    ) -> str:
        """Return the next edits, three lines each."""
        lines, fps_of = [], {video.video_id: float(video.fps) for video in videos}
        for clip in clips:
            self.num_edits += 1
            rate = max(1, round(fps_of[clip.video_id]))
            source = (times[clip.video_id].shown(clip.span.start_s), times[clip.video_id].frame(clip.span.end_s))
            begin = round(self.record_s * rate)
            codes = [_timecode(frames, rate) for frames in (*source, begin, begin + source[1] - source[0])]
            again = " replay" if clip.delivery_id in replays else ""
            lines += [
                f"{self.num_edits:03d}  AX       V     C        {' '.join(codes)}\n",
                f"* FROM CLIP NAME: {one_line(Path(clip.video).name)}\n",
                f"* COMMENT: {clip.label} {clip.confidence:.2f}{again}\n",
            ]
            self.record_s += (source[1] - source[0]) / rate
        return "".join(lines)


def _score(clip: LabelledClip) -> float:
    return clip.event_p * clip.confidence


def _rounded(name: str, value: float | None) -> dict[str, float]:
    return {} if value is None else {name: round(value, 6)}


def _anchor_s(clip: LabelledClip) -> float:
    return clip.span.centre_s if np.isnan(clip.impact_s) else clip.impact_s


def _timecode(frames: int, rate: int) -> str:
    seconds, frame = divmod(frames, rate)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}"
