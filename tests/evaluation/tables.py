"""Truth and prediction tables with a known confusion, for the tests of this room."""

from __future__ import annotations

import csv
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from slowpaths.core.strokes import NUM_STROKES, STROKES
from slowpaths.evaluation.pairing import Pairing
from slowpaths.store.schema import PREDICTIONS
from slowpaths.store.tables import write_table

TRUTH_COLUMNS = ["video", "start_s", "end_s", "impact_s", "label"]
SHARES = np.array([4, 12, 8, 12, 9, 7, 7, 8, 9, 6, 3, 8, 4, 3], dtype=np.float64) / 100


def write_csv(path: Path, rows: list[dict[str, object]], columns: list[str] | None = None) -> Path:
    columns = columns or list(rows[0])
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_truth(path: Path, rows: list[str], columns: str = "video,start_s,end_s,impact_s,label") -> Path:
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


def prediction_table(rows: list[dict[str, object]]) -> pa.Table:
    """Fill what a row leaves out: one-hot probabilities, a clip around the impact, blanks."""
    filled = []
    for number, row in enumerate(rows):
        row = dict(row)
        probs = row.pop("probs", None)
        if probs is None:
            probs = np.eye(NUM_STROKES)[STROKES.index(str(row["label"]))]
        impact_s = float(row["impact_s"])  # type: ignore[arg-type]
        filled.append(
            {
                "delivery_id": f"d{number}",
                "video_id": row["video"],
                "start_s": max(0.0, impact_s - 0.8),
                "end_s": impact_s + 0.48,
                "label": STROKES[int(np.argmax(probs))],
                "confidence": float(np.max(probs)),
                "source": "model",
                "match_id": "",
                "event_p": 0.9,
                "is_kept": True,
                "votes_fingerprint": "",
                "model_id": "m",
                "view_index": 0,
                "split": "test",
                **{f"prob_{stroke}": float(p) for stroke, p in zip(STROKES, probs, strict=True)},
                **row,
            }
        )
    return pa.Table.from_pylist(filled, schema=PREDICTIONS.schema.remove_metadata())


def make_study(
    folder: Path,
    *,
    num_matches: int = 8,
    batters_per_match: int = 3,
    balls: int = 40,
    accuracy: float = 0.7,
    seed: int = 0,
) -> tuple[Path, Path]:
    """Write truth.csv and predictions.parquet of matches with a known share of right answers.

    Every twentieth delivery is missed, every twenty-fifth prediction is false; wrong answers are less sure.
    """
    rng = np.random.default_rng(seed)
    truth: list[dict[str, object]] = []
    predicted: list[dict[str, object]] = []
    count = 0
    for match in range(num_matches):
        video = f"match{match}/innings.mp4"
        for batter in range(batters_per_match):
            shares = rng.dirichlet(SHARES * 25)
            for _ in range(balls):
                count += 1
                impact_s = 20.0 * (len(truth) - match * batters_per_match * balls) + 10.0
                stroke = int(rng.choice(NUM_STROKES, p=shares))
                truth.append(
                    {
                        "video": video,
                        "start_s": max(0.0, impact_s - 0.6),
                        "end_s": impact_s + 0.6,
                        "impact_s": impact_s,
                        "label": STROKES[stroke],
                        "handedness": "RL"[batter % 2],
                        "batter_id": f"batter{(match * batters_per_match + batter) % 12}",
                        "match_id": f"match{match}",
                        "view": "pitch_endon",
                    }
                )
                if count % 20 == 0:
                    continue
                named = stroke if rng.random() < accuracy else int(rng.choice(NUM_STROKES))
                sureness = rng.uniform(0.5, 0.95) if named == stroke else rng.uniform(0.3, 0.8)
                probs = rng.dirichlet(np.full(NUM_STROKES, 0.5)) * (1 - sureness)
                probs[named] += sureness
                predicted.append(
                    {
                        "video": video,
                        "impact_s": impact_s + float(rng.normal(0, 0.05)),
                        "match_id": f"match{match}",
                        "probs": probs / probs.sum(),
                        "event_p": float(rng.uniform(0.6, 1.0)),
                    }
                )
                if count % 25 == 0:
                    probs = rng.dirichlet(np.full(NUM_STROKES, 0.5))
                    predicted.append(
                        {
                            "video": video,
                            "impact_s": impact_s + 8.0,
                            "match_id": f"match{match}",
                            "probs": probs,
                            "event_p": float(rng.uniform(0.3, 0.7)),
                        }
                    )
    folder.mkdir(parents=True, exist_ok=True)
    truth_path = write_csv(folder / "truth.csv", truth)
    write_table(folder / "predictions.parquet", prediction_table(predicted), PREDICTIONS)
    return truth_path, folder / "predictions.parquet"


def only(pairing: Pairing, rows: np.ndarray) -> Pairing:
    """Return some rows of a pairing, by mask."""
    arrays = {field.name: getattr(pairing, field.name) for field in fields(pairing)}
    taken = {name: value[rows] for name, value in arrays.items() if isinstance(value, np.ndarray)}
    truths = [truth for truth, is_kept in zip(pairing.truths, rows, strict=True) if is_kept]
    return replace(pairing, **taken, truths=truths)
