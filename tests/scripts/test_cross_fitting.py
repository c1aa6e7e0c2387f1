"""Held-out predictions of a sweep over folds, with a stand-in for training."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from scripts import cross_fitting
from slowpaths.core.records import Prediction
from slowpaths.core.spans import Span
from slowpaths.core.strokes import NUM_STROKES, STROKES
from slowpaths.store.sweep_folder import Cell, SweepFolder
from slowpaths.store.tables import read_predictions, write_predictions


def train(verb: str, *words: str) -> None:
    """Write what a sweep leaves: each run names every clip as its own seed and fold, and tests those of its fold."""
    assert (verb, words[0]) == ("train", "-m")
    given = dict(word.split("=", 1) for word in words[1:])
    axes = {key: given[key].split(",") for key in ("loss", "seed", "data.fold")}
    sweep = SweepFolder(Path(given["out"]))
    many = [key for key, values in axes.items() if len(values) > 1]
    for values in product(*axes.values()):
        chosen = dict(zip(axes, values, strict=True))
        apart = {key: chosen[key] for key in many}
        cell = Cell(name="_".join(f"{key}-{value}" for key, value in apart.items()), overrides=(), axes=apart,
                    fingerprint="f")  # fmt: skip
        sweep.add([cell])
        sweep.run(cell).path.mkdir(parents=True, exist_ok=True)
        probs_C = np.eye(NUM_STROKES)[(int(chosen["seed"]) * 4 + int(chosen["data.fold"])) % NUM_STROKES]
        rows = [
            Prediction(delivery_id=f"d{fold}", video_id="v", video="v.mp4", match_id=f"m{fold}", span=Span(0.0, 1.0),
                       impact_s=0.5, event_p=1.0, probs=probs_C, label=STROKES[int(probs_C.argmax())], confidence=1.0,
                       source="model", split="test" if str(fold) == chosen["data.fold"] else "train")
            for fold in range(4)
        ]  # fmt: skip
        write_predictions(sweep.run(cell).predictions, rows)


def test_each_clip_is_named_by_the_network_that_has_not_seen_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_fitting, "slowpaths", train)
    found = cross_fitting.cross_fitted(
        tmp_path / "mined", ["experiment=demo"], axes={"loss": ["gce"], "seed": [0, 1]}, out=tmp_path / "sweep"
    )
    assert list(found) == [("gce", "0"), ("gce", "1")]
    for (_, seed), table in found.items():
        named = {row.delivery_id: int(np.argmax(row.probs)) for row in read_predictions(table)}
        assert named == {f"d{fold}": (int(seed) * 4 + fold) % NUM_STROKES for fold in range(4)}


def test_what_an_earlier_sweep_was_asked_for_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_fitting, "slowpaths", train)
    cross_fitting.cross_fitted(tmp_path, [], axes={"loss": ["gce"], "seed": [0, 1]}, out=tmp_path / "sweep")
    found = cross_fitting.cross_fitted(tmp_path, [], axes={"loss": ["gce"], "seed": [1, 2]}, out=tmp_path / "sweep")
    assert list(found) == [("gce", "1"), ("gce", "2")]
