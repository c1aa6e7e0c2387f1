from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slowpaths.evaluation.measures import spotting
from slowpaths.evaluation.measures.spotting import Events


def _events(video: str, times: list[float], scores: list[float] | None = None) -> Events:
    values = np.ones(len(times)) if scores is None else np.array(scores)
    return Events(
        video=np.array([ord(name) for name in video], dtype=float),
        time_s=np.array(times, dtype=float),
        scores_EG=values[:, None],
        weights_BE=np.ones((1, len(times))),
    )


def test_the_best_score_takes_the_nearest_unused_truth() -> None:
    predicted = _events("aaab", [1.1, 1.0, 3.0, 1.0], [0.9, 0.8, 0.7, 0.6])
    truth = _events("aaa", [1.0, 1.25, 2.0])
    rows, hits = spotting.hits_in_order(predicted, truth, column=0, tolerance_s=0.3)
    assert rows.tolist() == [0, 1, 2, 3]
    assert hits.tolist() == [True, True, False, False]  # the second is left with 1.25, another video does not help
    _, hits = spotting.hits_in_order(predicted, truth, column=0, tolerance_s=0.2)
    assert hits.tolist() == [True, False, False, False]
    # precision 1, 1, 2/3, .5 at recall 1/3, 2/3: two hits of three
    assert spotting.mean_average_precision(predicted, truth, tolerance_s=0.3)[0] == pytest.approx(2 / 3)


def _slow_hits(predicted: Events, truth: Events, tolerance_s: float) -> list[bool]:
    used: set[int] = set()
    hits = []
    for i in sorted(range(len(predicted.time_s)), key=lambda i: (-predicted.scores_EG[i, 0], predicted.keys[i])):
        best = None
        for j in np.argsort(truth.time_s, kind="stable").tolist():
            distance = abs(predicted.time_s[i] - truth.time_s[j])
            near = predicted.video[i] == truth.video[j] and distance <= tolerance_s + 1e-9
            if near and j not in used and (best is None or distance < best[0]):
                best = (distance, j)
        hits.append(best is not None)
        if best:
            used.add(best[1])
    return hits


# Eighths are exact: with sevenths, rounding decides which of two truths that lie as near is the nearer one.
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30).map(lambda n: n / 8), st.integers(1, 4)), max_size=7),
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30).map(lambda n: n / 8)), max_size=6),
)
def test_a_slow_search_agrees(predicted: list[tuple[str, float, int]], true: list[tuple[str, float]]) -> None:
    ours = _events("".join(v for v, *_ in predicted), [t for _, t, _ in predicted], [s / 4 for *_, s in predicted])
    theirs = _events("".join(v for v, _ in true), [t for _, t in true])
    _, hits = spotting.hits_in_order(ours, theirs, column=0, tolerance_s=0.4)
    assert hits.sum() == sum(_slow_hits(ours, theirs, 0.4))


def test_average_precision_is_interpolated() -> None:
    # precision 1, .5, 2/3: the miss does not lower what a longer list regains
    assert spotting.average_precision(np.array([True, False, True]), 2) == pytest.approx((1 + 2 / 3) / 2)
    assert spotting.average_precision(np.array([False, True, True]), 2) == pytest.approx(2 / 3)
    assert spotting.average_precision(np.array([], dtype=bool), 3) == 0.0
    assert np.isnan(spotting.average_precision(np.array([True]), 0))


def test_frames_are_counted_at_25_a_second() -> None:
    truth, predicted = _events("abc", [1.0, 2.0, 3.0]), _events("abc", [1.0, 2.04, 3.08], [0.9, 0.8, 0.7])
    table = {r["tolerance"]: r["map_any_stroke"] for r in spotting.spotting_table(predicted, truth)}
    assert [table[f"{n} frames"] for n in (0, 1, 2, 4)] == pytest.approx([1 / 3, 2 / 3, 1, 1])
    assert table["0.1 s"] == 1.0
    # a tenth of a frame away is the same frame
    assert spotting.spotting_table(_events("abc", [1.004, 2, 3]), truth)[0]["map_any_stroke"] == 1.0


def test_predictions_of_equal_score_enter_together_whatever_their_order() -> None:
    truth, times = _events("aaaa", [1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 11.0, 12.0, 13.0])
    noise = np.array([0.0, 1e-16, -1e-16, 1e-16, 0.0, -1e-16])
    rng = np.random.default_rng(0)
    for order in (np.arange(6), np.arange(6)[::-1], rng.permutation(6)):
        said = _events("a" * 6, times[order].tolist(), (0.7 + noise[rng.permutation(6)]).tolist())
        found = spotting.mean_average_precision(said, truth, tolerance_s=0.1)[0]
        assert found == pytest.approx(3 / 4 * 3 / 6)  # recall .75 at precision .5, the only point there is
        recall = spotting.over_replicates(said, truth, column=0, tolerance_s=0.1, score=spotting.recall_at_false_alarms)
        assert recall.tolist() == [0.0]


@pytest.mark.parametrize("times", [[0.0, 0.4], [0.4, 0.0]])
def test_predictions_of_equal_score_take_their_truths_in_order_of_time(times: list[float]) -> None:
    truth = _events("aa", [0.3, 0.7])  # if .4 came first it would take .3, and 0 would find nothing
    _, hits = spotting.hits_in_order(_events("aa", times), truth, column=0, tolerance_s=0.5)
    assert hits.tolist() == [True, True]


def test_classes_are_averaged_over_those_that_occur() -> None:
    predicted, truth = _events("aa", [1.0, 2.0]), _events("aa", [1.0, 2.0])
    predicted = replace(predicted, scores_EG=np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0]]))
    truth = replace(truth, scores_EG=np.array([[1.0, 0, 0, 0], [0, 1, 0, 0]]))
    assert spotting.mean_average_precision(predicted, truth, tolerance_s=0.1) == 1.0
    outside = replace(truth, scores_EG=np.array([[0.0, 0, 0, 1], [0, 1, 0, 0]]))
    assert spotting.mean_average_precision(predicted, outside, tolerance_s=0.1) == 1.0
    assert spotting.mean_average_precision(predicted.anonymous(), outside.anonymous(), tolerance_s=0.1) == 1.0


def test_a_match_left_out_is_as_if_it_were_not_there() -> None:
    predicted = _events("aabbb", [1.0, 5.0, 1.1, 2.0, 7.0], [0.5, 0.9, 0.8, 0.3, 0.6])
    truth = _events("aabb", [1.0, 3.0, 1.0, 2.0])
    weights = np.array([[1.0, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0]])
    found = spotting.mean_average_precision(
        replace(predicted, weights_BE=weights), replace(truth, weights_BE=weights[:, :4]), tolerance_s=0.2
    )
    only_b = spotting.mean_average_precision(
        _events("bbb", [1.1, 2.0, 7.0], [0.8, 0.3, 0.6]), _events("bb", [1.0, 2.0]), tolerance_s=0.2
    )
    assert found[1] == only_b[0] and len(set(found)) == 3


def test_recall_at_few_false_alarms() -> None:
    hits = np.array([True] * 5 + [False] + [True] * 3 + [False] + [True])
    assert spotting.recall_at_false_alarms(hits, 10) == 0.8  # one false alarm in ten deliveries
    assert spotting.recall_at_false_alarms(hits, 9) == pytest.approx(5 / 9)  # not even one
    assert spotting.recall_at_false_alarms(np.array([False]), 10) == 0.0


def moments(measures):
    return [item for item in measures.values() if item.side == "spotting"]


def test_a_perfect_answer_and_none(perfect, nothing, read) -> None:
    assert {item.value for item in moments(read(perfect)[0])} == {1.0}
    assert {item.reason for item in moments(read(nothing)[0])} == {"the predictions have no impact times"}


def test_misses_false_deliveries_and_wrong_names_cost(pairing, read) -> None:
    found, tables = read(pairing)
    assert found["spotting_map_05s"].value == pytest.approx(0.95, abs=0.02)  # one in twenty is missed
    assert found["spotting_class_map_05s"].value < found["spotting_map_05s"].value
    values = [row["map_any_stroke"] for row in tables["spotting"]]
    assert values[:4] == sorted(values[:4]) and len(values) == 7


def test_a_found_leave_without_impact_is_no_false_alarm(perfect, read) -> None:
    leaves = perfect.true_U == 0
    assert leaves.any()
    quiet = replace(perfect, true_impact_s=np.where(leaves, np.nan, perfect.true_impact_s))
    assert read(quiet)[0]["spotting_map_05s"].value == 1.0
