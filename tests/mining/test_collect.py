"""A run over a folder: what goes wrong with one video stays with it; what would go wrong with all stops the run."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.mined import delivery as mined_delivery
from tests.factories import bar_video
from tests.mining.stick import as_track

from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.core.records import VideoRef
from slowpaths.core.skeleton import NUM_JOINTS
from slowpaths.mining import collect as module
from slowpaths.mining import engines, one_video, pipeline
from slowpaths.mining.collect import collect
from slowpaths.mining.engines import _start
from slowpaths.mining.one_video import _lacks_clips, write_mined
from slowpaths.mining.pipeline import MinedVideo
from slowpaths.mining.settings import MiningSettings
from slowpaths.pose.protocol import People, no_keypoints
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import FOOTAGE
from slowpaths.store.tables import write_footage, write_poses
from slowpaths.store.world_folder import TruthFolder
from slowpaths.video.open import open_video

SETTINGS = MiningSettings(write_clips=False, sound=False)
NAMES = ("a.mp4", "b.mp4", "c.mp4")
BAD = NAMES[1]


class Nobody:
    """A pose estimator that sees nobody, and raises what it is told to where it is shown the bad video."""

    name, reason, has_keypoints_in_detect = "nobody", "", False

    def __init__(self, error=None):
        self._error = error

    def detect(self, frames_THWC, *, at):
        if self._error is not None and at.path.name == BAD:
            raise self._error
        nobody = People(boxes_N4=np.zeros((0, 4)), scores_N=np.zeros(0), keypoints_NJC=no_keypoints(0))
        return [nobody] * len(frames_THWC)

    def keypoints(self, frames_THWC, boxes, *, at):
        raise AssertionError("nobody has no joints")


@pytest.fixture(scope="module")
def footage(tmp_path_factory) -> Path:
    """Three videos that differ, and the truth that `pose=simulated` reads: nobody, but somebody in one."""
    folder = tmp_path_factory.mktemp("footage")
    for number, name in enumerate(NAMES):
        bar_video(folder / name, num_frames=12 + number)
        somebody = as_track(np.full((12, NUM_JOINTS, 3), 40.0), np.arange(12) / 25)
        truth = TruthFolder(folder / "truth")
        write_poses(truth.file(Path(name).stem, "poses"), [somebody] if name == BAD else [])
    return folder


@pytest.fixture
def run(footage, tmp_path, monkeypatch):
    """Mine the footage in this process."""

    def mine(estimator=None):
        monkeypatch.setattr(module, "build_pose", lambda **_: estimator or Nobody())
        return collect(paths(footage), root=footage, out=tmp_path, pose={}, settings=SETTINGS)

    return mine


def paths(footage: Path) -> list[Path]:
    return [footage / name for name in NAMES]


def in_two_processes(footage: Path, out: Path, difficulty: float = -1.0, **told):
    """Mine with noise of a negative size, which fails as soon as there is somebody, or of another."""
    pose = {"name": "simulated", "difficulty": difficulty}
    return collect(paths(footage), root=footage, out=out, pose=pose, settings=SETTINGS, workers=2, **told)


def check_only_the_bad_one_is_out(collected, *words: str) -> None:
    """Check that the others were mined and that the reason is one sentence with a cause and a cure."""
    assert [video.status for video in collected.videos] == ["ok", "quarantined", "ok"]
    reason = collected.videos[1].reason
    assert all(word in reason for word in (BAD, "re-encode", *words)), reason
    assert "\n" not in reason
    assert collected.num_quarantined == 1


def test_videos_that_the_tables_no_longer_hold_are_counted(footage, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "build_pose", lambda **_: Nobody())
    given = {"root": footage, "out": tmp_path, "pose": {}, "settings": SETTINGS}
    assert collect(paths(footage), **given).num_left == 0
    assert collect(paths(footage)[:1], **given).num_left == 2
    again = collect(paths(footage), **given)
    assert (again.num_left, again.num_resumed) == (0, 3), "nothing that was mined is lost"
    folder = MinedFolder(tmp_path)
    write_footage(folder.file(FOOTAGE), [replace(video, digest="f" * 64) for video in folder.footage()])
    assert collect(paths(footage), **given).num_left == 0, "files that changed under their names are named"
    folder.file(FOOTAGE).write_bytes(b"no table")
    assert collect(paths(footage), **given).num_left == 0, "a table that is broken is written again"


@pytest.mark.parametrize("key", ["view_weights", "moment_weights", "timing_weights", "bat_weights"])
def test_weights_are_looked_into_before_any_video_is_opened(footage, tmp_path, monkeypatch, key):
    monkeypatch.setattr(module, "build_engine", lambda *_, **__: pytest.fail("a video was opened"))
    settings = MiningSettings(**{key: "/nope.npz"})
    with pytest.raises(UsageError, match=rf"mining\.{key}=/nope\.npz cannot be read"):
        collect(paths(footage), root=footage, out=tmp_path, pose={"name": "simulated"}, settings=settings)


@pytest.mark.parametrize("key", ["view_weights", "moment_weights", "timing_weights", "bat_weights"])
def test_weights_that_hold_something_else_by_now_are_other_settings(footage, tmp_path, monkeypatch, key):
    monkeypatch.setattr(module, "build_pose", lambda **_: Nobody())
    weights, given = tmp_path / "own.npz", {"root": footage, "pose": {}}
    shipped = asdict(module._LOADERS[key](""))
    np.savez(weights, **shipped)
    settings = MiningSettings(write_clips=False, sound=False, **{key: str(weights)})
    assert collect(paths(footage), out=tmp_path / "out", settings=settings, **given).num_resumed == 0
    assert collect(paths(footage), out=tmp_path / "out", settings=SETTINGS, **given).num_resumed == 3  # the same
    np.savez(weights, **{name: array * 0.5 for name, array in shipped.items()})
    with pytest.raises(SlowpathsError, match="was mined with other settings"):
        collect(paths(footage), out=tmp_path / "out", settings=settings, **given)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("first line\nsecond line"), MemoryError(), KeyError("x"), OSError(5, "I/O"), SystemError("s")],
)
def test_a_pose_estimator_that_fails_on_one_video(run, error):
    check_only_the_bad_one_is_out(run(Nobody(error)), type(error).__name__)


class Lost:
    """A decoder that loses its way."""

    at = "iterate"

    def __init__(self, decoder):
        self._decoder = decoder

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._decoder.close()

    def __len__(self):
        return len(self._decoder)

    def __getattr__(self, name):
        if name in (self.at, "frames"):
            raise RuntimeError("the decoder lost its way")
        return getattr(self._decoder, name)


def open_or_lose(path, **options):
    return Lost(open_video(path, **options)) if path.name == BAD else open_video(path, **options)


def start_with_lost_decoder(*given) -> None:
    """Start a worker process whose decoder loses its way in the bad video."""
    pipeline.open_video = open_or_lose
    _start(*given)


def start_talkative(*given) -> None:
    """Start a worker process that says at every word how far it is."""
    one_video.NOTE_EVERY_S = 0
    _start(*given)


def start_patient(*given) -> None:
    """Start a worker process that takes its time for the last video."""

    def wait(video: VideoRef, **options: object) -> pipeline.MinedVideo:
        time.sleep(5.0 if video.path == NAMES[-1] else 0.0)
        return pipeline.mine_video(video, **options)

    one_video.mine_video = wait
    _start(*given)


@pytest.mark.parametrize("at", ["iterate", "frames", "pts_s"])
def test_a_decoder_that_fails_on_one_video(run, monkeypatch, at):
    monkeypatch.setattr(pipeline, "open_video", open_or_lose)
    monkeypatch.setattr(Lost, "at", at)
    if at == "frames":  # only asked for where a shot was passed over
        monkeypatch.setattr(Lost, "iterate", lambda self, **_: iter(()), raising=False)
        check_only_the_bad_one_is_out(run())
    else:
        check_only_the_bad_one_is_out(run(), "RuntimeError", "the decoder lost its way")


def test_a_decoder_that_fails_in_another_process(footage, tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_start", start_with_lost_decoder)
    collected = in_two_processes(footage, tmp_path, difficulty=0.0)
    check_only_the_bad_one_is_out(collected, "RuntimeError", "the decoder lost its way")


def test_within_each_video_it_is_said_how_far_it_is(footage, tmp_path, monkeypatch):
    notes = []
    monkeypatch.setattr(one_video, "NOTE_EVERY_S", 0)
    monkeypatch.setattr(module, "build_pose", lambda **_: Nobody())
    settings = MiningSettings(write_clips=False, sound=False, survey_every_s=0.04, min_view_p=0)
    collect(paths(footage), root=footage, out=tmp_path, pose={}, settings=settings, note=notes.append)
    found = [re.fullmatch(r"(\w\.mp4): ([a-z ]+) (\d+)%", text).groups() for text in notes]
    for name in NAMES:
        stages = [stage for video, stage, _ in found if video == name]
        assert list(dict.fromkeys(stages)) == ["looking for shots", "finding strokes"]
        shares = [int(share) for video, stage, share in found if (video, stage) == (name, "looking for shots")]
        assert shares == sorted(shares) and len(set(shares)) > 3 and shares[-1] > 70


def test_other_processes_say_how_far_they_are(footage, tmp_path, monkeypatch):
    notes = []
    monkeypatch.setattr(engines, "_start", start_talkative)
    in_two_processes(footage, tmp_path, difficulty=0.0, note=notes.append)
    assert any(text.startswith("a.mp4: looking for shots ") for text in notes), notes


def test_it_is_not_said_more_often_than_anybody_reads(footage, tmp_path, monkeypatch):
    now, notes = [0.0], []
    monkeypatch.setattr(one_video.time, "monotonic", lambda: now[0])
    watch = one_video._watch("a.mp4", notes.append)
    for tenth in range(31):
        now[0] = tenth / 10
        watch("looking for shots", tenth / 30)
    assert notes == [f"a.mp4: looking for shots {share}%" for share in (0, 33, 67, 100)]


def test_a_bad_video_is_looked_at_again_and_the_others_are_not(run, tmp_path):
    run(Nobody(RuntimeError("once")))
    again = run()
    assert (again.num_resumed, again.num_quarantined) == (2, 0)
    assert {video.status for video in MinedFolder(tmp_path).footage()} == {"ok"}


def test_a_full_disk_stops_the_run_with_its_sentence(run, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(one_video, "write_mined", full)
    with pytest.raises(SlowpathsError, match=r"no space left while writing .*: free some disk"):
        run()


def test_what_would_fail_for_every_video_stops_the_run(run):
    with pytest.raises(SlowpathsError, match=r"^needs weights$"):
        run(Nobody(SlowpathsError("needs weights")))


def test_a_person_who_stops_the_run_stops_it(run):
    with pytest.raises(KeyboardInterrupt):
        run(Nobody(KeyboardInterrupt()))


def test_a_worker_that_dies_is_one_sentence_and_loses_no_finished_video(footage, tmp_path, monkeypatch):
    def kill(_text: str) -> None:
        for child in multiprocessing.active_children():
            os.kill(child.pid, signal.SIGKILL)

    monkeypatch.setattr(engines, "_start", start_patient)
    with pytest.raises(SlowpathsError, match="was killed, most likely for want of memory: run the same command again"):
        in_two_processes(footage, tmp_path, step=kill)
    again = in_two_processes(footage, tmp_path)
    assert again.num_resumed >= 1
    check_only_the_bad_one_is_out(again, "ValueError", "scale < 0")  # what fails in another process is named too


def test_clips_that_somebody_deleted_are_made_again(tmp_path):
    claims = [mined_delivery("a", 1.0), mined_delivery("a", 9.0)]
    write_mined(tmp_path / "shards", [MinedVideo(video=VideoRef(video_id="a", path="a.mp4"), deliveries=claims)])
    out = MinedFolder(tmp_path / "out")
    out.clips.mkdir(parents=True)
    assert _lacks_clips(tmp_path / "shards", out.path)
    for claim in claims:
        out.clip_file(claim.delivery_id).write_bytes(b"film")
    assert not _lacks_clips(tmp_path / "shards", out.path)
    out.clip_file(claims[0].delivery_id).write_bytes(b"")  # an empty file is none
    assert _lacks_clips(tmp_path / "shards", out.path)
