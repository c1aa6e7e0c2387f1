from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slowpaths.evaluation.matching import gaps, match_moments, match_videos

TIMES = st.lists(st.integers(0, 30).map(lambda n: n / 5), max_size=5)


def _points(times: list[float]) -> np.ndarray:
    return np.array([(t, t) for t in times], dtype=np.float64).reshape(-1, 2)


@pytest.mark.parametrize(
    ("ours", "theirs", "pairs"),
    [
        (["d/a.mp4", "e/a.mp4"], ["d/a.mp4", "e/a.mp4"], {"d/a.mp4": "d/a.mp4", "e/a.mp4": "e/a.mp4"}),
        (["d/a.mp4", "e/a.mp4"], ["a.mp4"], {}),  # two candidates: nobody guesses
        (["d/a.mp4"], ["e/a.mp4"], {"d/a.mp4": "e/a.mp4"}),
        (["a.mkv"], ["x/a.mp4"], {"a.mkv": "x/a.mp4"}),
        (["a.mkv", "a.mp4"], ["a.mp4"], {"a.mp4": "a.mp4"}),  # no partner is given away twice
        ([], ["a.mp4"], {}),
    ],
)
def test_videos_are_matched_by_path_then_name_then_stem(
    ours: list[str], theirs: list[str], pairs: dict[str, str]
) -> None:
    assert match_videos(ours, theirs) == pairs


def _best_by_brute_force(gap_PT: np.ndarray, tolerance_s: float) -> tuple[int, float]:
    num_p, num_t = gap_PT.shape
    best = (0, 0.0)
    for size in range(1, min(num_p, num_t) + 1):
        for rows in itertools.combinations(range(num_p), size):
            for columns in itertools.permutations(range(num_t), size):
                found = [gap_PT[r, c] for r, c in zip(rows, columns, strict=True)]
                if max(found) <= tolerance_s + 1e-9:
                    best = max(best, (size, -sum(found)))
    return best[0], -best[1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 15), max_size=4), st.lists(st.integers(0, 15), max_size=4))
def test_as_many_pairs_as_can_be_then_the_nearest(predicted: list[int], true: list[int]) -> None:
    predicted_P2, true_T2 = _points([t / 5 for t in predicted]), _points([t / 5 for t in true])
    pairs = match_moments(predicted_P2, true_T2, tolerance_s=0.5)
    gap_PT = gaps(predicted_P2, true_T2)
    size, total = _best_by_brute_force(gap_PT, 0.5) if len(predicted) and len(true) else (0, 0.0)
    assert len(pairs) == size
    assert sum(gap_PT[p, t] for p, t in pairs) == pytest.approx(total, abs=1e-6)


@given(TIMES, TIMES, st.floats(0, 2))
def test_pairs_are_one_to_one_and_near(predicted: list[float], true: list[float], tolerance_s: float) -> None:
    pairs = match_moments(_points(predicted), _points(true), tolerance_s=tolerance_s)
    assert len({p for p, _ in pairs}) == len({t for _, t in pairs}) == len(pairs)
    assert all(abs(predicted[p] - true[t]) <= tolerance_s + 1e-6 for p, t in pairs)


@given(TIMES, TIMES)
def test_a_larger_tolerance_never_loses_pairs(predicted: list[float], true: list[float]) -> None:
    sizes = [len(match_moments(_points(predicted), _points(true), tolerance_s=t)) for t in (0.1, 0.4, 1.0)]
    assert sizes == sorted(sizes)


def test_a_span_and_an_untimed_delivery() -> None:
    true_T2 = np.array([[-np.inf, np.inf], [2.0, 4.0]])
    assert match_moments(_points([3.9]), true_T2) == [
        (0, 1)
    ]  # the span explains it; the untimed one is the last resort
    assert match_moments(_points([3.9, 20.0]), true_T2) == [(0, 1), (1, 0)]
    assert match_moments(_points([4.6]), true_T2[1:]) == []
