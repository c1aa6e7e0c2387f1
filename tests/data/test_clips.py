from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.data.mined import write_mined

from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.records import Shot
from slowpaths.core.spans import Span
from slowpaths.data.clips import find_links, read_clips
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.tables import read_labels, read_shots, write_deliveries, write_labels, write_shots


@pytest.fixture
def mined(tmp_path: Path) -> Path:
    return write_mined(tmp_path / "mined", num_matches=2, clips_a_match=2, size=32)


def test_clips_come_with_their_labels_in_table_order(mined: Path) -> None:
    records = read_clips(mined)
    assert [record.clip.delivery_id for record in records] == ["v0-d000", "v0-d001", "v1-d000", "v1-d001"]
    assert [int(record.clip.probs.argmax()) for record in records] == [0, 1, 2, 3]
    assert records[0].path == mined / "clips" / "v0-d000.mp4"


def test_clips_without_labels_are_uniform_and_not_kept(mined: Path) -> None:
    (mined / "labels.parquet").unlink()
    with pytest.raises(TableError, match=r"labels\.parquet does not exist"):
        read_clips(mined)
    record = read_clips(mined, needs_labels=False)[2]
    assert np.allclose(record.clip.probs, 1 / 14)
    assert not record.clip.is_kept
    assert (record.clip.video, record.clip.match_id) == ("m1/v1.mp4", "m1")


@pytest.mark.parametrize(
    "change",
    [
        {"probs": np.full(14, np.nan)},
        {"probs": np.full(14, 0.5)},
        {"probs": np.array([2.0, -1.0, *[0.0] * 12])},
        {"confidence": np.nan},
        {"label": "hoick"},
    ],
)
def test_labels_that_are_none_are_named_with_their_delivery(mined: Path, change: dict[str, Any]) -> None:
    first, *rest = read_labels(mined / "labels.parquet")
    write_labels(mined / "labels.parquet", [first, *rest[1:], replace(rest[0], **change)])
    with pytest.raises(UsageError, match=r"labels\.parquet says of v0-d001 what is no label .*: label again"):
        read_clips(mined)


def test_labels_of_another_folder_are_told_from_labels_that_were_not_kept(mined: Path, tmp_path: Path) -> None:
    labels = read_labels(mined / "labels.parquet")
    other = tmp_path / "other.parquet"
    write_labels(other, [replace(clip, delivery_id=f"x{clip.delivery_id}") for clip in labels])
    with pytest.raises(UsageError, match=r"other\.parquet labels none of the 4 deliveries of .* leave labels= out"):
        read_clips(mined, labels=other)
    write_labels(other, labels[:1])
    assert [record.clip.is_kept for record in read_clips(mined, labels=other)] == [True, False, False, False]
    assert len(read_clips(mined, labels=other, delivery_ids=["v1-d000"])) == 1


def test_duplicates_and_replays_are_linked(mined: Path) -> None:
    records = read_clips(mined)
    assert find_links(mined, records) == []
    shutil.copy(records[0].path, records[3].path)
    shots = read_shots(mined / "shots.parquet")
    replay = Shot(
        shot_id="v0-s001", video_id="v0", span=Span(0, 1), first_frame=0, last_frame=9, is_replay=True,
        replay_of="v0-s000",
    )  # fmt: skip
    write_shots(mined / "shots.parquet", [shots[0], replay, *shots[2:]])
    assert sorted(find_links(mined, records)) == [("v0-d000", "v0-d001"), ("v0-d000", "v1-d001")]


def test_a_moved_impact_is_known_in_frames_of_the_clip(mined: Path) -> None:
    folder = MinedFolder(mined)
    first, *rest = folder.deliveries()
    write_deliveries(folder.moved_file, [first])
    write_deliveries(mined / "deliveries.parquet", [replace(first, impact_s=first.impact_s - 0.12), *rest])
    assert [record.impact_shift for record in read_clips(mined)] == [-3, 0, 0, 0]
