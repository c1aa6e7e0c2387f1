"""The 14 strokes as seven key poses each, for a right-hander.

Distances are in torso units (.52 m), angles in degrees, times in seconds from impact. Numbers marked m are measured:
stride, back-foot travel, timing of stride, downswing and plant, and bat speed of forward defence and drive (Stretch et
al. 1998, J Sports Sci 16:8), stance width and centre of mass (same), foot placement and bat loop of the drive
(Stuelcken, Portus, Mason 2005), pull (Zia ul Haq et al. 2019), lofted hits (Peploe et al. 2017, McErlain-Naylor
2021). All others, marked d, follow coaching texts and are to be jittered: no full joint-angle table of a stroke was at
hand.

| stroke       | S_f     | S_b    | knees F/B | H    | phi   | arc | delta     | finish | source of timing        |
|--------------|---------|--------|-----------|------|-------|-----|-----------|--------|-------------------------|
| ff_defence   | 1.38 m  | .10 m  | 130/165 d | .05  | 10    | .9  | .05       | -.4    | -.64 / -.38 / -.14 m    |
| drives       | 1.31 m  | .19 m  | 125/160 d | .05  | 15-25 | 2.6 | +-.35 / 0 | .5     | -.58 / -.36 / -.06 m    |
| bf_defence   | -.10 d  | -.55 d | 165/150 d | .55  | 12    | .9  | .1        | -.3    | d                       |
| bf_punch     | -.10 d  | -.55 d | 165/150 d | .55  | 12    | 1.7 | .1        | .1     | d                       |
| cut          | -.10 d  | -.60 d | 160/145 d | .45  | 70    | 2.4 | .8        | .2     | d                       |
| pull_hook    | -.20 d  | -.50 d | 165/155 d | .7   | 78    | 3.0 | -.9       | .35    | d                       |
| sweeps       | 1.70 d  | 0 d    | 95/70 d   | -.35 | 75    | 2.4 | -+.9      | -.1    | d                       |
| flick_glance | .50 d   | -.10 d | 145/150 d | .15  | 25    | 1.5 | -.35      | 0      | d                       |
| lofted       | .9-2 d  | 0-.9 d | 150/160 d | .1   | 20-35 | 3.6 | any       | .9     | d                       |
| leave        | .6 d    | 0 d    | -         | .8   | -     | .4  | -         | -      | d                       |

The sweeps stand a little higher than the table: with the back foot where it was, legs of human length cannot have both
knees at 95 and 70 degrees and the feet 1.9 torso apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.core.errors import UsageError

KEYS: tuple[str, ...] = ("guard", "trigger", "backlift", "plant", "impact", "follow", "end")
CHANNELS: tuple[str, ...] = (
    "knee_front",  # hip-knee-ankle, degrees
    "knee_back",
    "trunk_off",  # trunk tilt from vertical towards off, degrees
    "trunk_fwd",  # and towards the bowler
    "hip_yaw",  # opening of the hips: 0 side-on, 90 chest to the bowler, degrees
    "shoulder_yaw",
    "hand_off",  # mean of the wrists minus mid-shoulder, torso units
    "hand_fwd",
    "hand_height",  # H: 0 at the hips, 1 at the shoulders
    "bat_swing",  # angle of the bat in its plane: 0 toe down (or out), -90 toe back, 90 toe to the bowler, degrees
    "bat_tilt",  # tilt of that plane from vertical (0) to horizontal (90: toe to off, -90: toe to leg), degrees
)
GUARD = (150, 150, 34, 6, 0, -4, 0.06, -0.05, -0.20, -20, 0)  # feet .23 m apart, bent over the bat
TRIGGER = (148, 148, 32, 6, 0, -8, 0.06, -0.15, 0.05, -55, -2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stride:
    """Describe where a foot goes from guard.

    Args:
        fwd: Towards the bowler, torso units.
        off: Towards the off side, torso units.
        start_s: When it leaves the ground, before impact.
        plant_s: When it is planted.
        heel: Raised heel once planted, metres.
    """

    fwd: float
    off: float = 0.0
    start_s: float
    plant_s: float
    heel: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """Describe what the ball does off the bat (mean and standard deviation).

    Args:
        azimuth_deg: Direction, 0 straight back past the bowler, positive to off.
        elevation_deg: Above the ground.
        speed: Metres a second.
    """

    azimuth_deg: tuple[float, float]
    elevation_deg: tuple[float, float]
    speed: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """Hold one stroke.

    Args:
        times_s: Times of the seven key poses, seconds from impact.
        keys: Values of `CHANNELS` at the key poses (7, 11).
        front: Where the front foot goes.
        back: Where the back foot goes.
        bat_yaw_deg: Turn of the plane of the bat about the vertical, positive to off.
        shot: What the ball does.
        bounce_m: Where the ball pitches, metres before the stumps.
    """

    times_s: np.ndarray
    keys: np.ndarray
    front: Stride
    back: Stride
    bat_yaw_deg: float
    shot: Shot
    bounce_m: float


def _stroke(
    times: tuple[float, float, float, float],
    rows: tuple[tuple[float, ...], ...],
    front: Stride,
    back: Stride,
    *,
    shot: Shot,
    bounce_m: float,
    yaw: float = 0.0,
) -> Stroke:
    backlift_s, plant_s, follow_s, end_s = times
    return Stroke(
        times_s=np.array([-1.5, min(-0.72, backlift_s - 0.22), backlift_s, plant_s, 0.0, follow_s, end_s]),
        keys=np.array([GUARD, TRIGGER, *rows], dtype=np.float64),
        front=front,
        back=back,
        bat_yaw_deg=yaw,
        shot=shot,
        bounce_m=bounce_m,
    )


_DRIVE = (-0.36, -0.06, 0.12, 0.40)
_DRIVE_FRONT = {"start_s": -0.58, "plant_s": -0.06}
_DRIVE_BACK = Stride(fwd=0.19, start_s=-0.22, plant_s=-0.02, heel=0.06)
_BACK_FRONT = {"start_s": -0.40, "plant_s": -0.16}
_BACK_BACK = {"start_s": -0.56, "plant_s": -0.30}

# One row a key pose from the top of the backlift on; the columns are CHANNELS.
TABLE: dict[str, Stroke] = {
    "leave": _stroke(
        (-0.45, -0.15, 0.15, 0.50),
        (
            (148, 150, 18, 8, 0, -10, -0.01, -0.30, 0.74, -120, -5),
            (148, 152, 16, 8, 0, -12, -0.02, -0.32, 0.79, -150, -5),
            (150, 152, 14, 8, 0, -12, -0.03, -0.30, 0.82, -160, -5),
            (152, 154, 12, 8, 0, -12, -0.03, -0.28, 0.82, -160, -5),
            (155, 156, 12, 6, 0, -10, -0.04, -0.20, 0.78, -150, -5),
        ),
        Stride(fwd=0.6, off=0.15, start_s=-0.60, plant_s=-0.20),
        Stride(fwd=0.0, start_s=-0.30, plant_s=-0.15),
        shot=Shot(azimuth_deg=(180, 2), elevation_deg=(4, 2), speed=(30, 3)),
        bounce_m=6.5,
    ),
    "ff_defence": _stroke(
        (-0.38, -0.14, 0.12, 0.40),
        (
            (145, 150, 26, 12, 0, -12, 0.05, -0.35, 0.62, -105, -4),
            (134, 162, 16, 26, 4, -4, 0.06, 0.02, 0.30, -42, 0),
            (130, 165, 12, 32, 6, 0, 0.11, 0.22, 0.05, -14, 2),
            (130, 165, 12, 32, 6, 0, 0.12, 0.26, 0.14, -6, 2),
            (131, 165, 12, 30, 6, 0, 0.12, 0.28, 0.52, 12, 2),
        ),
        Stride(fwd=1.38, off=0.10, start_s=-0.64, plant_s=-0.14),
        Stride(fwd=0.10, start_s=-0.25, plant_s=-0.08, heel=0.05),
        shot=Shot(azimuth_deg=(0, 33), elevation_deg=(-14, 3), speed=(5, 1.5)),
        bounce_m=5.0,
    ),
    "bf_defence": _stroke(
        (-0.34, -0.12, 0.12, 0.40),
        (
            (150, 146, 20, -2, 0, -12, 0.03, -0.30, 1.14, -118, -4),
            (160, 148, 10, 0, 2, -4, 0.10, 0.05, 0.74, -45, 0),
            (165, 150, 8, 2, 4, 0, 0.14, 0.26, 0.55, -12, 2),
            (165, 150, 8, 2, 5, 2, 0.18, 0.32, 0.48, -4, 2),
            (165, 151, 8, 2, 5, 2, 0.17, 0.34, 0.70, 6, 2),
        ),
        Stride(fwd=-0.10, off=0.12, **_BACK_FRONT),
        Stride(fwd=-0.55, off=0.16, **_BACK_BACK),
        shot=Shot(azimuth_deg=(5, 42), elevation_deg=(-16, 4), speed=(4.5, 1.5)),
        bounce_m=8.0,
    ),
    "cover_drive": _stroke(
        _DRIVE,
        (
            (142, 150, 26, 12, 0, -18, 0.00, -0.45, 1.12, -145, -10),
            (127, 158, 20, 28, 8, -4, 0.06, 0.02, 0.42, -70, -2),
            (125, 160, 18, 32, 12, 4, 0.20, 0.24, 0.05, -12, 5),
            (128, 160, 16, 30, 22, 20, 0.42, 0.55, 0.55, 80, 8),
            (134, 160, 10, 22, 34, 42, 0.30, 0.35, 1.56, 175, 8),
        ),
        Stride(fwd=1.31, off=0.42, **_DRIVE_FRONT),
        _DRIVE_BACK,
        yaw=28,
        shot=Shot(azimuth_deg=(45, 14), elevation_deg=(1, 2), speed=(25, 4)),
        bounce_m=4.0,
    ),
    "straight_drive": _stroke(
        _DRIVE,
        (
            (142, 150, 24, 12, 0, -16, 0.02, -0.45, 1.12, -145, -4),
            (127, 158, 14, 28, 8, -4, 0.02, 0.02, 0.42, -70, 0),
            (125, 160, 12, 32, 12, 4, 0.05, 0.24, 0.05, -12, 2),
            (128, 160, 10, 30, 22, 18, 0.06, 0.56, 0.55, 80, 2),
            (134, 160, 6, 22, 32, 38, 0.04, 0.38, 1.56, 175, 2),
        ),
        Stride(fwd=1.31, off=0.12, **_DRIVE_FRONT),
        _DRIVE_BACK,
        yaw=0,
        shot=Shot(azimuth_deg=(2, 10), elevation_deg=(1, 2), speed=(25, 4)),
        bounce_m=3.8,
    ),
    "on_drive": _stroke(
        _DRIVE,
        (
            (142, 150, 22, 12, 0, -14, 0.12, -0.45, 1.12, -145, 4),
            (127, 158, 12, 28, 10, 0, 0.10, 0.02, 0.42, -70, 2),
            (125, 160, 10, 31, 18, 14, -0.02, 0.26, 0.05, -12, -2),
            (128, 160, 8, 28, 34, 36, -0.22, 0.55, 0.55, 80, -8),
            (134, 160, 4, 20, 48, 60, -0.30, 0.35, 1.54, 175, -10),
        ),
        Stride(fwd=1.31, off=-0.14, **_DRIVE_FRONT),
        _DRIVE_BACK,
        yaw=-24,
        shot=Shot(azimuth_deg=(-28, 10), elevation_deg=(1, 2), speed=(24, 4)),
        bounce_m=3.6,
    ),
    "bf_punch": _stroke(
        (-0.33, -0.10, 0.12, 0.32),
        (
            (152, 146, 20, -4, 0, -16, -0.04, -0.42, 1.22, -138, -6),
            (162, 148, 10, 0, 4, -4, 0.06, 0.00, 0.82, -58, 0),
            (165, 150, 8, 4, 8, 4, 0.15, 0.28, 0.55, -12, 3),
            (165, 152, 8, 6, 14, 12, 0.28, 0.50, 0.70, 35, 4),
            (165, 154, 6, 6, 18, 18, 0.36, 0.46, 1.14, 75, 4),
        ),
        Stride(fwd=-0.10, off=0.10, **_BACK_FRONT),
        Stride(fwd=-0.55, off=0.12, **_BACK_BACK),
        yaw=25,
        shot=Shot(azimuth_deg=(52, 15), elevation_deg=(2, 3), speed=(22, 4)),
        bounce_m=8.5,
    ),
    "cut": _stroke(
        (-0.32, -0.12, 0.12, 0.36),
        (
            (152, 144, 16, -8, -4, -30, -0.10, -0.40, 1.25, -150, 20),
            (160, 144, 14, -8, -6, -34, -0.04, -0.12, 0.70, -100, 60),
            (160, 145, 22, -6, -4, -24, 0.58, 0.04, 0.45, -8, 76),
            (160, 147, 28, -4, 4, -6, 0.74, 0.36, 0.46, 65, 76),
            (160, 150, 16, 0, 14, 20, 0.10, 0.52, 1.22, 165, 60),
        ),
        Stride(fwd=-0.10, off=0.32, **_BACK_FRONT),
        Stride(fwd=-0.60, off=0.50, **_BACK_BACK),
        yaw=0,
        shot=Shot(azimuth_deg=(92, 16), elevation_deg=(4, 5), speed=(25, 4)),
        bounce_m=9.5,
    ),
    "pull_hook": _stroke(
        (-0.31, -0.12, 0.12, 0.32),
        (
            (155, 150, 16, -6, 4, -16, 0.02, -0.34, 1.46, -125, 30),
            (162, 154, 8, -2, 40, 34, 0.48, 0.05, 0.86, -40, 68),
            (165, 155, 4, 0, 70, 76, 0.02, 0.58, 0.70, 58, 80),
            (166, 158, 2, 0, 86, 104, -0.54, 0.34, 0.74, 130, 80),
            (166, 160, 2, 0, 98, 122, -0.62, -0.02, 1.38, 225, 66),
        ),
        Stride(fwd=-0.20, off=-0.30, start_s=-0.36, plant_s=-0.10),
        Stride(fwd=-0.50, off=0.18, **_BACK_BACK),
        yaw=0,
        shot=Shot(azimuth_deg=(-95, 21), elevation_deg=(9, 8), speed=(26, 4)),
        bounce_m=10.5,
    ),
    "sweep": _stroke(
        (-0.34, -0.13, 0.12, 0.38),
        (
            (138, 140, 30, 14, 4, -8, 0.16, -0.32, 0.75, -110, 24),
            (108, 92, 26, 34, 28, 20, 0.42, 0.08, 0.02, -45, 62),
            (98, 84, 20, 40, 46, 48, 0.12, 0.26, -0.33, 52, 76),
            (98, 84, 14, 36, 62, 76, -0.42, 0.34, -0.02, 130, 74),
            (100, 86, 8, 28, 72, 92, -0.52, 0.02, 0.84, 205, 66),
        ),
        Stride(fwd=1.55, off=0.20, start_s=-0.66, plant_s=-0.15),
        Stride(fwd=0.06, start_s=-0.36, plant_s=-0.15, heel=0.03),
        yaw=0,
        shot=Shot(azimuth_deg=(-112, 18), elevation_deg=(4, 5), speed=(21, 4)),
        bounce_m=4.6,
    ),
    "reverse_sweep_ramp": _stroke(
        (-0.34, -0.13, 0.12, 0.38),
        (
            (138, 140, 24, 16, 14, 20, -0.16, -0.05, 0.75, -70, -40),
            (108, 92, 16, 36, 34, 48, -0.38, 0.18, 0.02, -28, -72),
            (98, 84, 16, 40, 36, 46, -0.02, 0.26, -0.33, 48, -80),
            (98, 84, 20, 36, 26, 30, 0.46, 0.40, -0.02, 118, -78),
            (100, 86, 22, 28, 16, 14, 0.52, 0.12, 0.86, 175, -70),
        ),
        Stride(fwd=1.55, off=0.10, start_s=-0.66, plant_s=-0.15),
        Stride(fwd=0.06, start_s=-0.36, plant_s=-0.15, heel=0.03),
        yaw=0,
        shot=Shot(azimuth_deg=(112, 21), elevation_deg=(6, 6), speed=(19, 4)),
        bounce_m=4.8,
    ),
    "flick_glance": _stroke(
        (-0.32, -0.10, 0.13, 0.38),
        (
            (148, 150, 20, 8, 2, -10, 0.12, -0.38, 0.78, -115, 2),
            (146, 150, 12, 14, 12, 4, 0.18, 0.02, 0.42, -50, 4),
            (145, 150, 10, 16, 22, 18, 0.10, 0.28, 0.15, -10, 4),
            (146, 152, 6, 14, 38, 42, -0.24, 0.44, 0.48, 60, -26),
            (150, 154, 4, 10, 48, 60, -0.42, 0.34, 0.98, 118, -34),
        ),
        Stride(fwd=0.50, off=-0.02, start_s=-0.52, plant_s=-0.10),
        Stride(fwd=-0.10, start_s=-0.40, plant_s=-0.22),
        yaw=-20,
        shot=Shot(azimuth_deg=(-78, 24), elevation_deg=(3, 4), speed=(18, 5)),
        bounce_m=5.5,
    ),
    "loft_straight_off": _stroke(
        (-0.36, -0.07, 0.12, 0.34),
        (
            (148, 152, 20, 6, 0, -26, -0.06, -0.40, 1.46, -160, -8),
            (148, 158, 14, 8, 12, -6, -0.12, 0.02, 0.56, -80, 0),
            (150, 160, 12, 8, 22, 10, 0.12, 0.26, 0.06, -2, 6),
            (152, 160, 8, 4, 40, 38, 0.34, 0.66, 0.85, 105, 8),
            (156, 158, 4, -4, 58, 78, -0.06, 0.22, 1.94, 215, 4),
        ),
        Stride(fwd=1.25, off=0.20, start_s=-0.62, plant_s=-0.07),
        Stride(fwd=0.35, start_s=-0.30, plant_s=-0.04, heel=0.06),
        yaw=12,
        shot=Shot(azimuth_deg=(14, 21), elevation_deg=(36, 6), speed=(32, 4)),
        bounce_m=3.4,
    ),
    "loft_leg_slog": _stroke(
        (-0.36, -0.07, 0.12, 0.34),
        (
            (148, 152, 20, 6, 0, -24, 0.16, -0.38, 1.46, -155, 6),
            (146, 156, 12, 8, 22, 6, 0.22, 0.04, 0.50, -75, 16),
            (150, 160, 8, 8, 42, 36, 0.04, 0.26, 0.06, 8, 20),
            (152, 158, 4, 2, 66, 78, -0.30, 0.60, 0.86, 115, 10),
            (156, 156, 2, -4, 82, 108, -0.42, 0.10, 1.96, 225, -12),
        ),
        Stride(fwd=1.10, off=-0.30, start_s=-0.62, plant_s=-0.07),
        Stride(fwd=0.15, start_s=-0.30, plant_s=-0.04, heel=0.06),
        yaw=-18,
        shot=Shot(azimuth_deg=(-52, 21), elevation_deg=(38, 6), speed=(31, 4)),
        bounce_m=4.2,
    ),
}


def stroke(name: str) -> Stroke:
    """Return one stroke of the table.

    Raises:
        UsageError: If there is no such stroke.
    """
    if name not in TABLE:
        raise UsageError(f"unknown stroke '{name}'; the strokes are {', '.join(TABLE)}")
    return TABLE[name]
