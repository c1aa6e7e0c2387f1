"""Populations of systems with known errors, as tables on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests.evaluation.tables import SHARES, write_csv

from slowpaths.core.strokes import NUM_STROKES, STROKES

Name = Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]


def write_truth(
    folder: Path, *, num_matches: int = 8, batters: int = 4, balls: int = 30, seed: int = 0
) -> tuple[Path, np.ndarray, np.ndarray]:
    """Write truth.csv; return its path, true strokes (N,) and batters (N,). Batters play in every second match."""
    rng = np.random.default_rng(seed)
    rows, num_batters = [], num_matches * batters // 2
    shares = rng.dirichlet(SHARES * 25, size=num_batters)
    for match in range(num_matches):
        for own in range(batters):
            batter = (match * batters + own) % num_batters
            for stroke in rng.choice(NUM_STROKES, size=balls, p=shares[batter]):
                start_s = 10.0 * sum(row["video"] == f"m{match}.mp4" for row in rows) + 5.0
                rows.append(
                    {"video": f"m{match}.mp4", "start_s": start_s - 0.6, "end_s": start_s + 0.6, "impact_s": start_s,
                     "label": STROKES[stroke], "batter_id": f"b{batter}", "match_id": f"m{match}",
                     "handedness": "R", "video_duration_s": 10.0 * batters * balls + 60}
                )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = write_csv(folder / "truth.csv", rows)  # type: ignore[arg-type]
    true = np.array([STROKES.index(str(row["label"])) for row in rows])
    return path, true, np.array([int(str(row["batter_id"])[1:]) for row in rows])


def predictions(truth: Path, called_N: np.ndarray, *, seed: int = 0, sureness: float = 0.6) -> pa.Table:
    """Return a predictions table that names the given strokes, less sure at random."""
    rng = np.random.default_rng(seed)
    lines = [line.split(",") for line in truth.read_text().splitlines()[1:]]
    sure_N1 = np.clip(rng.normal(sureness, 0.15, size=(len(called_N), 1)), 0.3, 0.99)
    rest_NC = rng.dirichlet(np.full(NUM_STROKES, 0.5), size=len(called_N))
    probs_NC = rest_NC * (1 - sure_N1) + sure_N1 * np.eye(NUM_STROKES)[called_N]
    best = probs_NC.argmax(axis=1)
    rows = np.arange(len(called_N))
    probs_NC[rows, best], probs_NC[rows, called_N] = probs_NC[rows, called_N], probs_NC[rows, best]
    columns = {f"prob_{stroke}": probs_NC[:, at] for at, stroke in enumerate(STROKES)}
    return pa.table({"video": [line[0] for line in lines], "impact_s": [float(line[3]) for line in lines], **columns})


def at_random(accuracy: float, *, drawn_from: Sequence[float] | None = None) -> Name:
    """Name the true stroke at a rate, else another one drawn at random."""

    def name(rng: np.random.Generator, true_N: np.ndarray, batter_N: np.ndarray) -> np.ndarray:
        other = rng.choice(NUM_STROKES, size=len(true_N), p=drawn_from)
        other = np.where(other == true_N, (other + 1) % NUM_STROKES, other)
        return np.where(rng.random(len(true_N)) < accuracy, true_N, other)

    return name


def write_systems(
    folder: Path, truth: Path, true_N: np.ndarray, batter_N: np.ndarray, systems: Mapping[str, Name], *, seeds: int = 1
) -> Path:
    """Write one table a system and seed, `<system>-seed<k>.parquet`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, call) in enumerate(systems.items()):
        for seed in range(seeds):
            called_N = call(np.random.default_rng((7, number, seed)), true_N, batter_N)
            table = predictions(truth, called_N, seed=100 * number + seed)
            pq.write_table(table, folder / f"{name}-seed{seed}.parquet")
    return folder
