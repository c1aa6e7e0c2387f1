"""Backdrops: a ground painted once a camera, cut to the frame by turning and zooming.

A camera that only turns and zooms sees everything through a homography, so one painted picture serves all its shots.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from slowpaths.world.camera.cameras import Aim
from slowpaths.world.picture.scenery import paint, reference
from slowpaths.world.presets import Venue

_MAX_FRAMES = 13  # a backdrop is at most so many times as large as a frame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backdrop:
    """Hold a painted ground.

    Args:
        picture: Picture (H, W, 4), uint8, BGRA: four channels warp almost twice as fast as three.
        rotation: World to camera axes of the picture (3, 3).
        intrinsics: Camera matrix of the picture (3, 3).
    """

    picture: np.ndarray
    rotation: np.ndarray
    intrinsics: np.ndarray

    def covers(self, aim: Aim, width: int, height: int) -> bool:
        """Return whether the picture holds everything that is seen, about as sharp as the camera sees it."""
        low, high = _extent(self.rotation, aim, width, height)
        focal, centre = self.intrinsics[0, 0], self.intrinsics[:2, 2]
        corner, end = low * focal + centre, high * focal + centre
        is_sharp = focal > 0.75 * float(aim.focal_T(height).max())
        inside = (corner >= 0).all() and end[0] <= self.picture.shape[1] and end[1] <= self.picture.shape[0]
        return bool(inside and is_sharp)

    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the corners of the picture in tangent coordinates."""
        focal, centre = self.intrinsics[0, 0], self.intrinsics[:2, 2]
        return -centre / focal, (np.array(self.picture.shape[1::-1]) - centre) / focal

    def cut(self, rotation_33: np.ndarray, focal: float, *, width: int, height: int) -> np.ndarray:
        """Return the frame (height, width, 3) a camera with this rotation and focal length sees."""
        camera = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
        return _warp(
            self.picture, camera @ rotation_33 @ self.rotation.T @ np.linalg.inv(self.intrinsics), width, height
        )


def make_backdrop(venue: Venue, aim: Aim, *, width: int, height: int, known: Backdrop | None = None) -> Backdrop:
    """Return a backdrop for a shot: the known one, the known one grown, or a new one.

    Args:
        venue: The ground.
        aim: The camera over the whole shot.
        width: Width of the frames, pixels.
        height: Height of the frames, pixels.
        known: What was painted for this camera before.
    """
    if known is not None and known.covers(aim, width, height):
        return known
    most_px = _MAX_FRAMES * width * height
    rotation, focal = reference(aim, height=height)
    low, high = _extent(rotation, aim, width, height)
    if known is not None:
        # Grow what is there rather than paint a new one for every direction the ball is hit in.
        seen, edges = _extent(known.rotation, aim, width, height), known.edges()
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
        size=(int(size[1]), int(size[0])),
    )  # fmt: skip
    intrinsics = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1.0]])
    return Backdrop(picture=cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA), rotation=rotation, intrinsics=intrinsics)


def _extent(rotation: np.ndarray, aim: Aim, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest tangent coordinates of all picture corners in a reference camera."""
    focal = aim.focal_T(height)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array([width / 2, height / 2])
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
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        frame = cv2.warpAffine(backdrop, affine, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    else:
        frame = cv2.warpPerspective(
            backdrop, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return cv2.cvtColor(frame, cv2.COLOR_BGRA2BGR)
