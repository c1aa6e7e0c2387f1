"""One video in, its shots, deliveries, poses and clips out.

Legend: T frames.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.errors import BrokenVideoError
from slowpaths.core.records import Delivery, PoseTrack, Shot, Unclaimed, VideoRef
from slowpaths.core.spans import Span
from slowpaths.mining.candidates import Candidate, find_candidates, gather
from slowpaths.mining.clips import plan_crop, save_clip
from slowpaths.mining.context import ShotContext, VideoContext, Watch, nobody_watches
from slowpaths.mining.features.bat_features import bat_features
from slowpaths.mining.features.delivery import deliver
from slowpaths.mining.oracle import NO_ORACLE, Oracle
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.shots.naming import name_shots
from slowpaths.mining.shots.survey import survey
from slowpaths.mining.striker.bat import look_at_bat
from slowpaths.mining.striker.handedness import handedness, pool, take_turns
from slowpaths.mining.striker.other_games import plays_other_game
from slowpaths.mining.unclaimed import why_unclaimed
from slowpaths.pose.protocol import PoseEstimator
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.video.kept import KeptFrames
from slowpaths.video.open import open_video
from slowpaths.video.protocol import Decoder
from slowpaths.video.sound import Onsets, find_onsets, read_sound

_log = logging.getLogger(__name__)
_SOUND_RATE = 16000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MinedVideo:
    """Hold everything mined from one video."""

    video: VideoRef  # the video
    shots: Sequence[Shot] = ()  # its shots in time order
    deliveries: Sequence[Delivery] = ()  # its deliveries in time order
    tracks: Sequence[PoseTrack] = ()  # the striker of each delivery, in the same order
    unclaimed: Unclaimed | None = None  # why it has no delivery; None where it has one or cannot be read


def mine_video(
    video: VideoRef,
    *,
    root: Path,
    out: Path,
    pose: PoseEstimator,
    settings: MiningSettings | None = None,
    oracle: Oracle = NO_ORACLE,
    watch: Watch = nobody_watches,
) -> MinedVideo:
    """Find the deliveries of one video, measure them and write their clips to the mined folder `out`.

    Paths of videos are relative to `root`; `watch` hears how far mining is.

    Raises:
        BrokenVideoError: If the video cannot be read to its end; the caller quarantines it.
        SlowpathsError: If the disk cannot be written.
    """
    settings, path = settings or MiningSettings(), root / video.path
    with open_video(path, backend=settings.backend) as opened:
        if len(opened) == 0:
            raise BrokenVideoError(f"{video.path} holds no frames: record or download it again")
        decoder = _kept_if_short(opened, settings=settings)
        context = VideoContext(
            video=video, path=path, decoder=decoder, pose=pose, settings=settings, oracle=oracle, watch=watch
        )
        first_look = survey(context)
        shots, play_p = name_shots(context, first_look)
        looks = [gather(part) for part in play_parts(context, shots, play_p, read_onsets(context))]
        gathered = [one for one in looks if one is not None]
        found = find_candidates(context, gathered, min_event_p=settings.min_event_p)
        candidates = list(_of_cricket(context, found))
        hands_p = _hands(context, candidates)
        extras = [{**one.extras, **_bat(context, one, p >= 0.5)} for one, p in zip(candidates, hands_p, strict=True)]
        bounds = Span(0.0, max(shot.span.end_s for shot in shots))
        shared = {"bounds": bounds, "picture_size": context.picture_size, "settings": settings}
        deliveries = [
            deliver(one.track, one.event, shot=one.shot, handedness_p=hand_p, extras=more, **shared)
            for one, hand_p, more in zip(candidates, hands_p, extras, strict=True)
        ]
        for delivery, one in zip(deliveries, candidates, strict=True) if settings.write_clips else ():
            track, impact_s = one.track, delivery.impact_s
            watch("writing clips", delivery.span.start_s / bounds.end_s)
            crop = plan_crop(track, shot=one.shot, impact_s=impact_s, pts_s=decoder.pts_s, settings=settings)
            save_clip(MinedFolder(out).clip_file(delivery.delivery_id), decoder, crop, settings=settings)
        how_far = {"first_look": first_look, "num_parts": len(looks), "gathered": gathered, "other_game": found}
        unclaimed = None if candidates else why_unclaimed(context, **how_far)
    _log.info("%s: %d shots, %d deliveries", video.path, len(shots), len(deliveries))
    tracks = [one.track for one in candidates]
    return MinedVideo(video=video, shots=shots, deliveries=deliveries, tracks=tracks, unclaimed=unclaimed)


def _kept_if_short(decoder: Decoder, *, settings: MiningSettings) -> Decoder:
    """Return a decoder that decodes each reduced picture once, where a video holds no more than a piece of a shot."""
    if len(decoder) > settings.max_play_s * settings.work_fps:
        return decoder
    return KeptFrames(decoder, height=min(settings.work_height, decoder.height))


def play_parts(
    context: VideoContext, shots: Sequence[Shot], play_p: np.ndarray, onsets: Onsets | None
) -> Iterator[ShotContext]:
    """Yield the shots that may show a stroke, long ones in pieces."""
    settings = context.settings
    for index, shot in enumerate(shots):
        if play_p[index] < settings.min_view_p or (shot.is_replay and not settings.mine_replays):
            continue
        following = shots[index + 1] if index + 1 < len(shots) else None
        for first, last in pieces(shot, context.decoder.pts_s, settings=settings):
            context.watch("finding strokes", first / len(context.decoder))
            yield ShotContext(
                footage=context,
                shot=shot,
                first_frame=first,
                last_frame=last,
                following=following if last == shot.last_frame else None,
                play_p=float(play_p[index]),
                onsets=onsets,
            )


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


def _of_cricket(context: VideoContext, found: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield the strokes whose pictures show no other game."""
    for number, candidate in enumerate(found):
        context.watch("looking for other games", number / len(found))
        if _is_cricket(context, candidate):
            yield candidate


def _is_cricket(context: VideoContext, candidate: Candidate) -> bool:
    """Return whether the pictures of a stroke show no other game; they are not asked where the oracle knows it."""
    event = candidate.event
    if not context.settings.other_games or np.isinf(event.log_odds):
        return True
    return not plays_other_game(context, candidate.track, impact_s=event.impact_s)


def _hands(context: VideoContext, candidates: Sequence[Candidate]) -> list[float]:
    """Return the probability that the batter is right-handed for each stroke."""
    alone_p = [
        handedness(one.track, impact_s=one.event.impact_s, view=one.shot.view, picture_size=context.picture_size)
        for one in candidates
    ]
    # Two batters take turns, so only one shot, and a ball with its replays, are surely one batter's.
    balls = [one.shot.replay_of or one.shot.shot_id for one in candidates]
    pooled_p = take_turns(pool(alone_p, balls), balls)
    told_p = [context.oracle.handedness(one.event.impact_s) for one in candidates]
    return [pooled if told is None else told for pooled, told in zip(pooled_p, told_p, strict=True)]


def _bat(context: VideoContext, candidate: Candidate, is_right_handed: bool) -> dict[str, float]:
    """Return the features of the bat; none where it is not looked at."""
    if not context.settings.bat:
        return {}
    context.watch("looking at bats", float(candidate.track.frames_T[0]) / len(context.decoder))
    seen = look_at_bat(context, candidate.track, impact_s=candidate.event.impact_s)
    view = candidate.shot.view
    return bat_features(seen.times_N, seen.pointing_N2, view=view, is_right_handed=is_right_handed)


def read_onsets(context: VideoContext) -> Onsets | None:
    """Return the sudden sounds of a video; None without sound, or where it is not listened to."""
    if not (context.settings.sound and context.video.has_audio):
        return None
    context.watch("listening", 0.0)
    samples = read_sound(context.path, rate=_SOUND_RATE)
    return None if samples is None else find_onsets(samples, rate=_SOUND_RATE)
