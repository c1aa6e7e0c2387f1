"""Backdrops: a ground painted once a camera, cut to the frame by turning and zooming.

A camera that only turns and zooms sees everything through a homography, so one painted picture serves all its shots.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from slowpaths.world.camera.cameras import Aim
from slowpaths.world.picture.scenery import paint
from slowpaths.world.presets import Venue

_MAX_FRAMES = 13  # a backdrop is at most so many times as large as a frame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backdrop:
    """Hold a painted ground."""

    picture: np.ndarray  # picture (H, W, 4), uint8, BGRA: four channels warp almost twice as fast as three
    rotation: np.ndarray  # world to camera axes of the picture (3, 3)
    intrinsics: np.ndarray  # camera matrix of the picture (3, 3)

    def covers(self, aim: Aim) -> bool:
        """Return whether the picture holds everything that is seen, about as sharp as the camera sees it."""
        low, high = _extent(self.rotation, aim)
        focal, centre = self.intrinsics[0, 0], self.intrinsics[:2, 2]
        corner, end = low * focal + centre, high * focal + centre
        is_sharp = focal > 0.75 * float(aim.focal_T().max())
        inside = (corner >= 0).all() and end[0] <= self.picture.shape[1] and end[1] <= self.picture.shape[0]
        return bool(inside and is_sharp)

    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the corners of the picture in tangent coordinates."""
        focal, centre = self.intrinsics[0, 0], self.intrinsics[:2, 2]
        return -centre / focal, (np.array(self.picture.shape[1::-1]) - centre) / focal

    def cut(self, rotation_33: np.ndarray, focal: float, size: tuple[int, int]) -> np.ndarray:
        """Return the frame (H, W, 3) that a camera with this rotation, focal length and picture size sees."""
        camera = _intrinsics(focal, np.array(size) / 2)
        return _warp(self.picture, camera @ rotation_33 @ self.rotation.T @ np.linalg.inv(self.intrinsics), *size)


def make_backdrop(venue: Venue, aim: Aim, known: Backdrop | None = None) -> Backdrop:
    """Return a backdrop for a shot: the one known for this camera, the known one grown, or a new one."""
    if known is not None and known.covers(aim):
        return known
    most_px = _MAX_FRAMES * aim.size[0] * aim.size[1]
    rotation, focal = _reference(aim)
    low, high = _extent(rotation, aim)
    if known is not None:
        # Grow what is there rather than paint a new one for every direction the ball is hit in.
        seen, edges = _extent(known.rotation, aim), known.edges()
        grown = np.minimum(seen[0], edges[0]), np.maximum(seen[1], edges[1])
        if float(np.prod((grown[1] - grown[0]) * focal)) < most_px and np.abs(grown).max() < 0.5:
            rotation, low, high = known.rotation, *grown
    margin = 0.03 * (high - low) + 0.005
    low, high = low - margin, high + margin
    focal *= min(1.0, np.sqrt(most_px / float(np.prod((high - low) * focal))))
    centre = -low * focal
    size = np.ceil((high - low) * focal).astype(int)
    picture = paint(
        venue, place_3=aim.place_3, rotation_33=rotation, focal=focal, centre=(float(centre[0]), float(centre[1])),
        shape=(int(size[1]), int(size[0])),
    )  # fmt: skip
    picture = cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA)
    return Backdrop(picture=picture, rotation=rotation, intrinsics=_intrinsics(focal, centre))


def _intrinsics(focal: float, centre: np.ndarray) -> np.ndarray:
    return np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1.0]])


def _reference(aim: Aim) -> tuple[np.ndarray, float]:
    """Return rotation and focal length of the middle of an aim (no roll): what a backdrop is painted for."""
    pan, tilt = (np.array([0.5 * (way.min() + way.max())]) for way in (aim.pan_T, aim.tilt_T))
    middle = replace(aim, pan_T=pan, tilt_T=tilt, roll_T=np.zeros(1), fov_T=np.array([np.median(aim.fov_T)]))
    return middle.rotation_T33()[0], float(middle.focal_T()[0])


def _extent(rotation: np.ndarray, aim: Aim) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest tangent coordinates of all picture corners in a reference camera."""
    focal = aim.focal_T()
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (np.array(aim.size) / 2)
    rays = np.concatenate([corners[None] / focal[:, None, None], np.ones((len(focal), 4, 1))], axis=-1)
    world = np.einsum("tji,tnj->tni", aim.rotation_T33(), rays)
    seen = world @ rotation.T
    flat = np.clip(seen[..., :2] / np.maximum(seen[..., 2:], 0.15), -3, 3)
    return flat.min(axis=(0, 1)), flat.max(axis=(0, 1))


def _warp(backdrop: np.ndarray, matrix: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return the frame that a homography cuts from a backdrop; as an affine map where that is as good to .3 pixels."""
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], dtype=np.float64)
    there = cv2.perspectiveTransform(corners[None], np.linalg.inv(matrix))[0]
    affine = cv2.getAffineTransform(corners[:3].astype(np.float32), there[:3].astype(np.float32))
    middle = np.array([width / 2, height / 2])
    exact = cv2.perspectiveTransform(middle[None, None], np.linalg.inv(matrix))[0, 0]
    errors = [affine @ [*corners[3], 1.0] - there[3], affine @ [*middle, 1.0] - exact]
    if np.abs(errors).max() < 0.3:
        warp, way, flags = cv2.warpAffine, affine, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    else:
        warp, way, flags = cv2.warpPerspective, matrix, cv2.INTER_LINEAR
    frame = warp(backdrop, way, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cv2.cvtColor(frame, cv2.COLOR_BGRA2BGR)
