"""Simulated strokes as a camera shows them: any stroke, batter, camera, moment of the cut and playing speed.

Nothing is rendered. A stroke comes as a track of true joints in pixels with the camera's true motion; `pose_errors`
then makes of it what a small pose model would have found.

Legend: T frames, J = 17 joints.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from slowpaths.core.strokes import STROKES
from slowpaths.world.action.ball import make_ball
from slowpaths.world.action.batters import NUM_LATENTS, style_from
from slowpaths.world.action.key_poses import CHANNELS, KEYS, stroke
from slowpaths.world.action.scene import NEIGHBOURS
from slowpaths.world.action.stroke_motion import Jitter, StrokeMotion, draw_jitter
from slowpaths.world.camera.cameras import make_camera, work

FPS = 25.0
SIZE = (640, 360)
BLENDED = 0.15  # share of strokes that are blended with one they are mistaken for
RIGHT_HANDED = 0.78
SLOWED = 0.2  # share that is shown in slow motion
MISSED = 0.06
# Archives of sequences hold one stroke in about half a second, and no word of how fast they play it: lengths in frames
# are log-normal about the median of 13 frames (all of 620 unlabelled sequences: 6 to 30), and the speed is anybody's.
ARCHIVE_FRAMES = (13.5, 0.42)
# Before impact real batters lift the bat rather than the hands: at their highest, hands are .4 torsos above the hips
# and .7 to off of them, .2 s before impact (medians of unlabelled strokes of video seen end-on); as the key poses say
# it, they would be 1.0 and .3, .35 s before. So hands of a stroke are anywhere between the two, and somewhat beyond.
HELD_LOW: dict[str, dict[str, float]] = {
    "hand_height": {"trigger": -0.05, "backlift": -0.7, "plant": -0.3},
    "hand_off": {"trigger": 0.1, "backlift": 0.45, "plant": 0.3},
    "trunk_off": {"backlift": 12.0, "plant": 10.0, "impact": 5.0},
}
MOST_LOW = 1.2  # times `HELD_LOW`
QUICKER = (0.55, 1.1)  # factor on times
CAMERAS = ("bowler_end", "bowler_end", "bowler_end", "keeper_end", "side_on", "nets_handheld", "nets_side")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmedStroke:
    """Hold a stroke as a camera shows it."""

    stroke: str  # one of `core.strokes.STROKES`
    is_right_handed: bool
    camera: str  # one of `world.presets.CAMERAS`
    pixels_TJ2: np.ndarray  # joints
    bat_T2: np.ndarray  # from the hands to the toe of the bat, pixels
    camera_T3: np.ndarray  # pan right and tilt down in pixels, log zoom in
    impact_s: float  # seconds from the first frame; may lie outside what is shown
    is_live: bool  # whether it plays at its own speed


def film_stroke(random: np.random.Generator, *, is_archive: bool) -> FilmedStroke:
    """Play and film one stroke: as archives of sequences hold it, or as mining cuts it out of a video."""
    name, is_right_handed = str(random.choice(STROKES)), bool(random.random() < RIGHT_HANDED)
    key = stroke(name)
    azimuth, elevation, speed = (
        float(random.normal(*around)) for around in (key.azimuth_deg, key.elevation_deg, key.speed)
    )
    if name == "leave" or random.random() < MISSED:
        azimuth, elevation, speed = float(random.normal(180, 2)), 4.0, 28.0
    motion = _play(random, name, is_right_handed=is_right_handed, azimuth_deg=azimuth, is_archive=is_archive)
    times_T, is_live = _window(random, is_archive=is_archive)
    camera = make_camera(
        "bowler_end" if is_archive else str(random.choice(CAMERAS)), random, size=SIZE,
        height_m=float(random.uniform(5, 18)), lens=float(random.uniform(0.6, 1.4)),
    )  # fmt: skip
    off = 1.0 if is_right_handed else -1.0
    ball = make_ball(
        release_s=-0.55, release_3=np.array([0.6, 18.5, 2.1]), bounce_m=key.bounce_m,
        impact_3=np.array([0.2 * off, 1.6, 0.7]), azimuth_deg=off * azimuth, elevation_deg=elevation,
        speed=max(speed, 2.0), boundary_m=66.0, stop_y_m=None,
    )  # fmt: skip
    aim = work(camera, times_T, ball=ball if camera.follow > 0 else None)
    joints, bat = motion.move(times_T)
    (grip_T2, toe_T2) = aim.project(np.stack([bat.grip_T3, bat.toe_T3], axis=1))[0].swapaxes(0, 1)
    focal_T = aim.focal_T()
    turns_T2 = np.stack([np.diff(aim.pan_T), -np.diff(aim.tilt_T)], axis=1) * focal_T[1:, None]
    moved_T2 = np.concatenate([np.zeros((1, 2)), np.cumsum(turns_T2, axis=0)])
    return FilmedStroke(
        stroke=name, is_right_handed=is_right_handed, camera=camera.name,
        pixels_TJ2=aim.project(joints.keypoints_TJ3)[0], bat_T2=toe_T2 - grip_T2,
        camera_T3=np.column_stack([moved_T2, np.log(focal_T / focal_T[0])]),
        impact_s=float(-times_T[0] / (times_T[1] - times_T[0]) / FPS), is_live=is_live,
    )  # fmt: skip


def _play(
    random: np.random.Generator, name: str, *, is_right_handed: bool, azimuth_deg: float, is_archive: bool
) -> StrokeMotion:
    other, weight = name, 1.0
    if random.random() < BLENDED:
        other, weight = str(random.choice(NEIGHBOURS[name])), float(random.uniform(0.56, 0.75))
    style = style_from(random.normal(size=NUM_LATENTS) * random.uniform(0.7, 1.5))
    jitter = draw_jitter(random, amount=float(random.uniform(0.7, 1.5)))
    return StrokeMotion(
        name=name, other=other, weight=weight, is_right_handed=is_right_handed, azimuth_deg=azimuth_deg,
        style=style,
        jitter=jitter if is_archive else _held_low(random, jitter),
        run_s=float(random.uniform(0.5, 0.9)) if random.random() < 0.3 else float("nan"),
    )  # fmt: skip


def _held_low(random: np.random.Generator, jitter: Jitter) -> Jitter:
    """Lift the bat rather than the hands: lower, further to off, bent over, and later than the key poses say."""
    keys = jitter.keys.copy()
    for channel, lower in HELD_LOW.items():
        offset = np.array([lower.get(pose, 0.0) for pose in KEYS])
        keys[:, CHANNELS.index(channel)] += random.uniform(0.0, MOST_LOW) * offset
    return replace(jitter, keys=keys, tempo=jitter.tempo * float(random.uniform(*QUICKER)))


def _window(random: np.random.Generator, *, is_archive: bool) -> tuple[np.ndarray, bool]:
    """Return the instants that are shown (T,), seconds from impact, and whether they play at their own speed."""
    is_live = bool(random.random() >= SLOWED)
    speed = 1.0 if is_live else float(random.uniform(0.35, 0.7))
    if is_archive:
        speed *= float(np.exp(random.uniform(np.log(0.7), np.log(1.6))))
        middle, spread = ARCHIVE_FRAMES
        num_frames = int(np.clip(np.round(middle * np.exp(spread * random.normal())), 6, 30))
        before_s = random.uniform(0.12, 0.85) * num_frames / FPS * speed
    else:
        before_s, after_s = random.uniform(0.4, 1.5), random.uniform(0.2, 1.2)
        num_frames = max(8, round((before_s + after_s) / speed * FPS))
    return -before_s + np.arange(num_frames) / FPS * speed, is_live
