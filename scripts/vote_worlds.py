"""Does a label model lose to the majority vote, or to the best of its rules? One thousand simulated vote worlds.

usage: python scripts/vote_worlds.py [--worlds 1000] [--first 0] [--out experiments/vote_worlds/results]

Every world draws how many deliveries there are (1 to 100,000), which strokes are played (all alike or unevenly, few,
two, one, one a hundred times as often as each other), which rules there are (33 in ten families, one to four of them,
rules that name single strokes as crowd workers do, one rule that stands there up to twenty times), how often they speak
and are right, how far the rules of one family fail together, how many of them are nearly always wrong, and whether
votes have weights. Worlds of few deliveries are drawn up to 20 times. A label model is right on the share of deliveries
that it names, ties shared; the best rule is the one that, known in hindsight, names most by itself.

It writes OUT/worlds.csv, a row a world, and OUT/losses.csv, how often the label model keeps within half a point.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.stats import norm

from slowpaths.core.strokes import ATTACK, BF, DEFEND, FF, HORZ, KNEE, LEAVE, LEG, LOFT, OFF, STRAIGHT, STROKES, VERT
from slowpaths.core.strokes import membership as sets_of
from slowpaths.core.text import csv_table
from slowpaths.labelling.model.agreement import hard_labels
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.majority import majority
from slowpaths.labelling.model.reliability import with_reliability
from slowpaths.labelling.rules.votes import RuleSpec, VoteMatrix
from slowpaths.store.tables import write_text

SIZES = {1: 0.1, 3: 0.1, 10: 0.12, 30: 0.15, 100: 0.15, 300: 0.15, 1000: 0.13, 3000: 0.07, 10_000: 0.02, 100_000: 0.01}
SHARES = {"even": 0.25, "uneven": 0.35, "few": 0.12, "two": 0.1, "one": 0.08, "100:1": 0.1}
RULES = {"rulebook": 0.5, "few": 0.2, "single strokes": 0.15, "copies": 0.15}
FAMILIES = {
    "foot": [(FF, BF)] * 5,
    "plane": [(VERT, HORZ)] * 4,
    "side": [(OFF, STRAIGHT, LEG)] * 5,
    "energy": [(DEFEND | LEAVE, ATTACK)] * 4,
    "finish": [(LOFT | {"pull_hook", "cover_drive"}, DEFEND | LEAVE)] * 2,
    "height": [(BF, FF | LEAVE)] * 3,
    "knee": [(KNEE,), ({"sweep"}, {"reverse_sweep_ramp"})],
    "strokes": [({name},) for name in ("cut", "pull_hook", "flick_glance", "bf_punch")],
    "loft": [(LOFT,), (LOFT | {"pull_hook", "sweep"},)],
    "leave": [(LEAVE,)] * 2,
}
Declared = tuple[str, Sequence[frozenset[str] | set[str]], int | None]  # family, sets, the rule it repeats
WITHIN = 0.005  # half a point


@dataclass(frozen=True, kw_only=True)
class World:
    """Describe what votes are drawn from."""

    seed: int
    num: int  # deliveries
    shares: str  # which strokes are played
    rules: str  # which rules there are
    num_rules: int
    correlation: float  # of failures within a family
    accuracy: float  # mean of the rules
    wrong: float  # chance of a rule that is nearly always wrong
    coverage: float  # how often rules speak, over the usual
    spread: float  # standard deviation of a rule's accuracy between strokes
    has_weights: bool


def main() -> None:
    """Draw the worlds and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first world (default 0)")
    parser.add_argument("--out", type=Path, default=Path("experiments/vote_worlds/results"))
    given = parser.parse_args()
    rows = []
    for seed in range(given.first, given.first + given.worlds):
        world, shares_C, declared = describe(seed)
        parts = range(min(20, 1 + 100 // world.num))
        scores = np.mean([score(world, shares_C, declared, part) for part in parts], axis=0)
        right = dict(zip(("hierarchical", "majority"), scores[:2].tolist(), strict=True))
        rows.append(asdict(world) | right | {"best_rule": float(scores[2:].max())})
    write_text(given.out / "worlds.csv", csv_table([{k: _short(v) for k, v in row.items()} for row in rows]))
    write_text(given.out / "losses.csv", csv_table(losses(rows)))
    print(csv_table(losses(rows)))


def describe(seed: int) -> tuple[World, np.ndarray, list[Declared]]:
    """Return a world, the shares of its strokes (C,) and its rules."""
    rng = np.random.default_rng((seed, 1))
    num, shares, rules = (rng.choice(list(of), p=list(of.values())).item() for of in (SIZES, SHARES, RULES))
    shares_C = {"even": np.ones(14), "uneven": rng.dirichlet(np.full(14, 2.0))}.get(shares, np.zeros(14))
    if (count := {"few": int(rng.integers(3, 6)), "two": 2, "one": 1}.get(shares, 0)) > 0:
        shares_C[rng.choice(14, count, replace=False)] = rng.dirichlet(np.full(count, 3.0))
    if shares == "100:1":
        shares_C = np.where(np.arange(14) == rng.integers(14), 100.0, 1.0)
    declared: list[Declared] = [(family, sets, None) for family, listed in FAMILIES.items() for sets in listed]
    if rules in ("few", "copies"):
        count = int(rng.integers(1, 5) if rules == "few" else rng.integers(3, 15))
        declared = [declared[place] for place in rng.choice(len(declared), count, replace=False)]
    if rules == "copies":
        again = int(rng.integers(len(declared)))
        declared += [("copies", declared[again][1], again)] * int(rng.integers(3, 20))
    if rules == "single strokes":
        declared = [(f"f{place // 2}", [{name} for name in STROKES], None) for place in range(int(rng.integers(1, 9)))]
    correlation, accuracy, wrong, coverage, spread = (
        float(rng.choice(values))
        for values in ([0, 0.3, 0.6, 0.9], [0.55, 0.7, 0.78, 0.9], [0, 0, 0.1, 0.3], [0.2, 0.6, 1, 1.4], [0, 0.15, 0.3])
    )
    world = World(
        seed=seed, num=num, shares=shares, rules=rules, num_rules=len(declared), correlation=correlation,
        accuracy=accuracy, wrong=wrong, coverage=coverage, spread=spread, has_weights=bool(rng.random() < 0.3),
    )  # fmt: skip
    return world, shares_C / shares_C.sum(), declared


def draw(world: World, shares_C: np.ndarray, declared: list[Declared], part: int) -> tuple[VoteMatrix, np.ndarray]:
    """Return the votes on one draw of deliveries, and their strokes (N,)."""
    rng, rules_rng = np.random.default_rng((world.seed, 2, part)), np.random.default_rng((world.seed, 3))
    num, columns, specs = world.num, [], []
    truth = rng.choice(14, size=num, p=shares_C)
    shared = {family: rng.standard_normal(num) for family in sorted({family for family, *_ in declared})}
    for number, (family, sets, repeats) in enumerate(declared):
        sets_SC = sets_of([frozenset(names) for names in sets])
        names = tuple(f"s{place}" for place in range(len(sets)))
        specs.append(RuleSpec(code=f"{family}.r{number:02d}", family=family, symbols=names, sets_SC=sets_SC))
        if repeats is not None:
            columns.append(np.where(rng.random(num) < 0.1, rng.permutation(columns[repeats]), columns[repeats]))
            continue
        accuracy = float(np.clip(rules_rng.normal(world.accuracy, 0.15), 0.2, 0.98))
        if rules_rng.random() < world.wrong:
            accuracy = float(rules_rng.uniform(0.05, 0.35))
        accuracy_C = np.clip(accuracy + world.spread * rules_rng.standard_normal(14), 0.03, 0.98)
        inside, outside = np.clip(rules_rng.normal([0.65, 0.25], 0.1) * world.coverage, 0.03, 0.97)
        noise_C = 0.1 * world.coverage * rules_rng.standard_normal(14)
        speaks_C = np.clip(np.where(sets_SC.any(axis=0), inside, outside) + noise_C, 0.02, 0.98)
        latent = np.sqrt(world.correlation) * shared[family] + np.sqrt(1 - world.correlation) * rng.standard_normal(num)
        is_right, means, likes = norm.cdf(latent) < accuracy_C[truth], sets_SC[:, truth].T, rng.random((num, len(sets)))
        has_right, has_wrong = means.any(axis=1), ~means.all(axis=1)
        right, wrong = (np.where(allowed, likes, -1.0).argmax(axis=1) for allowed in (means, ~means))
        symbol = np.where(has_right & (is_right | ~has_wrong), right, wrong)
        speaks = (rng.random(num) < speaks_C[truth]) & ~(has_right & ~has_wrong & ~is_right)
        columns.append(np.where(speaks, symbol, -1).astype(np.int8))
    symbols_NR, weights_NR = np.stack(columns, axis=1), None
    if world.has_weights:  # what a rule says is, with a chance of one minus its weight, said of another delivery
        weights_NR = np.repeat(rng.beta(4, 2, (num, 1)), len(columns), axis=1)
        symbols_NR = np.where(rng.random(weights_NR.shape) > weights_NR, rng.permutation(symbols_NR), symbols_NR)
    ids = pa.array([f"d{row}" for row in range(num)])
    return VoteMatrix(delivery_ids=ids, specs=tuple(specs), symbols_NR=symbols_NR, weights_NR=weights_NR), truth


def score(world: World, shares_C: np.ndarray, declared: list[Declared], part: int) -> list[float]:
    """Return the share that the hierarchical model, the majority and each rule name right."""
    votes, truth = draw(world, shares_C, declared, part)
    weighed = with_reliability(votes, np.zeros(world.num))
    ours_NC = HierarchicalPartial(temperature=1.0).fit(weighed).predict_proba(weighed)
    posteriors = [ours_NC, majority(Encoding.of(votes))]
    posteriors += [majority(Encoding.of(votes.columns([rule]))) for rule in range(len(declared))]
    return [float(hard_labels(probs_NC)[np.arange(world.num), truth].mean()) for probs_NC in posteriors]


def losses(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Return how often the label model keeps within half a point, for all worlds and by each of their properties."""
    groups = {("all", "all"): list(rows)}
    for key in ("num", "shares", "rules", "wrong", "correlation", "accuracy", "has_weights"):
        for value in sorted({str(row[key]) for row in rows}, key=lambda text: (len(text), text)):
            groups[key, value] = [row for row in rows if str(row[key]) == value]
    table = []
    for (key, value), some in groups.items():
        ours, most, best = (np.array([row[name] for row in some]) for name in ("hierarchical", "majority", "best_rule"))
        table.append(
            {"by": key, "value": value, "worlds": len(some)}
            | {f"within_of_{name}": _short(np.mean(ours >= limit - WITHIN))
               for name, limit in (("majority", most), ("both", np.maximum(most, best)))}
            | {name: _short(of.mean()) for name, of in (("ours", ours), ("majority", most), ("best_rule", best))}
            | {"fifth_percentile_to_both": _short(np.quantile(ours - np.maximum(most, best), 0.05))}
        )  # fmt: skip
    return table


def _short(value: object) -> object:
    return f"{value:.3f}" if isinstance(value, float) else value


if __name__ == "__main__":
    main()
