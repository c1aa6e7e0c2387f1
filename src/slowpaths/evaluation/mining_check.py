"""Mining against truth: what was found, where it was lost, and what else was claimed.

Legend: D mined deliveries, T true deliveries.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from slowpaths.core.errors import TableError
from slowpaths.core.records import Delivery, Shot, VideoRef
from slowpaths.core.views import ASPECT
from slowpaths.evaluation.matching import FPS, TOLERANCE_S, match_moments, match_videos
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.prediction_table import Predictions
from slowpaths.evaluation.truth_table import TrueDelivery, Truth
from slowpaths.store.mined_folder import MinedFolder

IMPACT_TOLERANCE_S = 5 / FPS  # five frames at 25 per second
STRIKER_IOU = 0.5


@dataclass(frozen=True, kw_only=True)
class MinedSet:
    """Hold what mining wrote: the folder, its footage (quarantined videos too), its shots and its deliveries."""

    folder: MinedFolder
    videos: tuple[VideoRef, ...]
    shots: tuple[Shot, ...]
    deliveries: tuple[Delivery, ...]

    @cached_property
    def shots_of(self) -> dict[str, list[Shot]]:
        """Return the shots of each video."""
        shots: dict[str, list[Shot]] = defaultdict(list)
        for shot in self.shots:
            shots[shot.video_id].append(shot)
        return shots


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fate:
    """Hold what became of one true delivery."""

    truth: TrueDelivery  # the delivery
    video: VideoRef | None  # its video in the mined set; None where it is not there
    shot: Shot | None  # the mined shot it lies in; None where there is none
    found: Delivery | None  # the mined delivery within half a second; None where there is none
    is_exact: bool  # whether one lies within five frames (for a delivery without impact: was found at all)

    @property
    def match(self) -> str:
        """Return the match, else the video."""
        return self.truth.match_id or self.truth.video

    @property
    def is_live(self) -> bool:
        """Return whether truth says that it is no replay."""
        return self.truth.is_replay is False

    @property
    def error_s(self) -> float:
        """Return found minus true impact, seconds; NaN where there is none to compare."""
        return self.found.impact_s - self.truth.impact_s if self.found else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MiningCheck:
    """Hold the comparison of a mined set with truth."""

    fates: tuple[Fate, ...]  # one for each true delivery, in truth order
    claimed: tuple[Delivery, ...]  # mined deliveries of the judged videos
    is_right: np.ndarray  # whether each claim is a true delivery within five frames (D,)
    is_near: np.ndarray  # whether each claim is a true delivery within half a second (D,)
    claim_video: np.ndarray  # video of each claim (D,), as truth names it
    clean_videos: dict[str, int]  # readable video that truth does not mention -> how many deliveries are claimed in it


def read_mined(folder: Path) -> MinedSet:
    """Read the tables of a mined folder.

    Raises:
        TableError: If the folder or a table is missing.
    """
    if not folder.is_dir():
        raise TableError(f"{folder} is not a folder: give the out= folder of `slowpaths mine`")
    mined = MinedFolder(folder)
    videos, shots, deliveries = tuple(mined.footage()), tuple(mined.shots()), tuple(mined.deliveries())
    return MinedSet(folder=mined, videos=videos, shots=shots, deliveries=deliveries)


def with_replays(rows: Predictions, mined: MinedSet | None) -> Predictions:
    """Return the predictions with the mined folder's word on what is a replay, where the table has none."""
    if mined is None:
        return rows
    replays = {shot.shot_id for shot in mined.shots if shot.is_replay}
    known = {delivery.delivery_id: delivery.shot_id in replays for delivery in mined.deliveries}
    said = zip(rows.is_replay, rows.delivery_id, strict=True)
    words = [known.get(name) if word is None else word for word, name in said]
    return replace(rows, is_replay=np.array(words, dtype=object))


def check_mining(mined: MinedSet, truth: Truth, *, is_complete: bool = False) -> MiningCheck:
    """Compare a mined set with truth.

    Where truth `is_complete`, it lists every delivery of every mined video: claims in videos it does not mention are
    false.
    """
    partners = match_videos((v.path for v in mined.videos), (t.video for t in truth.deliveries))
    video_of = {partners[v.path]: v for v in mined.videos if v.path in partners}
    claims, true_of = defaultdict(list), defaultdict(list)
    for delivery in mined.deliveries:
        claims[delivery.video_id].append(delivery)
    for item in truth.deliveries:
        true_of[item.video].append(item)
    fates: dict[int, Fate] = {}
    judged: list[tuple[str, Delivery, bool, bool]] = []
    for name, items in true_of.items():
        video = video_of.get(name)
        own = claims[video.video_id] if video else []
        near, exact = (_pairs(own, items, tolerance_s) for tolerance_s in (TOLERANCE_S, IMPACT_TOLERANCE_S))
        for index, item in enumerate(items):
            shot = _shot_at(mined.shots_of[video.video_id], item) if video else None
            found = own[near[index]] if index in near else None
            fates[id(item)] = Fate(truth=item, video=video, shot=shot, found=found, is_exact=index in exact)
        judged += [(name, claim, i in exact.values(), i in near.values()) for i, claim in enumerate(own)]
    others = [v for v in mined.videos if v.path not in partners and v.status == "ok"]
    if is_complete:
        judged += [(video.path, claim, False, False) for video in others for claim in claims[video.video_id]]
    return MiningCheck(
        fates=tuple(fates[id(item)] for item in truth.deliveries),
        claimed=tuple(claim for _, claim, _, _ in judged),
        is_right=np.array([right for *_, right, _ in judged], dtype=bool),
        is_near=np.array([near for *_, near in judged], dtype=bool),
        claim_video=np.array([name for name, *_ in judged], dtype=object),
        clean_videos={video.path: len(claims[video.video_id]) for video in others},
    )


def waterfall(check: MiningCheck) -> Table:
    """Return how many true deliveries survive each step; a property that truth does not give is taken as right."""
    steps = (
        ("in truth", lambda fate: True),
        ("video was mined", lambda fate: fate.video is not None and fate.video.status == "ok"),
        ("shot is a playing view", lambda fate: fate.shot is not None and ASPECT.get(fate.shot.view, "-") != "-"),
        ("delivery found within .5 s", lambda fate: fate.found is not None),
        ("impact within 5 frames", lambda fate: fate.is_exact),
        ("box is the striker's", lambda fate: is_striker_right(fate) is not False),
        ("view right", lambda fate: not fate.truth.view or (fate.found and fate.found.view == fate.truth.view)),
        ("handedness right", lambda fate: is_hand_right(fate) is not False),
    )
    left, rows = list(check.fates), []
    for name, passes in steps:
        left = [fate for fate in left if passes(fate)]
        rows.append({"step": name, "deliveries": len(left)})
    return rows


def is_hand_right(fate: Fate) -> bool | None:
    """Return whether the handedness of a found delivery is right; None where there is nothing to compare."""
    if fate.found is None or not fate.truth.handedness or not np.isfinite(fate.found.handedness_p):
        return None
    return (fate.found.handedness_p >= 0.5) == (fate.truth.handedness == "R")


def is_striker_right(fate: Fate) -> bool | None:
    """Return whether a found delivery's box is the striker's; None where there is nothing to compare.

    Half of the union in common is the usual bar of detection (Everingham et al. 2010, PASCAL VOC). Only deliveries
    whose impact is right are judged: a moment later the striker has moved.
    """
    if fate.found is None or not fate.is_exact or fate.truth.box is None:
        return None
    return fate.found.box.iou(fate.truth.box) >= STRIKER_IOU


def is_view_right(fate: Fate) -> bool | None:
    """Return whether the shot a true delivery lies in has the right view; None where there is nothing to compare."""
    if not fate.truth.view or fate.video is None or fate.video.status != "ok":
        return None
    return fate.shot is not None and fate.shot.view == fate.truth.view


def _pairs(claims: list[Delivery], items: list[TrueDelivery], tolerance_s: float) -> dict[int, int]:
    """Return true delivery -> claim."""
    moments_P2 = np.array([(claim.impact_s, claim.impact_s) for claim in claims], dtype=np.float64).reshape(-1, 2)
    true_T2 = np.array([item.moment_s for item in items], dtype=np.float64).reshape(-1, 2)
    return {true: claim for claim, true in match_moments(moments_P2, true_T2, tolerance_s=tolerance_s)}


def _shot_at(shots: list[Shot], item: TrueDelivery) -> Shot | None:
    first_s, last_s = item.moment_s
    if np.isinf(first_s):  # somewhere in the video: its longest shot
        return max(shots, key=lambda shot: shot.span.duration_s, default=None)
    middle_s = (first_s + last_s) / 2
    return next((shot for shot in shots if middle_s in shot.span), None)
