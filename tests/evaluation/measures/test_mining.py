from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.mined import TRUTH, TRUTH_COLUMNS, make_mined
from tests.evaluation.tables import write_truth

from slowpaths.evaluation.losses import LossCheck
from slowpaths.evaluation.mining_check import read_mined
from slowpaths.evaluation.mining_sample import MiningSample
from slowpaths.evaluation.report import mining_sample, take_all
from slowpaths.evaluation.shot_check import BoundaryCheck, ShotFate
from slowpaths.evaluation.truth_table import read_truth


@pytest.fixture
def sample(tmp_path: Path) -> MiningSample:
    truth = read_truth(write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS), taxonomy="cricshot10")
    mined = read_mined(make_mined(tmp_path / "mined"))
    return mining_sample(mined, truth)


def test_every_number_by_hand(sample: MiningSample, read) -> None:
    found, tables = read(sample)
    assert (found.pop("rule_votes").value, found["handedness"].num) == (0.5, 3)
    values = {name: (item.value, item.num) for name, item in found.items() if not item.reason}
    assert values == {
        "mining_recall": (pytest.approx(2 / 6), 6),
        "mining_precision": (pytest.approx(2 / 4), 4),
        "mining_recall_near": (pytest.approx(3 / 6), 6),
        "mining_precision_near": (pytest.approx(3 / 4), 4),
        "mining_precision_live_near": (pytest.approx(3 / 4), 4),
        "impact_at_20fps": (pytest.approx(1 / 3), 3),
        "impact_at_20fps_within_2": (pytest.approx(1 / 3), 3),
        "impact_offset": (pytest.approx((0.08 - 0.36) / 2), 2),
        "impact_error": (pytest.approx(0.22), 2),
        "impact_within_1": (0.0, 2),
        "impact_within_2": (0.5, 2),
        "impact_within_5": (0.5, 2),
        "impact_within_sigma": (0.0, 2),
        "handedness": (pytest.approx(2 / 3), 3),
        "handedness_left": (0.0, 1),
        "view": (0.5, 4),
        "clean_videos": (0.5, 2),
    }
    assert found["mining_recall_live"].reason == "truth does not say what is a replay"
    assert found["impact_within_2_live"].reason == "truth does not say what is a replay"
    words = ["found", "late or early", "view", "found", "broken file", "not mined"]
    assert [row["outcome"] for row in tables["outcomes"]] == words
    counts = {row["outcome"]: row["deliveries"] for row in tables["outcome_counts"]}
    assert {word: words.count(word) for word in counts} == counts and sum(counts.values()) == len(words)
    assert [(row["delivery"], row["kind"]) for row in tables["false_deliveries"]] == [("va-20.0", "double")]
    assert [row["claims"] for row in tables["false_claim_counts"]] == [0, 1, 0, 0, 0]


def test_videos_of_one_match_are_left_out_together(sample: MiningSample) -> None:
    fates = [replace(fate, truth=replace(fate.truth, match_id="m")) for fate in sample.check.fates]
    of_a_match = replace(sample, check=replace(sample.check, fates=fates))
    videos = sorted({fate.truth.video for fate in fates})
    hits, names = [True, False] * len(videos), np.repeat(np.array(videos, dtype=object), 2)
    assert sample.share(hits, names).values_B.shape == (1 + len(videos),)
    assert of_a_match.share(hits, names).values_B.shape == (2,)
    named = np.append(names, ["no truth"]).astype(object)  # of a video that truth does not know, its own
    assert of_a_match.share([*hits, True], named).values_B.shape == (3,)
    assert found_interval(of_a_match, "impact_error") is None


def found_interval(sample: MiningSample, name: str) -> float | None:
    measures, _ = take_all(sample)
    return next(item.low for item in measures if item.name == name)


def test_a_table_of_shots_replaces_views_at_deliveries(sample: MiningSample, read) -> None:
    shots = [
        ShotFate(video="a", view="crowd", found_view=view, middle_view="field", is_replay=None, found_replay=False)
        for view in ("crowd", "crowd", "field")
    ]
    shots[0] = replace(shots[0], middle_view="crowd")
    found, _ = read(replace(sample, shots=shots))
    assert (found["view_in_middle"].value, found["view_in_middle"].num) == (pytest.approx(1 / 3), 3)
    assert (found["view"].value, found["view"].num) == (pytest.approx(2 / 3), 3)


def test_boundaries_and_replays_by_hand(sample: MiningSample, read) -> None:
    shots = [
        ShotFate(video="a", view="field", found_view="field", is_replay=true, found_replay=found)
        for true, found in [(True, True), (True, False), (False, True), (True, True), (None, True), (True, None)]
    ]
    cuts = BoundaryCheck(
        is_found=np.array([True, True, False, True]),
        true_video=np.array(["a", "a", "b", "b"], dtype=object),
        is_right=np.array([True, False]),
        claim_video=np.array(["a", "b"], dtype=object),
    )
    names = ("boundary_recall", "boundary_precision", "replay_recall", "replay_precision")
    sharp = replace(cuts, is_found=np.array([True, False, False, False]), is_right=np.array([False, False]))
    found, _ = read(replace(sample, shots=shots, boundaries=cuts, sharp=sharp))
    assert (found["boundary_recall_2"].value, found["boundary_precision_2"].value) == (0.25, 0.0)
    assert {name: (found[name].value, found[name].num) for name in names} == {
        "boundary_recall": (0.75, 4),
        "boundary_precision": (0.5, 2),
        "replay_recall": (pytest.approx(2 / 3), 3),
        "replay_precision": (pytest.approx(2 / 3), 3),
    }
    found, _ = read(sample)
    assert all(found[name].reason for name in names)


def test_rules_are_graded_where_they_are_declared(sample: MiningSample, read) -> None:
    found, tables = read(sample)
    measure = found["rule_votes"]
    # OFF holds both strokes of `cover` and none of `pull`; FF only one of the two of `cover`; va-20.0 has no truth
    assert (measure.value, measure.num, measure.chance) == (0.5, 2, 0.5)
    assert {row["name"]: row["undecided"] for row in tables["rules"]} == {"foot.stride": 1, "side.sweep": 0}
    sample.folder.rules_file.unlink()
    found, tables = read(sample)
    assert found["rule_votes"].reason == "the mined folder has no rules.json" and not tables["rules"]


def test_the_followed_person_is_judged_at_the_true_contact(sample: MiningSample, read) -> None:
    overlaps = [0.5, 0.49, np.nan, 0.9, np.nan, np.nan]
    assert sample.losses is not None
    outcomes = [replace(one, iou=iou) for one, iou in zip(sample.losses.outcomes, overlaps, strict=True)]
    found, _ = read(replace(sample, losses=LossCheck(outcomes=tuple(outcomes), false_claims=())))
    assert (found["striker_at_contact"].value, found["striker_at_contact"].num) == (pytest.approx(2 / 3), 3)


def test_live_impacts_are_counted_apart(sample: MiningSample, read) -> None:
    def within_2(is_replay) -> tuple[float | None, int]:
        fates = [replace(fate, truth=replace(fate.truth, is_replay=is_replay(fate))) for fate in sample.check.fates]
        found, _ = read(replace(sample, check=replace(sample.check, fates=fates)))
        item = found["impact_within_2_live"]
        return item.value, item.num

    def is_off(fate) -> bool:
        return fate.found is not None and not abs(fate.found.impact_s - fate.truth.impact_s) <= 0.081

    assert within_2(lambda fate: False) == (0.5, 2)
    assert within_2(is_off) == (1.0, 1)
    assert within_2(lambda fate: None)[1] == 0


def test_impacts_are_held_against_the_uncertainty_they_claim(sample: MiningSample, read) -> None:
    def share(*sigmas_s: float) -> tuple[float | None, int, float | None]:
        """Let the two found strokes with a true impact, .08 s late and .36 s early, claim these."""
        claims = iter(sigmas_s)
        fates = [
            replace(fate, found=replace(fate.found, impact_uncertainty_s=next(claims)))
            if np.isfinite(fate.error_s)
            else fate
            for fate in sample.check.fates
        ]
        found, _ = read(replace(sample, check=replace(sample.check, fates=tuple(fates))))
        item = found["impact_within_sigma"]
        return item.value, item.num, item.chance

    assert share(0.08, 0.35) == (0.5, 2, pytest.approx(0.683, abs=1e-3))
    assert share(0.08, 0.36)[:2] == (1.0, 2)
    assert share(0.07, float("nan"))[:2] == (0.0, 1)  # strokes of archives claim none
    assert share(float("nan"), float("nan")) == (None, 0, None)


def test_a_constant_offset_shows_where_distances_hide_it(sample: MiningSample, read) -> None:
    def offset(*errors_s: float) -> float | None:
        late = iter(errors_s)
        fates = [
            replace(fate, found=replace(fate.found, impact_s=fate.truth.impact_s + next(late)))
            if np.isfinite(fate.error_s)
            else fate
            for fate in sample.check.fates
        ]
        found, _ = read(replace(sample, check=replace(sample.check, fates=tuple(fates))))
        assert found["impact_error"].value == pytest.approx(0.04)
        return found["impact_offset"].value

    assert offset(0.04, 0.04) == pytest.approx(0.04) and offset(-0.04, -0.04) == pytest.approx(-0.04)
    assert offset(0.04, -0.04) == pytest.approx(0.0)


def test_baselines_are_the_most_frequent_answer(sample: MiningSample, read) -> None:
    found, _ = read(sample)
    assert (found["handedness"].chance, found["handedness"].constant) == (0.5, pytest.approx(2 / 3))  # R, L, R
    right = [replace(fate, truth=replace(fate.truth, handedness="R")) for fate in sample.check.fates]
    found, _ = read(replace(sample, check=replace(sample.check, fates=right)))
    assert found["handedness"].constant == 1.0  # where all are right-handed, guessing is never wrong
    shots = [
        ShotFate(video="a", view=view, found_view="field", is_replay=view == "crowd", found_replay=True)
        for view in ("field", "field", "field", "crowd")
    ]
    found, _ = read(replace(sample, shots=shots))
    assert (found["view"].constant, found["replay_precision"].constant) == (0.75, 0.25)
