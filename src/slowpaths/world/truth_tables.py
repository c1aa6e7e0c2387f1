"""Write down what really happened: poses, joints in metres, shots, balls, batters, and the table evaluation reads.

Legend: T frames, J = 17 joints.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from slowpaths.core.ids import shot_id
from slowpaths.core.records import Shot
from slowpaths.core.strokes import FACTORS, STROKES
from slowpaths.store.schema import POSES, TABLE_KEY, VERSION_KEY, TableSpec
from slowpaths.store.tables import write_shots, write_table, write_text
from slowpaths.store.world_folder import TruthFolder
from slowpaths.world.action.batters import Batter, Style
from slowpaths.world.camera.edit import PlannedShot
from slowpaths.world.camera.match import Match
from slowpaths.world.camera.staging import ShotTruth
from slowpaths.world.presets import VIEW_OF
from slowpaths.world.simulate import MatchTruth, ShownStroke, span_of

_CORNERS = ("x1", "y1", "x2", "y2")


def _spec(name: str, columns: Sequence[tuple[str, pa.DataType]]) -> TableSpec:
    schema = pa.schema(list(columns), metadata={TABLE_KEY: name.encode(), VERSION_KEY: b"1"})
    return TableSpec(name, 1, schema)


_S, _F, _I, _B = pa.string(), pa.float64(), pa.int64(), pa.bool_()


def _columns(names: str, kind: pa.DataType) -> list[tuple[str, pa.DataType]]:
    return [(name, kind) for name in names.split()]


def _numbers(size: int) -> pa.DataType:
    return pa.list_(pa.float32(), size)


JOINTS = _spec(
    "truth_joints",
    [
        *_columns("video_id shot_id", _S),
        ("track_id", _I),
        ("role", _S),
        ("frame", _I),
        ("points", _numbers(51)),  # x off side of a right-hander, y to the bowler, z up, metres
    ],
)
FRAMES = _spec(
    "truth_frames",
    [
        *_columns("video_id shot_id", _S),
        ("frame", _I),
        ("pts_s", _F),
        ("action_s", _F),  # seconds from the impact of the ball that is shown
        ("camera", _numbers(3)),
        ("ball", _numbers(3)),
        ("ball_px", _numbers(2)),
    ],
)
BALLS = _spec(
    "truth_balls",
    [
        *_columns("video video_id match_id shot_id", _S),
        ("ball", _I),
        *_columns("start_s end_s release_s bounce_s impact_s", _F),
        *_columns("stroke foot plane side intent", _S),
        ("is_in_air", _B),
        ("intended", _S),
        ("weight", _F),
        ("contact", _S),
        ("runs", _I),
        ("is_wicket", _B),
        *_columns("handedness batter_id venue broadcaster view camera", _S),
        ("is_replay", _B),
        ("replay_of", _S),
        ("speed", _F),
        *_columns("is_pace is_held_out", _B),
        ("audio_offset_s", _F),
        *[(f"box_{corner}", _F) for corner in _CORNERS],
    ],
)
BATTERS = _spec(
    "truth_batters",
    [
        *_columns("batter_id handedness", _S),
        *[(name, _F) for name in Style.__dataclass_fields__],
        *[(f"profile_{name}", _F) for name in STROKES],
    ],
)
CSV_COLUMNS = (
    "video", "start_s", "end_s", "impact_s", "label", "handedness", "batter_id", "match_id", "venue", "view",
    "is_replay", "box_x1", "box_y1", "box_x2", "box_y2",
)  # fmt: skip


def ball_rows(truth: MatchTruth, *, video: str, video_id: str, offset_s: float) -> list[dict[str, Any]]:
    """Return one row for every time an impact is shown, live or again; `offset_s` is how late the sound is."""
    return [_ball_row(truth.match, stroke, video=video, video_id=video_id) | {"audio_offset_s": offset_s}
            for stroke in truth.strokes()]  # fmt: skip


def _ball_row(match: Match, shown: ShownStroke, *, video: str, video_id: str) -> dict[str, Any]:
    scene, shot, number = shown.scene, shown.shot, shown.truth.number
    factors = FACTORS[scene.stroke]
    return {
        "video": video,
        "video_id": video_id,
        "match_id": match.match_id,
        "shot_id": shot_id(video_id, number),
        "ball": scene.number,
        "start_s": shown.span.start_s,
        "end_s": shown.span.end_s,
        "release_s": match.shown_s(number, scene.release_s),
        "bounce_s": match.shown_s(number, scene.ball.bounce_s),
        "impact_s": shown.impact_s,
        "foot": factors.foot,
        "plane": factors.plane,
        "side": factors.side,
        "intent": factors.intent,
        "is_in_air": factors.air,
        **{name: getattr(scene, name) for name in ("stroke", "intended", "weight", "contact", "runs", "is_wicket")},
        "handedness": scene.batter.hand,
        "batter_id": scene.batter.batter_id,
        "venue": match.venue.name,
        "broadcaster": match.broadcaster.name,
        "view": shown.view,
        "camera": shot.camera,
        "is_replay": shot.is_replay,
        "replay_of": _replayed(video_id, shot) or "",
        "speed": shot.speed,
        "is_pace": scene.action.is_pace,
        "is_held_out": match.part.is_held_out,
        **{f"box_{corner}": value for corner, value in zip(_CORNERS, shown.box_4.tolist(), strict=True)},
    }


def _replayed(video_id: str, shot: PlannedShot) -> str | None:
    return shot_id(video_id, shot.replay_of) if shot.replay_of >= 0 else None


def write_truth(folder: TruthFolder, truth: MatchTruth, *, video_id: str, rows: list[dict[str, Any]]) -> None:
    """Write the tables of one video; `rows` are its `ball_rows`."""
    stem, shots, fps = truth.match.match_id, truth.shots, truth.match.fps
    write_table(folder.file(stem, "poses"), _poses(shots, video_id, fps), POSES)
    write_table(folder.file(stem, "joints"), _joints(shots, video_id), JOINTS)
    write_table(folder.file(stem, "frames"), _frames(shots, video_id, fps), FRAMES)
    write_shots(folder.file(stem, "shots"), [_shot(truth.match, shot, video_id) for shot in shots])
    table = pa.Table.from_pylist(rows, schema=BALLS.schema.remove_metadata())
    write_table(folder.file(stem, "balls"), table, BALLS)


def write_batters(path: Path, batters: Sequence[Batter]) -> None:
    """Write who bats: handedness, style and the true probability of each stroke."""
    rows = [
        {
            "batter_id": batter.batter_id,
            "handedness": batter.hand,
            **{name: float(getattr(batter.style, name)) for name in Style.__dataclass_fields__},
            **{f"profile_{name}": float(share) for name, share in zip(STROKES, batter.profile, strict=True)},
        }
        for batter in batters
    ]
    write_table(path, pa.Table.from_pylist(rows, schema=BATTERS.schema.remove_metadata()), BATTERS)


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the truth table evaluation reads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        times = [f"{row[name]:.3f}" for name in ("start_s", "end_s", "impact_s")]
        rest = [row[name] for name in ("stroke", "handedness", "batter_id", "match_id", "venue", "view")]
        box = ["" if math.isnan(row[f"box_{corner}"]) else f"{row[f'box_{corner}']:.1f}" for corner in _CORNERS]
        writer.writerow([row["video"], *times, *rest, int(row["is_replay"]), *box])
    write_text(path, text.getvalue())


def _shot(match: Match, truth: ShotTruth, video_id: str) -> Shot:
    shot = truth.shot
    return Shot(
        shot_id=shot_id(video_id, truth.number),
        video_id=video_id,
        span=span_of(match, truth.number),
        first_frame=truth.first_frame,
        last_frame=truth.first_frame + shot.num_frames - 1,
        view=VIEW_OF[shot.camera],
        view_probability=1.0,
        is_replay=shot.is_replay,
        replay_of=_replayed(video_id, shot),
        transition=shot.transition,  # type: ignore[arg-type]
    )


def _lists(values: np.ndarray, size: int) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(values, dtype=np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, size)


def _stack(blocks: list[np.ndarray], size: int) -> np.ndarray:
    return np.concatenate([block.reshape(-1, size) for block in blocks]) if blocks else np.zeros((0, size))


def _people(truths: Sequence[ShotTruth], video_id: str) -> dict[str, Any]:
    """Return the columns that poses and joints share, one row a person and frame, shot by shot."""
    shots, tracks, roles, frames = [], [], [], []
    for truth in truths:
        count = truth.shot.num_frames
        for person in truth.people:
            shots += [shot_id(video_id, truth.number)] * count
            tracks += [person.track_id] * count
            roles += [person.role] * count
            frames.append(truth.first_frame + np.arange(count))
    numbers = np.concatenate(frames) if frames else np.zeros(0, dtype=np.int64)
    return {"video_id": [video_id] * len(shots), "shot_id": shots, "track_id": tracks, "role": roles, "frame": numbers}


def _poses(truths: Sequence[ShotTruth], video_id: str, fps: int) -> pa.Table:
    people = [(truth, person) for truth in truths for person in truth.people]
    keypoints = [
        np.concatenate([person.pixels_TJ2, np.isfinite(person.pixels_TJ2[..., :1])], axis=-1) for _, person in people
    ]
    columns = _people(truths, video_id)
    columns.pop("role")
    columns["pts_s"] = np.asarray(columns["frame"]) / fps
    columns["keypoints"] = _lists(_stack(keypoints, 51), 51)
    columns["box"] = _lists(_stack([person.boxes_T4 for _, person in people], 4), 4)
    columns["camera"] = _lists(_stack([truth.camera_T3 for truth, _ in people], 3), 3)
    return pa.table(columns)


def _joints(truths: Sequence[ShotTruth], video_id: str) -> pa.Table:
    columns = _people(truths, video_id)
    columns["points"] = _lists(_stack([p.points_TJ3 for truth in truths for p in truth.people], 51), 51)
    return pa.table(columns)


def _frames(truths: Sequence[ShotTruth], video_id: str, fps: int) -> pa.Table:
    counts = [truth.shot.num_frames for truth in truths]
    frame = np.concatenate([truth.first_frame + np.arange(truth.shot.num_frames) for truth in truths])
    shots = np.repeat([shot_id(video_id, truth.number) for truth in truths], counts)
    return pa.table(
        {
            "video_id": [video_id] * len(frame),
            "shot_id": shots.tolist(),
            "frame": frame,
            "pts_s": frame / fps,
            "action_s": np.concatenate([truth.times_T for truth in truths]),
            "camera": _lists(_stack([truth.camera_T3 for truth in truths], 3), 3),
            "ball": _lists(_stack([truth.ball_T3 for truth in truths], 3), 3),
            "ball_px": _lists(_stack([truth.ball_T2 for truth in truths], 2), 2),
        }
    )
