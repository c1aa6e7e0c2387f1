"""Write down what really happened: poses, joints in metres, shots, balls, batters, and the table evaluation reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from slowpaths.core.ids import shot_id
from slowpaths.core.records import Shot
from slowpaths.core.spans import Span
from slowpaths.core.strokes import FACTORS, STROKES
from slowpaths.core.text import csv_table
from slowpaths.store.schema import POSES, TABLE_KEY, VERSION_KEY, TableSpec
from slowpaths.store.tables import write_shots, write_table, write_text
from slowpaths.store.world_folder import TruthFolder
from slowpaths.world.action.batters import Batter, Style
from slowpaths.world.camera.edit import PlannedShot
from slowpaths.world.camera.match import Match
from slowpaths.world.camera.staging import PersonTruth, ShotTruth
from slowpaths.world.presets import VIEW_OF
from slowpaths.world.simulate import MatchTruth, ShownStroke, span_of

_KINDS = {"text": pa.string(), "real": pa.float64(), "whole": pa.int64(), "flag": pa.bool_()}


def _spec(name: str, *columns: str) -> TableSpec:
    """Return a table of columns given as "kind: names", where a number as kind is so many float32."""
    fields = []
    for line in columns:
        kind, names = line.split(": ")
        column = _KINDS[kind] if kind in _KINDS else pa.list_(pa.float32(), int(kind))
        fields += [(one, column) for one in names.split()]
    return TableSpec(name, 1, pa.schema(fields, metadata={TABLE_KEY: name.encode(), VERSION_KEY: b"1"}))


_BOX = "box_x1 box_y1 box_x2 box_y2"
# Points have x off side of a right-hander, y to the bowler and z up, metres.
JOINTS = _spec("truth_joints", "text: video_id shot_id", "whole: track_id", "text: role", "whole: frame", "51: points")
# `action_s` is seconds from the impact of the ball that is shown.
FRAMES = _spec("truth_frames", "text: video_id shot_id", "whole: frame", "real: pts_s action_s", "3: camera ball",
               "2: ball_px")  # fmt: skip
BALLS = _spec(
    "truth_balls", "text: video video_id match_id shot_id", "whole: ball",
    "real: start_s end_s release_s bounce_s impact_s", "text: stroke foot plane side intent", "flag: is_in_air",
    "text: intended", "real: weight", "text: contact", "whole: runs", "flag: is_wicket",
    "text: handedness batter_id venue broadcaster view camera", "flag: is_replay", "text: replay_of", "real: speed",
    "flag: is_pace is_held_out", f"real: audio_offset_s {_BOX}",
)  # fmt: skip
_STYLE = tuple(Style.__dataclass_fields__)
_PROFILE = tuple(f"profile_{name}" for name in STROKES)
BATTERS = _spec("truth_batters", "text: batter_id handedness", f"real: {' '.join((*_STYLE, *_PROFILE))}")
CSV_COLUMNS = (
    "video", "start_s", "end_s", "impact_s", "label", "handedness", "batter_id", "match_id", "venue", "view",
    "is_replay", *_BOX.split(),
)  # fmt: skip


def ball_rows(truth: MatchTruth, *, video: str, video_id: str, offset_s: float) -> list[dict[str, Any]]:
    """Return one row for every time an impact is shown, live or again; `offset_s` is how late the sound is."""
    heard = {"audio_offset_s": offset_s}
    return [_ball_row(truth.match, shown, video=video, video_id=video_id) | heard for shown in truth.strokes()]


def _ball_row(match: Match, shown: ShownStroke, *, video: str, video_id: str) -> dict[str, Any]:
    scene, shot, number, span = shown.scene, shown.truth.shot, shown.truth.number, shown.span
    factors = FACTORS[scene.stroke]
    return {
        "video": video, "video_id": video_id, "match_id": match.match_id, "shot_id": shot_id(video_id, number),
        "ball": scene.number, "start_s": span.start_s, "end_s": span.end_s, "impact_s": shown.impact_s,
        "release_s": match.shown_s(number, scene.release_s), "bounce_s": match.shown_s(number, scene.ball.bounce_s),
        **{name: getattr(factors, name) for name in ("foot", "plane", "side", "intent")}, "is_in_air": factors.air,
        **{name: getattr(scene, name) for name in ("stroke", "intended", "weight", "contact", "runs", "is_wicket")},
        "handedness": scene.batter.hand, "batter_id": scene.batter.batter_id, "venue": match.venue.name,
        "broadcaster": match.broadcaster.name, "view": shown.view, "camera": shot.camera, "speed": shot.speed,
        "is_replay": shot.is_replay, "replay_of": _replayed(video_id, shot) or "", "is_pace": scene.action.is_pace,
        "is_held_out": match.part.is_held_out, **dict(zip(_BOX.split(), shown.box_4.tolist(), strict=True)),
    }  # fmt: skip


def _replayed(video_id: str, shot: PlannedShot) -> str | None:
    return shot_id(video_id, shot.replay_of) if shot.replay_of >= 0 else None


def write_truth(folder: TruthFolder, truth: MatchTruth, *, video_id: str, rows: list[dict[str, Any]]) -> None:
    """Write the tables of one video; `rows` are its `ball_rows`."""
    stem, shots, fps = truth.match.match_id, truth.shots, truth.match.fps
    write_table(folder.file(stem, "poses"), _poses(shots, video_id, fps), POSES)
    write_table(folder.file(stem, "joints"), _joints(shots, video_id), JOINTS)
    write_table(folder.file(stem, "frames"), _frames(shots, video_id, fps), FRAMES)
    write_shots(folder.file(stem, "shots"), _shots(truth, video_id))
    table = pa.Table.from_pylist(rows, schema=BALLS.schema.remove_metadata())
    write_table(folder.file(stem, "balls"), table, BALLS)


def write_batters(path: Path, batters: Sequence[Batter]) -> None:
    """Write who bats: handedness, style and the true probability of each stroke."""
    rows = []
    for batter in batters:
        numbers = [*(getattr(batter.style, name) for name in _STYLE), *batter.profile.tolist()]
        row = {"batter_id": batter.batter_id, "handedness": batter.hand}
        rows.append(row | dict(zip((*_STYLE, *_PROFILE), map(float, numbers), strict=True)))
    write_table(path, pa.Table.from_pylist(rows, schema=BATTERS.schema.remove_metadata()), BATTERS)


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the truth table evaluation reads."""
    lines: list[dict[str, Any]] = []
    for row in rows:
        times = [f"{row[name]:.3f}" for name in ("start_s", "end_s", "impact_s")]
        rest = [row[name] for name in ("stroke", "handedness", "batter_id", "match_id", "venue", "view")]
        box = ["" if math.isnan(row[side]) else f"{row[side]:.1f}" for side in _BOX.split()]
        cells = [row["video"], *times, *rest, int(row["is_replay"]), *box]
        lines.append(dict(zip(CSV_COLUMNS, cells, strict=True)))
    write_text(path, csv_table(lines, columns=CSV_COLUMNS))


def _shots(truth: MatchTruth, video_id: str) -> list[Shot]:
    """Return the shots of the edit; the frames that a wipe touches are a shot of their own between two of them."""
    match, shots = truth.match, [_shot(truth.match, shot, video_id) for shot in truth.shots]
    half = match.broadcaster.wipe_frames / 2
    result = shots[:1]
    for shot in shots[1:]:
        if shot.transition == "wipe":
            before = result.pop()
            first, last = shot.first_frame - math.floor(half), shot.first_frame + math.ceil(half) - 1
            at_s = Span(first / match.fps, (last + 1) / match.fps)
            result += [
                replace(before, last_frame=first - 1, span=Span(before.span.start_s, at_s.start_s)),
                Shot(shot_id=f"{before.shot_id}w", video_id=video_id, span=at_s, first_frame=first, last_frame=last,
                     view="other", view_probability=1.0, transition="wipe"),
            ]  # fmt: skip
            shot = replace(shot, first_frame=last + 1, span=Span(at_s.end_s, shot.span.end_s), transition="cut")
        result.append(shot)
    return result


def _shot(match: Match, truth: ShotTruth, video_id: str) -> Shot:
    shot = truth.shot
    return Shot(
        shot_id=shot_id(video_id, truth.number), video_id=video_id, span=span_of(match, truth.number),
        first_frame=truth.first_frame, last_frame=truth.first_frame + shot.num_frames - 1, view=VIEW_OF[shot.camera],
        view_probability=1.0, is_replay=shot.is_replay, replay_of=_replayed(video_id, shot),
        transition=shot.transition,  # type: ignore[arg-type]
    )  # fmt: skip


def _people(truths: Sequence[ShotTruth], video_id: str) -> tuple[list[PersonTruth], dict[str, Any]]:
    """Return everybody, shot by shot, and the columns that poses and joints share: one row a person and frame."""
    shown = [(truth, person) for truth in truths for person in truth.people]
    counts = [truth.shot.num_frames for truth, _ in shown]

    def column(values: list[Any]) -> list[Any]:
        return np.repeat(np.array(values, dtype=object), counts).tolist()

    frames = [truth.first_frame + np.arange(truth.shot.num_frames) for truth, _ in shown]
    columns = {
        "video_id": [video_id] * sum(counts),
        "shot_id": column([shot_id(video_id, truth.number) for truth, _ in shown]),
        "track_id": column([person.track_id for _, person in shown]),
        "frame": np.concatenate(frames) if frames else np.zeros(0, dtype=np.int64),
        "role": column([person.role for _, person in shown]),
        "camera": _lists([truth.camera_T3 for truth, _ in shown], 3),
    }
    return [person for _, person in shown], columns


def _poses(truths: Sequence[ShotTruth], video_id: str, fps: int) -> pa.Table:
    people, columns = _people(truths, video_id)
    pixels = [person.pixels_TJ2 for person in people]
    columns["pts_s"] = columns["frame"] / fps
    columns["keypoints"] = _lists([np.concatenate([xy, np.isfinite(xy[..., :1])], axis=-1) for xy in pixels], 51)
    columns["box"] = _lists([person.boxes_T4 for person in people], 4)
    return pa.table({name: columns[name] for name in POSES.schema.names})


def _joints(truths: Sequence[ShotTruth], video_id: str) -> pa.Table:
    people, columns = _people(truths, video_id)
    columns["points"] = _lists([person.points_TJ3 for person in people], 51)
    return pa.table({name: columns[name] for name in JOINTS.schema.names})


def _frames(truths: Sequence[ShotTruth], video_id: str, fps: int) -> pa.Table:
    frame = np.concatenate([truth.first_frame + np.arange(truth.shot.num_frames) for truth in truths])
    shots = [shot_id(video_id, truth.number) for truth in truths for _ in range(truth.shot.num_frames)]
    return pa.table({
        "video_id": [video_id] * len(frame), "shot_id": shots, "frame": frame, "pts_s": frame / fps,
        "action_s": np.concatenate([truth.times_T for truth in truths]),
        "camera": _lists([truth.camera_T3 for truth in truths], 3),
        "ball": _lists([truth.ball_T3 for truth in truths], 3),
        "ball_px": _lists([truth.ball_T2 for truth in truths], 2),
    })  # fmt: skip


def _lists(blocks: Sequence[np.ndarray], size: int) -> pa.Array:
    flat = np.concatenate([block.ravel() for block in blocks]) if blocks else np.zeros(0)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat.astype(np.float32)), size)
