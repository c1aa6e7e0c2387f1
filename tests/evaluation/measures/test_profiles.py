from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon
from scipy.stats import kendalltau
from tests.evaluation.tables import prediction_table

from slowpaths.core.strokes import STROKES
from slowpaths.evaluation import stroke_profiles
from slowpaths.evaluation.measures.profile_error import mean_total_variation, relative_bias, total_variation
from slowpaths.evaluation.measures.profile_fidelity import fidelity, jensen_shannon
from slowpaths.evaluation.measures.ranking_agreement import ranking_agreement
from slowpaths.evaluation.report import evaluate

SHARES = np.array([0.55, 0.25, 0.12, 0.08])
MODEL_A = np.array([[0.97, 0.03, 0, 0], [0.16, 0.80, 0.04, 0], [0.30, 0.12, 0.58, 0], [0.45, 0.05, 0.05, 0.45]])
MODEL_B = np.array(
    [[0.84, 0.12, 0.02, 0.02], [0.26, 0.69, 0.03, 0.02], [0.09, 0.07, 0.80, 0.04], [0.13, 0.05, 0.04, 0.78]]
)
POSITIVE = arrays(np.float64, 5, elements=st.floats(0.01, 1)).map(lambda p: p / p.sum())


def test_the_more_accurate_model_can_give_the_worse_profile() -> None:
    accuracy = [float(SHARES @ np.diag(model)) for model in (MODEL_A, MODEL_B)]
    error = [float(total_variation(SHARES, SHARES @ model)) for model in (MODEL_A, MODEL_B)]
    assert accuracy == pytest.approx([0.839, 0.793], abs=5e-4)
    assert error == pytest.approx([0.0955, 0.004], abs=5e-4)
    assert relative_bias(SHARES, SHARES @ MODEL_A)[3] == pytest.approx(-0.55)


@pytest.mark.parametrize("model", [MODEL_A, MODEL_B])
def test_adjusted_counting_recovers_the_shares(model: np.ndarray) -> None:
    np.testing.assert_allclose(stroke_profiles.adjusted_counts(SHARES @ model, model), SHARES, atol=1e-9)


def test_adjusted_counting_never_goes_below_zero() -> None:
    found = stroke_profiles.adjusted_counts(np.array([1.0, 0.0, 0.0, 0.0]), MODEL_A)
    assert found.min() >= 0 and found.sum() == pytest.approx(1)


def test_adjusted_profiles_use_the_confusion_of_the_others() -> None:
    # two batters: the first plays only stroke 0, and stroke 0 is called 1 in a quarter of the second's balls
    true = np.array([0] * 4 + [0] * 4 + [1] * 4)
    called = np.array([0, 0, 0, 1] + [0, 0, 0, 1] + [1] * 4)
    group = np.array([0] * 4 + [1] * 8)
    found = small(true=true, named=called, group=group).adjusted_AG
    np.testing.assert_allclose(found[0], [1.0, 0.0], atol=1e-9)
    # the second's confusion is that of the first, who never played stroke 1: taken to be always right
    np.testing.assert_allclose(found[1], [0.5, 0.5], atol=1e-9)


@given(POSITIVE, POSITIVE)
def test_divergence_agrees_with_scipy(p: np.ndarray, q: np.ndarray) -> None:
    with np.errstate(invalid="ignore"):  # scipy takes the root of a rounding error below zero for equal shares
        expected = np.nan_to_num(float(jensenshannon(p, q, base=2)) ** 2)
    assert jensen_shannon(p, q) == pytest.approx(expected, abs=1e-9)
    assert 0 <= total_variation(p, q) <= 1


def test_divergence_is_one_where_nothing_is_in_common() -> None:
    assert jensen_shannon(np.array([1.0, 0]), np.array([0, 1.0])) == pytest.approx(1)


def test_profiles_by_hand() -> None:
    made = small(true=[0, 0, 1, 1], named=[0, 0, 1, 1], group=[0, 0, 0, 1])
    found = replace(made, weights_BN=np.array([[1.0, 1, 1, 1], [0, 2, 2, 0]])).true_BAG
    np.testing.assert_allclose(found[0], [[2 / 3, 1 / 3], [0, 1]])
    np.testing.assert_allclose(found[1, 0], [0.5, 0.5])
    assert np.isnan(found[1, 1]).all()


def test_a_batter_of_whom_nothing_was_found_counts_as_wholly_wrong() -> None:
    made = small(true=[0, 0, 1, 1], named=[0, 0, -1, -1], group=[0, 0, 1, 1])
    assert fidelity(made, made.hard_NG)[0] == pytest.approx(0.5, abs=0.05)  # less what so few balls exaggerate
    assert mean_total_variation(made)[0] == pytest.approx(0.5)


def test_errors_of_differences_agree_with_drawing_balls_again() -> None:
    rng = np.random.default_rng(0)
    true = rng.choice(3, size=60, p=[0.5, 0.3, 0.2])
    named = np.where(rng.random(60) < 0.6, true, rng.integers(-1, 3, 60))  # -1: missed
    made = small(true=true, named=named, group=np.zeros(60, dtype=int))
    again = replace(made, weights_BN=rng.multinomial(60, np.full(60, 1 / 60), size=4000).astype(float))
    drawn = (again.hard_BAG - again.true_BAG)[:, 0].std(axis=0)
    np.testing.assert_allclose(made.errors_BAG[0, 0], drawn, rtol=0.06)


def small(*, true, named, group) -> stroke_profiles.StrokeProfiles:
    """Return profiles of a few balls; a stroke named -1 was missed."""
    true, named, group = (np.array(values) for values in (true, named, group))
    one_hot = np.vstack([np.eye(int(true.max()) + 1), np.zeros(int(true.max()) + 1)])
    names = tuple(str(name) for name in np.unique(group))
    return stroke_profiles.StrokeProfiles(
        whose="each batter's",
        names=names,
        sizes=tuple(np.bincount(group).tolist()),
        group_N=group,
        true_NG=one_hot[true],
        hard_NG=one_hot[named],
        soft_NG=one_hot[named],
        is_graded=named >= 0,
        weights_BN=np.ones((1, len(true))),
        num_true=int(true.max()) + 1,
    )


def test_order_of_batters() -> None:
    true = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]])
    found = np.array([[0.1, 0.5], [0.3, 0.5], [0.2, 0.5], [0.4, 0.5]])
    taus = ranking_agreement(true, found)
    assert taus[0] == pytest.approx(kendalltau(true[:, 0], found[:, 0]).statistic) == pytest.approx(2 / 3)
    assert taus[1] == 0.0  # all batters look alike: no order at all


def played(batter: str, num: int, **columns: object) -> list[dict[str, object]]:
    """Return true rows of one batter: four strokes in turn, the first ones more often the later the batter's name."""
    rows = []
    for ball in range(num):
        label = STROKES[ball % 4 if ball % 5 <= int(batter[1:]) % 5 else 0]
        times = {"start_s": 5.0 * ball + 1, "end_s": 5.0 * ball + 2, "impact_s": 5.0 * ball + 1.8}
        rows.append({"video": f"{batter}.mp4", **times, "label": label, "batter_id": batter} | columns)
    return rows


def test_batters_of_whom_nothing_was_found_stand_in_no_order() -> None:
    truth = [row for batter in range(6) for row in played(f"b{batter}", 12)]
    said = [{"video": row["video"], "impact_s": row["impact_s"], "label": row["label"]} for row in truth]
    false = [{"video": f"b{batter}.mp4", "impact_s": 900.0, "label": "cut"} for batter in range(6)]
    for num_found, is_known in ((2, False), (4, False), (5, True), (6, True)):
        found = [row for row in said if row["video"] < f"b{num_found}.mp4"]
        report = evaluate(prediction_table([*found, *false]), pa.Table.from_pylist(truth))
        for name in ("ranking_agreement", "ranking_agreement_top"):
            assert (report[name].value is not None) is is_known, (name, num_found)
            assert report[name].num == num_found * is_known


def test_false_deliveries_count_where_the_footage_is_one_group() -> None:
    truth = [row for batter in range(5) for row in played(f"b{batter}", 8)]
    said = [{"video": row["video"], "impact_s": row["impact_s"], "label": row["label"]} for row in truth]
    false = [{"video": row["video"], "impact_s": row["impact_s"] + 2.2, "label": "cut"} for row in said]
    nameless = [{key: value for key, value in row.items() if key != "batter_id"} | {"match_id": "m"} for row in truth]
    small, match = (
        evaluate(prediction_table([*said, *false]), pa.Table.from_pylist(rows)) for rows in (truth, nameless)
    )
    assert "footage" in small["profile_error"].meaning
    assert match["profile_error"].value == pytest.approx(0.5, abs=1e-3)
    for name in ("profile_error", "profile_fidelity", "rare_stroke_bias"):
        assert small[name].value == pytest.approx(match[name].value), name
