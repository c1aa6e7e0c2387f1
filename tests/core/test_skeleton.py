import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slowpaths.core.skeleton import INDEX, JOINTS, LIMBS, MEDIAPIPE_INDEX, SWAP, mirror


def test_swap_pairs_left_with_right_and_keeps_the_nose():
    assert SWAP[INDEX["nose"]] == INDEX["nose"]
    assert SWAP[INDEX["left_wrist"]] == INDEX["right_wrist"]
    assert (SWAP[SWAP] == np.arange(len(JOINTS))).all()


def test_limbs_name_known_joints():
    assert {joint for limb in LIMBS for joint in limb} <= set(JOINTS)


def test_every_coco_joint_has_its_landmark_on_the_same_side():
    assert set(MEDIAPIPE_INDEX) == set(JOINTS)
    # in MediaPipe Pose, landmarks from the shoulders (11) down are odd on the left side and even on the right
    for joint, landmark in MEDIAPIPE_INDEX.items():
        if landmark >= 11:
            assert landmark % 2 == (1 if joint.startswith("left") else 0), joint


def test_mirror_moves_the_left_wrist_to_the_right_wrist():
    pose = np.full((17, 3), np.nan)
    pose[INDEX["left_wrist"]] = [10, 20, 0.9]
    mirrored = mirror(pose, width=100)
    assert mirrored[INDEX["right_wrist"]].tolist() == [89, 20, 0.9]
    assert np.isnan(mirrored[INDEX["left_wrist"]]).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 4000))
def test_mirroring_twice_gives_the_pose_back(seed, width):
    pose = np.random.default_rng(seed).uniform(0, width, (3, 17, 3))
    np.testing.assert_allclose(mirror(mirror(pose, width=width), width=width), pose, atol=1e-9)
