"""Atomic table files and the way between records and rows. Nothing is updated in place."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from slowpaths.core.errors import SlowpathsError, TableError
from slowpaths.core.records import (
    Box,
    Correction,
    Delivery,
    LabelledClip,
    PoseTrack,
    Prediction,
    Shot,
    Unclaimed,
    VideoRef,
    Vote,
)
from slowpaths.core.skeleton import NUM_JOINTS
from slowpaths.core.spans import Span
from slowpaths.core.strokes import STROKES
from slowpaths.store.schema import (
    CORRECTIONS,
    DELIVERIES,
    FEATURE_PREFIX,
    FOOTAGE,
    LABELS,
    POSES,
    PREDICTIONS,
    PRIOR_KEY,
    PROB_PREFIX,
    SHOTS,
    TABLE_KEY,
    UNCLAIMED,
    VERSION_KEY,
    VOTES,
    TableSpec,
)
from slowpaths.store.table_checks import CURE, check_rows, in_order

T = TypeVar("T")
_JOINED_ROWS = 1 << 16  # to a row group of a joined table: some 20 MB of poses


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path` (its `name` says where) that takes its name only when all went well.

    Raises:
        SlowpathsError: If the disk is full or the folder cannot be written; what stood at `path` stays.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        with Path(temporary).open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def write_error(path: Path, error: OSError) -> SlowpathsError:
    """Return the sentence for a failed write, with its cure."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SlowpathsError(f"no space left while writing {path}: free some disk and run the same command again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return SlowpathsError(f"cannot write {path}: choose an out= folder that you may write to")
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return SlowpathsError(f"cannot write {path}: a file or folder is in the way, choose another out=")
    return SlowpathsError(f"cannot write {path}: {error.strerror or error}; choose another out= or mend the disk")


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically as UTF-8."""
    with atomic_write(path) as stream:
        stream.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write plain values atomically as JSON, keys in order.

    Raises:
        TableError: If a number is not finite; such a number never reaches a file.
    """
    try:
        write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")
    except ValueError as error:
        raise TableError(f"{path.name} would hold a number that is not finite: {error}") from error


def write_table(path: Path, table: pa.Table, spec: TableSpec, *, said: Mapping[bytes, bytes] | None = None) -> None:
    """Write a table atomically in the order and types of its schema; an extra column is dropped.

    What is `said` of the whole table is added to its metadata.

    Raises:
        TableError: If a column is missing that is not optional, or cannot be cast.
    """
    missing = [name for name in spec.schema.names if name not in table.column_names]
    if missing:
        raise TableError(f"the {spec.name} table lacks the column '{missing[0]}'")
    table = in_order(table, spec, name=f"the {spec.name} table")
    table = table.replace_schema_metadata({**spec.schema.metadata, **(said or {})})
    with atomic_write(path) as stream:
        pq.write_table(table, stream, compression="zstd")


def read_table(path: Path, spec: TableSpec, *, where: pc.Expression | None = None) -> pa.Table:
    """Read the rows of a table written by `write_table` that pass `where`, with the optional columns that it has.

    Raises:
        TableError: If the file is missing, is no Parquet, is another table, has another version, or holds what such a
            table cannot hold; names the column and where it can the row.
    """
    try:
        table = pq.read_table(path, filters=where)
    except FileNotFoundError as error:
        raise TableError(f"{path} does not exist: check the folder, or run the stage that writes it") from error
    except (pa.ArrowException, OSError) as error:
        cure = "write it again with the stage it comes from"
        raise TableError(f"{path} is not a readable Parquet file: {cure}") from error
    metadata = table.schema.metadata or {}
    name = metadata.get(TABLE_KEY, spec.name.encode()).decode(errors="replace")
    if name != spec.name:
        raise TableError(f"{path} holds the table '{name}', not '{spec.name}'")
    version = metadata.get(VERSION_KEY, str(spec.version).encode()).decode(errors="replace")
    if version != str(spec.version):
        raise TableError(
            f"{path} has version {version} of the {spec.name} table, this slowpaths reads {spec.version}: "
            "run the stage that writes it again"
        )
    missing = [column for column in spec.schema.names if column not in table.column_names]
    if missing:
        raise TableError(f"{path} lacks the column '{missing[0]}' of the {spec.name} table")
    called = {"name": str(path), "is_whole": where is None}
    table = in_order(table, spec, **called)
    check_rows(table, spec, **called)
    return table


def _filled(table: pa.Table, spec: TableSpec) -> pa.Table:
    """Return a table with all optional columns, empty where it has them not."""
    for column in spec.optional:
        if column.name not in table.column_names:
            table = table.append_column(column, pa.nulls(table.num_rows, column.type))
    return table.select(spec.whole.names).cast(spec.whole)


def join_tables(
    path: Path, shards: Iterable[Path], spec: TableSpec, *, said: Mapping[bytes, bytes] | None = None
) -> None:
    """Write several shards of one table as one file, in the given order; a few shards at a time are in memory.

    It has all optional columns, empty for shards without, and what is `said` of the whole table in its metadata.

    Raises:
        TableError: If a shard cannot be read.
    """
    schema = spec.whole.with_metadata({**spec.schema.metadata, **(said or {})})
    with atomic_write(path) as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for shard in shards:
            waiting.append(_filled(read_table(shard, spec), spec))
            if sum(table.num_rows for table in waiting) >= _JOINED_ROWS:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting))


def concat_tables(paths: Iterable[Path], spec: TableSpec) -> pa.Table:
    """Return several shards of one table as one, in the given order (empty where there are none)."""
    shards = [read_table(path, spec) for path in paths]
    return pa.concat_tables(shards) if shards else spec.schema.remove_metadata().empty_table()


# --- records to rows and back ------------------------------------------------------------------------------------


def _table(rows: Iterable[dict[str, Any]], spec: TableSpec, *, optional: Collection[str] = ()) -> pa.Table:
    columns = [*spec.schema, *(column for column in spec.optional if column.name in optional)]
    return pa.Table.from_pylist(list(rows), schema=pa.schema(columns))


def _records_table(records: Iterable[Any], spec: TableSpec) -> pa.Table:
    rows = list(records)
    known = [column.name for column in spec.optional if any(getattr(row, column.name) is not None for row in rows)]
    return _table((_row(row, [*spec.schema.names, *known]) for row in rows), spec, optional=known)


def _reader(kind: type[T], spec: TableSpec) -> Callable[..., list[T]]:
    def read(path: Path, *, video: str | None = None) -> list[T]:
        records = []
        for number, row in enumerate(read_table(path, spec, where=_of_video(video)).to_pylist(), start=1):
            try:
                records.append(_record(kind, row))
            except ValueError as error:
                place = str(path) if video else f"{path} row {number}"
                raise TableError(f"{place}, {error}; {CURE}") from error
        return records

    return read


def _of_video(video: str | None) -> pc.Expression | None:
    return None if video is None else pc.field("video_id") == video


def _writer(spec: TableSpec) -> Callable[[Path, Iterable[Any]], None]:
    return lambda path, records: write_table(path, _records_table(records, spec), spec)


# The tables as lists of records, from and to a file; those with a `video_id` also of one `video`.
read_footage, write_footage = _reader(VideoRef, FOOTAGE), _writer(FOOTAGE)
read_unclaimed, write_unclaimed = _reader(Unclaimed, UNCLAIMED), _writer(UNCLAIMED)
read_shots, write_shots = _reader(Shot, SHOTS), _writer(SHOTS)
read_deliveries, write_deliveries = _reader(Delivery, DELIVERIES), _writer(DELIVERIES)
read_votes = _reader(Vote, VOTES)
read_corrections, write_corrections = _reader(Correction, CORRECTIONS), _writer(CORRECTIONS)
read_labels, write_labels = _reader(LabelledClip, LABELS), _writer(LABELS)
read_predictions = _reader(Prediction, PREDICTIONS)


def clips_of(labels: pa.Table) -> list[LabelledClip]:
    """Return the rows of a labels table, or of some rows of one, as records."""
    return [_record(LabelledClip, row) for row in labels.to_pylist()]


def deliveries_of(deliveries: pa.Table) -> list[Delivery]:
    """Return the rows of a deliveries table, or of some rows of one, as records."""
    return [_record(Delivery, row) for row in deliveries.to_pylist()]


def deliveries_table(deliveries: Iterable[Delivery]) -> pa.Table:
    """Return deliveries as a table."""
    return _records_table(deliveries, DELIVERIES)


def write_predictions(path: Path, predictions: Iterable[Prediction], *, prior: Sequence[float] | None = None) -> None:
    """Write predictions, and the shares of the strokes (14) that they take for given where those are known."""
    write_table(path, predictions_table(predictions), PREDICTIONS, said=said_of(prior))


def said_of(prior: Sequence[float] | None) -> dict[bytes, bytes]:
    """Return what is said of a whole predictions table: the shares that its probabilities take for given, if known."""
    return {} if prior is None else {PRIOR_KEY: json.dumps([float(share) for share in prior]).encode()}


def predictions_table(predictions: Iterable[Prediction]) -> pa.Table:
    """Return predictions as a table."""
    return _records_table(predictions, PREDICTIONS)


def write_poses(path: Path, tracks: Sequence[PoseTrack]) -> None:
    """Write pose tracks, one row a person and frame."""
    rows = [
        {
            "video_id": track.video_id,
            "shot_id": track.shot_id,
            "track_id": track.track_id,
            "frame": int(track.frames_T[index]),
            "pts_s": float(track.pts_s[index]),
            "keypoints": track.keypoints_TJC[index].astype(np.float32).ravel().tolist(),
            "box": track.boxes_T4[index].astype(np.float32).tolist(),
            "camera": track.camera_T3[index].astype(np.float32).tolist(),
        }
        for track in tracks
        for index in range(len(track.pts_s))
    ]
    write_table(path, _table(rows, POSES), POSES)


def read_poses(path: Path, *, shots: Collection[str] | None = None, video: str | None = None) -> list[PoseTrack]:
    """Read pose tracks, of all shots, of some or of one video, in the order they were written."""
    where = _of_video(video) if shots is None else pc.field("shot_id").isin(pa.array(shots, pa.string()))
    table = read_table(path, POSES, where=where)
    groups: dict[tuple[str, str, int], list[int]] = {}
    keys = zip(*(table[name].to_pylist() for name in ("video_id", "shot_id", "track_id")), strict=True)
    for position, key in enumerate(keys):
        groups.setdefault(key, []).append(position)
    columns = {
        name: np.asarray(table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)).reshape(-1, size)
        for name, size in (("keypoints", NUM_JOINTS * 3), ("box", 4), ("camera", 3))
    }
    frames, pts_s = table["frame"].to_numpy(), table["pts_s"].to_numpy()
    return [
        PoseTrack(
            video_id=video_id,
            shot_id=shot_id,
            track_id=track_id,
            frames_T=frames[rows],
            pts_s=pts_s[rows],
            keypoints_TJC=columns["keypoints"][rows].reshape(-1, NUM_JOINTS, 3).astype(np.float64),
            boxes_T4=columns["box"][rows].astype(np.float64),
            camera_T3=columns["camera"][rows].astype(np.float64),
        )
        for (video_id, shot_id, track_id), rows in groups.items()
    ]


def _row(record: Any, names: Iterable[str]) -> dict[str, Any]:
    """Return a record as a row; nested values have columns of their own."""
    probs = dict(zip(STROKES, record.probs, strict=True)) if hasattr(record, "probs") else {}
    row = {}
    for name in names:
        if name in ("start_s", "end_s"):
            row[name] = getattr(record.span, name)
        elif name.startswith("box_"):
            row[name] = float(getattr(record.box, name.removeprefix("box_")))
        elif name.startswith(FEATURE_PREFIX):
            row[name] = float(record.features.get(name.removeprefix(FEATURE_PREFIX), np.nan))
        elif name.startswith(PROB_PREFIX):
            row[name] = float(probs[name.removeprefix(PROB_PREFIX)])
        elif name in ("fps", "fps_fraction"):
            row[name] = float(record.fps) if name == "fps" else str(record.fps)
        else:
            row[name] = getattr(record, name)
    return row


def _record(kind: type[T], row: dict[str, Any]) -> T:
    """Return a row as a record; the way back from `_row`."""
    if "fps_fraction" in row:
        row["fps"] = _rate(row.pop("fps_fraction"))
    if "start_s" in row:
        row["span"] = Span(row.pop("start_s"), row.pop("end_s"))
    if kind is Delivery:
        row["box"] = Box(**{corner: row.pop(f"box_{corner}") for corner in ("x1", "y1", "x2", "y2")})
        features = [name for name in row if name.startswith(FEATURE_PREFIX)]
        row["features"] = {name.removeprefix(FEATURE_PREFIX): row.pop(name) for name in features}
    if issubclass(kind, LabelledClip):
        row["probs"] = np.array([row.pop(PROB_PREFIX + stroke) for stroke in STROKES], dtype=np.float64)
    return kind(**row)


def _rate(text: str | None) -> Fraction:
    """Return a frame rate.

    Raises:
        ValueError: If it is none.
    """
    try:
        return Fraction(text or "")
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"column fps_fraction: '{text or ''}' is no rate such as 30000/1001") from error
