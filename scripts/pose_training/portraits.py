"""Portraits: single frames of many different matches, with the true joints of everybody in them.

A network that learns to find people needs variety, not film: every few frames another ground, other clothes, another
lens and another stroke, at random instants. Legend: P people, J = 17 joints, H, W. Colours are BGR, 0..255.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from slowpaths.world.action.batters import make_batters
from slowpaths.world.action.outfits import RED_BALL, WHITE, WHITE_BALL, Wardrobe, dress_code
from slowpaths.world.camera.edit import PlannedShot
from slowpaths.world.camera.match import Match, play_match
from slowpaths.world.camera.staging import ShotTruth
from slowpaths.world.picture.graphics import advert, crowd_sheet
from slowpaths.world.picture.studio import Studio
from slowpaths.world.presets import (
    BROADCASTERS,
    HELD_OUT_STATION,
    HELD_OUT_VENUE,
    VENUES,
    Broadcaster,
    Colour,
    Venue,
)
from slowpaths.world.world_settings import Mode, PartSettings, WorldSettings

_CAMERAS = ("bowler_end", "keeper_end", "side_on", "closeup", "field")
_ODDS = (0.40, 0.17, 0.20, 0.13, 0.10)
_NET_CAMERAS = ("nets_static", "nets_handheld", "nets_side")
_FPS = 25
_BEFORE_S, _AFTER_S = 2.8, 1.4
_STROKE_S = (-0.9, 0.7)  # half of all instants are inside the stroke
_CLOSEUP_S = 4.0
_FRAMES_A_SHOT = 5
_SHOTS_A_MATCH = 10
_BALLS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portrait:
    """Hold one frame and the truth about the people in it.

    Args:
        frame_HWC: Frame (H, W, 3), uint8, RGB.
        joints_PJ2: Joints (P, 17, 2), pixels; also outside the picture, NaN behind the camera.
        boxes_P4: Boxes around the bodies (P, 4), pixels; may reach outside the picture.
        roles_P: What each person does.
        camera: Which camera filmed it; "crowd" and "advert" show nobody with joints.
    """

    frame_HWC: np.ndarray
    joints_PJ2: np.ndarray
    boxes_P4: np.ndarray
    roles_P: tuple[str, ...]
    camera: str


def portraits(*, seed: int, num_frames: int, is_held_out: bool = False) -> Iterator[Portrait]:
    """Yield frames of as many different matches as it takes.

    Args:
        seed: Seed; the same seed gives the same frames.
        num_frames: How many frames.
        is_held_out: The ground, the broadcaster and the shifted batters that are kept out of training, as they are;
            otherwise everything is drawn at random.
    """
    count = 0
    for number in range(num_frames):
        random = np.random.default_rng([seed, number, int(is_held_out)])
        for portrait in _of_a_match(random, seed=(seed, number), is_held_out=is_held_out):
            yield portrait
            count += 1
            if count == num_frames:
                return


def _of_a_match(random: np.random.Generator, *, seed: tuple[int, int], is_held_out: bool) -> Iterator[Portrait]:
    kind: Mode = random.choice(get_args(Mode), p=[0.66, 0.2, 0.14])
    match = _draw_match(random, kind, seed=seed, is_held_out=is_held_out)
    wardrobe = dress_code(random) if is_held_out or random.random() < 0.3 else _any_clothes(random)
    studio = Studio(match, wardrobe=wardrobe)
    for number, shot in enumerate(match.shots):
        frames_T = _instants(random, shot)
        for row, frame in enumerate(studio.glimpse(number, frames_T)):
            yield _portrait(frame, studio.truths[-1], row)
        studio.truths.clear()
    if kind == "broadcast":
        yield from _nobody(random, match)


def _draw_match(random: np.random.Generator, kind: Mode, *, seed: tuple[int, int], is_held_out: bool) -> Match:
    is_nets = kind == "nets"
    venue = VENUES["academy_nets"] if is_nets else VENUES[HELD_OUT_VENUE]
    station = BROADCASTERS[HELD_OUT_STATION]
    if not is_held_out:
        venue, station = _any_venue(random, is_nets=is_nets), _any_station(random)
    width, height = (128, 128) if kind == "clip" else (640, 360)
    part = PartSettings(
        mode=kind, balls_per_match=_BALLS, num_batters=5, is_held_out=is_held_out, width=width, height=height,
        venues=("academy_nets",) if is_nets else (HELD_OUT_VENUE,),
        cameras=_NET_CAMERAS if is_nets else ("bowler_end",),
    )  # fmt: skip
    batters = make_batters(5, seed=int(random.integers(1 << 30)), is_shifted=is_held_out)
    match = play_match(
        WorldSettings(name="p", parts={"p": part}, difficulty=1.0 if is_held_out else 1.3, venue_bias=0.0, fps=_FPS),
        part, match_id="p", venue=venue, broadcaster=station, batters=batters, seed=(*seed, int(is_held_out)),
    )  # fmt: skip
    return replace(match, shots=[_draw_shot(random, match) for _ in range(_SHOTS_A_MATCH)])


def _draw_shot(random: np.random.Generator, match: Match) -> PlannedShot:
    scene = match.scenes[int(random.integers(len(match.scenes)))]
    if match.part.mode == "broadcast":
        camera = str(random.choice(_CAMERAS, p=_ODDS))
    elif match.part.mode == "clip":
        camera = str(random.choice(["bowler_end", "keeper_end", "side_on"], p=[0.5, 0.2, 0.3]))
    else:
        camera = str(random.choice(_NET_CAMERAS))
    is_replay = camera in ("bowler_end", "keeper_end", "side_on") and random.random() < 0.3
    speed = float(random.uniform(0.33, 0.5)) if is_replay else 1.0
    start_s = 4.0 if camera == "closeup" else scene.release_s - _BEFORE_S if not is_replay else -1.0
    end_s = start_s + _CLOSEUP_S if camera == "closeup" else _AFTER_S
    return PlannedShot(
        camera=camera, scene=scene.number, start_s=start_s, num_frames=int((end_s - start_s) / speed * match.fps),
        speed=speed, is_replay=is_replay, has_bug=not is_replay and bool(random.random() < 0.7),
        subject="striker" if random.random() < 0.65 else "bowler",
        follow=float(random.choice([1.0, 0.15, -0.4], p=[0.8, 0.14, 0.06])),
    )  # fmt: skip


def _instants(random: np.random.Generator, shot: PlannedShot) -> np.ndarray:
    """Return frames of a shot, half of them inside the stroke where it shows one."""
    anywhere = random.integers(0, shot.num_frames, size=_FRAMES_A_SHOT)
    if shot.camera != "closeup":
        low, high = ((np.array(_STROKE_S) - shot.start_s) * _FPS / shot.speed).astype(int)
        inside = random.integers(max(low, 0), min(high, shot.num_frames), size=_FRAMES_A_SHOT)
        anywhere = np.where(random.random(_FRAMES_A_SHOT) < 0.5, inside, anywhere)
    return np.unique(anywhere)


def _portrait(frame: np.ndarray, truth: ShotTruth, row: int) -> Portrait:
    people = [person for person in truth.people if np.isfinite(person.boxes_T4[row]).all()]
    return Portrait(
        frame_HWC=frame,
        joints_PJ2=np.array([person.pixels_TJ2[row] for person in people]).reshape(-1, 17, 2),
        boxes_P4=np.array([person.boxes_T4[row] for person in people]).reshape(-1, 4),
        roles_P=tuple(person.role for person in people),
        camera=truth.shot.camera,
    )


def _nobody(random: np.random.Generator, match: Match) -> Iterator[Portrait]:
    """Yield a picture of the crowd and one of an advert: painted spectators are nobody."""
    width, height = match.size
    sheet = crowd_sheet(random, match.size, fill=float(random.uniform(0.3, 1.0)))[0]
    pictures = {"crowd": sheet[:height, :width], "advert": advert(random, match.size, num_frames=1)[0]}
    for camera, picture in pictures.items():
        yield Portrait(
            frame_HWC=np.ascontiguousarray(picture[..., ::-1]), joints_PJ2=np.zeros((0, 17, 2)),
            boxes_P4=np.zeros((0, 4)), roles_P=(), camera=camera,
        )  # fmt: skip


def _colour(random: np.random.Generator, *, hue=(0.0, 1.0), strength=(0.0, 0.9), light=(40.0, 250.0)) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(random.uniform(*hue), random.uniform(*strength), random.uniform(*light))
    return (blue, green, red)


def _any_clothes(random: np.random.Generator) -> Wardrobe:
    def pair() -> tuple[Colour, Colour]:
        shirt = _colour(random)
        return shirt, shirt if random.random() < 0.5 else _colour(random)

    return Wardrobe(
        batting=pair(), fielding=pair(), batting_hat=_colour(random), fielding_hat=_colour(random),
        pads=WHITE if random.random() < 0.6 else _colour(random), umpire=_colour(random),
        ball=RED_BALL if random.random() < 0.5 else WHITE_BALL,
    )  # fmt: skip


def _any_venue(random: np.random.Generator, *, is_nets: bool) -> Venue:
    return Venue(
        name="any", grass=_colour(random, hue=(0.14, 0.42), strength=(0.2, 0.7), light=(80, 170)),
        soil=_colour(random, hue=(0.05, 0.2), strength=(0.05, 0.5), light=(110, 225)),
        sky=_colour(random, light=(30, 250)), seats=_colour(random),
        boards=tuple(_colour(random) for _ in range(4)), band_m=float(random.uniform(3, 10)),
        band_contrast=float(random.uniform(0.0, 0.25)), band_deg=float(random.choice([0.0, 45.0, 90.0, 135.0])),
        boundary_m=float(random.uniform(60, 74)), gantry_m=float(random.uniform(6, 16)),
        sun_deg=float(random.uniform(-180, 180)), shadow=float(random.uniform(0.1, 2.2)),
        light=float(random.uniform(0.75, 1.15)), fill=float(random.uniform(0.2, 1.0)), is_nets=is_nets,
    )  # fmt: skip


def _any_station(random: np.random.Generator) -> Broadcaster:
    return Broadcaster(
        name="Any",
        bug=str(random.choice(["bottom", "top_left", "strip"])),
        paint=(_colour(random), _colour(random)),
        lens=float(random.uniform(0.6, 1.5)),
        noise=float(random.uniform(1.0, 8.0)),
        grade=tuple(float(gain) for gain in random.uniform(0.9, 1.1, size=3)),
    )
