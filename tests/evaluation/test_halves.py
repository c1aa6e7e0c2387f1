"""Parts of several mined sets, by group."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.mined import TRUTH, TRUTH_COLUMNS, make_mined
from tests.evaluation.tables import write_truth

from slowpaths.evaluation.halves import FINDING, half_of, part_of, take_finding
from slowpaths.evaluation.mining_check import read_mined
from slowpaths.evaluation.mining_sample import MiningSample
from slowpaths.evaluation.report import mining_sample
from slowpaths.evaluation.truth_table import read_truth

SHOTS = """video,start_s,end_s,view
a.mp4,0,20,pitch_endon
a.mp4,20,29,pitch_endon
a.mp4,29,40,crowd
b.mp4,0,40,pitch_side
"""
GROUPS = {
    "a.mp4": "one",
    "b.mp4": "two",
    "broken.mp4": "two",
    "gone.mp4": "one",
    "clean.mp4": "one",
    "noisy.mp4": "two",
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> MiningSample:
    folder: Path = tmp_path_factory.mktemp("halves")
    truth = read_truth(write_truth(folder / "t.csv", TRUTH, TRUTH_COLUMNS), taxonomy="cricshot10")
    (folder / "shots.csv").write_text(SHOTS)
    return mining_sample(read_mined(make_mined(folder / "m")), truth, folder / "shots.csv", is_complete=True)


@pytest.fixture(scope="module")
def part(sample) -> Callable[..., MiningSample]:
    return lambda *names: part_of([sample], group_of=GROUPS, is_inside=lambda group: group in names)


def test_a_part_holds_what_belongs_to_its_groups(part) -> None:
    one, two = part("one"), part("two")
    assert [fate.truth.video for fate in one.check.fates] == ["a.mp4", "a.mp4", "a.mp4", "gone.mp4"]
    assert [fate.truth.video for fate in two.check.fates] == ["b.mp4", "broken.mp4"]
    assert {fate.match for fate in one.check.fates} == {"one"}
    assert [claim.delivery_id for claim in one.check.claimed] == ["va-1.58", "va-10.14", "va-20.0"]
    assert one.check.is_near.tolist() == [True, True, False] and two.check.is_near.tolist() == [True, False]
    assert one.check.is_right.tolist() == [True, False, False] and two.check.claim_video.tolist() == ["two", "two"]
    assert (one.check.clean_videos, two.check.clean_videos) == ({"clean.mp4": 0}, {"noisy.mp4": 1})
    assert (len(one.shots), len(two.shots)) == (3, 1)
    assert one.boundaries.is_found.tolist() == [False, True] and two.boundaries.is_found.tolist() == []
    assert one.sharp.claim_video.tolist() == ["one"]
    assert [loss.word for loss in two.losses.outcomes] == ["found", "broken file"]
    assert [false.word for false in two.losses.false_claims] == ["clip without a stroke"]


def test_both_parts_together_are_the_whole(sample, part) -> None:
    whole = {item.name: item.value for item in take_finding(part("one", "two"))}
    assert whole == {item.name: item.value for item in take_finding(sample)}
    assert list(whole) == list(FINDING)


def test_several_sets_are_one_sample(sample) -> None:
    twice = part_of([sample, sample], group_of=GROUPS, is_inside=lambda group: True)
    once = part_of([sample], group_of=GROUPS, is_inside=lambda group: True)
    near = {item.name: (item.value, item.num) for item in take_finding(once)}["mining_recall_near"]
    doubled = {item.name: (item.value, item.num) for item in take_finding(twice)}["mining_recall_near"]
    assert doubled == (near[0], 2 * near[1])


def test_intervals_leave_out_groups(sample) -> None:
    many = part_of([sample], group_of={name: name for name in GROUPS}, is_inside=lambda group: True)
    few = part_of([sample], group_of=GROUPS, is_inside=lambda group: True)
    low = [next(m for m in take_finding(one) if m.name == "mining_recall_near").low for one in (many, few)]
    assert low[0] is not None and low[1] is None  # two groups are too few for an interval


def test_halves_stay_the_same_and_are_about_even() -> None:
    halves = [half_of(f"group {number}") for number in range(200)]
    assert halves == [half_of(f"group {number}") for number in range(200)]
    assert 0.4 < np.mean(halves) < 0.6
    assert [half_of(name) for name in ("scene one", "scene two", "scene four")] == [1, 0, 1]
