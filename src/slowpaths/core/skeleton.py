"""The COCO-17 skeleton: names, limbs and the left/right swap. K is always this order."""

import numpy as np

JOINTS: tuple[str, ...] = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
NUM_JOINTS = len(JOINTS)
INDEX: dict[str, int] = {name: index for index, name in enumerate(JOINTS)}

LIMBS: tuple[tuple[str, str], ...] = (
    ("left_ankle", "left_knee"),
    ("left_knee", "left_hip"),
    ("right_ankle", "right_knee"),
    ("right_knee", "right_hip"),
    ("left_hip", "right_hip"),
    ("left_shoulder", "left_hip"),
    ("right_shoulder", "right_hip"),
    ("left_shoulder", "right_shoulder"),
    ("left_shoulder", "left_elbow"),
    ("left_elbow", "left_wrist"),
    ("right_shoulder", "right_elbow"),
    ("right_elbow", "right_wrist"),
    ("left_eye", "right_eye"),
    ("nose", "left_eye"),
    ("nose", "right_eye"),
    ("left_eye", "left_ear"),
    ("right_eye", "right_ear"),
)

# Position of the mirrored joint: SWAP[left_wrist] is right_wrist.
SWAP: np.ndarray = np.array(
    [INDEX[name.replace("left", "right") if "left" in name else name.replace("right", "left")] for name in JOINTS]
)

# Per-joint standard deviations of the COCO keypoint similarity (cocoeval `kpt_oks_sigmas`).
OKS_SIGMAS: np.ndarray = np.array(
    [
        0.026,
        0.025,
        0.025,
        0.035,
        0.035,
        0.079,
        0.079,
        0.072,
        0.072,
        0.062,
        0.062,
        0.107,
        0.107,
        0.087,
        0.087,
        0.089,
        0.089,
    ]
)


def mirror(keypoints_TKC: np.ndarray, *, width: float) -> np.ndarray:
    """Mirror a pose left to right: flip x and swap the left and right joints.

    Args:
        keypoints_TKC: Keypoints (..., 17, C), C = x, y, confidence in pixels.
        width: Width of the picture the keypoints live in, pixels.

    Returns:
        A mirrored copy, same shape. Mirroring twice gives the input back.
    """
    mirrored = np.array(keypoints_TKC, dtype=np.float64)[..., SWAP, :]
    mirrored[..., 0] = (width - 1) - mirrored[..., 0]
    return mirrored
