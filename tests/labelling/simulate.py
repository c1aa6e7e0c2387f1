"""Votes of known rules on known strokes: the world in which label models are compared.

33 partial rules in 10 families, 14 imbalanced classes, rule accuracies spread by .15 with two broken rules, failures
within a family correlated by .6. Errors are symmetric (one accuracy a rule, `class_sd` 0) or class-conditional
(accuracy differs from class to class by `class_sd`). Coverage differs from class to class by `coverage_sd`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.stats import norm

from slowpaths.core.strokes import (
    ATTACK,
    BF,
    DEFEND,
    FF,
    HORZ,
    KNEE,
    LEAVE,
    LEG,
    LOFT,
    OFF,
    STRAIGHT,
    STROKES,
    VERT,
    membership,
)
from slowpaths.labelling.rules.votes import RuleSpec, VoteMatrix

SHARES = np.array([6, 14, 9, 12, 8, 7, 6, 7, 9, 5, 2, 9, 3, 3], dtype=np.float64)

_HIGH = frozenset({"cover_drive", "straight_drive", "on_drive", "pull_hook"}) | LOFT
_LOW = DEFEND | LEAVE | {"flick_glance"}
_SHORT = frozenset({"pull_hook", "cut", "bf_defence", "bf_punch"})
_FULL = frozenset(STROKES) - _SHORT - LEAVE
FAMILIES: dict[str, list[list[frozenset[str]]]] = {
    "foot": [[FF, BF]] * 5,
    "plane": [[VERT, HORZ]] * 4,
    "side": [[OFF, STRAIGHT, LEG]] * 5,
    "energy": [[DEFEND | LEAVE, ATTACK]] * 4,
    "finish": [[_HIGH, _LOW]] * 2,
    "height": [[_SHORT, _FULL]] * 3,
    "knee": [[KNEE], [frozenset({"sweep"}), frozenset({"reverse_sweep_ramp"})]],
    "strokes": [[frozenset({name})] for name in ("cut", "pull_hook", "flick_glance", "bf_punch")],
    "loft": [[LOFT], [LOFT | {"pull_hook", "sweep"}]],
    "leave": [[LEAVE], [LEAVE]],
}


@dataclass(frozen=True)
class World:
    votes: VoteMatrix
    truth: np.ndarray
    accuracy_R: np.ndarray


def simulate(
    num: int,
    *,
    seed: int = 0,
    class_sd: float = 0.0,
    coverage_sd: float = 0.1,
    correlation: float = 0.6,
    num_broken: int = 2,
) -> World:
    rng, rules_rng = np.random.default_rng((seed, num)), np.random.default_rng(seed)
    truth = rng.choice(len(STROKES), size=num, p=SHARES / SHARES.sum())
    specs, columns, accuracies = [], [], []
    declared = [(family, sets) for family, rules in FAMILIES.items() for sets in rules]
    broken = set(rules_rng.choice(22, size=num_broken, replace=False).tolist())  # two of the rules with several symbols
    shared = {family: rng.standard_normal(num) for family in FAMILIES}
    for number, (family, sets) in enumerate(declared):
        accuracy = 0.35 if number in broken else float(np.clip(rules_rng.normal(0.78, 0.15), 0.35, 0.97))
        coverage, false_alarm = np.clip(rules_rng.normal([0.65, 0.25], 0.1), 0.05, 0.95)
        sets_SC = membership(sets)
        accuracy_C = np.clip(accuracy + class_sd * rules_rng.standard_normal(len(STROKES)), 0.05, 0.98)
        speaks_C = np.where(sets_SC.any(axis=0), coverage, false_alarm)
        speaks_C = np.clip(speaks_C + coverage_sd * rules_rng.standard_normal(len(STROKES)), 0.02, 0.98)
        latent = np.sqrt(correlation) * shared[family] + np.sqrt(1 - correlation) * rng.standard_normal(num)
        is_right = norm.cdf(latent) < accuracy_C[truth]
        likes = rng.random((num, len(sets)))
        means = sets_SC[:, truth].T
        right = np.where(means, likes, -1.0).argmax(axis=1)
        wrong = np.where(means, -1.0, likes).argmax(axis=1)
        has_right, has_wrong = means.any(axis=1), ~means.all(axis=1)
        symbol = np.where(has_right & (is_right | ~has_wrong), right, wrong)
        # A rule with one symbol errs by keeping silent on its strokes.
        is_silenced = has_right & ~has_wrong & ~is_right
        fires = (rng.random(num) < speaks_C[truth]) & ~is_silenced
        columns.append(np.where(fires, symbol, -1).astype(np.int8))
        names = tuple(f"s{index}" for index in range(len(sets)))
        specs.append(RuleSpec(code=f"{family}.r{number}", family=family, symbols=names, sets_SC=sets_SC))
        covered = fires & has_right
        accuracies.append(is_right[covered].mean() if len(sets) > 1 and covered.any() else np.nan)
    ids = pa.array([f"d{index}" for index in range(num)])
    votes = VoteMatrix(delivery_ids=ids, specs=tuple(specs), symbols_NR=np.stack(columns, axis=1))
    return World(votes=votes, truth=truth, accuracy_R=np.array(accuracies))
