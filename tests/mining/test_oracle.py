"""Stages that get the truth instead of finding it, on a small synthetic world."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.store.gold import write_gold

from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.core.records import PoseTrack, Shot
from slowpaths.core.spans import Span
from slowpaths.mining.collect import collect
from slowpaths.mining.oracle import NO_ORACLE, STAGES, Oracle, OracleSource
from slowpaths.mining.settings import MiningSettings
from slowpaths.pose.boxes import box_iou
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.tables import read_shots, write_shots
from slowpaths.store.world_folder import TruthFolder
from slowpaths.world.build import build_world
from slowpaths.world.world_settings import PartSettings, WorldSettings

WORLD = WorldSettings(
    name="test",
    fps=12,
    has_sound=False,
    parts={"t": PartSettings(balls_per_match=2, width=192, height=108, num_batters=2)},
)
SETTINGS = MiningSettings(write_clips=False)
POSE = {"name": "simulated"}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("oracle") / "w"
    build_world(settings=WORLD, out=folder, seed=5)
    return folder


@pytest.fixture(scope="module")
def video(world) -> Path:
    return next(world.glob("*.mp4"))


def test_another_truth_is_another_setting(world, tmp_path):
    folder = tmp_path / "w"
    shutil.copytree(world, folder)
    assert mined(folder, tmp_path / "out", "boundaries").num_resumed == 0
    assert mined(folder, tmp_path / "out", "boundaries").num_resumed == 1
    file = TruthFolder(folder / "truth").file(next(folder.glob("*.mp4")).stem, "shots")
    write_shots(file, read_shots(file)[:-1])
    with pytest.raises(SlowpathsError, match="was mined with other settings"):
        mined(folder, tmp_path / "out", "boundaries")


def oracle(world: Path, video: Path, *stages: str) -> Oracle:
    return OracleSource(stages=stages, truth=world / "truth").read(video)


def mined(world: Path, out: Path, *stages: str):
    return collect(
        sorted(world.glob("*.mp4")),
        root=world,
        out=out,
        pose=POSE,
        settings=SETTINGS,
        oracle=OracleSource(stages=stages, truth=world / "truth"),
    )


@pytest.fixture(scope="module")
def everything(world, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("everything")
    mined(world, out, *STAGES)
    return out


def test_with_every_oracle_mining_finds_what_happened(world, video, everything):
    truth, found = TruthFolder(world / "truth"), MinedFolder(everything)
    true_shots, shots = truth.shots(video.stem), found.shots()
    for name in ("first_frame", "last_frame", "view", "is_replay", "transition"):
        assert [getattr(shot, name) for shot in shots] == [getattr(shot, name) for shot in true_shots], name
    number = {shot.shot_id: index for index, shot in enumerate(true_shots)}
    repeats = [None if shot.replay_of is None else shots[number[shot.replay_of]].shot_id for shot in true_shots]
    assert [shot.replay_of for shot in shots] == repeats
    balls = truth.balls(video.stem)
    deliveries = found.deliveries()
    assert [delivery.impact_s for delivery in deliveries] == pytest.approx([ball.impact_s for ball in balls])
    right_p = [{"R": 1.0, "L": 0.0}[ball.handedness] for ball in balls]
    assert [delivery.handedness_p for delivery in deliveries] == right_p
    strikers = [track for track in truth.poses(video.stem) if track.track_id == 0]
    for delivery, ball in zip(deliveries, balls, strict=True):
        (striker,) = [track for track in strikers if track.shot_id == ball.shot_id]
        box_4 = striker.boxes_T4[np.abs(striker.pts_s - ball.impact_s).argmin()]
        found_4 = np.array([delivery.box.x1, delivery.box.y1, delivery.box.x2, delivery.box.y2])
        assert box_iou(found_4[None], box_4[None])[0, 0] > 0.7
        assert delivery.features["striker_p"] == 1.0 and delivery.event_p == 1.0
        assert np.isfinite(delivery.features["hand_height"])


def test_runs_with_different_oracles_do_not_mix(world, everything):
    for stages in ((), ("boundaries",), STAGES[1:]):
        with pytest.raises(SlowpathsError, match="other settings"):
            mined(world, everything, *stages)
    assert mined(world, everything, *reversed(STAGES)).num_resumed == 1


def test_real_footage_has_no_oracle(world, video):
    shot = Shot(shot_id="s", video_id="v", span=Span(0, 1), first_frame=0, last_frame=9)
    for nothing in (NO_ORACLE, OracleSource().read(video), oracle(world, video, "handedness")):
        assert nothing.boundaries() is None and nothing.views([shot]) is None and nothing.replays([shot]) is None
        assert nothing.striker(np.arange(3), np.arange(3.0), np.zeros((3, 3))) is None
        assert nothing.impacts_s(0.0, 99.0) is None
    assert NO_ORACLE.handedness(1.0) is None


def test_a_shot_that_was_cut_wrongly_has_the_view_it_mostly_shows(world, video):
    known = oracle(world, video, "views", "replays")
    first, second = known.shots[:2]
    wrong = replace(first, last_frame=second.last_frame, shot_id="both")
    longer = max((first, second), key=lambda shot: shot.last_frame - shot.first_frame)
    assert known.views([wrong]) == [longer.view]
    assert known.replays([wrong]) == [(float(longer.is_replay), None)]


def test_a_replay_repeats_the_shot_that_was_found(world, video):
    known = oracle(world, video, "replays")
    live = known.shots[0]
    again = replace(
        live, shot_id="true-replay", is_replay=True, replay_of=live.shot_id, first_frame=900, last_frame=950
    )
    known = replace(known, shots=(*known.shots, again))
    found = [replace(live, shot_id="a"), replace(again, shot_id="b", is_replay=False, replay_of=None)]
    assert known.replays(found) == [(0.0, None), (1.0, "a")]


def test_the_striker_has_a_row_for_every_frame_that_shows_him(world, video):
    known = oracle(world, video, "striker")
    true = known.strikers[0]
    frames_T = np.arange(true.frames_T[0], true.frames_T[-1] + 40, 3)
    (track,) = known.striker(frames_T, frames_T / 12, np.zeros((len(frames_T), 3)))
    inside = np.isin(frames_T, true.frames_T)
    np.testing.assert_array_equal(track.frames_T, frames_T[inside])
    np.testing.assert_array_equal(track.boxes_T4, true.boxes_T4[np.searchsorted(true.frames_T, frames_T[inside])])
    assert np.isnan(track.keypoints_TJC[..., :2]).all()
    assert known.striker(np.array([10**6]), np.zeros(1), np.zeros((1, 3))) == []


def test_the_batter_of_the_nearest_ball_faces_it(world, video):
    known = oracle(world, video, "handedness")
    assert {ball.handedness for ball in known.balls} <= {"R", "L"}
    first, last = replace(known.balls[0], handedness="L"), replace(known.balls[-1], handedness="R")
    known = replace(known, balls=(first, last))
    assert known.handedness(first.impact_s + 0.5) == 0.0
    assert known.handedness(last.impact_s + 9.0) == 1.0


def test_impacts_of_an_interval(world, video):
    known = oracle(world, video, "impact")
    first_s = known.balls[0].impact_s
    assert known.impacts_s(first_s - 1, first_s) == [first_s]
    assert known.impacts_s(first_s - 1, first_s - 0.1) == []


@pytest.mark.parametrize(
    ("stages", "has_truth", "name", "message"),
    [
        (["boundaries", "colours"], True, "t01.mp4", "oracle= knows boundaries, .*; 'colours' is none of them"),
        (["boundaries"], False, "t01.mp4", r"oracle=\[boundaries\] needs truth=FOLDER"),
        (["impact"], True, "real.mp4", "real.balls.parquet, which is not there: only synthetic worlds"),
    ],
)
def test_an_oracle_that_cannot_be_asked_is_said_in_one_sentence(world, stages, has_truth, name, message):
    with pytest.raises(UsageError, match=message):
        OracleSource(stages=tuple(stages), truth=world / "truth" if has_truth else None).check([world / name])


@pytest.fixture
def gold(tmp_path) -> Path:
    return write_gold(tmp_path / "gold")


def seen(*boxes: tuple[float, float, float, float], first_frame: int = 0) -> PoseTrack:
    num = len(boxes)
    return PoseTrack(
        video_id="v",
        shot_id="s",
        track_id=0,
        frames_T=np.arange(first_frame, first_frame + num),
        pts_s=np.arange(first_frame, first_frame + num) / 25,
        keypoints_TJC=np.zeros((num, 17, 3)),
        boxes_T4=np.array(boxes, dtype=float),
        camera_T3=np.zeros((num, 3)),
    )


def striker_of(known: Oracle, frames_T: np.ndarray, *tracks: PoseTrack) -> list[PoseTrack] | None:
    return known.striker(frames_T, frames_T / 25, np.zeros((len(frames_T), 3)), tracks)


def test_gold_says_boundaries_views_replays_impacts_and_hands(gold):
    known = OracleSource(stages=STAGES, truth=gold).read(Path("a.mp4"))
    assert [(b.first_frame, b.last_frame, b.transition) for b in known.boundaries()] == [
        (0, 39, "start"),
        (40, 99, "cut"),
    ]
    found = [Shot(shot_id="x", video_id="v", span=Span(0, 4), first_frame=30, last_frame=99)]
    assert known.views(found) == ["pitch_endon"] and known.replays(found) == [(1.0, None)]
    assert known.impacts_s(0.0, 9.0) == [0.4, 2.4]
    assert (known.handedness(0.5), known.handedness(2.5)) == (1.0, 0.0)
    assert OracleSource(stages=STAGES, truth=gold).read(Path("b.mov")).handedness(0.2) is None  # gold does not know


def test_the_striker_on_real_clips_is_who_fills_the_gold_box_at_contact(gold):
    known = OracleSource(stages=("striker",), truth=gold).read(Path("a.mp4"))
    keeper, batter = seen(*[(300, 20, 340, 100)] * 20), seen(*[(102, 22, 145, 104)] * 20)
    passing = seen(*[(100, 20, 140, 100)] * 5, *[(500, 20, 540, 100)] * 15)  # in the box before contact only
    assert striker_of(known, np.arange(20), keeper, passing, batter) == [batter]
    assert striker_of(known, np.arange(20), keeper, passing) is None  # nobody tracked: mining chooses itself
    assert striker_of(known, np.arange(20)) is None
    assert striker_of(known, np.arange(20, 40), batter) is None  # no contact in these frames
    late = seen(*[(100, 20, 140, 100)] * 5, first_frame=12)  # the picture of contact repeats the one before
    assert striker_of(known, np.arange(20), late) == [late]


def test_a_clip_that_gold_does_not_know_is_said(gold):
    with pytest.raises(UsageError, match=r"needs .*other in gold_shots.csv, which is not there"):
        OracleSource(stages=("views",), truth=gold).check([Path("other.mp4")])
    OracleSource(stages=STAGES, truth=gold).check([Path("a.mp4"), Path("c.mp4")])


def test_no_oracle_asks_for_no_truth():
    OracleSource().check([Path("real.mp4")])
