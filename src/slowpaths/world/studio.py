"""Film a match: set up each shot, draw its frames, and note the truth of every person in them.

Legend: T frames, S sub-frames of the shutter, K = 17 joints, H, W.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np

from slowpaths.world.backdrop import Backdrop, make_backdrop
from slowpaths.world.body import Body, Joints, heading
from slowpaths.world.cameras import Aim, Camera, make_camera, work
from slowpaths.world.cast import stand
from slowpaths.world.edit import Match, PlannedShot
from slowpaths.world.figures import Kit, dress, stumps
from slowpaths.world.graphics import advert, crowd_sheet, lay_over, score_bug, wipe
from slowpaths.world.kinematics import Bat
from slowpaths.world.raster import SUBFRAMES, Sprite, draw, draw_ball, draw_shadow, prepare
from slowpaths.world.scene import Scene
from slowpaths.world.wardrobe import Wardrobe, dress_code

_SHUTTER = 0.5  # of the frame time
_BAT_PARTS = 3
_TRACKS = {"striker": 0, "bowler": 1, "keeper": 2, "non_striker": 3, "umpire": 4}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonTruth:
    """Hold one person in one shot.

    Args:
        track_id: 0 striker, 1 bowler, 2 keeper, 3 non-striker, 4 umpire, 5 and on fielders.
        role: What this person does.
        points_TK3: Joints in metres.
        pixels_TK2: Joints in pixels, also where they lie outside the picture; NaN behind the camera.
        boxes_T4: Box around the body without the bat, pixels.
    """

    track_id: int
    role: str
    points_TK3: np.ndarray
    pixels_TK2: np.ndarray
    boxes_T4: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShotTruth:
    """Hold everything that is known of one shot.

    Args:
        shot: The plan.
        first_frame: Number of its first frame in the video.
        times_T: Time of each frame, seconds from the impact of the ball it shows.
        people: Everybody whose joints are in front of the camera.
        ball_T3: The ball, metres; NaN before release.
        ball_T2: The ball, pixels.
        camera_T3: Camera position since the first frame: pan right and tilt down in pixels, log zoom in.
    """

    shot: PlannedShot
    first_frame: int
    times_T: np.ndarray
    people: list[PersonTruth]
    ball_T3: np.ndarray
    ball_T2: np.ndarray
    camera_T3: np.ndarray


class Studio:
    """Film one match frame by frame, in order.

    Args:
        match: The match and its edit.
        wardrobe: Who wears what; drawn from the seed of the match where not given.

    Attributes:
        truths: What is known of the shots filmed so far.
    """

    def __init__(self, match: Match, *, wardrobe: Wardrobe | None = None) -> None:
        self.match = match
        self.truths: list[ShotTruth] = []
        self._width, self._height = match.part.width, match.part.height
        self._wardrobe: Wardrobe = wardrobe or dress_code(np.random.default_rng([*match.seed, 2]))
        random = np.random.default_rng([*match.seed, 3])
        lens = match.broadcaster.lens
        self._cameras = {
            name: make_camera(
                name, random, height_m=match.venue.gantry_m, lens=1.0 if name.startswith("nets") else lens
            )
            for name in ("bowler_end", "keeper_end", "side_on", "field", "nets_static", "nets_handheld", "nets_side")
        }
        grain = np.random.default_rng([*match.seed, 4])
        noise = grain.standard_normal((8, self._height, self._width, 3), dtype=np.float32) * match.broadcaster.noise
        self._grain = np.clip(noise, 0, 60).astype(np.uint8), np.clip(-noise, 0, 60).astype(np.uint8)
        self._backdrops: dict[str, Backdrop] = {}

    def film(self) -> Iterator[np.ndarray]:
        """Yield every frame (H, W, 3), uint8, RGB; fills `truths` on the way."""
        first_frame = 0
        for number, shot in enumerate(self.match.shots):
            random = np.random.default_rng([*self.match.seed, 5, number])
            if shot.camera == "advert":
                frames = iter(advert(random, width=self._width, height=self._height, num_frames=shot.num_frames))
                self._note(shot, first_frame)
            elif shot.camera == "crowd":
                frames = self._film_crowd(shot, random)
                self._note(shot, first_frame)
            else:
                frames = self._film_play(shot, first_frame, random)
            following = self.match.shots[number + 1] if number + 1 < len(self.match.shots) else None
            bug = self._bug(shot)
            for index, frame in enumerate(frames):
                if shot.camera != "advert":
                    self._develop(frame, random)
                if bug is not None:
                    lay_over(frame, bug)
                self._lay_wipe(frame, shot, following, index)
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            first_frame += shot.num_frames

    def glimpse(self, number: int, frames_T: np.ndarray) -> Iterator[np.ndarray]:
        """Yield chosen frames of one play shot only, without wipes; notes them in `truths`.

        Args:
            number: Number of the shot in the edit.
            frames_T: Frames of that shot, increasing.
        """
        shot = self.match.shots[number]
        random = np.random.default_rng([*self.match.seed, 5, number])
        bug = self._bug(shot)
        for frame in self._film_play(shot, 0, random, frames_T=frames_T):
            self._develop(frame, random)
            if bug is not None:
                lay_over(frame, bug)
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def _bug(self, shot: PlannedShot) -> tuple[np.ndarray, int, int] | None:
        if self.match.part.mode != "broadcast" or not shot.has_bug or shot.scene < 0:
            return None
        # The score changes once the ball is over: on everything but the live shot and the field.
        after = shot.scene + int(shot.camera in ("closeup", "crowd"))
        score = self.match.scores[min(after, len(self.match.scores) - 1)]
        return score_bug(self.match.broadcaster, score, width=self._width, height=self._height)

    def _lay_wipe(self, frame: np.ndarray, shot: PlannedShot, following: PlannedShot | None, index: int) -> None:
        half = self.match.broadcaster.wipe_frames / 2
        if shot.transition == "wipe" and index < half:
            wipe(frame, self.match.broadcaster, 0.5 + 0.5 * (index + 0.5) / half)
        elif following is not None and following.transition == "wipe" and shot.num_frames - index <= half:
            wipe(frame, self.match.broadcaster, 0.5 - 0.5 * (shot.num_frames - index - 0.5) / half)

    def _develop(self, frame: np.ndarray, random: np.random.Generator) -> None:
        """Grade, flicker and add sensor noise, in place."""
        gains = np.array(self.match.broadcaster.grade) * (1.0 + 0.006 * random.normal())
        if not np.allclose(gains, 1.0, atol=0.004):
            cv2.multiply(frame, np.array([*gains, 1.0]), dst=frame)
        which = int(random.integers(8))
        cv2.add(frame, self._grain[0][which], dst=frame)
        cv2.subtract(frame, self._grain[1][which], dst=frame)

    def _note(self, shot: PlannedShot, first_frame: int) -> None:
        empty = np.full((shot.num_frames, 3), np.nan)
        self.truths.append(
            ShotTruth(
                shot=shot,
                first_frame=first_frame,
                times_T=np.full(shot.num_frames, np.nan),
                people=[],
                ball_T3=empty,
                ball_T2=empty[:, :2],
                camera_T3=np.zeros((shot.num_frames, 3)),
            )
        )

    def _film_crowd(self, shot: PlannedShot, random: np.random.Generator) -> Iterator[np.ndarray]:
        sheets = crowd_sheet(random, width=self._width, height=self._height, fill=self.match.venue.fill)
        tall, wide = sheets[0].shape[:2]
        drift = random.uniform(-0.8, 0.8)
        for index in range(shot.num_frames):
            share = index / max(shot.num_frames - 1, 1)
            left = int((wide - self._width) * (0.5 + 0.45 * drift * (2 * share - 1)))
            top = (tall - self._height) // 2
            sheet = sheets[(index // 4) % len(sheets)]
            yield sheet[top : top + self._height, left : left + self._width].copy()

    def _film_play(
        self,
        shot: PlannedShot,
        first_frame: int,
        random: np.random.Generator,
        *,
        frames_T: np.ndarray | None = None,
    ) -> Iterator[np.ndarray]:
        fps, venue = self.match.fps, self.match.venue
        scene = self.match.scenes[shot.scene]
        frames_T = np.arange(shot.num_frames) if frames_T is None else frames_T
        times_T = shot.start_s + frames_T / fps * shot.speed
        spread = _SHUTTER / fps * shot.speed * np.linspace(-1 / 3, 1 / 3, SUBFRAMES)
        times_TS = (times_T[:, None] + spread).ravel()
        people, aim = self._set_up(shot, scene, times_TS, random)
        sun = np.array([np.cos(np.deg2rad(venue.sun_deg)), np.sin(np.deg2rad(venue.sun_deg)), 0.9])
        sun /= np.linalg.norm(sun)
        middle = slice(SUBFRAMES // 2, None, SUBFRAMES)
        at = _pick(aim, middle)
        sprites: list[Sprite] = []
        truths: list[PersonTruth] = []
        for role, (joints, bat, kit) in people.items():
            capsules = dress(joints, kit, bat=bat)
            sprite = prepare(
                capsules, aim, width=self._width, height=self._height, sun_3=sun, shadow=venue.shadow,
                num_body=len(capsules.lift_N) - (_BAT_PARTS if bat is not None else 0),
            )  # fmt: skip
            if not self._is_seen(sprite):
                continue
            sprites.append(sprite)
            points = joints.keypoints_TK3[middle]
            pixels, _ = at.project(points, width=self._width, height=self._height)
            truths.append(
                PersonTruth(
                    track_id=_TRACKS[role] if role in _TRACKS else 5 + int(role.removeprefix("fielder")),
                    role=role,
                    points_TK3=points,
                    pixels_TK2=pixels,
                    boxes_T4=sprite.body_T4,
                )
            )
        if shot.camera != "closeup":
            for at_striker in (True,) if venue.is_nets else (True, False):
                wood = stumps(len(times_TS), at_striker=at_striker)
                sprites.append(
                    prepare(wood, aim, width=self._width, height=self._height, sun_3=sun, shadow=venue.shadow)
                )
        ball_T3 = scene.ball.position(times_TS) if shot.camera != "closeup" else np.full((len(times_TS), 3), np.nan)
        ball_T2, ball_depth = aim.project(ball_T3[:, None], width=self._width, height=self._height)
        ball_px = ball_T2[:, 0].reshape(-1, SUBFRAMES, 2)
        self.truths.append(
            ShotTruth(
                shot=shot,
                first_frame=first_frame,
                times_T=times_T,
                people=truths,
                ball_T3=ball_T3[middle],
                ball_T2=ball_px[:, SUBFRAMES // 2],
                camera_T3=_camera_track(at, self._height),
            )
        )
        backdrop = self._backdrop(shot, aim)
        focal_T, rotation_T = at.focal_T(self._height), at.rotation_T33()
        radius_T = 0.036 * focal_T / np.maximum(ball_depth[middle, 0], 0.5)
        red_or_white = self._wardrobe.ball
        for index in range(len(frames_T)):
            frame = backdrop.cut(rotation_T[index], focal_T[index], width=self._width, height=self._height)
            if shot.camera == "closeup":
                frame = cv2.blur(frame, (9, 9))
            for sprite in sprites:
                draw_shadow(frame, sprite, index, strength=0.34)
            for sprite in sorted(sprites, key=lambda item: -item.depth_T[index]):
                draw(frame, sprite, index)
            draw_ball(frame, ball_px[index], float(radius_T[index]), colour=red_or_white)
            yield frame

    def _is_seen(self, sprite: Sprite) -> bool:
        box = sprite.box_T4
        with np.errstate(invalid="ignore"):
            inside = (box[:, 2] > 0) & (box[:, 3] > 0) & (box[:, 0] < self._width) & (box[:, 1] < self._height)
        return bool(inside.any())

    def _set_up(
        self, shot: PlannedShot, scene: Scene, times_TS: np.ndarray, random: np.random.Generator
    ) -> tuple[dict[str, tuple[Joints, Bat | None, Kit]], Aim]:
        """Return everybody in the shot and where the camera points."""
        if shot.camera == "closeup":
            return self._close_up(shot, scene, times_TS, random)
        camera = self._cameras[shot.camera]
        camera = replace(camera, follow=camera.follow * shot.follow)
        if shot.is_replay:
            camera = replace(camera, fov_deg=0.8 * camera.fov_deg, zoom=0.1)
        joints, bat = scene.striker(times_TS)
        wear = self._wardrobe
        people: dict[str, tuple[Joints, Bat | None, Kit]] = {"striker": (joints, bat, wear.batter(scene.batter.number))}
        for role, other in scene.others(times_TS).items():
            held = _carried(other) if role == "non_striker" else None
            number = scene.partner.number if role == "non_striker" else len(role) + int(role[-1] == "1")
            people[role] = (other, held, wear.kit(role, number))
        if self.match.part.mode == "clip":
            return people, _crop(camera, times_TS, joints)
        follows = scene.contact in ("middle", "edge")
        return people, work(camera, times_TS, ball=scene.ball if follows else None)

    def _close_up(
        self, shot: PlannedShot, scene: Scene, times_TS: np.ndarray, random: np.random.Generator
    ) -> tuple[dict[str, tuple[Joints, Bat | None, Kit]], Aim]:
        camera: Camera = make_camera("closeup", random, lens=self.match.broadcaster.lens)
        is_striker = shot.subject == "striker"
        place = (-0.1 + float(random.normal(0, 0.3)), 1.2)
        back = float(np.rad2deg(np.arctan2(camera.place_3[1] - place[1], camera.place_3[0] - place[0])))
        yaw = back + float(random.normal(0, 30))
        pace = float(random.choice([0.0, 0.0, 0.9]))
        walk = pace * (times_TS - times_TS[0])[:, None] * heading(yaw)[None, :2]
        size = scene.batter.style.height if is_striker else 1.0
        look = heading(np.array(yaw + 25 * np.sin(0.9 * times_TS + random.uniform(0, 6))))
        joints = stand(
            times_TS,
            body=Body().scaled(size),
            place=place,
            yaw_deg=yaw,
            hands="bat" if is_striker else str(random.choice(["hips", "sides"])),
            phase=float(random.uniform(0, 6)),
            walk_T2=walk,
            gaze_T3=look,
        )
        bat = _carried(joints) if is_striker else None
        role = "striker" if is_striker else "bowler"
        number = scene.batter.number if is_striker else 3
        kit = self._wardrobe.kit(role, number)
        target = joints.head_T3 - [0.0, 0.0, 0.28]
        return {role: (joints, bat, kit)}, work(camera, times_TS, ball=None, target_T3=target)

    def _backdrop(self, shot: PlannedShot, aim: Aim) -> Backdrop:
        if shot.camera == "closeup":
            return make_backdrop(self.match.venue, aim, width=self._width, height=self._height)
        key = f"{shot.camera}{shot.is_replay}"
        self._backdrops[key] = make_backdrop(
            self.match.venue, aim, width=self._width, height=self._height, known=self._backdrops.get(key)
        )
        return self._backdrops[key]


def _pick(aim: Aim, which: slice) -> Aim:
    return Aim(**{
        item.name: getattr(aim, item.name) if item.name == "place_3" else getattr(aim, item.name)[which]
        for item in fields(Aim)
    })  # fmt: skip


def _camera_track(aim: Aim, height: int) -> np.ndarray:
    """Return pan right, tilt down (pixels) and log zoom since the first frame (T, 3)."""
    focal = aim.focal_T(height)
    pan, tilt = np.unwrap(aim.pan_T), aim.tilt_T
    steps = np.diff(np.stack([pan, -tilt], axis=1), axis=0) * focal[1:, None]
    moved = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    return np.concatenate([moved, np.log(focal / focal[0])[:, None]], axis=1)


def _carried(joints: Joints) -> Bat:
    """Return a bat that hangs from the right hand."""
    hand = joints.joint("right_wrist")
    way = np.array([0.25, -0.25, -0.93])
    grip = hand + np.array([0.0, 0.0, -0.06])
    return Bat(top_T3=grip - 0.13 * way, grip_T3=grip, sweet_T3=grip + 0.52 * way, toe_T3=grip + 0.70 * way)


def _crop(camera: Camera, times_T: np.ndarray, joints: Joints) -> Aim:
    """Return a camera that holds the striker in the middle: 1.6 body heights high, locked after the first frame."""
    points = joints.keypoints_TK3
    window = np.abs(times_T) < 0.6
    chosen = points[window] if window.any() else points
    centre = 0.5 * (chosen.min(axis=(0, 1)) + chosen.max(axis=(0, 1)))
    distance = float(np.linalg.norm(centre - camera.place_3))
    fov = np.rad2deg(2 * np.arctan(0.5 * 1.6 * 1.8 / distance))
    locked = replace(camera, aim_3=centre, fov_deg=float(fov), follow=0.0)
    return work(locked, times_T, ball=None)
