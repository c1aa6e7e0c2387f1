from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.mining.stick import SIZE, as_track, stick_track
from tests.stick_figures import batter, runner
from tests.stick_scene import Camera

from slowpaths.core.errors import SlowpathsError
from slowpaths.core.records import PoseSequence, PoseTrack
from slowpaths.mining.collect import collect
from slowpaths.mining.sequences import (
    NEEDS_CAMERA,
    STILL,
    batter_rows,
    collect_sequences,
    find_impact,
    follow,
    hands_move,
    mine_sequence,
    people,
)
from slowpaths.mining.settings import MiningSettings
from slowpaths.pose.kinematics import stabilise
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES

BROADCAST = Camera(place=(0.3, 55.0, 7.5), aim=(0.0, 8.0, 0.8), focal_px=3500.0, size=SIZE)
NUM_BOWLER, NUM_BATTER, AT_IMPACT = 9, 20, 14


def seen(joints_TJ3: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """Project joints and add the noise of a pose model, .03 torso."""
    xy, per_m = BROADCAST.project(joints_TJ3)
    xy = xy + rng.normal(size=xy.shape) * 0.03 * 0.52 * per_m.mean()
    return np.concatenate([xy, np.ones((*xy.shape[:2], 1))], axis=2)


def broadcast(stroke: str = "straight_drive", *, is_right_handed: bool = True, seed: int = 0) -> PoseTrack:
    """Stage what an archive holds: first the bowler running away from the camera, then the batter."""
    rng = np.random.default_rng(seed)
    steps = np.arange(NUM_BOWLER) / 25
    place = np.stack([np.full(NUM_BOWLER, -0.9), 20.0 - 5.0 * steps, np.zeros(NUM_BOWLER)], axis=1)
    bowler = runner(place, (0.0, -1.0), stride_T=9.0 * steps, arm_T=np.pi * steps / steps[-1])
    times_s = (np.arange(NUM_BATTER) - AT_IMPACT) / 25
    joints, _ = batter(stroke, times_s, is_right_handed=is_right_handed, rng=rng)
    keypoints_TJC = np.concatenate([seen(bowler, rng=rng), seen(joints, rng=rng)])
    return as_track(keypoints_TJC, np.arange(len(keypoints_TJC)) / 25)


def sequence(track: PoseTrack, name: str = "a.npy") -> PoseSequence:
    track = replace(track, video_id=f"{name[:-4]}-0", shot_id="")
    return PoseSequence(name=name, label="x", track=track, duplicate_of="", picture_size=SIZE, digest="0" * 64)


def test_people_are_told_apart_by_jumps():
    who_T = people(broadcast())
    assert len(set(who_T[:NUM_BOWLER])) == 1
    assert len(set(who_T[NUM_BOWLER:])) == 1
    assert who_T[0] != who_T[-1]


def test_a_person_may_be_lost_for_two_frames_but_not_for_three():
    track = stick_track()
    for num_lost, num_people in ((2, 1), (3, 2)):
        keypoints_TJC = track.keypoints_TJC.copy()
        keypoints_TJC[20 : 20 + num_lost, :, :2] = np.nan
        who_T = people(replace(track, keypoints_TJC=keypoints_TJC))
        assert len(set(who_T) - {-1}) == num_people
        assert (who_T[20 : 20 + num_lost] == -1).all()


@pytest.mark.parametrize("is_right_handed", [True, False])
def test_the_batter_is_found_behind_the_bowler(is_right_handed):
    rows = batter_rows(broadcast(is_right_handed=is_right_handed))
    assert rows.tolist() == list(range(NUM_BOWLER, NUM_BOWLER + NUM_BATTER))


def test_impact_of_a_batter_in_three_dimensions():
    track = broadcast("straight_drive")
    names = ("frames_T", "pts_s", "keypoints_TJC", "boxes_T4", "camera_T3")
    found_s = find_impact(replace(track, **{name: getattr(track, name)[NUM_BOWLER:] for name in names}))
    assert found_s == pytest.approx((NUM_BOWLER + AT_IMPACT) / 25, abs=0.12)


def test_the_camera_that_follows_keeps_the_hips_in_place_and_the_size_even():
    track = stick_track(span_s=(-0.6, 0.6))
    since_T = track.pts_s - track.pts_s[0]
    keypoints_TJC = track.keypoints_TJC.copy()
    keypoints_TJC[..., :2] = (
        keypoints_TJC[..., :2] * np.exp(0.4 * since_T)[:, None, None] + 90.0 * since_T[:, None, None]
    )
    moved = follow(replace(track, keypoints_TJC=keypoints_TJC), picture_size=SIZE)
    centre = (0.5 * (SIZE[0] - 1), 0.5 * (SIZE[1] - 1))
    stable = stabilise(moved.keypoints_TJC, moved.camera_T3, centre_xy=centre)
    assert moved.camera_T3[:, 2] == pytest.approx(0.4 * since_T, abs=1e-6)
    hips_T2 = 0.5 * (stable[:, 11, :2] + stable[:, 12, :2])
    assert np.ptp(hips_T2, axis=0).max() < 1.0


def test_a_mined_archive():
    mined = [mine_sequence(sequence(broadcast(name), f"{name}_1.npy")) for name in ("cut", "pull_hook")]
    assert [one.video.path for one in mined] == ["cut_1.npy", "pull_hook_1.npy"]
    assert {one.video.status for one in mined} == {"ok"}
    for one in mined:
        (delivery,) = one.deliveries
        assert delivery.shot_id == one.shots[0].shot_id == one.tracks[0].shot_id
        assert delivery.view == "pitch_endon"
        assert np.isnan([delivery.features[name] for name in NEEDS_CAMERA]).all()
        assert np.isnan(delivery.impact_uncertainty_s)
        assert len(one.tracks[0].pts_s) == NUM_BATTER


def test_a_left_hander_has_the_features_of_the_right_hander():
    track = stick_track(span_s=(-0.6, 0.4))
    right = mine_sequence(sequence(track)).deliveries[0]
    left = mine_sequence(sequence(stick_track(span_s=(-0.6, 0.4), is_left_handed=True))).deliveries[0]
    assert right.handedness_p > 0.8 > 0.5 > left.handedness_p
    assert left.features["hand_sweep"] == pytest.approx(right.features["hand_sweep"], abs=1e-6)
    assert left.features["hand_reach"] == pytest.approx(right.features["hand_reach"], abs=1e-6)


def test_nobody_long_enough_is_quarantined():
    jumping = stick_track(span_s=(0.0, 0.6))
    jumping.keypoints_TJC[..., 0] += 400.0 * (np.arange(len(jumping.pts_s)) % 3)[:, None]
    jumping.keypoints_TJC[..., 1] += 150.0 * (np.arange(len(jumping.pts_s)) % 2)[:, None]
    short = replace(jumping, keypoints_TJC=np.full_like(jumping.keypoints_TJC, np.nan))
    mined = [mine_sequence(one) for one in (sequence(short), sequence(broadcast(), "b.npy"))]
    assert [one.video.status for one in mined] == ["quarantined", "ok"]
    assert "5 frames" in mined[0].video.reason
    assert [len(one.deliveries) for one in mined] == [0, 1]


def test_a_sequence_in_which_nobody_moves_holds_no_stroke():
    track, rng = stick_track(span_s=(-0.6, 0.4)), np.random.default_rng(0)
    still = np.repeat(track.keypoints_TJC[:1], len(track.pts_s), axis=0)
    panned = still.copy()
    panned[..., 0] += np.linspace(0.0, 60.0, len(still))[:, None]
    noisy = still + rng.normal(0.0, 0.3, size=still.shape) * [1.0, 1.0, 0.0]
    for keypoints_TJC in (still, panned, noisy):
        mined = mine_sequence(sequence(replace(track, keypoints_TJC=keypoints_TJC)))
        assert not mined.deliveries and mined.video.status == "quarantined"
        assert "does not move" in mined.video.reason
    assert hands_move(track) > STILL
    assert mine_sequence(sequence(track)).video.status == "ok"


def test_the_tables_of_an_archive(tmp_path):
    collected = collect_sequences([sequence(broadcast())], out=tmp_path)
    assert collected.num_deliveries == 1
    found = MinedFolder(tmp_path)
    (delivery,), (video,), (shot,), (track,) = found.deliveries(), found.footage(), found.shots(), found.poses()
    assert video.video_id == delivery.video_id and shot.shot_id == delivery.shot_id
    assert len(track.pts_s) == NUM_BATTER
    assert 0.0 <= delivery.span.start_s <= delivery.impact_s <= delivery.span.end_s <= video.duration_s


def test_a_stroke_of_an_archive_is_as_long_as_the_settings_say(tmp_path):
    settings = MiningSettings(before_s=0.2, after_s=0.1)
    collect_sequences([sequence(broadcast())], out=tmp_path, settings=settings)
    (delivery,) = MinedFolder(tmp_path).deliveries()
    assert delivery.span.duration_s == pytest.approx(0.3)


def test_an_archive_does_not_overwrite_what_was_mined_otherwise(tmp_path):
    collect_sequences([sequence(broadcast())], out=tmp_path)
    table = MinedFolder(tmp_path).file(DELIVERIES)
    before = table.read_bytes()
    with pytest.raises(SlowpathsError, match="was mined with other settings, or from something else: choose another"):
        collect_sequences([sequence(broadcast())], out=tmp_path, settings=MiningSettings(before_s=0.2))
    with pytest.raises(SlowpathsError, match="from something else"):
        collect([], root=tmp_path, out=tmp_path, pose={"name": "simulated"}, settings=MiningSettings())
    assert table.read_bytes() == before
