"""Tables that somebody edited by hand: one sentence with file, column and row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.data.mined import pose_track
from tests.store.test_tables import DELIVERY, SHOT, VIDEO

from slowpaths.core.errors import TableError
from slowpaths.store import tables
from slowpaths.store.schema import VERSION_KEY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    deliveries = [DELIVERY, *(replace(DELIVERY, delivery_id=f"v-d{number}") for number in (1, 2))]
    tables.write_deliveries(tmp_path / "deliveries.parquet", deliveries)
    tables.write_shots(tmp_path / "shots.parquet", [SHOT])
    tables.write_footage(tmp_path / "footage.parquet", [VIDEO])
    track = pose_track(0, video_id="v", shot_id="v-s0000", impact_s=1.0)
    tables.write_poses(tmp_path / "poses.parquet", [track])
    return tmp_path


def edit(file: Path, column: str, row: int, value: Any, *, as_text: bool = False) -> None:
    """Put a value in a cell; a column of numbers may become one of text."""
    table = pq.read_table(file)
    values = [str(known) if as_text else known for known in table[column].to_pylist()]
    values[row] = value
    place = table.column_names.index(column)
    pq.write_table(table.set_column(place, column, pa.array(values)), file)


@pytest.mark.parametrize(
    ("name", "column", "value", "message"),
    [
        ("deliveries", "impact_s", "soon", "row 2, column impact_s: 'soon' is not a number"),
        ("deliveries", "impact_s", np.nan, "row 2, column impact_s: nan is not a finite number"),
        ("deliveries", "impact_s", None, "row 2, column impact_s: is empty"),
        ("deliveries", "shot_id", None, "row 2, column shot_id: is empty"),
        ("shots", "is_replay", None, "row 1, column is_replay: is empty"),
        ("deliveries", "end_s", -1.0, "row 2, column end_s: -1 s lies before the start at 0.2 s"),
        ("deliveries", "delivery_id", DELIVERY.delivery_id, f"row 2, column delivery_id: '{DELIVERY.delivery_id}' st"),
        ("footage", "fps_fraction", "fast", "row 1, column fps_fraction: 'fast' is no rate such as 30000/1001"),
        ("footage", "fps_fraction", "25/0", "row 1, column fps_fraction: '25/0' is no rate such as 30000/1001"),
        ("deliveries", "view", "banana", "row 2, column view: 'banana' is none of pitch_endon, pitch_side"),
        ("shots", "view", None, "row 1, column view: is empty"),
        ("footage", "status", "fine", "row 1, column status: 'fine' is none of ok, quarantined"),
        ("footage", "status", None, "row 1, column status: is empty"),
        ("footage", "num_frames", None, "row 1, column num_frames: is empty"),
        ("footage", "num_frames", 1.5, "row 1, column num_frames: '1.5' is not a whole number"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_row(
    folder: Path, name: str, column: str, value: Any, message: str
) -> None:
    file = folder / f"{name}.parquet"
    row = 1 if name == "deliveries" else 0
    edit(file, column, row, value, as_text=isinstance(value, str))
    with pytest.raises(TableError) as raised:
        getattr(tables, f"read_{name}")(file)
    assert f"{file} {message}" in str(raised.value) and "mend it there" in str(raised.value)


def test_a_list_of_another_length_is_named(folder: Path) -> None:
    file = folder / "poses.parquet"
    boxes = pq.read_table(file)["box"].to_pylist()
    edit(file, "box", 4, boxes[4][:3])
    with pytest.raises(TableError, match=r"poses\.parquet row 5, column box: .* is not a list of the right length"):
        tables.read_poses(file)
    with pytest.raises(TableError, match=r"poses\.parquet, column box: "):  # rows of a part are not those of the file
        tables.read_poses(file, video="v")


def test_a_version_that_is_no_number_is_another_version(folder: Path) -> None:
    file = folder / "shots.parquet"
    table = pq.read_table(file)
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, VERSION_KEY: b"one"}), file)
    with pytest.raises(TableError, match="has version one of the shots table, this slowpaths reads 1"):
        tables.read_shots(file)


def test_what_may_be_empty_is_read(folder: Path) -> None:
    (shot,) = tables.read_shots(folder / "shots.parquet")
    assert shot.replay_of is None
    tables.write_deliveries(folder / "none.parquet", [])
    assert tables.read_deliveries(folder / "none.parquet") == []
