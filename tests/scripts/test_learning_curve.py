"""What seeds reach on the matches that are judged, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scripts.learning_curve import fit_heads, judge

from slowpaths.evaluation.prediction_table import read_predictions
from slowpaths.evaluation.truth_table import read_truth

TRUE = {"hc1": "leave", "hc2": "pull_hook", "hc3": "pull_hook", "c1": "leave"}  # match -> stroke of its two balls


def table(path: Path, named: dict[str, tuple[str, str]]) -> Path:
    """Write predictions of two balls of each match."""
    rows = [
        f"{match}/v.mp4,{10 * ball + 2},{stroke},0.9,{match},{'train' if match == 'c1' else 'test'},{match}-{ball}"
        for match, strokes in named.items()
        for ball, stroke in enumerate(strokes)
    ]
    path.write_text("\n".join(["video,impact_s,label,confidence,match_id,split,delivery_id", *rows]) + "\n")
    return path


def test_seeds_are_averaged_and_matches_that_are_learnt_from_do_not_count(tmp_path: Path) -> None:
    rows = [f"{match}/v.mp4,{10 * ball + 2},{stroke}" for match, stroke in TRUE.items() for ball in range(2)]
    (tmp_path / "truth.csv").write_text("\n".join(["video,impact_s,label", *rows]) + "\n")
    truth = read_truth(tmp_path / "truth.csv", taxonomy="slowpaths")
    wrong = ("flick_glance", "flick_glance")
    one = table(tmp_path / "one.csv", {"hc1": ("leave", "leave"), "hc2": wrong, "hc3": wrong, "c1": wrong})
    two = table(
        tmp_path / "two.csv", {"hc1": ("leave", "leave"), "hc2": ("pull_hook", "pull_hook"), "hc3": wrong, "c1": wrong}
    )
    found = judge([read_predictions(one), read_predictions(two)], truth)
    assert found["right"] == pytest.approx((2 + 4) / 12)
    assert found["sd"] == pytest.approx((4 / 6 - 2 / 6) / 2**0.5)
    assert found["low"] < found["right"] < found["high"]
    assert found["seeds"] == 2 and found["constant"] == pytest.approx(4 / 6)
    # leave 1; pull 0 or 2 of 4 with precision 1; the stroke that nobody played 0
    assert found["macro_f1"] == pytest.approx(((1 + 0 + 0) / 3 + (1 + 2 / 3 + 0) / 3) / 2)


def test_heads_learn_from_as_many_clips_as_asked_and_from_no_match_that_is_judged(tmp_path: Path) -> None:
    strokes = [("leave", "pull_hook"), ("pull_hook", "leave")] * 40
    weak = table(tmp_path / "weak.csv", {f"c{n}": one for n, one in enumerate(strokes)} | {"hc1": ("sweep", "sweep")})
    names = read_predictions(weak)
    seen_of = {
        name: np.array([stroke == names.named[0], 1.0, 0.0]) + 0.1 * (place % 3)
        for place, (name, stroke) in enumerate(zip(names.delivery_id, names.named, strict=True))
    }
    cells = fit_heads(weak, seen_of, [0, 1])
    assert {asked: [num for num, _ in seeds] for asked, seeds in cells.items()} == {
        "50": [50, 50], "150": [150, 150], "500": [160, 160], "null": [160, 160]
    }  # fmt: skip
    _, predictions = cells["null"][0]
    learnt = predictions.match_id != "hc1"
    assert (predictions.named[learnt] == names.named[learnt]).all()
    assert not (predictions.named[~learnt] == names.named[~learnt]).any()  # nobody has taught it a sweep
