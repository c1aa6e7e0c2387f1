"""Film a match: draw the frames of every shot as it is staged, edit and develop them.

Legend: T frames, I instants (sub-frames of all frames, see `camera.silhouette`), H, W.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from slowpaths.world.action.ball import RADIUS_M
from slowpaths.world.action.capsules import stumps
from slowpaths.world.action.outfits import Wardrobe
from slowpaths.world.camera.cameras import Aim
from slowpaths.world.camera.edit import PlannedShot
from slowpaths.world.camera.match import Match
from slowpaths.world.camera.silhouette import MIDDLE, SUBFRAMES, project
from slowpaths.world.camera.staging import ShotTruth, Stage, StagedShot
from slowpaths.world.picture.backdrop import Backdrop, make_backdrop
from slowpaths.world.picture.graphics import advert, crowd_sheet, lay_over, score_bug, wipe
from slowpaths.world.picture.raster import Sprite, draw, draw_ball, draw_shadow, prepare

_SUN_HEIGHT, _SHADOW_STRENGTH = 0.9, 0.34
_Bug = tuple[np.ndarray, int, int]


class Studio:
    """Film one match frame by frame, in order; the wardrobe is drawn from its seed where not given.

    Attributes:
        truths: What is known of the shots filmed so far.
    """

    def __init__(self, match: Match, *, wardrobe: Wardrobe | None = None) -> None:
        self.match = match
        self.truths: list[ShotTruth] = []
        self._stage = Stage(match, wardrobe=wardrobe)
        grain = np.random.default_rng([*match.seed, 4])
        noise = grain.standard_normal((8, *match.size[::-1], 3), dtype=np.float32) * match.broadcaster.noise
        self._grain = np.clip(noise, 0, 60).astype(np.uint8), np.clip(-noise, 0, 60).astype(np.uint8)
        self._backdrops: dict[str, Backdrop] = {}

    def film(self) -> Iterator[np.ndarray]:
        """Yield every frame (H, W, 3), uint8, RGB; fills `truths` on the way."""
        shots = self.match.shots
        for number, shot in enumerate(shots):
            random = self._stage.random(number)
            frames = self._shoot(number, random)
            following = shots[number + 1] if number + 1 < len(shots) else None
            bug = self._bug(shot)
            for index, frame in enumerate(frames):
                self._develop(frame, random, bug=bug, is_film=shot.camera != "advert")
                self._lay_wipe(frame, shot, following, index)
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def glimpse(self, number: int, frames_T: np.ndarray) -> Iterator[np.ndarray]:
        """Yield chosen frames (increasing) of one shot with people only, without wipes; notes them in `truths`."""
        random, bug = self._stage.random(number), self._bug(self.match.shots[number])
        staged = self._stage.set_up(number, random, frames_T=frames_T)
        self.truths.append(staged.truth)
        for frame in self._draw_shot(staged):
            self._develop(frame, random, bug=bug)
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def _shoot(self, number: int, random: np.random.Generator) -> Iterator[np.ndarray]:
        """Return the frames of a shot as the camera gives them, and note the truth."""
        shot = self.match.shots[number]
        if shot.is_staged:
            staged = self._stage.set_up(number, random)
            self.truths.append(staged.truth)
            return self._draw_shot(staged)
        self.truths.append(self._stage.empty(number))
        if shot.camera == "advert":
            return iter(advert(random, self.match.size, num_frames=shot.num_frames))
        return self._film_crowd(shot, random)

    def _bug(self, shot: PlannedShot) -> _Bug | None:
        if self.match.part.mode != "broadcast" or not shot.has_bug or shot.scene < 0:
            return None
        # The score changes once the ball is over: on everything but the live shot and the field.
        after = shot.scene + int(shot.camera in ("closeup", "crowd"))
        score = self.match.scores[min(after, len(self.match.scores) - 1)]
        return score_bug(self.match.broadcaster, score, self.match.size)

    def _lay_wipe(self, frame: np.ndarray, shot: PlannedShot, following: PlannedShot | None, index: int) -> None:
        half = self.match.broadcaster.wipe_frames / 2
        if shot.transition == "wipe" and index < half:
            wipe(frame, self.match.broadcaster, 0.5 + 0.5 * (index + 0.5) / half)
        elif following is not None and following.transition == "wipe" and shot.num_frames - index <= half:
            wipe(frame, self.match.broadcaster, 0.5 - 0.5 * (shot.num_frames - index - 0.5) / half)

    def _develop(
        self, frame: np.ndarray, random: np.random.Generator, *, bug: _Bug | None, is_film: bool = True
    ) -> None:
        """Grade, flicker and add sensor noise to what a camera filmed, and lay the score bug over it, in place."""
        if is_film:
            gains = np.array(self.match.broadcaster.grade) * (1.0 + 0.006 * random.normal())
            if not np.allclose(gains, 1.0, atol=0.004):
                cv2.multiply(frame, np.array([*gains, 1.0]), dst=frame)
            which = int(random.integers(8))
            cv2.add(frame, self._grain[0][which], dst=frame)
            cv2.subtract(frame, self._grain[1][which], dst=frame)
        if bug is not None:
            lay_over(frame, bug)

    def _film_crowd(self, shot: PlannedShot, random: np.random.Generator) -> Iterator[np.ndarray]:
        width, height = self.match.size
        sheets = crowd_sheet(random, self.match.size, fill=self.match.venue.fill)
        tall, wide = sheets[0].shape[:2]
        drift = random.uniform(-0.8, 0.8)
        for index in range(shot.num_frames):
            share = index / max(shot.num_frames - 1, 1)
            left = int((wide - width) * (0.5 + 0.45 * drift * (2 * share - 1)))
            top = (tall - height) // 2
            sheet = sheets[(index // 4) % len(sheets)]
            yield sheet[top : top + height, left : left + width].copy()

    def _draw_shot(self, staged: StagedShot) -> Iterator[np.ndarray]:
        shot, aim, at = staged.truth.shot, staged.aim, staged.aim.at(MIDDLE)
        is_closeup = shot.camera == "closeup"
        sprites = self._sprites(staged)
        backdrop = self._backdrop(shot, aim)
        focal_T, rotation_T33 = at.focal_T(), at.rotation_T33()
        radius_T = RADIUS_M * focal_T / np.maximum(staged.ball_depth_I[MIDDLE], 0.5)
        for index, ball_I2 in enumerate(staged.ball_I2.reshape(-1, SUBFRAMES, 2)):
            frame = backdrop.cut(rotation_T33[index], focal_T[index], aim.size)
            if is_closeup:
                frame = cv2.blur(frame, (9, 9))
            for sprite in sprites:
                draw_shadow(frame, sprite, index, strength=_SHADOW_STRENGTH)
            for sprite in sorted(sprites, key=lambda item: -item.depth_T[index]):
                draw(frame, sprite, index)
            draw_ball(frame, ball_I2, float(radius_T[index]), colour=self._stage.wardrobe.ball)
            yield frame

    def _sprites(self, staged: StagedShot) -> list[Sprite]:
        venue, aim, figures = self.match.venue, staged.aim, staged.figures
        if staged.truth.shot.camera != "closeup":
            ends = (True,) if venue.is_nets else (True, False)
            wood = [stumps(len(aim.pan_T), at_striker=at_striker) for at_striker in ends]
            figures = [*figures, *(project(item, aim) for item in wood)]
        sun = np.array([np.cos(np.deg2rad(venue.sun_deg)), np.sin(np.deg2rad(venue.sun_deg)), _SUN_HEIGHT])
        sun /= np.linalg.norm(sun)
        return [prepare(figure, aim, sun_3=sun, shadow=venue.shadow) for figure in figures]

    def _backdrop(self, shot: PlannedShot, aim: Aim) -> Backdrop:
        if shot.camera == "closeup":
            return make_backdrop(self.match.venue, aim)
        key = f"{shot.camera}{shot.is_replay}"
        known = self._backdrops.get(key)
        self._backdrops[key] = make_backdrop(self.match.venue, aim, known=known)
        return self._backdrops[key]
