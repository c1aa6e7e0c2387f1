"""Set up each shot of a match: who stands where, in which clothes, what the camera points at, and what it truly shows.

Nothing is drawn here: what a shot shows is known before it is filmed. Legend: T frames, I instants (sub-frames of all
frames, see `camera.silhouette`), J = 17 joints.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from slowpaths.world.action.capsules import dress
from slowpaths.world.action.cast import stand
from slowpaths.world.action.limbs import Body, Joints, heading
from slowpaths.world.action.outfits import Kit, Wardrobe, dress_code
from slowpaths.world.action.scene import Scene
from slowpaths.world.action.stroke_motion import Bat, hold_bat
from slowpaths.world.camera.cameras import Aim, Camera, make_camera, work
from slowpaths.world.camera.edit import PlannedShot
from slowpaths.world.camera.match import Match
from slowpaths.world.camera.silhouette import MIDDLE, SUBFRAMES, Silhouette, project

_SHUTTER = 0.5  # of the frame time
_CAMERAS = ("bowler_end", "keeper_end", "side_on", "field", "nets_static", "nets_handheld", "nets_side")
_ROLES = ("striker", "bowler", "keeper", "non_striker", "umpire")
_People = dict[str, tuple[Joints, Bat | None, Kit]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonTruth:
    """Hold one person in one shot."""

    track_id: int  # 0 striker, 1 bowler, 2 keeper, 3 non-striker, 4 umpire, 5 and on fielders
    role: str  # what this person does
    points_TJ3: np.ndarray  # joints in metres
    pixels_TJ2: np.ndarray  # joints in pixels, also where they lie outside the picture; NaN behind the camera
    boxes_T4: np.ndarray  # box around the body without the bat, pixels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShotTruth:
    """Hold everything that is known of one shot."""

    number: int  # number of the shot in the edit
    shot: PlannedShot  # the plan
    first_frame: int  # number of its first frame in the video
    times_T: np.ndarray  # time of each frame, seconds from the impact of the ball it shows
    people: list[PersonTruth]  # everybody whose joints are in front of the camera
    ball_T3: np.ndarray  # the ball, metres; NaN before release
    ball_T2: np.ndarray  # the ball, pixels
    camera_T3: np.ndarray  # camera position since the first frame: pan right and tilt down in pixels, log zoom in


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StagedShot:
    """Hold a shot that is ready to be filmed."""

    truth: ShotTruth  # what it shows
    aim: Aim  # where the camera points at each instant
    figures: list[Silhouette]  # everybody who is seen
    ball_I2: np.ndarray  # the ball at each instant, pixels
    ball_depth_I: np.ndarray  # its distance, metres


class Stage:
    """Set up the shots of one match; the wardrobe is drawn from its seed where not given.

    `roles` are those whose truth is wanted, such as ("striker", "ball"); everybody's and the ball's where not given.
    What is left out is not computed, what is not is as it is among everybody.
    """

    def __init__(self, match: Match, *, wardrobe: Wardrobe | None = None, roles: Collection[str] | None = None) -> None:
        self.match = match
        self.wardrobe: Wardrobe = wardrobe or dress_code(np.random.default_rng([*match.seed, 2]))
        self._roles = roles
        random, lens = np.random.default_rng([*match.seed, 3]), match.broadcaster.lens
        lenses = {name: 1.0 if name.startswith("nets") else lens for name in _CAMERAS}
        make = partial(make_camera, random=random, size=match.size, height_m=match.venue.gantry_m)
        self._cameras = {name: make(name, lens=lens) for name, lens in lenses.items()}

    def random(self, number: int) -> np.random.Generator:
        """Return the source of chance of one shot."""
        return np.random.default_rng([*self.match.seed, 5, number])

    def empty(self, number: int) -> ShotTruth:
        """Return what is known of a shot in which nobody acts."""
        shot = self.match.shots[number]
        nowhere = np.full((shot.num_frames, 3), np.nan)
        return ShotTruth(
            number=number, shot=shot, first_frame=self.match.first_frames[number], times_T=nowhere[:, 0], people=[],
            ball_T3=nowhere, ball_T2=nowhere[:, :2], camera_T3=np.zeros((shot.num_frames, 3)),
        )  # fmt: skip

    def set_up(self, number: int, random: np.random.Generator, *, frames_T: np.ndarray | None = None) -> StagedShot:
        """Set up one shot in which people act: all its frames, or those that are wanted, increasing."""
        match, shot = self.match, self.match.shots[number]
        scene = match.scenes[shot.scene]
        frames_T = np.arange(shot.num_frames) if frames_T is None else frames_T
        times_T = shot.start_s + frames_T / match.fps * shot.speed
        spread = _SHUTTER / match.fps * shot.speed * np.linspace(-1 / 3, 1 / 3, SUBFRAMES)
        times_I = (times_T[:, None] + spread).ravel()
        is_closeup = shot.camera == "closeup"
        people, aim = self._close_up(shot, scene, times_I, random) if is_closeup else self._play(shot, scene, times_I)
        middle = aim.at(MIDDLE)
        figures, truths = [], []
        for role, (joints, bat, kit) in people.items():
            if self._roles is not None and role not in self._roles:
                continue
            figure = project(dress(joints, kit, bat=bat), aim)
            if not figure.is_seen(match.size):
                continue
            figures.append(figure)
            points, boxes = joints.keypoints_TJ3[MIDDLE], figure.body_T4
            pixels, track_id = middle.project(points)[0], _track_id(role)
            person = {"points_TJ3": points, "pixels_TJ2": pixels, "boxes_T4": boxes}
            truths.append(PersonTruth(track_id=track_id, role=role, **person))
        has_ball = not is_closeup and (self._roles is None or "ball" in self._roles)
        ball_I3 = scene.ball.position(times_I) if has_ball else np.full((len(times_I), 3), np.nan)
        ball_I12, depth_I1 = aim.project(ball_I3[:, None])
        truth = ShotTruth(
            number=number, shot=shot, first_frame=match.first_frames[number], times_T=times_T, people=truths,
            ball_T3=ball_I3[MIDDLE], ball_T2=ball_I12[MIDDLE, 0], camera_T3=_camera_track(middle),
        )  # fmt: skip
        return StagedShot(truth=truth, aim=aim, figures=figures, ball_I2=ball_I12[:, 0], ball_depth_I=depth_I1[:, 0])

    def _play(self, shot: PlannedShot, scene: Scene, times_I: np.ndarray) -> tuple[_People, Aim]:
        """Return everybody on the field and where the camera points."""
        camera = self._cameras[shot.camera]
        camera = replace(camera, follow=camera.follow * shot.follow)
        if shot.is_replay:
            camera = replace(camera, fov_deg=0.8 * camera.fov_deg, zoom=0.1)
        joints, bat = scene.striker(times_I)
        people: _People = {"striker": (joints, bat, self.wardrobe.batter(scene.batter.number))}
        for role, other in scene.others(times_I, self._roles).items():
            held = _carried(other) if role == "non_striker" else None
            number = scene.partner.number if role == "non_striker" else len(role) + int(role[-1] == "1")
            people[role] = (other, held, self.wardrobe.kit(role, number))
        if self.match.part.mode == "clip":
            return people, _crop(camera, times_I, joints)
        return people, work(camera, times_I, ball=scene.ball if scene.is_hit else None)

    def _close_up(
        self, shot: PlannedShot, scene: Scene, times_I: np.ndarray, random: np.random.Generator
    ) -> tuple[_People, Aim]:
        camera = make_camera("closeup", random, size=self.match.size, lens=self.match.broadcaster.lens)
        is_striker = shot.subject == "striker"
        place = (-0.1 + float(random.normal(0, 0.3)), 1.2)
        back = float(np.rad2deg(np.arctan2(camera.place_3[1] - place[1], camera.place_3[0] - place[0])))
        yaw = back + float(random.normal(0, 30))
        pace = float(random.choice([0.0, 0.0, 0.9]))
        look = heading(np.array(yaw + 25 * np.sin(0.9 * times_I + random.uniform(0, 6))))
        joints = stand(
            times_I, body=Body().scaled(scene.batter.style.height if is_striker else 1.0), place=place, yaw_deg=yaw,
            hands="bat" if is_striker else str(random.choice(["hips", "sides"])), phase=float(random.uniform(0, 6)),
            walk_T2=pace * (times_I - times_I[0])[:, None] * heading(yaw)[None, :2], gaze_T3=look,
        )  # fmt: skip
        kit = self.wardrobe.kit(shot.subject, scene.batter.number if is_striker else 3)
        aim = work(camera, times_I, ball=None, target_T3=joints.head_T3 - [0.0, 0.0, 0.28])
        return {shot.subject: (joints, _carried(joints) if is_striker else None, kit)}, aim


def _track_id(role: str) -> int:
    return _ROLES.index(role) if role in _ROLES else len(_ROLES) + int(role.removeprefix("fielder"))


def _camera_track(aim: Aim) -> np.ndarray:
    """Return pan right, tilt down (pixels) and log zoom since the first frame (T, 3)."""
    focal = aim.focal_T()
    pan, tilt = np.unwrap(aim.pan_T), aim.tilt_T
    steps = np.diff(np.stack([pan, -tilt], axis=1), axis=0) * focal[1:, None]
    moved = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    return np.concatenate([moved, np.log(focal / focal[0])[:, None]], axis=1)


def _carried(joints: Joints) -> Bat:
    """Return a bat that hangs from the right hand."""
    grip = joints.joint("right_wrist") + np.array([0.0, 0.0, -0.06])
    return hold_bat(grip, np.array([0.25, -0.25, -0.93]))


def _crop(camera: Camera, times_T: np.ndarray, joints: Joints) -> Aim:
    """Return a camera that holds the striker in the middle: 1.6 body heights high, locked after the first frame."""
    points = joints.keypoints_TJ3
    window = np.abs(times_T) < 0.6
    chosen = points[window] if window.any() else points
    centre = 0.5 * (chosen.min(axis=(0, 1)) + chosen.max(axis=(0, 1)))
    distance = float(np.linalg.norm(centre - camera.place_3))
    fov = np.rad2deg(2 * np.arctan(0.5 * 1.6 * 1.8 / distance))
    locked = replace(camera, aim_3=centre, fov_deg=float(fov), follow=0.0)
    return work(locked, times_T, ball=None)
