"""What a camera sees of a figure: its capsules in pixels, the box around them, and whether the shutter blurs them.

Legend: T frames, I instants (SUBFRAMES sub-frames of each frame, next to each other), P parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.world.action.capsules import Capsules
from slowpaths.world.camera.cameras import Aim

SUBFRAMES = 3
MIDDLE = slice(SUBFRAMES // 2, None, SUBFRAMES)
"""The instants in the middle of the shutter, one a frame."""
_LEAST_PX = 0.55  # radius of a capsule, so that far figures stay visible


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Silhouette:
    """Hold the capsules of one figure as a camera sees them."""

    capsules: Capsules  # the figure
    starts_IP2: np.ndarray  # one end of each part, pixels; NaN behind the camera
    ends_IP2: np.ndarray  # the other end
    start_radii_IP: np.ndarray  # radius there, pixels
    end_radii_IP: np.ndarray  # radius at the other end
    depth_IP: np.ndarray  # distance of the middle of each part, metres
    box_T4: np.ndarray  # pixels x1, y1, x2, y2 that hold the figure over the shutter; NaN where it is behind the camera
    body_T4: np.ndarray  # box of the body alone (nothing held) in the middle of the shutter, pixels

    def is_seen(self, size: tuple[int, int]) -> bool:
        """Return whether any of it is ever inside a picture of this width and height."""
        x1, y1, x2, y2 = self.box_T4.T
        with np.errstate(invalid="ignore"):
            return bool(((x2 > 0) & (y2 > 0) & (x1 < size[0]) & (y1 < size[1])).any())


def project(capsules: Capsules, aim: Aim) -> Silhouette:
    """Project the capsules of one figure for all instants of a shot at once."""
    a, depth_a = aim.project(capsules.starts_TP3)
    b, depth_b = aim.project(capsules.ends_TP3)
    focal = aim.focal_T()[:, None]
    radius_a = np.maximum(focal * capsules.radii_P2[:, 0] / np.maximum(depth_a, 0.3), _LEAST_PX)
    radius_b = np.maximum(focal * capsules.radii_P2[:, 1] / np.maximum(depth_b, 0.3), _LEAST_PX)
    with np.errstate(invalid="ignore"):
        lows = np.minimum(a - radius_a[..., None], b - radius_b[..., None])
        highs = np.maximum(a + radius_a[..., None], b + radius_b[..., None])
        low, high = lows.min(axis=1).reshape(-1, SUBFRAMES, 2), highs.max(axis=1).reshape(-1, SUBFRAMES, 2)
        body = slice(None, capsules.num_body)
        body_T4 = np.concatenate([lows[MIDDLE, body].min(axis=1), highs[MIDDLE, body].max(axis=1)], axis=1)
        box_T4 = np.concatenate([low.min(axis=1), high.max(axis=1)], axis=1)
    return Silhouette(
        capsules=capsules, starts_IP2=a, ends_IP2=b, start_radii_IP=radius_a, end_radii_IP=radius_b,
        depth_IP=0.5 * (depth_a + depth_b), box_T4=box_T4, body_T4=body_T4,
    )  # fmt: skip
