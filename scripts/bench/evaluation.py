"""Measure how long an evaluation takes: every measure with its interval, of tables of synthetic predictions and truth.

Processor time, all in one run: read the ratios, the seconds are the machine's.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pyarrow as pa

from slowpaths.core.strokes import NUM_STROKES, STROKES
from slowpaths.evaluation.measures import SPECS, TABLES
from slowpaths.evaluation.pairing import pair
from slowpaths.evaluation.prediction_table import read_predictions
from slowpaths.evaluation.report import evaluate
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.truth_table import read_truth

BALLS, BATTERS, VENUES = 240, 10, 4  # of a match of twenty overs a side; batters of a match; grounds
SLOWEST = 12


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="clips in each run")
    parser.add_argument("--profile", action="store_true", help="print the slowest measures of the largest run too")
    given = parser.parse_args()
    evaluate(*tables(300), split="all")  # imports and first calls
    print(f"{'clips':>8} {'matches':>8} {'evaluate s':>11} {'peak GiB':>9}")
    for num in given.sizes:
        predictions, truth = tables(num)
        start_s = time.process_time()
        report = evaluate(predictions, truth, split="all")
        seconds = time.process_time() - start_s
        peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{num:>8} {report.counts['matches']:>8} {seconds:>11.2f} {peak_gib:>9.2f}")
    if given.profile:
        show_slowest(*tables(given.sizes[-1]))


def show_slowest(predictions: pa.Table, truth: pa.Table) -> None:
    """Print how long the slowest measures and tables take, what they share counted where it is first used."""
    sample = Sample(pair(read_predictions(predictions), read_truth(truth)), footage_s=1e6)
    took: list[tuple[float, str]] = []
    for spec in (*SPECS, *TABLES):
        source = spec.measure if hasattr(spec, "measure") else spec.build
        if getattr(spec, "side", "") == "mining" or source.__module__.rsplit(".")[-1] in MINING:
            continue
        start_s = time.process_time()
        (spec.take if hasattr(spec, "take") else spec.rows)(sample)
        took.append((time.process_time() - start_s, spec.name))
    for seconds, name in sorted(took, reverse=True)[:SLOWEST]:
        print(f"{name:>28} {seconds:>8.2f} s")


MINING = {spec.measure.__module__.rsplit(".")[-1] for spec in SPECS if spec.side == "mining"}


def tables(num: int, *, seed: int = 0) -> tuple[pa.Table, pa.Table]:
    """Return predictions and truth of matches in which seven strokes in ten are named right."""
    rng = np.random.default_rng(seed)
    match_N, ball_N = np.divmod(np.arange(num), BALLS)
    true_N = rng.choice(NUM_STROKES, p=rng.dirichlet(np.full(NUM_STROKES, 4.0)), size=num)
    named_N = np.where(rng.random(num) < 0.7, true_N, rng.integers(NUM_STROKES, size=num))
    probs_NC = rng.dirichlet(np.full(NUM_STROKES, 0.5), size=num)
    sure_N1 = rng.uniform(0.3, 0.95, size=(num, 1))
    probs_NC = (1 - sure_N1) * probs_NC + sure_N1 * np.eye(NUM_STROKES)[named_N]
    video_N = np.char.add("match", match_N.astype(str))
    impact_N = 30.0 * ball_N + 10
    shared = {"video": np.char.add(video_N, ".mp4"), "start_s": impact_N - 0.8, "end_s": impact_N + 0.48}
    truth = shared | {
        "impact_s": impact_N,
        "label": np.array(STROKES)[true_N],
        "handedness": np.where(rng.random(num) < 0.3, "L", "R"),
        "batter_id": np.char.add(video_N, np.char.add("b", (ball_N % BATTERS).astype(str))),
        "match_id": video_N,
        "venue": np.char.add("ground", (match_N % VENUES).astype(str)),
        "is_replay": np.where(rng.random(num) < 0.1, "1", "0"),
        "video_duration_s": np.full(num, 30.0 * BALLS),
    }
    predictions = shared | {
        "impact_s": impact_N + rng.normal(0, 0.05, num),
        "event_p": rng.uniform(0.5, 1, num),
        "match_id": video_N,
        "label": np.array(STROKES)[probs_NC.argmax(axis=1)],
        "confidence": probs_NC.max(axis=1),
        **{f"prob_{stroke}": probs_NC[:, column] for column, stroke in enumerate(STROKES)},
    }
    return pa.table(predictions), pa.table(truth)


if __name__ == "__main__":
    main()
