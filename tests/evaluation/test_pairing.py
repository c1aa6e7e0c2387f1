from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.tables import prediction_table, write_truth

from slowpaths.evaluation.classes import OUTSIDE
from slowpaths.evaluation.pairing import NO_STROKE, Pairing, pair
from slowpaths.evaluation.prediction_table import read_predictions
from slowpaths.evaluation.truth_table import read_truth
from slowpaths.store.schema import PREDICTIONS
from slowpaths.store.tables import write_table

COLUMNS = "video,start_s,end_s,impact_s,label,batter_id,match_id"


def _pair(
    folder: Path, truth: list[str], predicted: list[tuple[str, float, str]], *, searched: tuple[str, ...] = ()
) -> Pairing:
    rows = [{"video": video, "impact_s": s, "label": label} for video, s, label in predicted]
    write_table(folder / "p.parquet", prediction_table(rows), PREDICTIONS)  # type: ignore[arg-type]
    return pair(
        read_predictions(folder / "p.parquet"),
        read_truth(write_truth(folder / "t.csv", truth, COLUMNS), taxonomy="cricshot10"),
        searched=searched,
    )


def test_every_delivery_is_matched_false_missed_or_outside(tmp_path: Path) -> None:
    pairing = _pair(
        tmp_path,
        ["d/a.mp4,,,1.0,cover,,", "d/a.mp4,,,5.0,,,", "d/a.mp4,,,9.0,pull,,", "b.mp4,,,1.0,sweep,,"],
        [("a.mp4", 1.3, "cover_drive"), ("a.mp4", 5.0, "cut"), ("a.mp4", 7.0, "cut"), ("c.mp4", 1.0, "cut")],
    )
    names = pairing.space.names
    assert pairing.true_U.tolist() == [names.index("cover"), OUTSIDE, NO_STROKE, names.index("hook+pull")]
    assert pairing.is_found.tolist() == [True, True, True, False]
    assert pairing.is_graded.tolist() == [True, False, False, False]
    assert set(pairing.video) == {"d/a.mp4"}
    names_of_counts = ("unseen_videos", "unseen_deliveries", "other_videos", "other_predictions")
    assert pairing.not_judged == dict.fromkeys(names_of_counts, 1)
    assert np.isnan(pairing.probs_UG[3]).all() and pairing.probs_UG[0, names.index("cover")] == 1


def test_a_searched_video_without_predictions_is_judged(tmp_path: Path) -> None:
    pairing = _pair(
        tmp_path, ["a.mp4,,,1.0,cover,,", "b.mp4,,,1.0,sweep,,"], [("a.mp4", 1.0, "cut")], searched=("b.mp4",)
    )
    assert pairing.is_found.tolist() == [True, False]
    assert pairing.not_judged["unseen_videos"] == 0


def test_two_predictions_cannot_share_a_delivery(tmp_path: Path) -> None:
    pairing = _pair(tmp_path, ["a.mp4,,,1.0,cover,,"], [("a.mp4", 1.2, "cover_drive"), ("a.mp4", 1.1, "cut")])
    assert pairing.true_U.tolist() == [NO_STROKE, 0]


@pytest.mark.parametrize(
    ("truth", "groups", "matches"),
    [
        (["a.mp4,,,1.0,cover,Smith,m1", "a.mp4,,,5.0,cover,,m1"], ["Smith", "", ""], ["m1"] * 3),
        (["a.mp4,,,1.0,cover,,m1", "a.mp4,,,5.0,cover,,m1"], ["m1"] * 3, ["m1"] * 3),
        (["a.mp4,,,1.0,cover,,", "a.mp4,,,5.0,cover,,"], ["a.mp4"] * 3, ["a.mp4"] * 3),
    ],
)
def test_groups_are_batters_else_matches_else_videos(
    tmp_path: Path, truth: list[str], groups: list[str], matches: list[str]
) -> None:
    pairing = _pair(tmp_path, truth, [("a.mp4", t, "cut") for t in (1.0, 5.0, 9.0)])
    assert pairing.group.tolist() == groups
    assert pairing.match.tolist() == matches  # the false delivery belongs to the match of its video
