"""Write down what really happened: poses, joints in metres, shots, balls, batters, and the table evaluation reads.

Legend: T frames, K = 17 joints.
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
from slowpaths.core.spans import Span
from slowpaths.core.strokes import FACTORS, STROKES
from slowpaths.store.schema import POSES, TABLE_KEY, VERSION_KEY, TableSpec
from slowpaths.store.tables import write_shots, write_table, write_text
from slowpaths.world.batters import Batter, Style
from slowpaths.world.cameras import VIEW_OF
from slowpaths.world.edit import Match
from slowpaths.world.sound import Strike
from slowpaths.world.studio import ShotTruth

CLIP_BEFORE_S, CLIP_AFTER_S = 0.80, 0.48
_CORNERS = ("x1", "y1", "x2", "y2")


def _spec(name: str, columns: Sequence[tuple[str, pa.DataType]]) -> TableSpec:
    schema = pa.schema(list(columns), metadata={TABLE_KEY: name.encode(), VERSION_KEY: b"1"})
    return TableSpec(name, 1, schema)


_S, _F, _I, _B = pa.string(), pa.float64(), pa.int64(), pa.bool_()
JOINTS = _spec(
    "truth_joints",
    [
        ("video_id", _S),
        ("shot_id", _S),
        ("track_id", _I),
        ("role", _S),
        ("frame", _I),
        ("points", pa.list_(pa.float32(), 51)),  # x off side of a right-hander, y to the bowler, z up, metres
    ],
)
FRAMES = _spec(
    "truth_frames",
    [
        ("video_id", _S),
        ("shot_id", _S),
        ("frame", _I),
        ("pts_s", _F),
        ("action_s", _F),  # seconds from the impact of the ball that is shown
        ("camera", pa.list_(pa.float32(), 3)),
        ("ball", pa.list_(pa.float32(), 3)),
        ("ball_px", pa.list_(pa.float32(), 2)),
    ],
)
BALLS = _spec(
    "truth_balls",
    [
        *[(name, _S) for name in ("video", "video_id", "match_id", "shot_id")],
        ("ball", _I),
        ("start_s", _F),
        ("end_s", _F),
        ("release_s", _F),
        ("bounce_s", _F),
        ("impact_s", _F),
        *[(name, _S) for name in ("stroke", "foot", "plane", "side", "intent")],
        ("is_in_air", _B),
        ("intended", _S),
        ("weight", _F),
        ("contact", _S),
        ("runs", _I),
        ("is_wicket", _B),
        ("handedness", _S),
        ("batter_id", _S),
        ("venue", _S),
        ("broadcaster", _S),
        ("view", _S),
        ("camera", _S),
        ("is_replay", _B),
        ("replay_of", _S),
        ("speed", _F),
        ("is_pace", _B),
        ("is_held_out", _B),
        ("audio_offset_s", _F),
        *[(f"box_{corner}", _F) for corner in _CORNERS],
    ],
)
BATTERS = _spec(
    "truth_batters",
    [
        ("batter_id", _S),
        ("handedness", _S),
        *[(name, _F) for name in Style.__dataclass_fields__],
        *[(f"profile_{name}", _F) for name in STROKES],
    ],
)
CSV_COLUMNS = (
    "video", "start_s", "end_s", "impact_s", "label", "handedness", "batter_id", "match_id", "venue", "view",
    "is_replay", "box_x1", "box_y1", "box_x2", "box_y2",
)  # fmt: skip


def span_of(truth: ShotTruth, *, fps: int) -> Span:
    """Return where a shot lies, seconds of video."""
    return Span(truth.first_frame / fps, (truth.first_frame + truth.shot.num_frames) / fps)


def ball_rows(
    match: Match, truths: Sequence[ShotTruth], *, video: str, video_id: str, offset_s: float
) -> list[dict[str, Any]]:
    """Return one row for every time an impact is shown, live or again."""
    rows = []
    for number, truth in enumerate(truths):
        shot = truth.shot
        if shot.scene < 0 or shot.camera in ("closeup", "field", "crowd"):
            continue
        scene, fps = match.scenes[shot.scene], match.fps
        span, impact_s = span_of(truth, fps=fps), match.shown_s(truth.first_frame, shot, 0.0)
        if impact_s not in span:
            continue
        clip = Span(impact_s - CLIP_BEFORE_S / shot.speed, impact_s + CLIP_AFTER_S / shot.speed).clip(span)
        factors = FACTORS[scene.stroke]
        striker = next((person for person in truth.people if person.role == "striker"), None)
        frame = min(round((impact_s - span.start_s) * fps), shot.num_frames - 1)
        box = [float("nan")] * 4 if striker is None else striker.boxes_T4[frame].tolist()
        rows.append(
            {
                "video": video,
                "video_id": video_id,
                "match_id": match.match_id,
                "shot_id": shot_id(video_id, number),
                "ball": scene.number,
                "start_s": clip.start_s,
                "end_s": clip.end_s,
                "release_s": match.shown_s(truth.first_frame, shot, scene.release_s),
                "bounce_s": match.shown_s(truth.first_frame, shot, scene.ball.bounce_s),
                "impact_s": impact_s,
                "stroke": scene.stroke,
                "foot": factors.foot,
                "plane": factors.plane,
                "side": factors.side,
                "intent": factors.intent,
                "is_in_air": factors.air,
                "intended": scene.intended,
                "weight": scene.weight,
                "contact": scene.contact,
                "runs": scene.runs,
                "is_wicket": scene.is_wicket,
                "handedness": "R" if scene.batter.is_right_handed else "L",
                "batter_id": scene.batter.batter_id,
                "venue": match.venue.name,
                "broadcaster": match.broadcaster.name,
                "view": VIEW_OF[shot.camera],
                "camera": shot.camera,
                "is_replay": shot.is_replay,
                "replay_of": shot_id(video_id, shot.replay_of) if shot.replay_of >= 0 else "",
                "speed": shot.speed,
                "is_pace": scene.action.is_pace,
                "is_held_out": match.part.is_held_out,
                "audio_offset_s": offset_s,
                **{f"box_{corner}": value for corner, value in zip(_CORNERS, box, strict=True)},
            }
        )
    return rows


def strikes_of(match: Match) -> list[Strike]:
    """Return what is heard of the live balls (replays run without their sound)."""
    strikes: list[Strike] = []
    for first_frame, shot in match.timed_shots():
        if shot.is_replay or shot.scene < 0 or shot.camera in ("closeup", "field", "crowd"):
            continue
        scene = match.scenes[shot.scene]
        zero_s = match.shown_s(first_frame, shot, 0.0)

        def add(action_s: float, kind: str, loudness: float, zero_s: float = zero_s) -> None:
            strikes.append(Strike(time_s=zero_s + action_s, kind=kind, loudness=loudness))

        add(scene.ball.bounce_s, "bounce", 0.20)
        force = float(np.clip(scene.flight[2] / 28.0, 0.15, 1.0))
        if scene.contact == "middle":
            add(0.0, "bat", 0.35 + 0.6 * force)
        elif scene.contact == "edge":
            add(0.0, "edge", 0.35)
        elif not match.venue.is_nets:
            add(min(scene.ball.end_s, 1.2), "glove", 0.40)
        if scene.contact == "miss" and scene.phases[5] > 4.0:
            add(0.02, "pad", 0.45)
        if scene.runs >= 4 or scene.is_wicket:
            add(0.4, "cheer", 1.0 if scene.runs == 6 or scene.is_wicket else 0.7)
    return strikes


def write_truth(
    folder: Path, stem: str, match: Match, truths: Sequence[ShotTruth], *, video_id: str, rows: list[dict[str, Any]]
) -> None:
    """Write the tables of one video below `folder`."""
    write_table(folder / f"{stem}.poses.parquet", _poses(truths, video_id, match.fps), POSES)
    write_table(folder / f"{stem}.joints.parquet", _joints(truths, video_id), JOINTS)
    write_table(folder / f"{stem}.frames.parquet", _frames(truths, video_id, match.fps), FRAMES)
    write_shots(folder / f"{stem}.shots.parquet", _shots(truths, video_id, match.fps))
    table = pa.Table.from_pylist(rows, schema=BALLS.schema.remove_metadata())
    write_table(folder / f"{stem}.balls.parquet", table, BALLS)


def write_batters(path: Path, batters: Sequence[Batter]) -> None:
    """Write who bats: handedness, style and the true probability of each stroke."""
    rows = [
        {
            "batter_id": batter.batter_id,
            "handedness": "R" if batter.is_right_handed else "L",
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


def _shots(truths: Sequence[ShotTruth], video_id: str, fps: int) -> list[Shot]:
    return [
        Shot(
            shot_id=shot_id(video_id, number),
            video_id=video_id,
            span=span_of(truth, fps=fps),
            first_frame=truth.first_frame,
            last_frame=truth.first_frame + truth.shot.num_frames - 1,
            view=VIEW_OF[truth.shot.camera],
            view_probability=1.0,
            is_replay=truth.shot.is_replay,
            replay_of=shot_id(video_id, truth.shot.replay_of) if truth.shot.replay_of >= 0 else None,
            transition=truth.shot.transition,  # type: ignore[arg-type]
        )
        for number, truth in enumerate(truths)
    ]


def _lists(values: np.ndarray, size: int) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(values, dtype=np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, size)


def _stack(blocks: list[np.ndarray], size: int) -> np.ndarray:
    return np.concatenate([block.reshape(-1, size) for block in blocks]) if blocks else np.zeros((0, size))


def _people(truths: Sequence[ShotTruth], video_id: str) -> dict[str, Any]:
    """Return the columns that poses and joints share, one row a person and frame, shot by shot."""
    shots, tracks, roles, frames = [], [], [], []
    for number, truth in enumerate(truths):
        count = truth.shot.num_frames
        for person in truth.people:
            shots += [shot_id(video_id, number)] * count
            tracks += [person.track_id] * count
            roles += [person.role] * count
            frames.append(truth.first_frame + np.arange(count))
    numbers = np.concatenate(frames) if frames else np.zeros(0, dtype=np.int64)
    return {"video_id": [video_id] * len(shots), "shot_id": shots, "track_id": tracks, "role": roles, "frame": numbers}


def _poses(truths: Sequence[ShotTruth], video_id: str, fps: int) -> pa.Table:
    people = [(truth, person) for truth in truths for person in truth.people]
    keypoints = [
        np.concatenate([person.pixels_TK2, np.isfinite(person.pixels_TK2[..., :1])], axis=-1) for _, person in people
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
    columns["points"] = _lists(_stack([p.points_TK3 for truth in truths for p in truth.people], 51), 51)
    return pa.table(columns)


def _frames(truths: Sequence[ShotTruth], video_id: str, fps: int) -> pa.Table:
    counts = [truth.shot.num_frames for truth in truths]
    frame = np.arange(sum(counts))
    shots = np.repeat([shot_id(video_id, number) for number in range(len(truths))], counts)
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
