"""One video in, its shots, deliveries, poses and clips out.

Legend: T frames.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core import ids
from slowpaths.core.errors import BrokenVideoError
from slowpaths.core.records import Box, Delivery, PoseTrack, Shot, VideoRef
from slowpaths.core.spans import Span
from slowpaths.mining.candidates import Found, Watched, watch
from slowpaths.mining.clips import plan_crop, save_clip
from slowpaths.mining.features.measure import measure
from slowpaths.mining.impact import audio_lag as lag
from slowpaths.mining.oracle import NOTHING, Given
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.shots.naming import name_shots
from slowpaths.mining.shots.survey import survey
from slowpaths.mining.striker.handedness import handedness, pool, take_turns
from slowpaths.mining.striker.observation import Look
from slowpaths.pose.estimate import PoseEstimator
from slowpaths.video.decode import open_video
from slowpaths.video.sound import Onsets, find_onsets, read_sound

__all__ = ["MinedVideo", "MiningSettings", "mine_video"]
_log = logging.getLogger(__name__)
_SOUND_RATE = 16000
# Half of the longest: 35 frames of a logo at 25 a second, .8 s of a dissolve.
_COVERED_S = {"wipe": 0.7, "dissolve": 0.4}
_MOST_COVERED = 0.25  # of a shot at either end


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MinedVideo:
    """Hold everything mined from one video.

    Args:
        video: The video.
        shots: Its shots in time order.
        deliveries: Its deliveries in time order.
        tracks: The striker of each delivery, in the same order.
    """

    video: VideoRef
    shots: list[Shot]
    deliveries: list[Delivery]
    tracks: list[PoseTrack]


def mine_video(
    video: VideoRef,
    *,
    root: Path,
    out: Path,
    pose: PoseEstimator,
    settings: MiningSettings | None = None,
    given: Given = NOTHING,
) -> MinedVideo:
    """Find the deliveries of one video, measure them and write their clips.

    Args:
        video: The video, as `video.probe` describes it.
        root: Folder that `video.path` is relative to.
        out: Mined folder; clips go to `out/clips/<delivery_id>.mp4`.
        pose: Finds people and joints.
        settings: How to mine.
        given: True results that stages get instead of finding them (made footage only).

    Raises:
        BrokenVideoError: If the video cannot be read to its end; the caller quarantines it.
    """
    settings = settings or MiningSettings()
    path = root / video.path
    with open_video(path, backend=settings.backend) as decoder:
        if len(decoder) == 0:
            raise BrokenVideoError(f"{video.path} holds no frames: record or download it again")
        first_look = survey(decoder, path=path, pose=pose, settings=settings, cuts=given.cuts())
        shots, play_p = name_shots(video, first_look, given=given)
        onsets = _onsets(path, video) if settings.sound else None
        watched: list[Watched] = []
        for index, shot in enumerate(shots):
            if play_p[index] < settings.min_view_p or (shot.is_replay and not settings.mine_replays):
                continue
            following = shots[index + 1] if index + 1 < len(shots) else None
            for first, last in pieces(shot, decoder.pts_s, settings=settings, following=following):
                look = Look(decoder, path=path, first_frame=first, last_frame=last, pose=pose, settings=settings)
                one = watch(
                    look,
                    shot=shot,
                    following=following if last == shot.last_frame else None,
                    view_p=float(play_p[index]),
                    onsets=onsets,
                    settings=settings,
                    given=given,
                )
                watched += [one] if one else []
        heard = lag.learn([one.signs for one in watched])
        size = (decoder.width, decoder.height)
        strokes = _strokes(watched, heard, picture_size=size, settings=settings, given=given)
        found = _apart(strokes, min_gap_s=settings.min_gap_s)
        hands_p = _hands(found, picture_size=size, given=given)
        deliveries = [
            _deliver(video, one, handedness_p=hand_p, picture_size=size, settings=settings)
            for one, hand_p in zip(found, hands_p, strict=True)
        ]
        if settings.write_clips:
            for delivery, one in zip(deliveries, found, strict=True):
                crop = plan_crop(
                    one.track,
                    impact_s=delivery.impact_s,
                    pts_s=decoder.pts_s,
                    first_frame=one.shot.first_frame,
                    last_frame=one.shot.last_frame,
                    settings=settings,
                )
                save_clip(out / "clips" / f"{delivery.delivery_id}.mp4", decoder, crop, settings=settings)
    _log.info("%s: %d shots, %d deliveries", video.path, len(shots), len(deliveries))
    return MinedVideo(video=video, shots=shots, deliveries=deliveries, tracks=[one.track for one in found])


def _strokes(
    watched: Sequence[Watched],
    heard: Sequence[np.ndarray],
    *,
    picture_size: tuple[int, int],
    settings: MiningSettings,
    given: Given,
) -> list[Found]:
    """Return the strokes of all shots: the live ones first, then their replays, which are placed by them."""
    found: list[Found] = []
    last: dict[str, Found] = {}  # stroke of each shot
    for one, heard_L in sorted(zip(watched, heard, strict=True), key=lambda pair: pair[0].cues.shot.is_replay):
        shot = one.cues.shot
        if shot.is_replay:
            one = one.as_live(last.get(shot.replay_of or ""), picture_size=picture_size)
        strokes = one.strokes(heard_L, settings=settings, given=given)
        found += strokes
        if strokes:
            last[shot.shot_id] = strokes[-1]
    return found


def pieces(
    shot: Shot, pts_s: np.ndarray, *, settings: MiningSettings, following: Shot | None = None
) -> list[tuple[int, int]]:
    """Split a long shot into overlapping pieces, first and last frame, so that memory stays bounded.

    What a wipe or a dissolve covers at its ends is left out: nothing moves as much as a logo that flies past.

    Args:
        shot: The shot.
        pts_s: Times of all frames of the video, seconds.
        settings: How long a piece may be.
        following: The shot after it.
    """
    frames = np.arange(shot.first_frame, shot.last_frame + 1)
    times_s = pts_s[frames]
    most_s = _MOST_COVERED * (times_s[-1] - times_s[0])
    start_s = times_s[0] + min(_COVERED_S.get(shot.transition, 0.0), most_s)
    end_s = times_s[-1] - min(_COVERED_S.get(following.transition, 0.0) if following else 0.0, most_s)
    frames = frames[(times_s >= start_s) & (times_s <= end_s)]
    times_s = pts_s[frames]
    if times_s[-1] - times_s[0] <= settings.max_play_s:
        return [(int(frames[0]), int(frames[-1]))]
    step_s = settings.max_play_s - 2 * settings.min_gap_s
    result = []
    for start_s in np.arange(times_s[0], times_s[-1], step_s):
        inside = frames[(times_s >= start_s) & (times_s <= start_s + settings.max_play_s)]
        if len(inside) > 2:
            result.append((int(inside[0]), int(inside[-1])))
    return result


def _hands(found: Sequence[Found], *, picture_size: tuple[int, int], given: Given) -> list[float]:
    """Return the probability that the batter is right-handed for each stroke."""
    alone_p = [
        handedness(one.track, impact_s=one.event.impact_s, view=one.shot.view, picture_size=picture_size)
        for one in found
    ]
    # Two batters take turns, so only one shot, and a ball with its replays, are surely one batter's.
    balls = [one.shot.replay_of or one.shot.shot_id for one in found]
    pooled_p = take_turns(pool(alone_p, balls), balls)
    told_p = [given.handedness(one.event.impact_s) for one in found]
    return [pooled if told is None else told for pooled, told in zip(pooled_p, told_p, strict=True)]


def _deliver(
    video: VideoRef, one: Found, *, handedness_p: float, picture_size: tuple[int, int], settings: MiningSettings
) -> Delivery:
    impact_s = one.event.impact_s
    box = one.track.boxes_T4[int(np.abs(one.track.pts_s - impact_s).argmin())]
    features = measure(
        one.track,
        impact_s=impact_s,
        view=one.shot.view,
        handedness_p=handedness_p,
        is_live=0.0 if one.shot.is_replay else 1.0,
        extras=one.extras,
        picture_size=(video.width, video.height),
    )
    return Delivery(
        delivery_id=ids.delivery_id(video.video_id, impact_s),
        video_id=video.video_id,
        shot_id=one.shot.shot_id,
        span=Span(impact_s - settings.before_s, impact_s + settings.after_s),
        impact_s=impact_s,
        impact_uncertainty_s=one.event.uncertainty_s,
        view=one.shot.view,
        handedness_p=handedness_p,
        box=Box(x1=float(box[0]), y1=float(box[1]), x2=float(box[2]), y2=float(box[3])),
        event_p=one.event.event_p,
        features=features,
    )


def _apart(found: Sequence[Found], *, min_gap_s: float) -> list[Found]:
    """Keep the most probable of strokes that overlapping pieces of one shot found twice."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (-one.event.log_odds, one.event.impact_s)):
        clashes = any(
            other.shot.shot_id == one.shot.shot_id and abs(other.event.impact_s - one.event.impact_s) < min_gap_s
            for other in kept
        )
        if not clashes:
            kept.append(one)
    return sorted(kept, key=lambda one: one.event.impact_s)


def _onsets(path: Path, video: VideoRef) -> Onsets | None:
    samples = read_sound(path, rate=_SOUND_RATE) if video.has_audio else None
    return None if samples is None else find_onsets(samples, rate=_SOUND_RATE)
