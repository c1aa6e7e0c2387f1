from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from slowpaths.core.records import PoseTrack
from slowpaths.pose.protocol import People, no_keypoints
from slowpaths.pose.tracks import fill_gaps, link_people, oks, smooth

Place = Callable[[int], tuple[float, float]]


def people_at(*centres: tuple[float, float], keypoints_NJC: np.ndarray | None = None) -> People:
    boxes = np.array([[x - 20, y - 50, x + 20, y + 50] for x, y in centres], dtype=float).reshape(-1, 4)
    return People(
        boxes_N4=boxes,
        scores_N=np.ones(len(boxes)),
        keypoints_NJC=no_keypoints(len(boxes)) if keypoints_NJC is None else keypoints_NJC,
    )


def link(people: list[People], *, fps: float = 25.0, camera_T3: np.ndarray | None = None, **options) -> list[PoseTrack]:
    num = len(people)
    return link_people(
        people,
        frames_T=np.arange(num),
        pts_s=np.arange(num) / fps,
        camera_T3=np.zeros((num, 3)) if camera_T3 is None else camera_T3,
        video_id="v",
        shot_id="s",
        **options,
    )


def centres(track: PoseTrack) -> np.ndarray:
    return track.boxes_T4.reshape(-1, 2, 2).mean(axis=1)


def test_two_people_keep_their_tracks_whatever_the_order() -> None:
    people = []
    for i in range(20):
        both = [(100 + 3 * i, 200), (300 - 2 * i, 210)]
        people.append(people_at(*(both if i % 2 else both[::-1])))
    tracks = link(people)
    assert [track.track_id for track in tracks] == [0, 1]
    assert centres(tracks[1])[:, 0].tolist() == [100 + 3 * i for i in range(20)]
    assert centres(tracks[0])[:, 0].tolist() == [300 - 2 * i for i in range(20)]


def test_a_runner_seen_every_fifth_frame_is_followed_by_his_speed() -> None:
    # 30 px a sighting: a box 40 px wide keeps an overlap of 1/7 only, less than a match needs.
    people = [people_at((50 + 10 * i, 200)) for i in range(4)] + [people_at((80 + 30 * i, 200)) for i in range(1, 6)]
    pts_s = np.concatenate([np.arange(4) / 25, 3 / 25 + np.arange(1, 6) * 3 / 25])
    tracks = link_people(
        people, frames_T=np.arange(9), pts_s=pts_s, camera_T3=np.zeros((9, 3)), video_id="v", shot_id="s"
    )
    assert [len(track.pts_s) for track in tracks] == [9]


def test_one_box_off_to_a_side_does_not_send_a_track_astray() -> None:
    # Half a width to the left and back: at that speed the next box would be expected a whole width away.
    places = [100.0] * 6 + [80.0] + [102.0] * 6
    tracks = link([people_at((x, 200)) for x in places], fps=10.0, max_cost=0.85)
    assert [len(track.pts_s) for track in tracks] == [13]


@pytest.mark.parametrize(("num_missing", "num_tracks"), [(11, 1), (12, 2)])
def test_a_gap_ends_a_track_after_twelve_frames(num_missing: int, num_tracks: int) -> None:
    seen = [people_at((100, 200))] * 5
    tracks = link(seen + [people_at()] * num_missing + seen)
    assert len(tracks) == num_tracks
    if num_tracks == 1:
        assert np.isnan(tracks[0].boxes_T4[5:16]).all()
        assert np.isfinite(tracks[0].boxes_T4[[4, 16]]).all()


def test_the_gap_is_a_time_not_a_number_of_frames() -> None:
    seen = [people_at((100, 200))] * 5
    assert len(link(seen + [people_at()] * 22 + seen, fps=50.0)) == 1


def test_a_panning_camera_does_not_break_tracks() -> None:
    num = 12
    pan = 35.0 * np.arange(num) * (np.arange(num) % 3 > 0)  # jerks back and forth by more than a box
    camera_T3 = np.column_stack([pan, np.zeros(num), np.zeros(num)])
    people = [people_at((400 - pan[i], 200)) for i in range(num)]
    (track,) = link(people, camera_T3=camera_T3)
    assert np.isfinite(track.boxes_T4).all()
    assert not all(len(track.pts_s) == num and np.isfinite(track.boxes_T4).all() for track in link(people))


def test_joints_tell_crossing_people_apart() -> None:
    upright, upside_down = np.linspace(-45, 45, 17), np.linspace(45, -45, 17)

    def pose(x: float, offsets: np.ndarray) -> np.ndarray:
        return np.column_stack([np.full(17, x), 200 + offsets, np.ones(17)])

    people = []
    for i in range(3):
        members = [(200.0, upright), (203.0, upside_down)]
        members = members[::-1] if i == 1 else members
        people.append(
            people_at(*((x, 200) for x, _ in members), keypoints_NJC=np.stack([pose(*member) for member in members]))
        )
    tracks = link(people, min_frames=3)
    heads = [track.keypoints_TJC[:, 0, 1].tolist() for track in tracks]
    assert heads == [[155.0] * 3, [245.0] * 3]


def test_legs_of_somebody_known_are_nobody_new() -> None:
    whole, legs = [80.0, 150.0, 120.0, 250.0], [85.0, 200.0, 122.0, 250.0]  # 35 of the 37 columns of the legs inside
    whole_only = People(boxes_N4=np.array([whole]), scores_N=np.ones(1), keypoints_NJC=no_keypoints(1))
    both = People(boxes_N4=np.array([legs, whole]), scores_N=np.ones(2), keypoints_NJC=no_keypoints(2))
    (track,) = link([whole_only, *[both] * 5])
    assert (track.boxes_T4 == whole).all()
    only_legs = People(boxes_N4=np.array([legs]), scores_N=np.ones(1), keypoints_NJC=no_keypoints(1))
    best_whole = People(boxes_N4=np.array([whole, legs]), scores_N=np.array([0.9, 0.5]), keypoints_NJC=no_keypoints(2))
    (track,) = link([*[whole_only] * 3, only_legs, *[best_whole] * 3])
    assert (track.boxes_T4[3] == legs).all()
    assert (track.boxes_T4[4:] == whole).all()
    beside = People(
        boxes_N4=np.array([whole, [105.0, 200.0, 142.0, 250.0]]), scores_N=np.ones(2), keypoints_NJC=no_keypoints(2)
    )
    assert len(link([whole_only, *[beside] * 5])) == 2


def test_a_single_sighting_is_no_track() -> None:
    assert link([people_at((100, 100)), people_at((500, 100)), people_at((900, 100))]) == []
    assert link([]) == []


def test_repeated_times_do_not_disturb_linking() -> None:
    people = [people_at((100 + i, 200)) for i in range(4)]
    tracks = link_people(
        people,
        frames_T=np.arange(4),
        pts_s=np.array([0.0, 0.0, 0.04, 0.04]),
        camera_T3=np.zeros((4, 3)),
        video_id="v",
        shot_id="s",
    )
    assert [len(track.pts_s) for track in tracks] == [4]


def test_oks_by_hand() -> None:
    pose = np.ones((17, 3))
    poses = np.stack([pose, pose, no_keypoints(1)[0]])
    poses[1, :, 0] += 5.0
    poses[1, 1:, :2] = math.nan  # only the nose is shared: exp(-25 / (2 * 1000 * .052^2))
    assert oks(pose, poses, area=1000.0) == pytest.approx(
        [1.0, math.exp(-25 / (2 * 1000 * 0.052**2)), math.nan], nan_ok=True
    )


def moving_track(*, num: int = 40, fps: float = 25.0) -> PoseTrack:
    pts_s = np.arange(num) / fps
    keypoints = np.empty((num, 17, 3))
    keypoints[..., 0] = 100 + 50 * pts_s[:, None] ** 2 + np.arange(17)
    keypoints[..., 1] = 200 - 30 * pts_s[:, None]
    keypoints[..., 2] = 0.8
    return PoseTrack(
        video_id="v",
        shot_id="s",
        track_id=0,
        frames_T=np.arange(num),
        pts_s=pts_s,
        keypoints_TJC=keypoints,
        boxes_T4=np.column_stack([pts_s, pts_s, pts_s + 1, pts_s + 1]),
        camera_T3=np.zeros((num, 3)),
    )


def test_fill_gaps_fills_joints_and_boxes_at_half_confidence() -> None:
    track = moving_track()
    track.keypoints_TJC[10:13, 9, :2] = math.nan
    track.keypoints_TJC[10:13, 9, 2] = 0.0
    track.boxes_T4[20:24] = math.nan
    before = track.keypoints_TJC.copy()
    filled = fill_gaps(track)
    assert np.isfinite(filled.keypoints_TJC).all()
    assert filled.keypoints_TJC[10:13, 9, 2] == pytest.approx([0.4] * 3)
    assert filled.keypoints_TJC[10:13, 9, :2] == pytest.approx(moving_track().keypoints_TJC[10:13, 9, :2], abs=1.0)
    assert filled.boxes_T4 == pytest.approx(moving_track().boxes_T4)
    assert track.keypoints_TJC == pytest.approx(before, nan_ok=True)


def test_unseen_joints_end_with_confidence_zero() -> None:
    track = moving_track()
    track.keypoints_TJC[:, 9] = math.nan
    filled = fill_gaps(track)
    assert (filled.keypoints_TJC[:, 9, 2] == 0).all()
    assert np.isnan(filled.keypoints_TJC[:, 9, :2]).all()


def test_smoothing_takes_noise_and_keeps_motion() -> None:
    clean, track = moving_track(), moving_track()
    track.keypoints_TJC[..., :2] += np.random.default_rng(0).normal(scale=2.0, size=(40, 17, 2))
    track.keypoints_TJC[17, 9, 0] += 80.0  # one frame gone wild
    error = smooth(track).keypoints_TJC[..., :2] - clean.keypoints_TJC[..., :2]
    assert np.sqrt((error**2).mean()) < 1.6
    assert abs(error[17, 9, 0]) < 8.0
    assert smooth(clean).keypoints_TJC[2:-2] == pytest.approx(clean.keypoints_TJC[2:-2], abs=1e-6)
