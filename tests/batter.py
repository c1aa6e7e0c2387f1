"""Synthetic cricket footage: a stick batter plays strokes, cut like a broadcast, with exact truth.

`python -m tests.batter OUT` writes a small match that the whole road runs on.

Legend: T instants, J = 17 joints.
"""

from __future__ import annotations

import argparse
import csv
import logging
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from slowpaths.core.records import PoseTrack
from slowpaths.store.tables import write_poses
from slowpaths.video.write import write_clip
from tests.stick_figures import STROKES, batter, croucher, runner
from tests.stick_scene import Actor, Camera, Take, ground, render

log = logging.getLogger(__name__)
_RATE = 16000
_SHIRTS = [(196, 52, 40), (36, 66, 190), (230, 196, 40), (30, 120, 110), (120, 40, 130), (236, 120, 30)]
_UMPIRE = (235, 235, 235)
# Where the ball goes: degrees from straight back to the bowler towards the off side, metres a second, rise.
_BALL = {
    "leave": (180, 28, 0), "ff_defence": (15, 3, 0), "bf_defence": (10, 3, 0), "cover_drive": (50, 24, 0),
    "straight_drive": (6, 24, 0), "on_drive": (-30, 22, 0), "bf_punch": (60, 20, 0), "cut": (100, 24, 1),
    "pull_hook": (-100, 24, 3), "sweep": (-115, 20, 1), "reverse_sweep_ramp": (115, 18, 2),
    "flick_glance": (-75, 18, 0), "loft_straight_off": (15, 26, 13), "loft_leg_slog": (-50, 26, 13),
}  # fmt: skip
TRUTH_COLUMNS = (
    "video",
    "start_s",
    "end_s",
    "impact_s",
    "label",
    "handedness",
    "batter_id",
    "match_id",
    "view",
    "is_replay",
)


def _ease(times_s: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    part = np.clip((times_s - start_s) / (end_s - start_s), 0, 1)
    return part * part * (3 - 2 * part)


def _ball(times_s: np.ndarray, stroke: str, hit: np.ndarray, flight_s: float, side: float) -> np.ndarray:
    """Return the ball (T, 3) from the bowler's hand over the bounce to the bat and away; NaN before release."""
    degrees, pace, rise = _BALL[stroke]
    away = np.array([-side * np.sin(np.radians(degrees)), np.cos(np.radians(degrees)), 0.0])
    keys = np.array([-flight_s, -0.25 * flight_s, 0.0])
    places = np.array([[-0.7, 17.5, 2.1], [-0.2, 5.0, 0.05], hit])
    ball = np.stack([np.interp(times_s, keys, places[:, axis]) for axis in range(3)], axis=1)
    later = np.clip(times_s, 0, None)
    ball += later[:, None] * pace * away
    ball[:, 2] = np.where(times_s > 0, np.maximum(ball[:, 2] + rise * later - 4.9 * later**2, 0.05), ball[:, 2])
    ball[times_s < -flight_s] = np.nan
    return ball


def stroke_take(
    stroke: str,
    times_s: np.ndarray,
    *,
    view: str = "pitch_endon",
    is_right_handed: bool = True,
    size: tuple[int, int] = (640, 360),
    shirts: tuple[tuple[int, int, int], tuple[int, int, int]] = (_SHIRTS[0], _SHIRTS[1]),
    focal: float = 1.0,
    rng: np.random.Generator,
) -> Take:
    """Stage one ball.

    Args:
        stroke: One of the 14.
        times_s: Instants shown (T,), 0 at impact.
        view: "pitch_endon" (behind the bowler) or "pitch_side" (from the off side of a right-hander).
        is_right_handed: Handedness.
        size: Width and height of the picture.
        shirts: Colours of the batting and the fielding side.
        focal: Factor on the focal length.
        rng: Draws the differences from ball to ball.
    """
    num, side = len(times_s), 1.0 if is_right_handed else -1.0
    flight_s = float(rng.uniform(0.52, 0.62))
    joints, bat = batter(stroke, times_s, is_right_handed=is_right_handed, rng=rng)
    hit = bat[np.argmin(np.abs(times_s)), 1] + np.array([0.0, 0.05, 0.15])
    ball = _ball(times_s, stroke, hit, flight_s, side)

    since = times_s + flight_s
    path = np.zeros((num, 3))
    path[:, 0] = -0.9 - 0.6 * _ease(since, 0.0, 0.8)
    path[:, 1] = 18.2 - np.where(since < 0, 6.0 * since, 2.4 * (1 - np.exp(-2.5 * since.clip(0))))
    phase = np.where(since < 0.5, 9.0 * since, 4.5)
    arm = np.where(np.abs(since + 0.05) < 0.3, -np.pi * (1 + since / 0.3), np.nan)
    still = np.zeros(num)

    def stand(x: float, y: float) -> np.ndarray:
        sway = 0.02 * np.sin(1.3 * times_s[:, None] + np.array([0.0, 1.0, 0.0]) + x) * (1, 1, 0)
        return runner(np.array([x, y, 0.0]) + sway, (0.0, -1.0), stride_T=still)

    actors = [
        Actor(joints_TJ3=joints, shirt=shirts[0], has_pads=True, bat_T23=bat),
        Actor(joints_TJ3=croucher((-1.4 * side, -9.0, 0.0), (0.0, 1.0), num), shirt=shirts[1], has_pads=True),
        Actor(joints_TJ3=croucher((-3.3 * side, -9.6, 0.0), (0.0, 1.0), num), shirt=shirts[1]),
        Actor(joints_TJ3=runner(path, (0.0, -1.0), stride_T=phase, arm_T=arm), shirt=shirts[1]),
        Actor(joints_TJ3=stand(0.5, 20.8), shirt=_UMPIRE),
        Actor(joints_TJ3=stand(1.9, 17.6), shirt=shirts[0], has_pads=True),
    ]
    take = Take(view=view, cameras=[], actors=actors, ball_T3=ball)
    if view == "pitch_side":
        base = Camera(place=(-38.0, 1.5, 8.0), aim=(0.0, 1.0, 0.7), focal_px=8.5 * size[1] * focal, size=size)
    else:
        base = Camera(place=(0.3, 55.0, 7.5), aim=(0.0, -1.6, 0.0), focal_px=7.4 * size[1] * focal, size=size)
    is_hit = stroke not in ("leave", "ff_defence", "bf_defence")
    lag_s = float(rng.uniform(0.12, 0.2))
    follow = _ease(times_s, lag_s, lag_s + 0.8) * (0.30 if is_hit else 0.02)
    zoom = 1.0 + _ease(times_s, lag_s, lag_s + 0.7) * (0.30 if is_hit else 0.03)
    chase = np.nan_to_num(ball - hit).clip(-25, 25) * follow[:, None] * (times_s > 0)[:, None]
    take.cameras = [
        replace(base, aim=tuple(np.add(base.aim, move)), focal_px=base.focal_px * factor)
        for move, factor in zip(chase, zoom, strict=True)
    ]
    return take


def field_take(num: int, *, side: float, size: tuple[int, int], shirts, rng: np.random.Generator) -> Take:
    """Stage the wide picture of the outfield that follows a hit."""
    times = np.linspace(0, 1, num)
    start = np.array([side * rng.uniform(8, 14), -rng.uniform(5, 20), 0.0])
    ball = start + times[:, None] * np.array([side * 14.0, -10.0, 0.0]) + (0, 0, 0.1)
    stride = 12.0 * times
    actors = []
    for offset in (np.array([6.0, 3.0, 0.0]), np.array([-7.0, -4.0, 0.0])):
        path = ball * (1, 1, 0) + offset * (1 - 0.7 * times[:, None])
        actors.append(Actor(joints_TJ3=runner(path, (side, -0.6), stride_T=stride), shirt=shirts[1]))
    cameras = [
        Camera(place=(0.0, 55.0, 9.0), aim=tuple(place + np.array([1.5, 0, 0])), focal_px=3.6 * size[1], size=size)
        for place in ball
    ]
    return Take(view="field", cameras=cameras, actors=actors, ball_T3=ball)


def closeup_take(num: int, *, size: tuple[int, int], shirts, rng: np.random.Generator) -> Take:
    """Stage the batter filling the picture between two balls: upright, looking around."""
    times_s = np.linspace(0, 1, num)
    sway = 0.04 * np.sin(2.0 * times_s[:, None] + rng.uniform(0, 6)) * (1, 0, 0)
    joints = runner(sway, (0.3, 1.0), stride_T=np.zeros(num))
    camera = Camera(place=(1.0, 14.0, 1.7), aim=(0.0, 0.0, 1.15), focal_px=8.4 * size[1], size=size)
    cameras = [replace(camera, aim=(shift, 0.0, 1.15)) for shift in np.linspace(0, 0.05, num)]
    return Take(view="closeup", cameras=cameras, actors=[Actor(joints_TJ3=joints, shirt=shirts[0], has_pads=True)])


def crowd_take(num: int, *, size: tuple[int, int]) -> Take:
    """Stage the stands."""
    camera = Camera(place=(0.0, 55.0, 9.0), aim=(0.0, 0.0, 0.0), focal_px=float(size[1]), size=size)
    return Take(view="crowd", cameras=[camera] * num, is_crowd=True)


def write_takes(
    path: Path, takes: Sequence[Take], *, fps: int = 25, seed: int = 0, has_sound: bool = True, scores: str = "IND 84-2"
) -> list[float]:
    """Write takes one after the other as one H.264 video with its true poses beside it.

    Args:
        path: The mp4; truth goes to `truth/<stem>.poses.parquet` in its folder.
        takes: Takes in order.
        fps: Frames a second.
        seed: Seed of ground, noise and sound.
        has_sound: Whether bat on ball is heard.
        scores: Text of the score line.

    Returns:
        The start of each take, seconds.
    """
    rng = np.random.default_rng(seed)
    picture = ground(rng)
    firsts = np.cumsum([0] + [len(take.cameras) for take in takes])
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = (frame for take in takes for frame in render(take, picture, rng, scores))
    hits = [
        first / fps + take.impact_s for first, take in zip(firsts, takes, strict=False) if take.impact_s is not None
    ]
    sound = _sound(firsts[-1] / fps, hits, rng) if has_sound else None
    audio = None if sound is None else (sound, _RATE)
    write_clip(path, frames, fps=Fraction(fps), crf=24, gop=fps, audio=audio)
    tracks = [
        track
        for number, take in enumerate(takes)
        for track in _tracks(take, path.stem, number, first=int(firsts[number]), fps=fps)
    ]
    write_poses(path.parent / "truth" / f"{path.stem}.poses.parquet", tracks)
    return [float(first / fps) for first in firsts[:-1]]


def _sound(length_s: float, hits_s: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """Return the crowd's murmur with a sharp crack of the bat at every hit, mono float32."""
    num = int(length_s * _RATE) + 1
    swell = 1.0 + 0.5 * np.sin(2 * np.pi * np.arange(num) / _RATE * 0.4 + rng.uniform(0, 6))
    deep = np.convolve(rng.normal(scale=0.15, size=num), np.full(24, 1 / 24), mode="same")
    samples = (deep + rng.normal(scale=0.01, size=num)) * swell
    crack_s = np.arange(int(0.05 * _RATE)) / _RATE
    crack = 0.5 * np.exp(-crack_s / 0.008) * np.sin(2 * np.pi * 3800 * crack_s)
    for hit_s in hits_s:
        start = int(hit_s * _RATE)
        samples[start : start + len(crack)] += crack[: max(0, len(samples) - start)]
    return samples.astype(np.float32)


def _tracks(take: Take, stem: str, number: int, *, first: int, fps: int) -> list[PoseTrack]:
    num, (width, height) = len(take.cameras), take.cameras[0].size
    base = take.cameras[0]
    far = np.array(base.place) + 60.0 * base.axes[2]  # what the first picture shows in its middle
    centre = np.array([camera.project(far)[0] for camera in take.cameras]) - np.array(base.size) / 2
    zoom = np.log([camera.focal_px / base.focal_px for camera in take.cameras])
    tracks = []
    for index, actor in enumerate(take.actors):
        seen = [camera.project(joints) for camera, joints in zip(take.cameras, actor.joints_TJ3, strict=True)]
        points = np.stack([xy for xy, _ in seen])
        pad = 0.12 * np.stack([per_m.mean() for _, per_m in seen])[:, None]
        boxes = np.hstack([points.min(axis=1) - pad, points.max(axis=1) + pad])
        inside = (boxes[:, 0] < width) & (boxes[:, 2] > 0) & (boxes[:, 1] < height) & (boxes[:, 3] > 0)
        if not inside.any():
            continue
        rows = slice(int(np.argmax(inside)), num - int(np.argmax(inside[::-1])))
        frames = np.arange(first, first + num)[rows]
        tracks.append(
            PoseTrack(
                video_id=stem,
                shot_id=f"{stem}-s{number:04d}",
                track_id=index,
                frames_T=frames,
                pts_s=frames / fps,
                keypoints_TJC=np.concatenate([points, np.ones((num, 17, 1))], axis=2)[rows],
                boxes_T4=boxes[rows],
                camera_T3=np.column_stack([-centre, zoom])[rows],
            )
        )
    return tracks


def stick_match(
    folder: Path,
    *,
    num_deliveries: int = 12,
    seed: int = 0,
    size: tuple[int, int] = (640, 360),
    fps: int = 25,
    deliveries_per_video: int = 4,
    replay_share: float = 0.15,
) -> Path:
    """Write several matches of synthetic footage with their truth.

    Every video is a match of its own with two batters; every fourth is filmed from the side. A ball is shown from the
    run-up to shortly after impact, then come a cut to the outfield and one to the batter or the crowd, and now and then
    a slow replay from the side.

    Args:
        folder: Where `*.mp4`, `truth/*.poses.parquet` and `truth.csv` go.
        num_deliveries: Balls in all; the strokes are dealt out evenly.
        seed: Seed.
        size: Width and height.
        fps: Frames a second.
        deliveries_per_video: Balls in a video.
        replay_share: Share of balls followed by a replay.

    Returns:
        Path of `truth.csv`.
    """
    rng = np.random.default_rng(seed)
    deck = [stroke for _ in range(-(-num_deliveries // len(STROKES))) for stroke in rng.permutation(list(STROKES))]
    rows = []
    for number, start in enumerate(range(0, num_deliveries, deliveries_per_video)):
        path = folder / f"match_{number:02d}.mp4"
        strokes = deck[start : min(start + deliveries_per_video, num_deliveries)]
        takes = _innings(strokes, number, rng=rng, size=size, fps=fps, replay_share=replay_share)
        starts = write_takes(
            path, takes, fps=fps, seed=seed + number, scores=f"{'ABCDEFGH'[number % 8]} {20 + 7 * number}-{number % 5}"
        )
        for take, start_s in zip(takes, starts, strict=True):
            if take.truth:
                rows.append(_truth_row(path.name, take, start_s))
        log.info("wrote %s: %d balls", path, len(strokes))
    truth = folder / "truth.csv"
    with truth.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, TRUTH_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return truth


def _innings(
    strokes: Sequence[str], number: int, *, rng: np.random.Generator, size, fps: int, replay_share: float
) -> list[Take]:
    shirts = tuple(_SHIRTS[i] for i in rng.permutation(len(_SHIRTS))[:2])
    view, focal = ("pitch_side" if number % 4 == 3 else "pitch_endon"), float(rng.uniform(0.92, 1.08))
    handed = [bool(rng.random() < 0.78), bool(rng.random() < 0.78)]
    match, takes = f"match_{number:02d}", []
    for stroke in strokes:
        who = int(rng.integers(2))
        style = {"is_right_handed": handed[who], "size": size, "shirts": shirts}
        start_s, end_s = -rng.uniform(2.6, 3.2), rng.uniform(0.40, 0.56)
        ball_seed = int(rng.integers(2**32))  # the replay shows the same ball
        take = stroke_take(
            stroke,
            np.arange(start_s, end_s, 1 / fps),
            view=view,
            focal=focal,
            rng=np.random.default_rng(ball_seed),
            **style,
        )
        truth = {"label": stroke, "handedness": "R" if handed[who] else "L", "batter_id": f"{match}_{'ab'[who]}",
                 "match_id": match, "view": view, "is_replay": 0}  # fmt: skip
        _mark(take, truth, impact_s=-start_s, before_s=0.5, after_s=0.4)
        takes.append(take)
        side = (1.0 if _BALL[stroke][0] < 0 else -1.0) * (1.0 if handed[who] else -1.0)
        takes.append(field_take(int(1.6 * fps), side=side, size=size, shirts=shirts, rng=rng))
        if rng.random() < replay_share:
            replay = stroke_take(
                stroke,
                np.arange(-0.9, 0.7, 0.5 / fps),
                view="pitch_side",
                rng=np.random.default_rng(ball_seed),
                **style,
            )
            replay.has_scores = False
            _mark(replay, truth | {"view": "pitch_side", "is_replay": 1}, impact_s=0.9 / 0.5, before_s=1.0, after_s=0.8)
            takes.append(replay)
        if rng.random() < 0.75:
            takes.append(closeup_take(int(1.2 * fps), size=size, shirts=shirts, rng=rng))
        else:
            takes.append(crowd_take(int(1.0 * fps), size=size))
    return takes


def _mark(take: Take, truth: dict[str, object], *, impact_s: float, before_s: float, after_s: float) -> None:
    take.truth = truth | {"before_s": before_s, "after_s": after_s, "at_s": impact_s}
    if truth["label"] != "leave" and not truth["is_replay"]:
        take.impact_s = impact_s


def _truth_row(video: str, take: Take, start_s: float) -> dict[str, object]:
    truth = dict(take.truth)
    impact_s = start_s + float(truth.pop("at_s"))
    span = {
        "start_s": impact_s - float(truth.pop("before_s")),
        "end_s": impact_s + float(truth.pop("after_s")),
        "impact_s": impact_s,
    }
    return {"video": video} | {key: f"{value:.3f}" for key, value in span.items()} | truth


def main() -> None:
    """Write a made match from the command line."""
    parser = argparse.ArgumentParser(
        description=stick_match.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--num-deliveries", type=int, default=28)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    stick_match(arguments.out, num_deliveries=arguments.num_deliveries, seed=arguments.seed)


if __name__ == "__main__":
    main()
