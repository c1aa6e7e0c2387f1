"""What seeds reach on the matches that are judged, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts.learning_curve import judge, learnt

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
    found = judge([one, two], truth)
    assert found["right"] == pytest.approx((2 + 4) / 12)
    assert found["sd"] == pytest.approx((4 / 6 - 2 / 6) / 2**0.5)
    assert found["low"] < found["right"] < found["high"]
    assert found["seeds"] == 2 and found["constant"] == pytest.approx(4 / 6)
    # leave 1; pull 0 or 2 of 4 with precision 1; the stroke that nobody played 0
    assert found["macro_f1"] == pytest.approx(((1 + 0 + 0) / 3 + (1 + 2 / 3 + 0) / 3) / 2)
    assert learnt(one) == 2
