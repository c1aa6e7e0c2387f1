"""One video in, its shots, deliveries, poses and clips out.

Legend: T frames, N tracks.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from slowpaths.core import ids
from slowpaths.core.errors import BrokenVideoError
from slowpaths.core.records import Box, Delivery, PoseTrack, Shot, VideoRef
from slowpaths.core.spans import Span
from slowpaths.core.views import PLAY_VIEWS, VIEWS
from slowpaths.mining import replays, striker, views
from slowpaths.mining.clips import plan_crop, save_clip
from slowpaths.mining.deliveries import Event, Evidence, find_events, fuse
from slowpaths.mining.features import measure
from slowpaths.mining.handedness import handedness, pool
from slowpaths.mining.observe import Look, Observed
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.signals import track_signals
from slowpaths.mining.survey import Survey, survey
from slowpaths.pose.estimate import PoseEstimator
from slowpaths.video.decode import open_video
from slowpaths.video.sound import Onsets, find_onsets, read_sound

__all__ = ["MinedVideo", "MiningSettings", "mine_video"]
_log = logging.getLogger(__name__)
_SOUND_RATE = 16000
# Movement and posture together change log odds by this much at most: whoever stands worse than that cannot win.
HOPELESS = 5.0
# How often a shot of a play view has a ball in it, relative to the pitch views. Close-ups show players between balls;
# only tight replays show strokes.
BALL_SHARE = {view: 0.1 if view == "closeup" else 1.0 for view in PLAY_VIEWS}


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """One stroke before it is measured."""

    shot: Shot
    event: Event
    track: PoseTrack
    striker_p: float
    extras: dict[str, float]


def mine_video(
    video: VideoRef, *, root: Path, out: Path, pose: PoseEstimator, settings: MiningSettings | None = None
) -> MinedVideo:
    """Find the deliveries of one video, measure them and write their clips.

    Args:
        video: The video, as `video.probe` describes it.
        root: Folder that `video.path` is relative to.
        out: Mined folder; clips go to `out/clips/<delivery_id>.mp4`.
        pose: Finds people and joints.
        settings: How to mine.

    Raises:
        BrokenVideoError: If the video cannot be read to its end; the caller quarantines it.
    """
    settings = settings or MiningSettings()
    path = root / video.path
    with open_video(path, backend=settings.backend) as decoder:
        if len(decoder) == 0:
            raise BrokenVideoError(f"{video.path} holds no frames: record or download it again")
        first_look = survey(decoder, path=path, pose=pose, settings=settings)
        shots, play_p = name_shots(video, first_look)
        onsets = _onsets(path, video)
        found: list[_Found] = []
        for index, shot in enumerate(shots):
            if play_p[index] < settings.min_view_p or (shot.is_replay and not settings.mine_replays):
                continue
            following = shots[index + 1] if index + 1 < len(shots) else None
            for first, last in pieces(shot, decoder.pts_s, settings=settings):
                look = Look(decoder, path=path, first_frame=first, last_frame=last, pose=pose, settings=settings)
                found += _strokes(
                    look,
                    shot=shot,
                    following=following if last == shot.last_frame else None,
                    view_p=float(play_p[index]),
                    onsets=onsets,
                    settings=settings,
                )
        found = _apart(found, min_gap_s=settings.min_gap_s)
        size = (decoder.width, decoder.height)
        hands_p = pool(
            [
                handedness(one.track, impact_s=one.event.impact_s, view=one.shot.view, picture_size=size)
                for one in found
            ],
            # Two batters take turns, so only one shot, and a ball with its replays, are surely one batter's.
            [one.shot.replay_of or one.shot.shot_id for one in found],
        )
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


def name_shots(video: VideoRef, first_look: Survey) -> tuple[list[Shot], np.ndarray]:
    """Cut a video into shots, name their views and mark replays.

    Returns:
        The shots, and for each the probability that a ball is played in it (S,).
    """
    cuts = first_look.cuts
    cues = [views.summarise(first_look.within(cut.first_frame, cut.last_frame)) for cut in cuts]
    probs_SV = views.name_views(cues)
    pts_s = first_look.pts_s
    shots = []
    for index, (cut, probs_V) in enumerate(zip(cuts, probs_SV, strict=True)):
        end_s = pts_s[cuts[index + 1].first_frame] if index + 1 < len(cuts) else _after_last(pts_s)
        start_s = float(pts_s[cut.first_frame])
        shots.append(
            Shot(
                shot_id=ids.shot_id(video.video_id, index),
                video_id=video.video_id,
                span=Span(start_s, max(start_s, float(end_s))),
                first_frame=cut.first_frame,
                last_frame=cut.last_frame,
                view=VIEWS[int(probs_V.argmax())],
                view_probability=float(probs_V.max()),
                transition=cut.transition,
            )
        )
    marks = replays.mark(shots, first_look.thumbnails_THWC)
    shots = [
        replace(shot, is_replay=replay_p > 0.5, replay_of=source)
        for shot, (replay_p, source) in zip(shots, marks, strict=True)
    ]
    return shots, probs_SV @ np.array([BALL_SHARE.get(view, 0.0) for view in VIEWS])


def pieces(shot: Shot, pts_s: np.ndarray, *, settings: MiningSettings) -> list[tuple[int, int]]:
    """Split a long shot into overlapping pieces, first and last frame, so that memory stays bounded."""
    frames = np.arange(shot.first_frame, shot.last_frame + 1)
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


def _strokes(
    look: Look,
    *,
    shot: Shot,
    following: Shot | None,
    view_p: float,
    onsets: Onsets | None,
    settings: MiningSettings,
) -> list[_Found]:
    """Decide together who the striker is and when he hits."""
    if len(look.frames_T) < 3:
        return []
    observed = look.people(video_id=shot.video_id, shot_id=shot.shot_id)
    if not observed.tracks:
        return []
    places = striker.place_scores(
        observed.tracks,
        view=shot.view,
        height=observed.height,
        width=observed.width,
        start_s=float(observed.pts_s[0]),
        end_s=float(observed.pts_s[-1]),
    )
    candidates = np.argsort(-places, kind="stable")[: settings.max_candidates]
    candidates = candidates[places[candidates] >= places.max() - HOPELESS]

    def listen(track: PoseTrack, energy_T: np.ndarray) -> Evidence:
        return fuse(track_signals(track, energy_T, observed, shot=shot, following=following, onsets=onsets))

    # Joints and flow are the dearest parts: now and then tells who is the striker, every frame is looked at for him
    # alone.
    every_s = 1 / settings.detect_fps
    scores, flows = np.empty(len(candidates)), []
    for number, candidate in enumerate(candidates):
        track = look.joints(observed.tracks[candidate], every_s=every_s)
        flows.append(look.flow(track, others=observed.tracks, every_s=every_s))
        guard = striker.guard_score(striker.guard_frames(track))
        scores[number] = places[candidate] + guard + _total(listen(track, flows[number][0]))
    best, striker_p = striker.choose(scores)
    track = look.joints(observed.tracks[candidates[best]])
    energy_T, horizontal_T = look.flow(track, others=observed.tracks, known=flows[best])
    events = find_events(
        listen(track, energy_T),
        prior_log_odds=float(np.log(max(view_p, 1e-6)) - np.log(max(1 - view_p, 1e-6))),
        min_event_p=settings.min_event_p,
        min_gap_s=settings.min_gap_s,
    )
    return [
        _Found(
            shot=shot,
            event=event,
            track=track,
            striker_p=striker_p,
            extras=_extras(event, track, horizontal_T, observed, striker_p=striker_p, onsets=onsets),
        )
        for event in events
    ]


def _total(evidence: Evidence) -> float:
    """Return the log ratio of a stroke anywhere against none, every instant alike."""
    if not evidence.times_s.size:
        return -10.0
    peak = float(evidence.log_ratio_G.max())
    return peak + float(np.log(np.mean(np.exp(evidence.log_ratio_G - peak))))


def _extras(
    event: Event,
    track: PoseTrack,
    horizontal_T: np.ndarray,
    observed: Observed,
    *,
    striker_p: float,
    onsets: Onsets | None,
) -> dict[str, float]:
    """Return the features that need pixels or sound."""
    near = np.abs(track.pts_s - event.impact_s) <= 0.08 + 1e-6
    around = np.abs(observed.pts_s - event.impact_s) <= 0.5
    values = {
        "flow_horizontal": _mean(horizontal_T[near]),
        "striker_p": striker_p,
        "camera_inliers": _mean(observed.inliers_T[around]),
        "onset_z": float("nan"),
        "onset_brightness": float("nan"),
    }
    if onsets is not None:
        close = np.abs(onsets.times_s - event.impact_s) <= 0.15
        values["onset_z"] = float(onsets.z[close].max()) if close.any() else 0.0
        if close.any():
            values["onset_brightness"] = float(onsets.brightness[close][onsets.z[close].argmax()])
    return values


def _deliver(
    video: VideoRef, one: _Found, *, handedness_p: float, picture_size: tuple[int, int], settings: MiningSettings
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


def _apart(found: Sequence[_Found], *, min_gap_s: float) -> list[_Found]:
    """Keep the most probable of strokes that overlapping pieces of one shot found twice."""
    kept: list[_Found] = []
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


def _after_last(pts_s: np.ndarray) -> float:
    steps = np.diff(pts_s)
    return float(pts_s[-1] + (np.median(steps) if len(steps) else 0.04))


def _mean(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")
