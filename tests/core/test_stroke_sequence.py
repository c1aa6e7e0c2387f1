"""Strokes as sequences of skeletons: what is left out of them, and how they are varied."""

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.core.records import Box, Delivery, PoseTrack
from slowpaths.core.skeleton import mirror
from slowpaths.core.spans import Span
from slowpaths.core.stroke_sequence import STEPS, mirrored, resampled, sequence_of, varied


def track(*, shift=0.0, num_frames=20):
    random = np.random.default_rng(0)
    body = random.uniform(0, 100, size=(17, 2))
    keypoints = np.dstack([np.tile(body, (num_frames, 1, 1)) + shift, np.full((num_frames, 17), 0.9)])
    keypoints[..., 0] += np.arange(num_frames)[:, None]
    boxes = np.tile([shift, shift, shift + 100, shift + 100], (num_frames, 1)).astype(float)
    return PoseTrack(
        video_id="v", shot_id="v-s0", track_id=0, frames_T=np.arange(num_frames), pts_s=np.arange(num_frames) / 25,
        keypoints_TJC=keypoints, boxes_T4=boxes, camera_T3=np.zeros((num_frames, 3)),
    )  # fmt: skip


def delivery(*, right_p=0.9):
    return Delivery(
        delivery_id="v-d0", video_id="v", shot_id="v-s0", span=Span(0.0, 0.8), impact_s=0.4, impact_uncertainty_s=0.04,
        view="pitch_endon", handedness_p=right_p, box=Box(x1=0, y1=0, x2=100, y2=100), event_p=1.0, features={},
    )  # fmt: skip


def test_a_sequence_holds_no_place_no_size_and_no_hand():
    plain = sequence_of(delivery(), [track()])
    assert plain.shape == (20, 30)
    moved = sequence_of(delivery(), [track(shift=500.0)])
    assert moved == pytest.approx(plain, abs=1e-4)
    large = track()
    large.keypoints_TJC[..., :2] *= 3
    assert sequence_of(delivery(), [large]) == pytest.approx(plain, abs=1e-4)
    left = track()
    left = replace(left, keypoints_TJC=mirror(left.keypoints_TJC, width=640.0))
    assert sequence_of(delivery(right_p=0.1), [left]) == pytest.approx(plain, abs=1e-4)


def test_the_track_at_the_box_counts_and_a_batter_unseen_gives_none():
    near, far = track(), track(shift=900.0)
    far.keypoints_TJC[..., 0] *= -1
    assert sequence_of(delivery(), [far, near]) == pytest.approx(sequence_of(delivery(), [near]))
    assert sequence_of(delivery(), []) is None
    hidden = track()
    hidden.keypoints_TJC[4:, :, 2] = 0.0
    assert sequence_of(delivery(), [hidden]) is None


def test_mirrored_twice_is_as_before_and_swaps_left_and_right():
    plain = sequence_of(delivery(), [track()])
    assert mirrored(mirrored(plain)) == pytest.approx(plain)
    wrists = [2 * place for place in (5, 6)]
    assert mirrored(plain)[:, wrists[0]] == pytest.approx(-plain[:, wrists[1]])


def test_resampling_keeps_ends_and_middle_of_a_straight_way():
    way = np.linspace(0.0, 10.0, 11)[:, None] * np.ones(3)
    whole, part = resampled(way), resampled(way, 2.0, 4.0)
    assert whole[:, 0] == pytest.approx(np.linspace(0.0, 10.0, STEPS))
    assert part[[0, -1], 1] == pytest.approx([2.0, 4.0])


def test_variation_mirrors_only_where_it_may_and_repeats_with_its_generator():
    plain = sequence_of(delivery(), [track()])
    ways = [varied(plain, np.random.default_rng(seed), mirror_p=0.0) for seed in range(6)]
    for way in ways:
        assert np.linalg.norm(way - resampled(plain)) < np.linalg.norm(way - mirrored(resampled(plain)))
    again = varied(plain, np.random.default_rng(0), mirror_p=0.0)
    assert (again == ways[0]).all() and not (ways[1] == ways[0]).all()
    turned = varied(plain, np.random.default_rng(0), mirror_p=1.0)
    assert np.linalg.norm(turned - mirrored(resampled(plain))) < np.linalg.norm(turned - resampled(plain))
