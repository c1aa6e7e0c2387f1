"""What became of every true delivery, and what is wrong with every false claim: one word each.

Where a stroke was lost is told by true shots where there is a table of them, else by the mined ones alone; then no loss
is laid to a boundary. The words are those of `OUTCOMES` and `CLAIMS`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slowpaths.core.pose_tracks import striker_of
from slowpaths.core.records import Box, Delivery, PoseTrack, Shot
from slowpaths.core.views import PLAY_VIEWS
from slowpaths.evaluation.mining_check import Fate, MinedSet, MiningCheck
from slowpaths.evaluation.shot_check import TrueShot
from slowpaths.store.schema import POSES

OUTCOMES: dict[str, str] = {
    "found": "impact within five frames, the right person",
    "late or early": "found within half a second, but not within five frames",
    "wrong person": "found within half a second, but somebody else is followed",
    "elsewhere in the shot": "the shot was searched and something else in it claimed",
    "evidence weak": "the shot was searched and nothing claimed",
    "view": "the shot was not searched because of its view",
    "boundary": "the shot was not searched because it was split, or merged with another camera's",
    "broken file": "the video is quarantined",
    "not mined": "the video is not in the mined folder",
}
"""Outcome of a true delivery -> what it means."""
CLAIMS: dict[str, str] = {
    "wrong moment": "the shot holds a true delivery that is not found",
    "double": "the shot holds a true delivery that is found",
    "play without a stroke": "the shot is one of play",
    "not play": "the shot is not one of play",
    "clip without a stroke": "truth has no delivery in the video",
}
"""Kind of a false claim -> what is wrong with it."""
WRONG_PERSON_IOU = 0.2
"""Whoever shares less than this with the true box at contact is somebody else; a bad box of the striker shares more."""
_MAINLY = (
    0.5  # a mined shot is another camera's, or a splinter, where less than half of it, or of the true shot, is common
)
_SEEN_S = 0.1  # a track that is nowhere nearer to the contact says nothing of it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """Hold what became of one true delivery."""

    fate: Fate  # the delivery, and what was found of it
    word: str  # one of `OUTCOMES`
    claim: Delivery | None  # what is claimed of it, or elsewhere in its shot; None where nothing is
    shot: Shot | None  # the mined shot it lies in; None where the video has none
    true_view: str  # view of its true shot; "" where unknown
    iou: float  # overlap of the followed person with the true striker at contact; NaN where one is not known


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FalseClaim:
    """Hold a claim that is no true delivery within half a second."""

    video: str  # the video, as truth names it
    claim: Delivery  # the claim
    word: str  # one of `CLAIMS`
    true_view: str  # view of the true shot it lies in; "" where unknown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LossCheck:
    """Hold what became of all true deliveries, and all false claims."""

    outcomes: tuple[Outcome, ...]  # one for each true delivery, in truth order
    false_claims: tuple[FalseClaim, ...]  # in the order of the claims


def check_losses(mined: MinedSet, check: MiningCheck, truths: Sequence[TrueShot] = ()) -> LossCheck:
    """Say for every true delivery how it was lost, and for every false claim what is wrong with it.

    Args:
        mined: What mining wrote.
        check: The same against truth.
        truths: True shots; none where there is no table of them.
    """
    places = _Places(mined, truths)
    tracks: dict[str, list[PoseTrack]] = defaultdict(list)
    for track in mined.folder.poses() if mined.folder.has(POSES) else ():
        tracks[track.shot_id].append(track)
    false = [
        (str(video), claim)
        for video, claim, is_near in zip(check.claim_video, check.claimed, check.is_near, strict=True)
        if not is_near
    ]
    others = defaultdict(list)  # false claims of each shot
    for _, claim in false:
        others[places.of(claim.video_id, claim.impact_s)].append(claim)
    outcomes = [_outcome(fate, places, others, tracks) for fate in check.fates]
    held = defaultdict(list)  # true deliveries of each shot
    for fate in check.fates:
        held[_place_of(fate, places)].append(fate)
    judged = {fate.truth.video for fate in check.fates}
    claims = []
    for video, claim in false:
        place = places.of(claim.video_id, claim.impact_s)
        if video not in judged:
            word = "clip without a stroke"
        elif place is not None and held[place]:
            word = "wrong moment" if any(fate.found is None for fate in held[place]) else "double"
        else:
            word = "play without a stroke" if place is None or place.view in PLAY_VIEWS else "not play"
        view = place.view if isinstance(place, TrueShot) else ""
        claims.append(FalseClaim(video=video, claim=claim, word=word, true_view=view))
    return LossCheck(outcomes=tuple(outcomes), false_claims=tuple(claims))


class _Places:
    """Tell which true shot, or where there is no table of them which mined shot, an instant of a video lies in."""

    def __init__(self, mined: MinedSet, truths: Sequence[TrueShot]) -> None:
        self._mined = mined
        self._true: dict[str, list[TrueShot]] = defaultdict(list)
        for true in truths:
            self._true[true.video_id].append(true)

    def mined_shot(self, video_id: str, time_s: float) -> Shot | None:
        """Return the mined shot; the nearest one where the instant lies before the first frame or after the last."""

        def gap(shot: Shot) -> tuple[bool, float]:
            return time_s not in shot.span, max(shot.span.start_s - time_s, time_s - shot.span.end_s)

        return min(self._mined.shots_of.get(video_id, ()), key=gap, default=None)

    def of(self, video_id: str, time_s: float) -> TrueShot | Shot | None:
        """Return the true shot, or the mined one."""
        shot = self.mined_shot(video_id, time_s)
        if not self._true[video_id] or shot is None:
            return shot
        return next((true for true in self._true[video_id] if true.holds(shot, time_s)), shot)


def _outcome(
    fate: Fate,
    places: _Places,
    others: dict[TrueShot | Shot | None, list[Delivery]],
    tracks: dict[str, list[PoseTrack]],
) -> Outcome:
    place = _place_of(fate, places)
    shot = None if fate.video is None else places.mined_shot(fate.video.video_id, _middle_s(fate))
    elsewhere = others[place] if place is not None else []
    claim = fate.found or min(elsewhere, key=lambda one: abs(one.impact_s - _middle_s(fate)), default=None)
    iou = _overlap(fate, tracks)
    true_view = place.view if isinstance(place, TrueShot) else fate.truth.view
    word = _word(fate, place=place, shot=shot, claim=claim, iou=iou)
    return Outcome(fate=fate, word=word, claim=claim, shot=shot, true_view=true_view, iou=iou)


def _word(fate: Fate, *, place: TrueShot | Shot | None, shot: Shot | None, claim: Delivery | None, iou: float) -> str:
    if fate.video is None or fate.video.status != "ok":
        return "not mined" if fate.video is None else "broken file"
    if fate.found is not None:
        return "wrong person" if iou < WRONG_PERSON_IOU else "found" if fate.is_exact else "late or early"
    if claim is not None:
        return "elsewhere in the shot"
    if shot is None or shot.view in PLAY_VIEWS:
        return "evidence weak"
    is_whole = not isinstance(place, TrueShot) or place.common(shot) >= _MAINLY
    return "view" if is_whole else "boundary"


def _place_of(fate: Fate, places: _Places) -> TrueShot | Shot | None:
    return None if fate.video is None else places.of(fate.video.video_id, _middle_s(fate))


def _middle_s(fate: Fate) -> float:
    """Return the instant of a true delivery, seconds; the middle of its mined shot where truth gives none."""
    first_s, last_s = fate.truth.moment_s
    if np.isfinite(first_s):
        return (first_s + last_s) / 2
    return (fate.shot.span.start_s + fate.shot.span.end_s) / 2 if fate.shot else 0.0


def _overlap(fate: Fate, tracks: dict[str, list[PoseTrack]]) -> float:
    """Return the overlap of the followed person with the true striker at contact; NaN where one is not known."""
    if fate.found is None or fate.truth.box is None or not np.isfinite(fate.truth.impact_s):
        return float("nan")
    track = striker_of(fate.found, tracks[fate.found.shot_id])
    if track is None:
        return float("nan")
    row = int(np.abs(track.pts_s - fate.truth.impact_s).argmin())
    if abs(track.pts_s[row] - fate.truth.impact_s) > _SEEN_S:
        return float("nan")
    x1, y1, x2, y2 = track.boxes_T4[row].tolist()
    return Box(x1=x1, y1=y1, x2=x2, y2=y2).iou(fate.truth.box)
