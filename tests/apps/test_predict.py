"""Prediction video by video: what is done stays done, and the tables are those of a run that was never killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.data.mined import write_mined
from tests.models.training import classifier, loader, trainer

from slowpaths.apps import footage, predict
from slowpaths.apps.footage import predict_videos
from slowpaths.cli import main
from slowpaths.core.errors import UsageError
from slowpaths.core.records import Shot
from slowpaths.evaluation.prediction_table import read_predictions as read_for_evaluation
from slowpaths.models.prediction import model_id
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import SHOTS
from slowpaths.store.tables import read_predictions, write_shots

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
SHOWN = {"fps": 25.0, "num_frames": 8, "frame_stride": 2, "alpha": 4, "crop_px": 32, "read_px": None}


def run_folder(path: Path, **options: int) -> RunFolder:
    folder = RunFolder(path)
    write_mined(folder.mined, num_matches=3, clips_a_match=2, size=32, **options)
    return folder


def test_a_killed_prediction_goes_on_after_its_last_video_to_the_same_bytes(tmp_path, monkeypatch, capsys):
    model, whole, killed = classifier(clip=SHOWN), run_folder(tmp_path / "whole"), run_folder(tmp_path / "killed")
    assert predict_videos(model, whole) == 0
    rows = read_predictions(whole.predictions)
    assert len(rows) == 6 * 4 and [row.delivery_id for row in rows[::4]] == sorted({row.delivery_id for row in rows})
    assert "6 strokes" not in capsys.readouterr().err

    asked, real = [], footage.predict_mined

    def dies(*given, delivery_ids, **options):
        asked.append(delivery_ids[0][:2])
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(*given, delivery_ids=delivery_ids, **options)

    monkeypatch.setattr(footage, "predict_mined", dies)
    with pytest.raises(KeyboardInterrupt):
        predict_videos(model, killed)
    assert not killed.predictions.exists()
    assert predict_videos(model, killed) == 1
    assert asked == ["v0", "v1", "v1", "v2"]
    assert killed.predictions.read_bytes() == whole.predictions.read_bytes()
    assert "v0: 2 strokes, named already" in capsys.readouterr().err


def test_the_table_says_which_strokes_are_replays_as_the_events_do(tmp_path):
    folder = run_folder(tmp_path / "run")
    mined = MinedFolder(folder.mined)
    again, *others = sorted(mined.deliveries(), key=lambda row: row.delivery_id)
    shots = [
        Shot(shot_id=f"s{number}", video_id=row.video_id, span=row.span, view=row.view, first_frame=0, last_frame=9,
             is_replay=row is again)
        for number, row in enumerate([again, *others])
    ]  # fmt: skip
    write_shots(mined.file(SHOTS), shots)
    predict_videos(classifier(clip=SHOWN), folder)
    rows = read_predictions(folder.predictions)
    assert {row.delivery_id for row in rows if row.is_replay} == {again.delivery_id}
    assert {row.delivery_id for row in rows if row.is_replay is False} == {row.delivery_id for row in others}
    told = read_for_evaluation(folder.predictions)
    assert dict(zip(told.delivery_id, told.is_replay, strict=True))[again.delivery_id] is True


def test_events_are_written_with_one_video_in_memory(tmp_path, monkeypatch):
    folder = run_folder(tmp_path / "run")
    predict_videos(classifier(clip=SHOWN), folder)
    asked = []
    for name in ("shots", "poses"):  # the factory mines neither
        read = lambda self, *, video, name=name: asked.append((name, video)) or []  # noqa: E731
        monkeypatch.setattr(predict.MinedFolder, name, read)
    videos, told = MinedFolder(folder.mined).footage(), predict._Told()
    monkeypatch.setattr(predict, "_MOST_SHOWN", 3)
    found = told.events(folder, reversed(videos), within_s=0)
    first = next(found)
    assert [clip.video_id for clip in first.clips] == ["v0", "v0"] and asked == [("shots", "v0"), ("poses", "v0")]
    assert [one.video.video_id for one in found] == ["v1", "v2"]
    assert (told.num_strokes, told.num_near, len(told.rows)) == (6, 0, 3)


def test_another_model_number_of_views_or_set_of_strokes_is_predicted_anew(tmp_path):
    folder = run_folder(tmp_path / "run")
    one, other = classifier(clip=SHOWN, seed=1), classifier(clip=SHOWN, seed=2)
    assert [predict_videos(one, folder), predict_videos(one, folder)] == [0, 3]
    assert predict_videos(other, folder) == 0
    assert {row.model_id for row in read_predictions(folder.predictions)} == {model_id(other)}
    assert predict_videos(other, folder, num_test_views=1) == 0
    (MinedFolder(folder.mined).shards / "mined otherwise").mkdir(parents=True)
    assert predict_videos(other, folder, num_test_views=1) == 0
    write_mined(folder.mined, num_matches=3, clips_a_match=3, size=32)  # more strokes are found in the same videos
    assert predict_videos(other, folder, num_test_views=1) == 0


def test_thirty_views_are_said_to_be_thirty(tmp_path):
    folder = run_folder(tmp_path / "run")
    predict_videos(classifier(clip=SHOWN), folder, num_test_views=30)
    views = [row.view_index for row in read_predictions(folder.predictions)]
    assert views[:31] == list(range(-1, 30))
    with pytest.raises(UsageError, match="do not fit into clips of 52 frames"):
        predict_videos(classifier(clip=SHOWN), folder, num_test_views=99)


@pytest.mark.parametrize(
    ("shown", "word", "sentence"),
    [
        (SHOWN, "num_test_views=99", "do not fit into clips of 52 frames: lower"),
        ({**SHOWN, "input_kind": "picture_features"}, "num_test_views=30", "give num_test_views=10"),
        (SHOWN, "mining.clip_fps=30", "was trained on clips at 25 fps"),
        ({**SHOWN, "colour": 1}, "num_test_views=3", "does not say what a clip looks like (ClipSettings"),
        ({"fps": 25.0}, "num_test_views=3", "does not say what a clip looks like (no num_frames)"),
        ({**SHOWN, "input_kind": "smells"}, "num_test_views=3", "takes smells: give ckpt= of one that takes pathways"),
    ],
)
def test_clips_that_a_network_cannot_be_shown_are_refused_before_mining(
    tmp_path, monkeypatch, capsys, shown, word, sentence
):
    run = trainer(max_steps=1)
    run.fit(classifier(clip=shown), loader(4))
    run.save_checkpoint(tmp_path / "a.ckpt")
    capsys.readouterr()
    monkeypatch.setattr("slowpaths.apps.predict.mine", lambda *_: pytest.fail("footage was mined"))
    words = ["predict", f"ckpt={tmp_path / 'a.ckpt'}", f"footage={tmp_path}", f"out={tmp_path / 'events'}", word]
    assert main(words) == 2
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert sentence in error and not (tmp_path / "events").exists()


@pytest.mark.parametrize("value", ["-1", "inf", "nan"])
def test_a_time_that_is_none_is_refused(tmp_path, capsys, value):
    (tmp_path / "a.ckpt").write_bytes(b"")
    words = ["predict", f"ckpt={tmp_path / 'a.ckpt'}", f"footage={tmp_path}", f"suppress_s={value}"]
    assert main(words) == 2
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert "suppress_s=" in error and "give seconds, or 0" in error
