import errno
import math
import os
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.factories import write_votes

from slowpaths.core.errors import SlowpathsError, TableError
from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.records import Box, Delivery, LabelledClip, PoseTrack, Prediction, Shot, VideoRef, Vote
from slowpaths.core.spans import Span
from slowpaths.store import tables
from slowpaths.store.schema import DELIVERIES, LABELS, TABLES, VOTES

VIDEO = VideoRef(video_id="v", path="day/one.mp4", fps=Fraction(30000, 1001), num_frames=7, width=640, height=360)
SHOT = Shot(shot_id="v-s0000", video_id="v", span=Span(0, 2), first_frame=0, last_frame=49, view="pitch_endon")
DELIVERY = Delivery(
    delivery_id="v-d00001000",
    video_id="v",
    shot_id="v-s0000",
    span=Span(0.2, 1.48),
    impact_s=1.0,
    impact_uncertainty_s=0.04,
    view="pitch_endon",
    handedness_p=0.9,
    box=Box(x1=1, y1=2, x2=3, y2=4),
    event_p=0.8,
    features={"stride_front": 0.5},
)
CLIP = {
    "delivery_id": "v-d00001000",
    "video_id": "v",
    "video": "day/one.mp4",
    "match_id": "day",
    "span": Span(0.2, 1.48),
    "impact_s": 1.0,
    "event_p": 0.8,
    "probs": np.full(14, 1 / 14),
    "label": "leave",
    "confidence": 1 / 14,
    "source": "weak",
}


def test_footage_keeps_the_exact_rate(tmp_path):
    tables.write_footage(tmp_path / "f.parquet", [VIDEO])
    assert tables.read_footage(tmp_path / "f.parquet") == [VIDEO]
    assert pq.read_table(tmp_path / "f.parquet")["fps"][0].as_py() == pytest.approx(29.97, abs=1e-3)


def test_shots_and_votes_come_back(tmp_path):
    votes = [Vote(delivery_id="d", rule="foot.stride", symbol="front", evidence="stride 0.8 torso >= 0.55")]
    tables.write_shots(tmp_path / "s.parquet", [SHOT])
    write_votes(tmp_path / "v.parquet", votes)
    assert tables.read_shots(tmp_path / "s.parquet") == [SHOT]
    assert tables.read_votes(tmp_path / "v.parquet") == votes


def test_deliveries_carry_every_feature_and_nan_where_unmeasured(tmp_path):
    tables.write_deliveries(tmp_path / "d.parquet", [DELIVERY])
    (back,) = tables.read_deliveries(tmp_path / "d.parquet")
    assert set(back.features) == set(FEATURE_NAMES)
    assert back.features["stride_front"] == 0.5
    assert math.isnan(back.features["lean_back_deg"])
    assert (back.box, back.span, back.event_p) == (DELIVERY.box, DELIVERY.span, DELIVERY.event_p)


def test_labels_and_predictions_come_back(tmp_path):
    tables.write_labels(tmp_path / "l.parquet", [LabelledClip(**CLIP)])
    prediction = Prediction(**(CLIP | {"source": "model"}), model_id="m", view_index=2, split="test")
    tables.write_predictions(tmp_path / "p.parquet", [prediction])
    (label,) = tables.read_labels(tmp_path / "l.parquet")
    (back,) = tables.read_predictions(tmp_path / "p.parquet")
    np.testing.assert_allclose(label.probs, CLIP["probs"])
    assert (back.model_id, back.view_index, back.split, back.span) == ("m", 2, "test", prediction.span)


def test_an_optional_column_is_there_where_it_is_known(tmp_path):
    old, new, joined = (tmp_path / f"{name}.parquet" for name in ("old", "new", "joined"))
    row = Prediction(**CLIP)
    tables.write_predictions(old, [row])
    tables.write_predictions(new, [replace(row, is_replay=True), replace(row, is_replay=False)])
    assert pq.read_schema(old).names == TABLES["predictions"].schema.names  # as older versions wrote and read it
    assert pq.read_schema(new).names == [*pq.read_schema(old).names, "is_replay"]
    assert [row.is_replay for row in tables.read_predictions(old)] == [None]
    assert [row.is_replay for row in tables.read_predictions(new)] == [True, False]
    tables.join_tables(joined, [old, new], TABLES["predictions"])
    assert [row.is_replay for row in tables.read_predictions(joined)] == [None, True, False]


def test_poses_keep_tracks_apart_and_in_order(tmp_path):
    rng = np.random.default_rng(0)

    def track(number, num_frames):
        keypoints = rng.uniform(0, 100, (num_frames, 17, 3)).astype(np.float32).astype(np.float64)
        keypoints[0, 3] = np.nan
        return PoseTrack(
            video_id="v",
            shot_id="s",
            track_id=number,
            frames_T=np.arange(num_frames) + 10 * number,
            pts_s=np.arange(num_frames) / 25,
            keypoints_TJC=keypoints,
            boxes_T4=np.ones((num_frames, 4)),
            camera_T3=np.zeros((num_frames, 3)),
        )

    tracks = [track(1, 3), track(0, 2)]
    tables.write_poses(tmp_path / "p.parquet", tracks)
    back = tables.read_poses(tmp_path / "p.parquet")
    assert [item.track_id for item in back] == [1, 0]
    for wrote, read in zip(tracks, back, strict=True):
        np.testing.assert_array_equal(wrote.keypoints_TJC, read.keypoints_TJC)
        np.testing.assert_array_equal(wrote.frames_T, read.frames_T)


@pytest.mark.parametrize("spec", TABLES.values(), ids=lambda spec: spec.name)
def test_empty_tables_are_tables(tmp_path, spec):
    path = tmp_path / "t.parquet"
    tables.write_table(path, spec.schema.empty_table(), spec)
    assert tables.read_table(path, spec).num_rows == 0


def test_same_rows_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        tables.write_deliveries(tmp_path / name, [DELIVERY])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_other_tables_versions_columns_and_files_are_refused(tmp_path):
    path = tmp_path / "t.parquet"
    with pytest.raises(TableError, match="does not exist"):
        tables.read_table(path, VOTES)
    path.write_bytes(b"no parquet")
    with pytest.raises(TableError, match="not a readable Parquet"):
        tables.read_table(path, VOTES)
    write_votes(path, [])
    with pytest.raises(TableError, match="holds the table 'votes'"):
        tables.read_table(path, LABELS)
    old = pq.read_table(path).replace_schema_metadata({"slowpaths.table": "votes", "slowpaths.version": "0"})
    pq.write_table(old, path)
    with pytest.raises(TableError, match="version 0"):
        tables.read_table(path, VOTES)
    pq.write_table(pa.table({"delivery_id": ["d"]}), path)
    with pytest.raises(TableError, match="lacks the column 'rule'"):
        tables.read_table(path, VOTES)
    with pytest.raises(TableError, match="lacks the column"):
        tables.write_table(path, pa.table({"delivery_id": ["d"]}), DELIVERIES)


def test_a_failed_write_leaves_the_old_file_and_no_scrap(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    write_votes(path, [])
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tables.os, "fsync", full)
    with pytest.raises(SlowpathsError, match=r"no space left .* free some disk"):
        write_votes(path, [Vote(delivery_id="d", rule="r", symbol="s", evidence="")])
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["t.parquet"]


def test_a_file_in_the_way_is_one_sentence(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(SlowpathsError, match="choose another out="):
        tables.write_text(tmp_path / "out" / "report.md", "x")


@pytest.mark.parametrize("num_rows", [1, 3, 100])
def test_shards_are_joined_in_order_whatever_is_in_memory_at_a_time(tmp_path, monkeypatch, num_rows):
    monkeypatch.setattr(tables, "_JOINED_ROWS", num_rows)
    shards = [tmp_path / f"{video}.parquet" for video in "cab"]
    for shard in shards:
        spans = [Span(start_s, start_s + 2) for start_s in (0.0, 2.0)]
        tables.write_shots(shard, [
            Shot(shot_id=f"{shard.stem}{n}", video_id=shard.stem, span=span, first_frame=0, last_frame=49)
            for n, span in enumerate(spans)
        ])  # fmt: skip
    joined = tmp_path / "shots.parquet"
    tables.join_tables(joined, shards, TABLES["shots"])
    assert [shot.shot_id for shot in tables.read_shots(joined)] == ["c0", "c1", "a0", "a1", "b0", "b1"]
    assert [shot.shot_id for shot in tables.read_shots(joined, video="a")] == ["a0", "a1"]
    tables.join_tables(joined, [], TABLES["shots"])
    assert tables.read_shots(joined) == tables.read_shots(joined, video="a") == []
