"""Coded checks of a labelled set and of how a model does on it: each fires with a sentence, or is silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from slowpaths.core.strokes import STROKES
from slowpaths.evaluation.audit.leakage import Labelled
from slowpaths.evaluation.intervals import MIN_MATCHES, jackknife, leave_out, weighted_mean
from slowpaths.evaluation.measure import Table

Right = dict[str, np.ndarray]
Check = Callable[[Labelled, Right], str]
MIN_HAND = 10  # deliveries of left- and of right-handers
STEADY, MIRROR_STEADY = 0.8, 0.5  # shares of names that a network should keep; set before any was seen


def check_all(data: Labelled, right: Right) -> Table:
    """Return every check that fires: code and sentence. `right` is what `leakage` returns."""
    fired = ((code, check(data, right)) for code, check in CHECKS.items())
    return [{"code": code, "says": said} for code, said in fired if said]


def clips_leak(data: Labelled, right: Right) -> str:
    """EV001: a split by clips flatters for sure."""
    if "match" not in right:
        return ""
    interval = jackknife(weighted_mean(right["clip"] - right["match"], leave_out(data.match_N)))
    gained = float((right["clip"] - right["match"]).mean())
    if interval is None or interval.low <= 0:
        return ""
    return f"a split by clips flatters accuracy by {100 * gained:.1f} points: split by match"


def few_matches(data: Labelled, right: Right) -> str:
    """EV002: too few matches for an interval."""
    num = len(set(data.match_N.tolist()))
    return f"{num} matches are too few to say how far a number holds: {MIN_MATCHES} are needed" * (num < MIN_MATCHES)


def copies(data: Labelled, right: Right) -> str:
    """EV003: deliveries with the same features in several matches."""
    known = np.isfinite(data.features_NF).sum(axis=1) > 0
    keys = [row.tobytes() for row in np.nan_to_num(data.features_NF, nan=-1e9)]
    places: dict[bytes, set[str]] = {}
    for key, match, is_known in zip(keys, data.match_N.tolist(), known, strict=True):
        if is_known:
            places.setdefault(key, set()).add(match)
    num = sum(len(matches) > 1 for matches in places.values())
    return f"{num} deliveries stand in several matches: a split by match does not keep them apart" * (num > 0)


def lonely_strokes(data: Labelled, right: Right) -> str:
    """EV004: strokes that only one match has."""
    pairs = set(zip(data.label_N.tolist(), data.match_N.tolist(), strict=True))
    counts = Counter(label for label, _ in pairs)
    names = [STROKES[label] for label, num in sorted(counts.items()) if num == 1]
    return f"only one match has {', '.join(names)}: under a split by match nothing can learn it" * bool(names)


def nothing_learned(data: Labelled, right: Right) -> str:
    """EV005: no better than the most frequent stroke, under a split by matches."""
    if "match" not in right:
        return ""
    share, accuracy = np.bincount(data.label_N).max() / len(data), right["match"].mean()
    said = f"accuracy {accuracy:.3f} on new matches does not beat naming the most frequent stroke ({share:.3f})"
    return said * bool(accuracy <= share)


def hand_gap(data: Labelled, right: Right) -> str:
    """EV006: left-handers are named right less often (or more often) than right-handers, for sure."""
    own, hand_N = right.get("match", right.get("clip")), data.is_right_handed_N
    if own is None or min(hand_N.sum(), (~hand_N).sum()) < MIN_HAND:
        return ""
    weights_BN = leave_out(data.match_N)
    sides_B = [weighted_mean(own[rows], weights_BN[:, rows]) for rows in (hand_N, ~hand_N)]
    interval = jackknife(sides_B[0] - sides_B[1])
    if interval is None or interval.low <= 0 <= interval.high:
        return ""
    return f"right-handers' strokes are named right {100 * (sides_B[0][0] - sides_B[1][0]):+.1f} points more often"


def seen_before(data: Labelled, right: Right) -> str:
    """EV007: the network whose embedding is probed has learnt from deliveries it is probed on."""
    num = int(data.seen_N.sum())
    said = (
        f"{num} of {len(data)} deliveries taught this network, or may have: accuracies are too high, and what clips "
        "flatter by is too small, for all splits alike know them"
    )
    return said * (num > 0)


def unsteady(data: Labelled, right: Right) -> str:
    """EV008: the name depends on which frame is called the impact."""
    share = data.kept["jitter"].mean() if "jitter" in data.kept else 1.0
    said = f"moved by two frames, {share:.0%} of the clips keep their name: train with data.jitter_frames=2 or more"
    return said * bool(share < STEADY)


def side_bound(data: Labelled, right: Right) -> str:
    """EV009: the name depends on which hand the batter was taken for."""
    share = data.kept["mirror"].mean() if "mirror" in data.kept else 1.0
    said = f"mirrored, {share:.0%} of the clips keep their name: where handedness is wrong, the stroke is lost"
    return said * bool(share < MIRROR_STEADY)


CHECKS: dict[str, Check] = {
    "EV001": clips_leak,
    "EV002": few_matches,
    "EV003": copies,
    "EV004": lonely_strokes,
    "EV005": nothing_learned,
    "EV006": hand_gap,
    "EV007": seen_before,
    "EV008": unsteady,
    "EV009": side_bound,
}
