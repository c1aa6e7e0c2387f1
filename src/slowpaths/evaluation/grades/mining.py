"""What mining found, as the report states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from slowpaths.core.records import Vote
from slowpaths.evaluation import checks, rulecheck
from slowpaths.evaluation.checks import MiningCheck
from slowpaths.evaluation.classes import ClassSpace
from slowpaths.evaluation.grades.shares import share_of
from slowpaths.evaluation.grades.shots import grade_joints, grade_shots
from slowpaths.evaluation.intervals import ClusterBootstrap
from slowpaths.evaluation.measure import Measure, Table, measured, missing
from slowpaths.evaluation.posecheck import PoseCheck
from slowpaths.evaluation.shotcheck import CutCheck, ShotFate
from slowpaths.evaluation.spotting import FPS, impact_error
from slowpaths.store.tables import read_votes

SHARP_FPS = 20.0  # below it five frames at 25 per second are no more than four of the footage's own
IMPACT_FRAMES: tuple[int, ...] = (1, 2, 5)


def grade_mining(
    check: MiningCheck,
    shots: list[ShotFate] | None,
    *,
    cuts: CutCheck | None = None,
    poses: PoseCheck | None = None,
    num_bootstrap: int,
    seed: int,
) -> tuple[list[Measure], dict[str, Table]]:
    """Measure what share of true deliveries was found, and what share of the found ones is true.

    Args:
        check: The mined set against truth.
        shots: The mined shots against true ones; None where there is no table of them.
        cuts: Their boundaries against true ones.
        poses: Joints against true ones; None where there are none.
        num_bootstrap: Replicates.
        seed: Seed.
    """
    fates, claims = check.fates, check.claimed
    matches = np.array([fate.truth.match_id or fate.truth.video for fate in fates], dtype=object)
    by_truth = ClusterBootstrap(matches, num_replicates=num_bootstrap, seed=seed)
    by_claim = ClusterBootstrap(check.claim_video, num_replicates=num_bootstrap, seed=seed)
    found = np.array([fate.found is not None for fate in fates])
    exact = np.array([fate.is_exact for fate in fates])
    sharp = np.array(
        [
            f.is_exact if f.video and f.video.fps >= SHARP_FPS and np.isfinite(f.truth.impact_s) else np.nan
            for f in fates
        ]
    )
    live = np.array([f.is_exact if f.truth.is_replay is False else np.nan for f in fates])
    live_near = np.array([f.found is not None if f.truth.is_replay is False else np.nan for f in fates])
    is_replay = np.array([claim.features.get("is_live") == 0 for claim in claims], dtype=bool)
    live_claims = np.where(is_replay, np.nan, np.asarray(check.is_near, dtype=float))
    hands = _optional([checks.is_hand_right(fate) for fate in fates])
    views = _optional([checks.is_view_right(fate) for fate in fates])
    strikers = _optional([checks.is_striker_right(fate) for fate in fates])
    measures = [
        share_of("mining_recall", "share of true deliveries found, impact within 5 frames", exact, by_truth),
        share_of("mining_recall_live", "the same, deliveries that truth says are no replay", live, by_truth,
               reason="truth does not say what is a replay"),
        share_of("mining_precision", "share of mined deliveries that are true, impact within 5 frames",
               check.is_right, by_claim, reason="mining claims no delivery in these videos"),
        share_of("mining_recall_near", "share of true deliveries found, within half a second", found, by_truth),
        share_of("mining_recall_live_near", "the same, deliveries that truth says are no replay", live_near, by_truth,
               reason="truth does not say what is a replay"),
        share_of("mining_precision_near", "share of mined deliveries that are true, within half a second",
               check.is_near, by_claim, reason="mining claims no delivery in these videos"),
        share_of("mining_precision_live_near", "the same, deliveries that mining does not call a replay", live_claims,
               by_claim, reason="mining claims no live delivery in these videos"),
        share_of("impact_at_20fps", "impact within 5 frames where truth has one and footage has 20 frames a second",
               sharp, by_truth, reason="truth has no impact in mined footage of 20 frames a second or more"),
        *_impact(check, by_truth),
        share_of("striker", "box of deliveries with the right impact is the striker's (half of the union in common)",
               strikers, by_truth, reason="truth has no box of a delivery whose impact was found"),
        share_of("handedness", "handedness of found deliveries right", hands, by_truth, chance=0.5,
               reason="truth names the handedness of no found delivery"),
        _view(views, by_truth, shots),
        *grade_shots(shots or [], cuts, num_bootstrap=num_bootstrap, seed=seed),
        grade_joints(poses, num_bootstrap=num_bootstrap, seed=seed),
        _clean(check),
    ]  # fmt: skip
    tables: dict[str, Table] = {"waterfall": [dict(row) for row in checks.waterfall(check)]}
    tables["impact_error"] = [
        {"video": fate.truth.video, "true_s": fate.truth.impact_s, "error_s": fate.found.impact_s - fate.truth.impact_s}
        for fate in fates
        if fate.found and np.isfinite(fate.truth.impact_s)
    ]
    tables["false_deliveries"] = [
        {"video": str(video), "delivery": claim.delivery_id, "impact_s": claim.impact_s, "event_p": claim.event_p}
        for video, claim, near in zip(check.claim_video, claims, check.is_near, strict=True)
        if not near
    ]
    tables["missed_deliveries"] = [
        {
            "video": fate.truth.video,
            "place": fate.truth.place,
            "impact_s": fate.truth.impact_s,
            "lost_at": _lost_at(fate),
        }
        for fate in fates
        if fate.found is None
    ]
    if shots is not None:
        tables["shots"] = [
            {"video": s.video, "true_view": s.view, "found_view": s.found_view, "right": int(s.view == s.found_view)}
            for s in shots
        ]
    if poses is not None and len(poses.match):
        tables["joints"] = [dict(row) for row in poses.by_joint()]
    return measures, tables


def grade_rules(folder: Path, check: MiningCheck, space: ClassSpace) -> tuple[list[Measure], dict[str, Table]]:
    """Measure what each rule and each family of rules gets right against the true strokes.

    Args:
        folder: Mined folder with `votes.parquet` and `rules.json`.
        check: The mined set against truth.
        space: Classes of the truth.
    """
    name, text = "rule_votes", "share of the rules' votes whose strokes hold the true one"
    for file in ("votes.parquet", rulecheck.RULES_NAME):
        if not (folder / file).exists():
            return [missing(name, "mining", text, reason=f"the mined folder has no {file}")], {}
    true_leaves: Mapping[str, frozenset[str]] = {
        fate.found.delivery_id: leaves
        for fate in check.fates
        if fate.found and (leaves := space.true_leaves(fate.truth.label, handedness=fate.truth.handedness))
    }
    votes: list[Vote] = read_votes(folder / "votes.parquet")
    rules, families = rulecheck.score_rules(votes, rulecheck.read_rules(folder / rulecheck.RULES_NAME), true_leaves)
    right, wrong = sum(item.right for item in families), sum(item.wrong for item in families)
    tables: dict[str, Table] = {
        "rules": [{key: _cell(value) for key, value in asdict(item).items()} for item in rules],
        "rule_families": [{key: _cell(value) for key, value in asdict(item).items()} for item in families],
    }
    if not right + wrong:
        reason = "no rule voted on a delivery whose stroke truth settles"
        return [missing(name, "mining", text, reason=reason)], tables
    chances = [(item.chance, item.right + item.wrong) for item in families if item.chance is not None]
    chance = sum(value * weight for value, weight in chances) / sum(weight for _, weight in chances)
    share = right / (right + wrong)
    return [measured(name, "mining", text, estimate=share, chance=chance, num=right + wrong)], tables


def _impact(check: MiningCheck, bootstrap: ClusterBootstrap) -> list[Measure]:
    errors = np.array([f.found.impact_s - f.truth.impact_s if f.found else np.nan for f in check.fates])
    summary = impact_error(errors, np.zeros(len(errors)))
    name, text = "impact_error", "median distance between found and true impact"
    reason = "no found delivery has an impact in truth"
    if not summary["num"]:
        return [missing(name, "mining", text, reason=reason)]
    order = np.argsort(np.abs(errors))[: int(summary["num"])]
    sizes = np.abs(errors)[order]

    def median(weights_BN: np.ndarray) -> np.ndarray:
        mass_BN = np.cumsum(weights_BN[:, order], axis=1)
        half_B1 = mass_BN[:, -1:] / 2
        low_B, high_B = (mass_BN < half_B1).sum(axis=1), (mass_BN <= half_B1).sum(axis=1)
        last = len(sizes) - 1
        middle_B = (sizes[np.minimum(low_B, last)] + sizes[np.minimum(high_B, last)]) / 2
        return np.where(half_B1[:, 0] > 0, middle_B, np.nan)[:, None]

    (estimate,) = bootstrap.estimate(median)
    measures = [measured(name, "mining", text, estimate=estimate, num=len(sizes), unit="s")]
    for frames in IMPACT_FRAMES:
        within = np.where(np.isfinite(errors), np.abs(errors) <= frames / FPS + 1e-9, np.nan)
        text = f"of the found ones with a true impact, those within {frames} frame{'s' * (frames > 1)}"
        measures.append(share_of(f"impact_within_{frames}", text, within, bootstrap))
    live = np.array([fate.truth.is_replay is False for fate in check.fates])
    close = np.where(live & np.isfinite(errors), np.abs(errors) <= 2 / FPS + 1e-9, np.nan)
    text = "of those that truth says are no replay, those within 2 frames"
    reason = "truth does not say what is a replay"
    measures.append(share_of("impact_within_2_live", text, close, bootstrap, reason=reason))
    return measures


def _view(views: np.ndarray, bootstrap: ClusterBootstrap, shots: list[ShotFate] | None) -> Measure:
    if not shots:
        reason = "truth names no views in mined videos"
        return share_of("view", "view of the shot right, at each true delivery", views, bootstrap, reason=reason)
    right = np.array([shot.view == shot.found_view for shot in shots], dtype=np.float64)
    by_video = np.array([shot.video for shot in shots], dtype=object)
    drawn = ClusterBootstrap(by_video, num_replicates=bootstrap.num_replicates, seed=bootstrap.seed)
    return share_of("view", "view of each true shot right", right, drawn)


def _clean(check: MiningCheck) -> Measure:
    name = "clean_videos"
    text = "videos that truth does not mention and no delivery is claimed in (good if they hold no stroke)"
    counts = np.array(list(check.clean_videos.values()))
    if not len(counts):
        return missing(name, "mining", text, reason="truth mentions every mined video")
    share = float(np.mean(counts == 0))
    return measured(name, "mining", text, estimate=share, num=len(counts), is_share=True)


def _optional(flags: list[bool | None]) -> np.ndarray:
    return np.array([np.nan if flag is None else float(flag) for flag in flags])


def _lost_at(fate: checks.Fate) -> str:
    if fate.video is None:
        return "video not mined"
    if fate.video.status != "ok":
        return "video quarantined"
    return f"shot seen as {fate.shot.view}" if fate.shot else "no shot at this time"


def _cell(value: str | float | None) -> str | float:
    return float("nan") if value is None else value
