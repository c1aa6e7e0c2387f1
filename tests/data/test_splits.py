from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.mined import labelled

from slowpaths.core.errors import UsageError
from slowpaths.core.records import LabelledClip
from slowpaths.core.strokes import NUM_STROKES
from slowpaths.data.splits import PARTS, Split, check_split, cross_fit_groups, fold_clips, split_clips


def matches(sizes: list[int], *, num_strokes: int = 3) -> list[LabelledClip]:
    return [
        labelled(f"m{match}-{ball}", stroke=(match + ball) % num_strokes, match_id=f"m{match}")
        for match, size in enumerate(sizes)
        for ball in range(size)
    ]


@given(
    sizes=st.lists(st.integers(1, 12), min_size=3, max_size=20),
    seed=st.integers(0, 99),
)
def test_matches_stay_whole_and_every_clip_has_a_part(sizes: list[int], seed: int) -> None:
    clips = matches(sizes)
    split = split_clips(clips, seed=seed)
    assert split.parts.keys() == {clip.delivery_id for clip in clips}
    part_of: dict[str, set[str]] = {}
    for clip in clips:
        part_of.setdefault(clip.match_id, set()).add(split.parts[clip.delivery_id])
    assert all(len(parts) == 1 for parts in part_of.values())
    assert set(split.parts.values()) == set(PARTS)


def test_shares_and_strokes_come_out_near_the_target() -> None:
    clips = matches([10] * 40, num_strokes=4)
    split = split_clips(clips, fractions=(0.7, 0.15, 0.15))
    strokes = {clip.delivery_id: clip.probs for clip in clips}
    for part, share in zip(PARTS, (0.7, 0.15, 0.15), strict=True):
        chosen = split.deliveries(part)
        assert len(chosen) / len(clips) == pytest.approx(share, abs=0.03)
        mix = np.mean([strokes[delivery] for delivery in chosen], axis=0)
        assert np.abs(mix - np.mean(list(strokes.values()), axis=0)).max() < 0.05


def test_rare_stroke_is_spread_over_the_parts() -> None:
    clips = matches([6] * 9, num_strokes=2)
    rare = [labelled(f"r{match}", stroke=13, match_id=f"m{match}") for match in (0, 4, 8)]
    split = split_clips(clips + rare, fractions=(1, 1, 1))
    assert {split.parts[clip.delivery_id] for clip in rare} == set(PARTS)


def test_few_kept_clips_reach_every_part() -> None:
    # One clip a match, seven of 28 kept, each another stroke: by strokes alone all seven would go to training.
    clips = [
        labelled(f"m{match:02d}", stroke=match % 14, match_id=f"m{match}", is_kept=match % 4 == 0)
        for match in range(28)
    ]
    for seed in range(5):
        split = split_clips(clips, seed=seed)
        kept = [split.parts[clip.delivery_id] for clip in clips if clip.is_kept]
        assert [kept.count(part) for part in PARTS] == [5, 1, 1]


def test_same_seed_gives_the_same_split_whatever_the_order() -> None:
    clips = matches([3, 4, 3, 2, 3])
    one, again, other = split_clips(clips, seed=3), split_clips(clips, seed=3), split_clips(clips[::-1], seed=3)
    assert one.fingerprint == again.fingerprint
    assert dict(one.parts) == dict(other.parts)
    assert len({split_clips(matches([3] * 12), seed=seed).fingerprint for seed in range(6)}) > 1


def test_linked_matches_stay_together() -> None:
    clips = matches([2] * 8)
    links = [("m0-0", "m7-1"), ("m7-0", "m3-0"), ("m5-0", "m6-1")]
    for seed in range(5):
        parts = split_clips(clips, links=links, seed=seed).parts
        assert len({parts[f"m{match}-{ball}"] for match in (0, 3, 7) for ball in (0, 1)}) == 1
        assert parts["m5-1"] == parts["m6-0"]


def test_empty_part_where_its_fraction_is_zero() -> None:
    split = split_clips(matches([3, 3]), fractions=(0.8, 0, 0.2))
    assert not split.deliveries("val")
    assert split.deliveries("train")
    assert split.deliveries("test")


@pytest.mark.parametrize("sizes", [[5], [4, 4]])
def test_too_few_matches_say_how_to_go_on(sizes: list[int]) -> None:
    with pytest.raises(
        UsageError, match=rf"{len(sizes)} independent match.*set a fraction to 0, or ask for fewer folds"
    ):
        split_clips(matches(sizes))


def test_clips_without_a_match_are_grouped_by_their_video() -> None:
    clips = [labelled(f"{video}-{ball}", match_id="", video_id=video) for video in "abc" for ball in range(3)]
    split = split_clips(clips)
    for video in "abc":
        assert len({split.parts[f"{video}-{ball}"] for ball in range(3)}) == 1


@pytest.mark.parametrize(
    ("parts", "extra", "message"),
    [
        ({"m0-0": "train", "m0-1": "test"}, {}, "match 'm0' lies in both train and test"),
        ({"m0-0": "train", "m1-0": "test"}, {"links": [("m0-0", "m1-0")]}, "show the same ball"),
    ],
)
def test_leaks_are_refused(parts: dict, extra: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_split(Split(parts=parts), matches([2, 2]), **extra)


def test_each_match_is_tested_in_exactly_one_fold() -> None:
    clips = matches([4, 3, 3, 2, 2, 2, 1])
    folds = fold_clips(clips, num_folds=4)
    tested = [delivery for split in folds for delivery in split.deliveries("test")]
    assert sorted(tested) == sorted(clip.delivery_id for clip in clips)
    for split, following in zip(folds, folds[1:] + folds[:1], strict=True):
        assert split.deliveries("val") == following.deliveries("test")
    with pytest.raises(UsageError, match="fewer folds"):
        fold_clips(matches([1, 1, 1]), num_folds=5)
    with pytest.raises(UsageError, match="at least 3"):
        fold_clips(clips, num_folds=2)


def test_soft_targets_count_as_mass() -> None:
    clips = [
        labelled(f"m{match}-0", stroke=0, match_id=f"m{match}", confidence=1 / NUM_STROKES + 1e-9) for match in range(6)
    ]
    assert {len(split_clips(clips, fractions=(1, 1, 1)).deliveries(part)) for part in PARTS} == {2}


def test_named_matches_are_tested_and_the_others_divided() -> None:
    clips = matches([5] * 6)
    split = split_clips(clips, fractions=(0.8, 0.2, 0.5), test_matches=["m4", "m[5]"], seed=3)
    assert split.deliveries("test") == sorted(f"m{match}-{ball}" for match in (4, 5) for ball in range(5))
    assert len(split.deliveries("train")) == 15
    assert len(split.deliveries("val")) == 5


def test_what_is_linked_to_a_named_match_is_tested_with_it() -> None:
    clips = matches([5] * 5)
    split = split_clips(clips, fractions=(1, 1, 1), test_matches=["m4"], links=[("m4-0", "m0-0")])
    assert {name.split("-")[0] for name in split.deliveries("test")} == {"m0", "m4"}


def test_a_pattern_that_names_no_match_is_refused() -> None:
    with pytest.raises(UsageError, match=r"names 'h\*', but no match is called so: take names or patterns of m0, m1"):
        split_clips(matches([5] * 3), test_matches=["h*"])


def test_groups_for_cross_fitting_are_whole_matches_and_no_more_than_there_are() -> None:
    clips = matches([4, 3, 5])
    groups = cross_fit_groups(clips, num_folds=5)
    assert sorted(sorted({name.split("-")[0] for name in group}) for group in groups) == [["m0"], ["m1"], ["m2"]]
    assert sorted(name for group in groups for name in group) == sorted(clip.delivery_id for clip in clips)
    assert len(cross_fit_groups(clips, num_folds=2)) == 2
    linked = cross_fit_groups(clips, num_folds=5, links=[("m0-0", "m1-2")])
    assert len(linked) == 2
    with pytest.raises(UsageError, match="all training clips come from one match"):
        cross_fit_groups(matches([4]), num_folds=4)
