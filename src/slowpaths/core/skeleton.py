"""The COCO-17 skeleton: names, limbs, the left/right swap, and MediaPipe's joints in it. J is always this order."""

from itertools import pairwise

import numpy as np

# Per-joint standard deviations of the COCO keypoint similarity (cocoeval `kpt_oks_sigmas`), left and right alike.
_SIGMAS = {
    "nose": 0.026,
    "eye": 0.025,
    "ear": 0.035,
    "shoulder": 0.079,
    "elbow": 0.072,
    "wrist": 0.062,
    "hip": 0.107,
    "knee": 0.087,
    "ankle": 0.089,
}
_PAIRS = tuple(_SIGMAS)[1:]
JOINTS: tuple[str, ...] = ("nose", *(f"{side}_{name}" for name in _PAIRS for side in ("left", "right")))
NUM_JOINTS = len(JOINTS)
INDEX: dict[str, int] = {name: index for index, name in enumerate(JOINTS)}

_CHAINS = (("ankle", "knee", "hip", "shoulder", "elbow", "wrist"), ("eye", "ear"))
LIMBS: tuple[tuple[str, str], ...] = (
    *(
        (f"{side}_{one}", f"{side}_{other}")
        for side in ("left", "right")
        for chain in _CHAINS
        for one, other in pairwise(chain)
    ),
    *((f"left_{name}", f"right_{name}") for name in ("hip", "shoulder", "eye")),
    *(("nose", f"{side}_eye") for side in ("left", "right")),
)

# Position of the mirrored joint: SWAP[left_wrist] is right_wrist.
SWAP: np.ndarray = np.array(
    [INDEX[name.replace("left", "right") if "left" in name else name.replace("right", "left")] for name in JOINTS]
)

# Landmarks of MediaPipe Pose in this order: nose, eyes, ears, then each pair from shoulders to ankles.
_LANDMARKS = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
MEDIAPIPE_INDEX: dict[str, int] = dict(zip(JOINTS, _LANDMARKS, strict=True))
MEDIAPIPE_JOINTS = 33

OKS_SIGMAS: np.ndarray = np.array([_SIGMAS[name.split("_")[-1]] for name in JOINTS])


def mirror(keypoints_TJC: np.ndarray, *, width: float) -> np.ndarray:
    """Mirror a pose (..., 17, C) in a picture of some width (pixels): flip x, swap left and right joints."""
    mirrored = np.array(keypoints_TJC, dtype=np.float64)[..., SWAP, :]
    mirrored[..., 0] = (width - 1) - mirrored[..., 0]
    return mirrored
