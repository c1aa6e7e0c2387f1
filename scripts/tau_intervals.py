"""How wide are intervals of Kendall's tau between accuracy and usefulness, and how many systems would make them narrow?

usage: python -m scripts.tau_intervals [--measures experiments/gap/results/measures.parquet] [--results DIR]

Exploratory, beside the registered analysis, from the kept table of measures alone; a minute on one core. It writes

tau_intervals.csv  tau over the systems of the registered analysis and over all that beat the most frequent stroke, with
                   the bootstrap over configurations (as registered) and with a jackknife, and tau on either half;
tau_needed.csv     how far tau of so many systems lies from that of infinitely many in 95 % of simulated populations,
                   and how often either interval holds it.

Legend: K configurations, B replicates.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from slowpaths.evaluation.figures.save import to_csv
from slowpaths.evaluation.gap.population import Population, drop_degenerate, mean_over_seeds, read_population
from slowpaths.evaluation.intervals import Interval, jackknife, leave_out
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.rank_correlation import tau_b

COLUMNS = ("usefulness_decision_utility", "usefulness_retrieval_ap", "usefulness_ranking_agreement",
           "usefulness_profile_fidelity", "usefulness_prevalence_error", "calibration_ece")  # fmt: skip
MOST_FREQUENT = 0.11  # share of the most frequent stroke (README of the study): no better is nothing learnt
DRAWS = 2000  # of the bootstrap, as registered
SIZES = (12, 23, 50, 100, 200, 400)  # of simulated populations
TAUS = (0.5, 0.6, 0.7, 0.8, 0.9)
WORLDS, WORLD_DRAWS = 400, 200  # populations of a size, and draws of the bootstrap in each
COVERED = (12, 23, 50)  # sizes at which both intervals are computed
_CENTRAL = (0.025, 0.975)


def bootstrap(x_K: np.ndarray, y_K: np.ndarray, *, draws: int, rng: np.random.Generator) -> Interval:
    """Return the interval by drawing configurations with replacement."""
    weights_BK = rng.multinomial(len(x_K), np.full(len(x_K), 1 / len(x_K)), size=draws).astype(np.float64)
    taus_B = tau_b(x_K, y_K, weights_BK)
    low, high = np.quantile(taus_B[np.isfinite(taus_B)], _CENTRAL)
    return Interval(low=float(low), high=float(high))


def left_out(x_K: np.ndarray, y_K: np.ndarray) -> Interval:
    """Return the interval by leaving out one configuration at a time, cut at -1 and 1."""
    found = jackknife(tau_b(x_K, y_K, leave_out(np.arange(len(x_K)).astype(str))))
    assert found is not None
    return Interval(low=max(found.low, -1.0), high=min(found.high, 1.0))


def intervals(population: Population, systems: str) -> Table:
    """Return tau with both intervals for every measure."""
    accuracy, rows = population.accuracies, []
    for column in COLUMNS:
        useful = population.of(column)
        given = accuracy["all"], useful["all"]
        ones = np.ones((1, len(population)))
        halves = [float(tau_b(accuracy[half], useful[half], ones)[0]) for half in "AB"]
        shared = {"systems": systems, "configurations": len(population), "measure": column.split("_", 1)[1],
                  "tau": float(tau_b(*given, ones)[0]), "tau_half_a": halves[0], "tau_half_b": halves[1]}  # fmt: skip
        ways = {
            "bootstrap": bootstrap(*given, draws=DRAWS, rng=np.random.default_rng(0)),
            "jackknife": left_out(*given),
        }
        rows += [
            shared | {"way": way, "low": item.low, "high": item.high, "half_width": (item.high - item.low) / 2}
            for way, item in ways.items()
        ]
    return rows


def needed(size: int, tau: float) -> dict[str, float | int | str]:
    """Return how tau of a sample scatters around that of its normal population, and how often intervals hold it."""
    rng = np.random.default_rng((size, round(100 * tau)))
    correlation = np.sin(np.pi / 2 * tau)  # Greiner 1909
    ones, found, held = np.ones((1, size)), [], {"bootstrap": 0, "jackknife": 0}
    for _ in range(WORLDS):
        x_K, other_K = rng.standard_normal((2, size))
        y_K = correlation * x_K + np.sqrt(1 - correlation**2) * other_K
        found.append(float(tau_b(x_K, y_K, ones)[0]))
        if size in COVERED:
            for way, item in (
                ("bootstrap", bootstrap(x_K, y_K, draws=WORLD_DRAWS, rng=rng)),
                ("jackknife", left_out(x_K, y_K)),
            ):
                held[way] += item.low <= tau <= item.high
    low, high = np.quantile(found, _CENTRAL)
    covered = {f"held_by_{way}": held[way] / WORLDS if size in COVERED else float("nan") for way in held}
    return {"tau": tau, "configurations": size, "half_width": float(high - low) / 2, **covered}


def main() -> None:
    """Read the table of measures, and write both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measures", type=Path, default=Path("experiments/gap/results/measures.parquet"))
    parser.add_argument("--results", type=Path, default=Path("experiments/gap/results"))
    asked = parser.parse_args()
    everything = mean_over_seeds(read_population(pq.read_table(asked.measures)))
    learned = everything.take(everything.accuracies["all"] > MOST_FREQUENT)
    rows = intervals(drop_degenerate(everything)[0], "registered") + intervals(learned, "better than the most frequent")
    (asked.results / "tau_intervals.csv").write_text(to_csv(rows))
    simulated = [needed(size, tau) for tau in TAUS for size in SIZES]
    (asked.results / "tau_needed.csv").write_text(to_csv(simulated))


if __name__ == "__main__":
    main()
