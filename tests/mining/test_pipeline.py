"""One made video through the whole of mining; what cannot be read is raised, not hidden."""

import itertools
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.batter import field_take, stroke_take, write_takes
from tests.factories import bar_video

from slowpaths.core.errors import BrokenVideoError
from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.records import Shot
from slowpaths.core.spans import Span
from slowpaths.mining import pipeline
from slowpaths.mining.pipeline import mine_video, pieces
from slowpaths.mining.settings import MiningSettings
from slowpaths.pose.estimate import build_pose
from slowpaths.store.tables import read_poses, write_deliveries, write_poses, write_shots
from slowpaths.video.kept import KeptFrames
from slowpaths.video.open import open_video
from slowpaths.video.probe import probe

FPS = 25
IMPACT_S = 1.8
SETTINGS = MiningSettings(clip_px=64)


@pytest.fixture(scope="module")
def footage(tmp_path_factory) -> Path:
    """One ball from behind the bowler, then the outfield."""
    folder = tmp_path_factory.mktemp("footage")
    rng = np.random.default_rng(3)
    shirts = ((196, 52, 40), (36, 66, 190))
    size = (480, 270)
    ball = stroke_take("cover_drive", np.arange(-IMPACT_S, 0.5, 1 / FPS), size=size, shirts=shirts, rng=rng)
    ball.impact_s = IMPACT_S  # the bat is heard
    field = field_take(30, side=1.0, size=size, shirts=shirts, rng=rng)
    write_takes(folder / "ball.mp4", [ball, field], fps=FPS)
    return folder


def mine(folder: Path, out: Path, settings: MiningSettings = SETTINGS):
    video = probe(folder / "ball.mp4", root=folder)
    return mine_video(video, root=folder, out=out, pose=build_pose("simulated"), settings=settings)


@pytest.fixture(scope="module")
def mined(footage, tmp_path_factory):
    out = tmp_path_factory.mktemp("mined")
    return mine(footage, out), out


def test_finds_the_shots_and_their_views(mined):
    shots = mined[0].shots
    assert [shot.view for shot in shots] == ["pitch_endon", "field"]
    assert shots[0].span.end_s == pytest.approx(shots[1].span.start_s)
    assert not any(shot.is_replay for shot in shots)


def test_strokes_of_other_games_are_left_out_where_asked(footage, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "plays_other_game", lambda context, track, *, impact_s: True)
    assert not mine(footage, tmp_path).deliveries
    assert len(mine(footage, tmp_path, replace(SETTINGS, other_games=False)).deliveries) == 1


def test_finds_the_ball(mined):
    (delivery,) = mined[0].deliveries
    assert delivery.impact_s == pytest.approx(IMPACT_S, abs=0.12)
    assert delivery.event_p > 0.9
    assert delivery.span.start_s == pytest.approx(delivery.impact_s - 0.80)
    assert delivery.shot_id == mined[0].shots[0].shot_id
    assert set(delivery.features) == set(FEATURE_NAMES)
    assert delivery.features["striker_p"] > 0.6
    assert delivery.features["onset_z"] > 4


def test_spans_lie_inside_a_video_that_begins_just_before_the_ball_is_hit(tmp_path):
    rng = np.random.default_rng(3)
    shirts, size = ((196, 52, 40), (36, 66, 190)), (480, 270)
    ball = stroke_take("cover_drive", np.arange(-0.6, 0.4, 1 / FPS), size=size, shirts=shirts, rng=rng)
    ball.impact_s = 0.6
    write_takes(tmp_path / "ball.mp4", [ball], fps=FPS)
    for delivery in mine(tmp_path, tmp_path / "out", replace(SETTINGS, min_event_p=0.0, min_view_p=0.0)).deliveries:
        assert 0.0 <= delivery.span.start_s <= delivery.impact_s <= delivery.span.end_s <= 1.0 + 1e-9
        break
    else:
        raise AssertionError("the ball was not found")


def test_the_track_is_the_batter_of_the_truth(mined, footage):
    truth = read_poses(footage / "truth" / "ball.poses.parquet")[0]
    (track,) = mined[0].tracks
    row = int(np.abs(track.pts_s - IMPACT_S).argmin())
    true_row = int(np.abs(truth.pts_s - IMPACT_S).argmin())
    middle = track.boxes_T4[row].reshape(2, 2).mean(axis=0)
    assert middle == pytest.approx(truth.boxes_T4[true_row].reshape(2, 2).mean(axis=0), abs=12)


def test_writes_a_clip_that_shows_the_batter(mined):
    (delivery,) = mined[0].deliveries
    with open_video(mined[1] / "clips" / f"{delivery.delivery_id}.mp4") as clip:
        assert len(clip) == 52
        assert (clip.height, clip.width) == (64, 64)
        frame = clip.frames([30])[0].astype(int)
    centre = frame[16:48, 20:44].reshape(-1, 3)
    is_shirt = (centre[:, 0] > 130) & (centre[:, 1] < 90) & (centre[:, 2] < 90)
    assert is_shirt.mean() > 0.05


def test_the_same_video_gives_the_same_tables_with_pictures_kept_and_decoded_again(
    mined, footage, tmp_path, monkeypatch
):
    monkeypatch.setattr(pipeline, "KeptFrames", lambda decoder, *, height: decoder)
    again = mine(footage, tmp_path, replace(SETTINGS, write_clips=False))
    for name, write in (("shots", write_shots), ("deliveries", write_deliveries), ("tracks", write_poses)):
        write(tmp_path / "a", getattr(mined[0], name))
        write(tmp_path / "b", getattr(again, name))
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert not (tmp_path / "clips").exists()


def test_pictures_of_long_videos_are_not_kept(footage):
    with open_video(footage / "ball.mp4") as decoder:
        for max_play_s, is_kept in ((8.0, True), (6.5, False)):
            settings = replace(SETTINGS, max_play_s=max_play_s, work_fps=len(decoder) / 7)
            assert isinstance(pipeline._kept_if_short(decoder, settings=settings), KeptFrames) == is_kept


def test_a_video_without_cricket_gives_shots_and_no_delivery(tmp_path):
    path = bar_video(tmp_path / "bars.mp4", num_frames=30)
    video = probe(path, root=tmp_path)
    (tmp_path / "truth").mkdir()
    write_poses(tmp_path / "truth" / "bars.poses.parquet", [])
    result = mine_video(video, root=tmp_path, out=tmp_path / "out", pose=build_pose("simulated"))
    assert result.deliveries == [] and result.tracks == []
    assert len(result.shots) >= 1


def test_a_broken_video_is_raised(tmp_path, footage):
    (tmp_path / "ball.mp4").write_bytes(b"no video at all")
    video = probe(footage / "ball.mp4", root=footage)
    with pytest.raises(BrokenVideoError):
        mine_video(video, root=tmp_path, out=tmp_path / "out", pose=build_pose("simulated"))


def test_long_shots_are_mined_in_overlapping_pieces():
    pts_s = np.arange(0, 150, 0.1)
    shot = Shot(shot_id="s", video_id="v", span=Span(0, 150), first_frame=0, last_frame=len(pts_s) - 1)
    settings = MiningSettings(max_play_s=60.0, min_gap_s=3.0)
    found = pieces(shot, pts_s, settings=settings)
    assert found[0][0] == 0 and found[-1][1] == len(pts_s) - 1
    for (_, last), (first, _) in itertools.pairwise(found):
        assert pts_s[last] - pts_s[first] >= 2 * settings.min_gap_s - 0.11
    assert max(pts_s[last] - pts_s[first] for first, last in found) <= 60.0
    assert pieces(replace(shot, last_frame=99), pts_s, settings=settings) == [(0, 99)]


def test_what_is_switched_off_is_not_used(footage, tmp_path):
    whole, deaf = (
        mine(footage, tmp_path, replace(SETTINGS, sound=sound, write_clips=False)) for sound in (True, False)
    )
    assert whole.deliveries[0].features["onset_z"] > 4
    assert np.isnan(deaf.deliveries[0].features["onset_z"])
    assert deaf.deliveries[0].impact_uncertainty_s >= whole.deliveries[0].impact_uncertainty_s


def test_it_is_said_how_many_strokes_are_checked_for_other_games(monkeypatch):
    monkeypatch.setattr(pipeline, "_is_cricket", lambda context, candidate: candidate != "golf")
    told = []
    context = SimpleNamespace(watch=lambda stage, share: told.append((stage, share)))
    assert list(pipeline._of_cricket(context, ["cut", "golf", "sweep", "flick"])) == ["cut", "sweep", "flick"]
    assert told == [("looking for other games", share) for share in (0.0, 0.25, 0.5, 0.75)]
