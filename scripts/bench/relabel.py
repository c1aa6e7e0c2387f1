"""Measure how long re-labelling takes: rules, thresholds, evidence, default label model, report; and the model alone.

Processor time, all in one run: read the ratios, the seconds are the machine's.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace

import numpy as np
import pyarrow as pa

from slowpaths.core.features import FEATURE_NAMES
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.pipeline import label
from slowpaths.labelling.rules.catalogue import all_rules
from slowpaths.labelling.rules.votes import VoteMatrix
from slowpaths.store.schema import DELIVERIES, FEATURE_PREFIX, FOOTAGE

NUM_RULES = 44


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=100_000, help="deliveries in the largest run (default 100000)")
    num = parser.parse_args().num
    sizes = [num // 4, num // 2, num]
    label(deliveries(100), footage())  # imports and first calls
    print(f"{'deliveries':>10} {'votes':>9} {'re-label s':>10} {'model s':>8} {'peak GiB':>8}")
    relabel_s, model_s = [], []
    for size in sizes:
        table = deliveries(size)
        start_s = time.process_time()
        found = label(table, footage())
        relabel_s.append(time.process_time() - start_s)
        votes = widened(found.matrix)
        start_s = time.process_time()
        HierarchicalPartial().fit(votes)
        model_s.append(time.process_time() - start_s)
        peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{size:>10} {found.votes.num_rows:>9} {relabel_s[-1]:>10.2f} {model_s[-1]:>8.2f} {peak_gib:>8.2f}")
    ratios = [seconds[2] / seconds[1] for seconds in (relabel_s, model_s)]
    print(f"re-label {len(all_rules())} rules, model {NUM_RULES}; doubled: x{ratios[0]:.2f} and x{ratios[1]:.2f}")


def deliveries(num: int, *, seed: int = 0) -> pa.Table:
    """Return deliveries whose features fill the range around the cuts of the rules, in two views and 50 videos."""
    rng = np.random.default_rng(seed)
    limits: dict[str, list[float]] = {name: [-1.0, 1.0] for name in FEATURE_NAMES}
    for rule in all_rules():
        for threshold in rule.thresholds.values():
            limits.setdefault(threshold.feature, []).extend((0.5 * threshold.default, 1.5 * threshold.default))
    columns: dict[str, object] = {
        "delivery_id": [f"video-d{index:08d}" for index in range(num)],
        "video_id": np.char.add("video", rng.integers(50, size=num).astype(str)),
        "shot_id": np.full(num, "shot"),
        "view": rng.choice(["pitch_endon", "pitch_side"], size=num, p=[0.8, 0.2]),
        "handedness_p": rng.choice([0.03, 0.5, 0.97], size=num, p=[0.2, 0.1, 0.7]),
        "impact_uncertainty_s": rng.uniform(0.02, 0.3, num),
        "event_p": rng.uniform(0.4, 1.0, num),
    }
    for name in FEATURE_NAMES:
        values = rng.uniform(min(limits[name]), max(limits[name]), num)
        values[rng.random(num) < 0.1] = np.nan
        columns[FEATURE_PREFIX + name] = values
    for name in ("pose_confidence", "valid_fraction", "striker_p", "camera_inliers", "is_live"):
        columns[FEATURE_PREFIX + name] = np.where(rng.random(num) < 0.95, 0.9, 0.1)
    numbers = {name: np.ones(num) for name in DELIVERIES.schema.names if name not in columns}
    return pa.table(columns | numbers).select(DELIVERIES.schema.names).cast(DELIVERIES.schema.remove_metadata())


def footage() -> pa.Table:
    """Return the footage table of 50 videos in 10 matches."""
    names = [f"video{index}" for index in range(50)]
    empty = {field.name: pa.nulls(50, field.type) for field in FOOTAGE.schema}
    given = {
        "video_id": pa.array(names),
        "path": pa.array(names),
        "match_id": pa.array([f"m{i % 10}" for i in range(50)]),
    }
    return pa.table(empty | given).cast(FOOTAGE.schema.remove_metadata())


def widened(votes: VoteMatrix) -> VoteMatrix:
    """Return the votes with rules repeated until there are 44, each copy shifted by one delivery."""
    extra = NUM_RULES - len(votes.specs)
    specs = votes.specs + tuple(replace(spec, code=spec.code + "2") for spec in votes.specs[:extra])
    symbols_NR, weights_NR = (
        np.concatenate([values_NR, np.roll(values_NR[:, :extra], 1, axis=0)], axis=1)
        for values_NR in (votes.symbols_NR, votes.weights)
    )
    return replace(votes, specs=specs, symbols_NR=symbols_NR, weights_NR=weights_NR)


if __name__ == "__main__":
    main()
