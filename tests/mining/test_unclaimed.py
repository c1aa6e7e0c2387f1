"""Videos that are hard to mine: nothing is claimed that is not there, nothing lost that is, and reasons are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.batter import field_take, stroke_take, write_takes
from tests.factories import bar_video

from slowpaths.mining import pipeline
from slowpaths.mining.one_video import Task, mine_task
from slowpaths.mining.pipeline import MinedVideo, mine_video
from slowpaths.mining.settings import MiningSettings
from slowpaths.pose.estimate import build_pose
from slowpaths.store.mined_folder import TableFolder
from slowpaths.store.tables import write_poses
from slowpaths.video.open import open_video
from slowpaths.video.probe import probe
from slowpaths.video.write import write_clip

SETTINGS = MiningSettings(write_clips=False)
SHIRTS = ((196, 52, 40), (36, 66, 190))
IMPACT_S = 1.8


def mine(path: Path, settings: MiningSettings = SETTINGS) -> MinedVideo:
    """Mine a video whose true poses lie beside it; nobody is in it where there are none."""
    truth = path.parent / "truth" / f"{path.stem}.poses.parquet"
    if not truth.exists():
        write_poses(truth, [])
    video = probe(path, root=path.parent)
    out = path.parent / "out"
    return mine_video(video, root=path.parent, out=out, pose=build_pose("simulated"), settings=settings)


def ball(path: Path, *, fps: int = 25, size: tuple[int, int] = (480, 270), focal: float = 1.0) -> Path:
    """Write one ball that is heard, and the outfield after it."""
    rng = np.random.default_rng(3)
    times_s = np.arange(-IMPACT_S, 0.6, 1 / fps)
    take = stroke_take("cover_drive", times_s, size=size, shirts=SHIRTS, focal=focal, rng=rng)
    take.impact_s = IMPACT_S
    write_takes(path, [take, field_take(fps, side=1.0, size=size, shirts=SHIRTS, rng=rng)], fps=fps)
    return path


def turned(path: Path, source: Path) -> Path:
    """Write the pictures of a video lying on their side, with the word that a player has to turn them clockwise."""
    with open_video(source) as decoder, av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = decoder.height, decoder.width, "yuv420p"
        stream.options = {"crf": "12"}
        stream.set_display_rotation(-90)
        for _, frame_HWC in decoder.iterate():
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.rot90(frame_HWC)), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_one_frame_and_a_black_video_hold_no_frames_that_change(tmp_path):
    black = tmp_path / "black.mp4"
    write_clip(black, np.zeros((30, 96, 160, 3), np.uint8), fps=25)
    for path in (black, bar_video(tmp_path / "one.mp4", num_frames=1)):
        mined = mine(path)
        assert not mined.deliveries and len(mined.shots) == 1
        assert mined.unclaimed is not None and mined.unclaimed.cause == "still"


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return ball(tmp_path_factory.mktemp("ball") / "ball.mp4")


def test_a_stroke_at_8_frames_a_second_is_found(tmp_path):
    (delivery,) = mine(ball(tmp_path / "slow.mp4", fps=8)).deliveries
    assert delivery.impact_s == pytest.approx(IMPACT_S, abs=0.2)


def test_a_portrait_that_is_stored_on_its_side_is_mined_as_it_is_shown(tmp_path):
    upright = ball(tmp_path / "upright.mp4", size=(270, 480), focal=1.6)
    side = turned(tmp_path / "side.mp4", upright)
    (tmp_path / "truth" / "upright.poses.parquet").rename(tmp_path / "truth" / "side.poses.parquet")
    mined = mine(side)
    assert (mined.video.width, mined.video.height, mined.video.rotation_deg) == (270, 480, 90)
    (delivery,) = mined.deliveries
    assert delivery.impact_s == pytest.approx(IMPACT_S, abs=0.2)
    assert 0 <= delivery.box.x1 < delivery.box.x2 <= 270 and delivery.box.y2 - delivery.box.y1 > 30


def named(monkeypatch: pytest.MonkeyPatch, play_p: Sequence[float]) -> None:
    """Let the shots of a video be named as they are, and play in each be so probable."""

    def name_shots(context, first_look):
        shots, _ = real(context, first_look)
        return shots, np.array(play_p)

    real = pipeline.name_shots
    monkeypatch.setattr(pipeline, "name_shots", name_shots)


@pytest.mark.parametrize(
    ("play_p", "with_delivery", "cause"),
    [((0.19, 0.9), [1], None), ((0.19, 0.0), [], "no_play"), ((0.36, 0.0), [0], None)],
)
def test_no_delivery_lies_in_a_shot_that_is_hardly_one_of_play(path, monkeypatch, play_p, with_delivery, cause):
    named(monkeypatch, play_p)
    mined = mine(path, replace(SETTINGS, min_event_p=0.02))  # anything is taken for a stroke
    assert [one.shot_id for one in mined.deliveries] == [mined.shots[number].shot_id for number in with_delivery]
    assert all(play_p[number] >= SETTINGS.min_view_p for number in with_delivery)
    assert (mined.unclaimed and mined.unclaimed.cause) == cause


def test_a_shot_of_play_in_which_nobody_is_seen_is_told_apart(tmp_path, monkeypatch):
    path = bar_video(tmp_path / "bars.mp4", num_frames=30)
    one_look = mine(path)
    assert one_look.unclaimed is not None and one_look.unclaimed.cause == "no_play"
    named(monkeypatch, [0.9] * len(one_look.shots))
    mined = mine(path)
    assert mined.unclaimed is not None and mined.unclaimed.cause == "nobody"


def test_how_probable_the_likeliest_stroke_was_is_said(path, tmp_path, monkeypatch):
    found = mine(path)
    strict = mine(path, replace(SETTINGS, min_event_p=1.0))
    assert found.unclaimed is None and strict.unclaimed is not None
    assert strict.unclaimed.cause == "no_stroke"
    assert strict.unclaimed.event_p == pytest.approx(found.deliveries[0].event_p)
    monkeypatch.setattr(pipeline, "plays_other_game", lambda context, track, *, impact_s: True)
    other = mine(path)
    assert other.unclaimed is not None and other.unclaimed.cause == "other_game"
    task = Task(path=path, root=path.parent, out=tmp_path, shards=tmp_path / "shards", settings=SETTINGS)
    done = mine_task(task, build_pose("simulated"), lambda text: None)
    assert done.text.startswith("ball.mp4: no delivery, strokes of another game")
    assert [one.cause for one in TableFolder(done.folder).unclaimed()] == ["other_game"]
