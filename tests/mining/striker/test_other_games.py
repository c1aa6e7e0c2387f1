"""Somebody who plays another game: a drawn football in the place of a person, and names given by hand."""

import cv2
import numpy as np
import pytest
from tests.mining.contexts import video_context
from torchvision.models import EfficientNet_B0_Weights

from slowpaths.core.records import PoseTrack
from slowpaths.mining.striker import other_games
from slowpaths.mining.striker.other_games import NO_CRICKET, plays_other_game
from slowpaths.video.picture_features import SIDE_PX, picture_names
from slowpaths.video.protocol import Decoder, shrink_all

FPS, NUM_FRAMES, IMPACT_S = 25, 30, 0.6
BOX = (200.0, 160.0, 260.0, 400.0)  # of a picture twice as high as mining looks at


class Still(Decoder):
    """One picture, shown in every frame."""

    def __init__(self, frame_HWC):
        height, width = frame_HWC.shape[:2]
        super().__init__(name="still", pts_s=np.arange(NUM_FRAMES) / FPS, width=width, height=height)
        self._frame_HWC = frame_HWC

    def _read(self, wanted, *, size):
        return shrink_all(np.stack([self._frame_HWC] * len(wanted)), size=size)


def football() -> np.ndarray:
    """A white ball with black pentagons on a grey ground (224, 224, 3)."""
    picture = np.full((SIDE_PX, SIDE_PX, 3), 200, np.uint8)
    cv2.circle(picture, (112, 112), 70, (245, 245, 245), -1)
    angles = np.arange(5) * 2 * np.pi / 5 - np.pi / 2
    for centre in ((112, 112), (112, 52), (168, 94), (147, 160), (77, 160), (56, 94)):
        corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) * 20 + centre
        cv2.fillPoly(picture, [corners.astype(int)], (15, 15, 15))
    cv2.circle(picture, (112, 112), 70, (60, 60, 60), 2)
    return picture


def footage(square: np.ndarray):
    """A grey video with a square picture about `BOX`, and the track of whoever stands there."""
    side = round(other_games.SURROUNDINGS * (BOX[3] - BOX[1]))
    frame = np.full((720, 640, 3), 200, np.uint8)
    x, y = round((BOX[0] + BOX[2] - side) / 2), round((BOX[1] + BOX[3] - side) / 2)
    frame[y : y + side, x : x + side] = cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)
    pts_s = np.arange(NUM_FRAMES) / FPS
    track = PoseTrack(
        video_id="v", shot_id="s", track_id=1, frames_T=np.arange(NUM_FRAMES), pts_s=pts_s,
        keypoints_TJC=np.zeros((NUM_FRAMES, 17, 3)), boxes_T4=np.tile(BOX, (NUM_FRAMES, 1)),
        camera_T3=np.zeros((NUM_FRAMES, 3)),
    )  # fmt: skip
    return video_context(Still(frame)), track


def test_a_ball_of_another_game_is_seen_and_a_grey_wall_is_not():
    assert plays_other_game(*footage(football()), impact_s=IMPACT_S)
    assert not plays_other_game(*footage(np.full((SIDE_PX, SIDE_PX, 3), 128, np.uint8)), impact_s=IMPACT_S)


def test_the_names_are_those_of_the_network_itself():
    names = picture_names([football()])
    assert names.shape == (1, 1000) and names.sum() == pytest.approx(1.0, abs=1e-5)
    categories = EfficientNet_B0_Weights.DEFAULT.meta["categories"]  # of ImageNet, in its order
    assert categories[names[0].argmax()] == "soccer ball"
    animals, others = NO_CRICKET[:398], NO_CRICKET[398:]
    assert {categories[number] for number in others} == {
        "basketball", "football helmet", "golf ball", "golfcart", "ping-pong ball", "puck", "rugby ball",
        "soccer ball", "volleyball",
    }  # fmt: skip
    assert animals == tuple(range(categories.index("tench"), categories.index("puffer") + 1))
    assert categories[len(animals)] == "abacus"


@pytest.mark.parametrize(
    ("given", "is_other"),
    [
        ([{805: 0.9}, {805: 0.9}, {805: 0.0}], True),  # on average .6
        ([{805: 0.9}, {805: 0.3}, {805: 0.0}], False),  # .4
        ([{354: 0.6}] * 3, True),  # a camel
        ([{805: 0.4, 354: 0.4}] * 3, False),  # neither name alone is
        ([{981: 1.0}] * 3, False),  # a ballplayer may be a batter
        ([{522: 1.0}] * 3, False),  # and croquet looks like cricket
    ],
)
def test_one_name_that_is_no_cricket_is_more_likely_than_not(monkeypatch, given, is_other):
    def named(pictures):
        probs_NK = np.zeros((len(pictures), 1000))
        for row, probs in enumerate(given):
            for number, p in probs.items():
                probs_NK[row, number] = p
        return probs_NK

    monkeypatch.setattr(other_games, "picture_names", named)
    assert plays_other_game(*footage(football()), impact_s=IMPACT_S) is is_other


def test_beyond_the_ends_of_the_track_its_last_look_counts():
    assert all(plays_other_game(*footage(football()), impact_s=impact_s) for impact_s in (0.0, 9.0))
