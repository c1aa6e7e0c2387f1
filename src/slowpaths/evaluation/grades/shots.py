"""Cuts, replays and joints against truth, as the report states them."""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.grades.shares import share_of
from slowpaths.evaluation.intervals import ClusterBootstrap
from slowpaths.evaluation.measure import Measure
from slowpaths.evaluation.posecheck import PoseCheck
from slowpaths.evaluation.shotcheck import CutCheck, ShotFate

_NO_SHOTS = "there is no table of true shots (shots_truth=)"


def grade_shots(shots: list[ShotFate], cuts: CutCheck | None, *, num_bootstrap: int, seed: int) -> list[Measure]:
    """Measure recall and precision of cuts and of replays.

    Args:
        shots: The true shots and what mining made of them; empty where there is no table of them.
        cuts: Their boundaries; None where there is no table of them.
        num_bootstrap: Replicates.
        seed: Seed.
    """

    def drawn(videos: np.ndarray) -> ClusterBootstrap:
        return ClusterBootstrap(videos, num_replicates=num_bootstrap, seed=seed)

    known = [shot for shot in shots if shot.is_replay is not None and shot.found_replay is not None]
    videos = np.array([shot.video for shot in known], dtype=object)
    true = np.array([shot.is_replay for shot in known], dtype=bool)
    found = np.array([shot.found_replay for shot in known], dtype=bool)
    none, blank = np.zeros(0, dtype=bool), np.zeros(0, dtype=object)
    return [
        share_of("cut_recall", "true cuts and wipes found, within 5 frames of a cut or half a second of a wipe",
                 cuts.is_found if cuts else none, drawn(cuts.true_video if cuts else blank), reason=_NO_SHOTS),
        share_of("cut_precision", "claimed cuts that are true ones",
                 cuts.is_right if cuts else none, drawn(cuts.claim_video if cuts else blank), reason=_NO_SHOTS),
        share_of("replay_recall", "true replays known as replays", found[true], drawn(videos[true]),
                 reason="truth names no replay in mined videos" if shots else _NO_SHOTS),
        share_of("replay_precision", "shots called replays that are replays", true[found], drawn(videos[found]),
                 reason="mining calls no judged shot a replay" if shots else _NO_SHOTS),
    ]  # fmt: skip


def grade_joints(poses: PoseCheck | None, *, num_bootstrap: int, seed: int) -> Measure:
    """Measure the share of correct keypoints of found strikers, mean over the frames of their clips."""
    name, text = "striker_pck", "joints of found strikers within a fifth of the torso (PCK@0.2), over their clips"
    shares, matches = (poses.share_N, poses.match) if poses else (np.zeros(0), np.zeros(0, dtype=object))
    reason = "no found delivery has true joints" if poses else "there are no true joints (poses_truth=)"
    return share_of(
        name, text, shares, ClusterBootstrap(matches, num_replicates=num_bootstrap, seed=seed), reason=reason
    )
