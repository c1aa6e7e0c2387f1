"""How far is a teacher trusted, and are labels worse for it? Simulated teachers in vote worlds, and spoilt strokes.

usage: python -m scripts.teacher_trust [--worlds 200] [--strokes 700] [--out experiments/vote_worlds/results]

Vote worlds are those of `scripts/vote_worlds.py` with up to 3,000 deliveries. In each, eight teachers speak: one that
is as right as it is sure (of .7, or of .35), one that is right half of the time and always sure, one that is sure of .7
and right on .3, one at chance, one that always names one stroke, and two that are never right: one names another stroke
of any kind, one the nearest neighbour. Labels pool votes and teacher, once with weights of 1 (`fixed`) and once as far
as the teacher is trusted; `known` is the share of worlds in which rules bear each other out enough to tell.

Strokes are simulated, as an archive or a video holds them, and measured by mining (`scripts/stroke_teacher`), with a
seed that the shipped teacher was not taught. There, teacher and rules read the same numbers, which are spoilt in
several ways; `true` is the share of the teacher's sureness that truth bears out, `shared` what would be found if it
were held against families with the features that these read, `apart` if it were held only against rules that read none
of its features; `trusted_apart` are the labels of that.

With --worlds 0 or --strokes 0 it leaves a part out. It writes OUT/trust_worlds.csv and OUT/trust_strokes.csv.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from scripts.stroke_teacher.strokes import SIZE, film_stroke
from scripts.stroke_teacher.train import features_of, track_of
from scripts.vote_worlds import describe, draw

from slowpaths.core.records import PoseSequence
from slowpaths.core.strokes import ATTACK, BF, DEFEND, FF, HORZ, INDEX, LEG, LOFT, NUM_STROKES, OFF, STRAIGHT, VERT
from slowpaths.core.strokes import membership as sets_of
from slowpaths.core.text import csv_table
from slowpaths.labelling.arrow import floats
from slowpaths.labelling.model.agreement import hold_out_families
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.reliability import with_reliability
from slowpaths.labelling.model.temperature import agreed_sureness, find_temperature
from slowpaths.labelling.model.trust import Trust, trust
from slowpaths.labelling.opinions import ask_without, pool
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.calibration import calibrate
from slowpaths.labelling.rules.catalogue import select_rules
from slowpaths.labelling.rules.votes import VoteMatrix, apply_rules
from slowpaths.labelling.teacher import FEATURES_READ, load_teacher
from slowpaths.mining.sequences import mine_sequence
from slowpaths.store.schema import FEATURE_PREFIX
from slowpaths.store.tables import deliveries_table, write_text
from slowpaths.world.presets import VIEW_OF

MOST = 3000  # deliveries
DRAWS = 8  # most draws of a world of few deliveries
GROUPS = sets_of([FF, BF, VERT, HORZ, LOFT, DEFEND, ATTACK, OFF, STRAIGHT, LEG]).T.astype(int)  # (C, groups)
SAME = GROUPS @ GROUPS.T + (1 - GROUPS) @ (1 - GROUPS).T - 100 * np.eye(NUM_STROKES, dtype=int)
SURE, UNSURE, TOO_SURE = 0.45, 0.8, 0.9  # noise of what a teacher sees: right on .7, .35 and .3
WITHIN = 0.01  # a point
SEED = 977


def main() -> None:
    """Draw the worlds, play the strokes, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--strokes", type=int, default=700)
    parser.add_argument("--out", type=Path, default=Path("experiments/vote_worlds/results"))
    given = parser.parse_args()
    rows = [row for seed in range(given.worlds) for row in in_world(seed)]
    kinds = (True, False) if given.strokes else ()
    strokes = [row for is_archive in kinds for row in on_strokes(given.strokes, is_archive=is_archive)]
    for name, table in (("trust_worlds", by_teacher(rows)), ("trust_strokes", strokes)):
        if table:
            write_text(given.out / f"{name}.csv", csv_table(table))
            print(csv_table(table))


def in_world(seed: int) -> list[dict[str, object]]:
    """Return a row a teacher: how far it is trusted, and how often names are right, mean of the draws of a world."""
    world, shares_C, declared = describe(seed)
    if world.num > MOST:
        return []
    found: dict[str, list[list[float]]] = {}
    for part in range(min(DRAWS, 1 + 100 // world.num)):
        votes, truth = draw(world, shares_C, declared, part)
        votes = with_reliability(votes, np.zeros(world.num))
        voted_NC = voted(votes)
        for name, said_NC in teachers(truth, np.random.default_rng((seed, part, 7))):
            trusted = trust(votes, lambda rows, _, said_NC=said_NC: said_NC[rows], side_N=np.zeros(world.num))
            numbers = [trusted.weight, np.isfinite(trusted.borne_out), *rights(voted_NC, said_NC, trusted, truth)]
            found.setdefault(name, []).append(numbers)
    kind = {"num": world.num, "rules": world.rules, "shares": world.shares}
    return [
        {"teacher": name, **kind, **dict(zip(COLUMNS, np.mean(values, axis=0).tolist(), strict=True))}
        for name, values in found.items()
    ]


COLUMNS = ("weight", "known", "alone", "votes", "fixed", "trusted")


def voted(votes: VoteMatrix) -> np.ndarray:
    """Return what the default label model makes of votes (N, C), tempered as `slowpaths label` does."""
    model, encoding = HierarchicalPartial(), Encoding.of(votes)
    held_out = hold_out_families(model, votes)
    model.fit(encoding)
    model.temperature_ = find_temperature(model, held_out, agreed_sureness(model, held_out))
    return model.predict_proba(encoding)


def rights(voted_NC: np.ndarray, said_NC: np.ndarray, trusted: Trust, truth: np.ndarray) -> list[float]:
    """Return the share named right by the teacher alone, the votes alone, the fixed pool and the trusting one."""
    said_by = {"votes": voted_NC, "teacher": said_NC}
    pooled = [pool(said_by, Trust(weight=1.0)), pool(said_by, trusted)]
    return [float((np.nan_to_num(one).argmax(axis=1) == truth).mean()) for one in (said_NC, voted_NC, *pooled)]


def teachers(truth: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Yield names of teachers and what they say of strokes (N, C)."""
    num = len(truth)
    guesses = rng.integers(0, NUM_STROKES, num)
    yield "right", said(truth, rng)
    yield "right, unsure", said(truth, rng, seen=UNSURE, claimed=UNSURE)
    yield "half right, sure", said(np.where(rng.random(num) < 0.5, truth, guesses), rng)
    yield "too sure", said(truth, rng, seen=TOO_SURE)
    yield "chance", said(guesses, rng)
    yield "one stroke", said(np.full(num, rng.integers(NUM_STROKES)), rng)
    yield "another stroke", said((truth + 7) % NUM_STROKES, rng)
    yield "nearest neighbour", said(SAME.argmax(axis=1)[truth], rng)


def said(strokes: np.ndarray, rng: np.random.Generator, *, seen: float = SURE, claimed: float = SURE) -> np.ndarray:
    """Return what is believed by somebody who sees strokes through noise and believes to know how much of it."""
    seen_NC = np.eye(NUM_STROKES)[strokes] + seen * rng.standard_normal((len(strokes), NUM_STROKES))
    odds_NC = np.exp((seen_NC - seen_NC.max(axis=1, keepdims=True)) / claimed**2)
    return odds_NC / odds_NC.sum(axis=1, keepdims=True)


def is_like_footage(row: dict[str, object]) -> bool:
    """Return whether a world has 100 deliveries or more, the whole rulebook and three strokes or more."""
    return float(row["num"]) >= 100 and row["rules"] == "rulebook" and row["shares"] not in ("one", "two")  # type: ignore[arg-type]


def by_teacher(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return means over worlds by teacher, and the share of worlds where labels are within a point of the votes'."""
    kinds = {
        "all": lambda row: True,
        "below 30 deliveries": lambda row: row["num"] < 30,
        "30 and more": lambda row: row["num"] >= 30,
        "as footage": is_like_footage,
        "as footage, rules that bear each other out": lambda row: is_like_footage(row) and row["known"] == 1.0,
    }
    table = []
    for kind, is_meant in kinds.items():
        for name in dict.fromkeys(str(row["teacher"]) for row in rows):
            some = [row for row in rows if row["teacher"] == name and is_meant(row)]
            if not some:
                continue
            values = {key: np.array([float(row[key]) for row in some]) for key in COLUMNS}
            safe = {f"{key}_not_below_votes": np.mean(values[key] >= values["votes"] - WITHIN)
                    for key in ("fixed", "trusted")}  # fmt: skip
            means = {key: value.mean() for key, value in values.items()}
            table.append({"worlds": kind, "number": len(some), "teacher": name, **_short({**means, **safe})})
    return table


def on_strokes(num: int, *, is_archive: bool) -> Iterator[dict[str, object]]:
    """Yield a row a way of spoiling simulated strokes."""
    deliveries, truth = play(num, is_archive=is_archive)
    strokes = "archive" if is_archive else "video"
    rng = np.random.default_rng(SEED)
    numbers = deliveries[FEATURE_PREFIX + FEATURES_READ[0]].type
    known = [name.removeprefix(FEATURE_PREFIX) for name in deliveries.schema.names if name.startswith(FEATURE_PREFIX)]
    legs = [name for name in known if name not in FEATURES_READ and deliveries[FEATURE_PREFIX + name].type == numbers]
    some = [name for name in FEATURES_READ if rng.random() < 0.6]
    everyone, other = np.arange(len(truth)), rng.permutation(len(truth))
    half = np.where(rng.random(len(truth)) < 0.5, other, everyone)
    apart = {name: rng.permutation(len(truth)) for name in (*legs, *FEATURES_READ)}
    ways: dict[str, dict[str, np.ndarray]] = {
        "nothing": {},
        "legs": {name: apart[name] for name in legs},
        f"{len(some)} of {len(FEATURES_READ)} features of hands, each by itself": {name: apart[name] for name in some},
        "all features of hands in half of the strokes, each by itself": {
            name: np.where(rng.random(len(truth)) < 0.5, apart[name], everyone) for name in FEATURES_READ
        },
        "hands of somebody else in half of the strokes": dict.fromkeys(FEATURES_READ, half),
        "hands of somebody else": dict.fromkeys(FEATURES_READ, other),
    }
    for way, taken in ways.items():
        yield {"strokes": strokes, "spoilt": way, **judged(_with(deliveries, taken), truth)}
    way = "the teacher's inputs alone, of another stroke"
    yield {"strokes": strokes, "spoilt": way, **judged(deliveries, truth, asked=other)}


def play(num: int, *, is_archive: bool) -> tuple[pa.Table, np.ndarray]:
    """Return simulated strokes as an archive or a video holds them, measured by mining, and what was played (N,)."""
    deliveries, truth = [], []
    for index in range(num):
        random = np.random.default_rng([SEED, index])
        filmed = film_stroke(random, is_archive=is_archive)
        if not np.isfinite(filmed.pixels_TJ2).all():
            continue
        features = None if is_archive else features_of(random, filmed, is_archive=False)
        track = track_of(random, filmed, is_archive=True)
        sequence = PoseSequence(
            name=f"s{index}", label="", track=track, duplicate_of="", picture_size=SIZE, digest=str(index)
        )
        mined = mine_sequence(sequence).deliveries
        if mined and (is_archive or features is not None):
            seen = {} if features is None else {"features": features, "view": VIEW_OF[filmed.camera]}
            deliveries.append(replace(mined[0], **seen))
            truth.append(INDEX[filmed.stroke])
    return deliveries_table(deliveries), np.array(truth)


def judged(deliveries: pa.Table, truth: np.ndarray, *, asked: np.ndarray | None = None) -> dict[str, object]:
    """Return how far the shipped teacher is trusted there, and should be; `asked` are the strokes it sees instead."""
    rules, block, teacher = select_rules(), FeatureBlock.from_table(deliveries), load_teacher()
    assert teacher is not None
    votes = apply_rules(deliveries, rules=rules, calibration=calibrate(block, rules=rules), block=block)
    votes = with_reliability(votes, block.side_N)
    features_NF = np.stack([floats(deliveries[FEATURE_PREFIX + name]) for name in FEATURES_READ], axis=1)
    features_NF = features_NF if asked is None else features_NF[asked]
    said_NC, ask = teacher(features_NF), partial(ask_without, teacher, features_NF)
    trusted = trust(votes, ask, side_N=block.side_N)
    strange = [rule for rule, spec in enumerate(votes.specs) if not spec.reads & set(FEATURES_READ)]
    apart = trust(votes.columns(strange), lambda rows, _: said_NC[rows], side_N=block.side_N)
    shared = trust(votes, lambda rows, _: ask(rows, frozenset()), side_N=block.side_N)
    speaks = np.isfinite(said_NC).all(axis=1)
    beyond = said_NC[speaks] - said_NC[speaks].mean(axis=0)
    true = (beyond[np.arange(len(beyond)), truth[speaks]]).sum() / (beyond**2).sum()
    rest = {"true": true, "found": trusted.borne_out, "error": trusted.error}
    rest |= {"shared": shared.borne_out, "apart": apart.borne_out, "weight_apart": apart.weight}
    voted_NC = voted(votes)
    numbers = [trusted.weight, np.isfinite(trusted.borne_out), *rights(voted_NC, said_NC, trusted, truth)]
    return _short(
        rest | dict(zip(COLUMNS, numbers, strict=True)) | {"trusted_apart": rights(voted_NC, said_NC, apart, truth)[-1]}
    )


def _with(deliveries: pa.Table, taken: dict[str, np.ndarray]) -> pa.Table:
    """Return deliveries some of whose features are those of other deliveries."""
    for name, rows in taken.items():
        place = deliveries.schema.names.index(FEATURE_PREFIX + name)
        column = deliveries.column(place).take(pa.array(rows))
        deliveries = deliveries.set_column(place, deliveries.schema.field(place), column)
    return deliveries


def _short(values: dict[str, object]) -> dict[str, object]:
    return {key: f"{float(value):.3f}" for key, value in values.items()}  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
