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
_GUARD = (150, 150, 34, 6, 0, -4, 0.06, -0.05, -0.20, -20, 0)  # feet .23 m apart, bent over the bat
_TRIGGER = (148, 148, 32, 6, 0, -8, 0.06, -0.15, 0.05, -55, -2)


@dataclass(frozen=True, slots=True)
class Stride:
    """Describe where a foot goes from guard."""

    fwd: float  # towards the bowler, torso units
    off: float  # towards the off side, torso units
    start_s: float  # when it leaves the ground, before impact
    plant_s: float  # when it is planted
    heel: float = 0.0  # raised heel once planted, metres


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """Hold one stroke. What the ball does off the bat is a mean and a standard deviation."""

    times_s: np.ndarray  # times of the seven key poses, seconds from impact
    keys: np.ndarray  # values of `CHANNELS` at the key poses (7, 11)
    front: Stride  # where the front foot goes
    back: Stride  # where the back foot goes
    bat_yaw_deg: float  # turn of the plane of the bat about the vertical, positive to off
    azimuth_deg: tuple[float, float]  # direction of the ball, 0 straight back past the bowler, positive to off
    elevation_deg: tuple[float, float]  # direction of the ball above the ground
    speed: tuple[float, float]  # of the ball, metres a second
    bounce_m: float  # where the ball pitches, metres before the stumps


_Pair = tuple[float, float]


def _stroke(
    times: tuple[float, ...], *, front: tuple[float, ...], back: tuple[float, ...], azimuth: _Pair, rise: _Pair,
    speed: _Pair, bounce: float, rows: tuple[tuple[float, ...], ...], yaw: float = 0.0,
) -> Stroke:  # fmt: skip
    backlift_s, plant_s, follow_s, end_s = times
    return Stroke(
        times_s=np.array([-1.5, min(-0.72, backlift_s - 0.22), backlift_s, plant_s, 0.0, follow_s, end_s]),
        keys=np.array([_GUARD, _TRIGGER, *rows], dtype=np.float64), front=Stride(*front), back=Stride(*back),
        bat_yaw_deg=yaw, azimuth_deg=azimuth, elevation_deg=rise, speed=speed, bounce_m=bounce,
    )  # fmt: skip


# First line: times of backlift, plant, follow and end; feet as the fields of Stride. Then one row a key pose from the
# top of the backlift on; the columns are CHANNELS.
# fmt: off
TABLE: dict[str, Stroke] = {
    "leave": _stroke((-0.45, -0.15, 0.15, 0.50), front=(0.60, 0.15, -0.60, -0.20),
        back=(0, 0, -0.30, -0.15), azimuth=(180, 2), rise=(4, 2), speed=(30, 3), bounce=6.5, rows=(
            (148, 150, 18, 8, 0, -10, -0.01, -0.30, 0.74, -120, -5),
            (148, 152, 16, 8, 0, -12, -0.02, -0.32, 0.79, -150, -5),
            (150, 152, 14, 8, 0, -12, -0.03, -0.30, 0.82, -160, -5),
            (152, 154, 12, 8, 0, -12, -0.03, -0.28, 0.82, -160, -5),
            (155, 156, 12, 6, 0, -10, -0.04, -0.20, 0.78, -150, -5),
        )),
    "ff_defence": _stroke((-0.38, -0.14, 0.12, 0.40), front=(1.38, 0.10, -0.64, -0.14),
        back=(0.10, 0, -0.25, -0.08, 0.05), azimuth=(0, 33), rise=(-14, 3), speed=(5, 1.5), bounce=5.0, rows=(
            (145, 150, 26, 12, 0, -12, 0.05, -0.35, 0.62, -105, -4),
            (134, 162, 16, 26, 4, -4, 0.06, 0.02, 0.30, -42, 0),
            (130, 165, 12, 32, 6, 0, 0.11, 0.22, 0.05, -14, 2),
            (130, 165, 12, 32, 6, 0, 0.12, 0.26, 0.14, -6, 2),
            (131, 165, 12, 30, 6, 0, 0.12, 0.28, 0.52, 12, 2),
        )),
    "bf_defence": _stroke((-0.34, -0.12, 0.12, 0.40), front=(-0.10, 0.12, -0.40, -0.16),
        back=(-0.55, 0.16, -0.56, -0.30), azimuth=(5, 42), rise=(-16, 4), speed=(4.5, 1.5), bounce=8.0, rows=(
            (150, 146, 20, -2, 0, -12, 0.03, -0.30, 1.14, -118, -4),
            (160, 148, 10, 0, 2, -4, 0.10, 0.05, 0.74, -45, 0),
            (165, 150, 8, 2, 4, 0, 0.14, 0.26, 0.55, -12, 2),
            (165, 150, 8, 2, 5, 2, 0.18, 0.32, 0.48, -4, 2),
            (165, 151, 8, 2, 5, 2, 0.17, 0.34, 0.70, 6, 2),
        )),
    "cover_drive": _stroke((-0.36, -0.06, 0.12, 0.40), front=(1.31, 0.42, -0.58, -0.06),
        back=(0.19, 0, -0.22, -0.02, 0.06), yaw=28, azimuth=(45, 14), rise=(1, 2), speed=(25, 4), bounce=4.0, rows=(
            (142, 150, 26, 12, 0, -18, 0.00, -0.45, 1.12, -145, -10),
            (127, 158, 20, 28, 8, -4, 0.06, 0.02, 0.42, -70, -2),
            (125, 160, 18, 32, 12, 4, 0.20, 0.24, 0.05, -12, 5),
            (128, 160, 16, 30, 22, 20, 0.42, 0.55, 0.55, 80, 8),
            (134, 160, 10, 22, 34, 42, 0.30, 0.35, 1.56, 175, 8),
        )),
    "straight_drive": _stroke((-0.36, -0.06, 0.12, 0.40), front=(1.31, 0.12, -0.58, -0.06),
        back=(0.19, 0, -0.22, -0.02, 0.06), azimuth=(2, 10), rise=(1, 2), speed=(25, 4), bounce=3.8, rows=(
            (142, 150, 24, 12, 0, -16, 0.02, -0.45, 1.12, -145, -4),
            (127, 158, 14, 28, 8, -4, 0.02, 0.02, 0.42, -70, 0),
            (125, 160, 12, 32, 12, 4, 0.05, 0.24, 0.05, -12, 2),
            (128, 160, 10, 30, 22, 18, 0.06, 0.56, 0.55, 80, 2),
            (134, 160, 6, 22, 32, 38, 0.04, 0.38, 1.56, 175, 2),
        )),
    "on_drive": _stroke((-0.36, -0.06, 0.12, 0.40), front=(1.31, -0.14, -0.58, -0.06),
        back=(0.19, 0, -0.22, -0.02, 0.06), yaw=-24, azimuth=(-28, 10), rise=(1, 2), speed=(24, 4), bounce=3.6, rows=(
            (142, 150, 22, 12, 0, -14, 0.12, -0.45, 1.12, -145, 4),
            (127, 158, 12, 28, 10, 0, 0.10, 0.02, 0.42, -70, 2),
            (125, 160, 10, 31, 18, 14, -0.02, 0.26, 0.05, -12, -2),
            (128, 160, 8, 28, 34, 36, -0.22, 0.55, 0.55, 80, -8),
            (134, 160, 4, 20, 48, 60, -0.30, 0.35, 1.54, 175, -10),
        )),
    "bf_punch": _stroke((-0.33, -0.10, 0.12, 0.32), front=(-0.10, 0.10, -0.40, -0.16),
        back=(-0.55, 0.12, -0.56, -0.30), yaw=25, azimuth=(52, 15), rise=(2, 3), speed=(22, 4), bounce=8.5, rows=(
            (152, 146, 20, -4, 0, -16, -0.04, -0.42, 1.22, -138, -6),
            (162, 148, 10, 0, 4, -4, 0.06, 0.00, 0.82, -58, 0),
            (165, 150, 8, 4, 8, 4, 0.15, 0.28, 0.55, -12, 3),
            (165, 152, 8, 6, 14, 12, 0.28, 0.50, 0.70, 35, 4),
            (165, 154, 6, 6, 18, 18, 0.36, 0.46, 1.14, 75, 4),
        )),
    "cut": _stroke((-0.32, -0.12, 0.12, 0.36), front=(-0.10, 0.32, -0.40, -0.16),
        back=(-0.60, 0.50, -0.56, -0.30), azimuth=(92, 16), rise=(4, 5), speed=(25, 4), bounce=9.5, rows=(
            (152, 144, 16, -8, -4, -30, -0.10, -0.40, 1.25, -150, 20),
            (160, 144, 14, -8, -6, -34, -0.04, -0.12, 0.70, -100, 60),
            (160, 145, 22, -6, -4, -24, 0.58, 0.04, 0.45, -8, 76),
            (160, 147, 28, -4, 4, -6, 0.74, 0.36, 0.46, 65, 76),
            (160, 150, 16, 0, 14, 20, 0.10, 0.52, 1.22, 165, 60),
        )),
    "pull_hook": _stroke((-0.31, -0.12, 0.12, 0.32), front=(-0.20, -0.30, -0.36, -0.10),
        back=(-0.50, 0.18, -0.56, -0.30), azimuth=(-95, 21), rise=(9, 8), speed=(26, 4), bounce=10.5, rows=(
            (155, 150, 16, -6, 4, -16, 0.02, -0.34, 1.46, -125, 30),
            (162, 154, 8, -2, 40, 34, 0.48, 0.05, 0.86, -40, 68),
            (165, 155, 4, 0, 70, 76, 0.02, 0.58, 0.70, 58, 80),
            (166, 158, 2, 0, 86, 104, -0.54, 0.34, 0.74, 130, 80),
            (166, 160, 2, 0, 98, 122, -0.62, -0.02, 1.38, 225, 66),
        )),
    "sweep": _stroke((-0.34, -0.13, 0.12, 0.38), front=(1.55, 0.20, -0.66, -0.15),
        back=(0.06, 0, -0.36, -0.15, 0.03), azimuth=(-112, 18), rise=(4, 5), speed=(21, 4), bounce=4.6, rows=(
            (138, 140, 30, 14, 4, -8, 0.16, -0.32, 0.75, -110, 24),
            (108, 92, 26, 34, 28, 20, 0.42, 0.08, 0.02, -45, 62),
            (98, 84, 20, 40, 46, 48, 0.12, 0.26, -0.33, 52, 76),
            (98, 84, 14, 36, 62, 76, -0.42, 0.34, -0.02, 130, 74),
            (100, 86, 8, 28, 72, 92, -0.52, 0.02, 0.84, 205, 66),
        )),
    "reverse_sweep_ramp": _stroke((-0.34, -0.13, 0.12, 0.38), front=(1.55, 0.10, -0.66, -0.15),
        back=(0.06, 0, -0.36, -0.15, 0.03), azimuth=(112, 21), rise=(6, 6), speed=(19, 4), bounce=4.8, rows=(
            (138, 140, 24, 16, 14, 20, -0.16, -0.05, 0.75, -70, -40),
            (108, 92, 16, 36, 34, 48, -0.38, 0.18, 0.02, -28, -72),
            (98, 84, 16, 40, 36, 46, -0.02, 0.26, -0.33, 48, -80),
            (98, 84, 20, 36, 26, 30, 0.46, 0.40, -0.02, 118, -78),
            (100, 86, 22, 28, 16, 14, 0.52, 0.12, 0.86, 175, -70),
        )),
    "flick_glance": _stroke((-0.32, -0.10, 0.13, 0.38), front=(0.50, -0.02, -0.52, -0.10),
        back=(-0.10, 0, -0.40, -0.22), yaw=-20, azimuth=(-78, 24), rise=(3, 4), speed=(18, 5), bounce=5.5, rows=(
            (148, 150, 20, 8, 2, -10, 0.12, -0.38, 0.78, -115, 2),
            (146, 150, 12, 14, 12, 4, 0.18, 0.02, 0.42, -50, 4),
            (145, 150, 10, 16, 22, 18, 0.10, 0.28, 0.15, -10, 4),
            (146, 152, 6, 14, 38, 42, -0.24, 0.44, 0.48, 60, -26),
            (150, 154, 4, 10, 48, 60, -0.42, 0.34, 0.98, 118, -34),
        )),
    "loft_straight_off": _stroke((-0.36, -0.07, 0.12, 0.34), front=(1.25, 0.20, -0.62, -0.07),
        back=(0.35, 0, -0.30, -0.04, 0.06), yaw=12, azimuth=(14, 21), rise=(36, 6), speed=(32, 4), bounce=3.4, rows=(
            (148, 152, 20, 6, 0, -26, -0.06, -0.40, 1.46, -160, -8),
            (148, 158, 14, 8, 12, -6, -0.12, 0.02, 0.56, -80, 0),
            (150, 160, 12, 8, 22, 10, 0.12, 0.26, 0.06, -2, 6),
            (152, 160, 8, 4, 40, 38, 0.34, 0.66, 0.85, 105, 8),
            (156, 158, 4, -4, 58, 78, -0.06, 0.22, 1.94, 215, 4),
        )),
    "loft_leg_slog": _stroke((-0.36, -0.07, 0.12, 0.34), front=(1.10, -0.30, -0.62, -0.07),
        back=(0.15, 0, -0.30, -0.04, 0.06), yaw=-18, azimuth=(-52, 21), rise=(38, 6), speed=(31, 4), bounce=4.2, rows=(
            (148, 152, 20, 6, 0, -24, 0.16, -0.38, 1.46, -155, 6),
            (146, 156, 12, 8, 22, 6, 0.22, 0.04, 0.50, -75, 16),
            (150, 160, 8, 8, 42, 36, 0.04, 0.26, 0.06, 8, 20),
            (152, 158, 4, 2, 66, 78, -0.30, 0.60, 0.86, 115, 10),
            (156, 156, 2, -4, 82, 108, -0.42, 0.10, 1.96, 225, -12),
        )),
}
# fmt: on


def stroke(name: str) -> Stroke:
    """Return one stroke of the table.

    Raises:
        UsageError: If there is no such stroke.
    """
    if name not in TABLE:
        raise UsageError(f"unknown stroke '{name}'; the strokes are {', '.join(TABLE)}")
    return TABLE[name]
