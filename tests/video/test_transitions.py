from __future__ import annotations

import cv2
import numpy as np

from slowpaths.video.transitions import find_dissolves, find_wipes, shrink
from tests.factories import moving_scene
from tests.video.memory import find_shots


def _small(images_THWC: np.ndarray) -> np.ndarray:
    return np.stack([shrink(cv2.resize(image, (64, 36), interpolation=cv2.INTER_AREA)) for image in images_THWC])


def _logo(number: int) -> np.ndarray:
    """Return an animated replay logo of 16 frames."""
    rng = np.random.default_rng(99)
    keys = rng.integers(0, 256, (17, 4, 8, 3), dtype=np.uint8)
    return cv2.resize(keys[number], (192, 108), interpolation=cv2.INTER_CUBIC)


def _match() -> np.ndarray:
    logo = np.stack([_logo(number) for number in range(16)])
    scenes = [moving_scene(num_frames=60, seed=seed, pan_px=1) for seed in range(3)]
    return np.concatenate([scenes[0], logo, scenes[1], logo, scenes[2]])


def test_logo_around_a_replay_is_a_wipe() -> None:
    match = _match()
    shots = find_shots(match, np.arange(len(match)) / 25)
    assert [shot.transition for shot in shots] == ["start", "wipe", "cut", "wipe", "cut"]
    assert [shot.first_frame for shot in shots[1:]] == [60, 76, 136, 152]


def _solid(number: int) -> np.ndarray:
    """Return a frame of a plain colour with a ring that crosses it, as simple logos are."""
    frame = np.full((108, 192, 3), (20, 40, 120), np.uint8)
    cv2.circle(frame, (10 + 12 * number, 54), 16, (240, 190, 40), 4)
    return frame


def _flown_in(before: np.ndarray, after: np.ndarray, *, num: int) -> np.ndarray:
    """Let a plain logo cross the picture: it covers all of it for a third of the time."""
    frames = []
    for number in range(num):
        scene = (before if number < num // 2 else after)[number].copy()
        share = (number + 0.5) / num
        left, right = round(192 * max(3 * share - 2, 0)), round(192 * min(3 * share, 1))
        scene[:, left:right] = _solid(number)[:, left:right]
        frames.append(scene)
    return np.stack(frames)


def test_a_plain_logo_that_flies_in_is_a_wipe() -> None:
    for num in (14, 28):
        scenes = [moving_scene(num_frames=90, seed=seed, pan_px=1) for seed in range(3)]
        wipes = [_flown_in(scenes[place], scenes[place + 1], num=num) for place in (0, 1)]
        match = np.concatenate([scenes[0][num:], wipes[0], scenes[1][num:], wipes[1], scenes[2][num:]])
        shots = find_shots(match, np.arange(len(match)) / 25)
        assert [shot.transition for shot in shots] == ["start", "wipe", "cut", "wipe", "cut"]
        for found, true in zip(shots[1:], (90 - num, 90, 180 - num, 180), strict=True):
            assert abs(found.first_frame - true) <= 1


def test_a_grey_logo_that_flies_in_is_known_by_coming_twice() -> None:
    for num in (14, 28):
        scenes = [moving_scene(num_frames=90, seed=seed, pan_px=1) for seed in range(3)]
        wipes = [_flown_in(scenes[place], scenes[place + 1], num=num) for place in (0, 1)]
        match = np.concatenate([scenes[0][num:], wipes[0], scenes[1][num:], wipes[1], scenes[2][num:]])
        grey = np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in match])[..., None].repeat(3, axis=3)
        shots = find_shots(grey, np.arange(len(match)) / 25)
        assert [shot.transition for shot in shots] == ["start", "wipe", "cut", "wipe", "cut"]
        for found, true in zip(shots[1:], (90 - num, 90, 180 - num, 180), strict=True):
            assert abs(found.first_frame - true) <= 2


def test_the_same_scene_twice_is_no_logo() -> None:
    scene = moving_scene(num_frames=70, seed=1, pan_px=25)
    other = moving_scene(num_frames=60, seed=2, pan_px=25)
    small = _small(np.concatenate([scene, other, scene]))
    assert find_wipes(small, np.arange(len(small)) / 25) == []


def test_a_quiet_repeat_is_no_logo() -> None:
    still = moving_scene(num_frames=1, seed=3).repeat(20, axis=0)
    other = moving_scene(num_frames=60, seed=4, pan_px=20)
    small = _small(np.concatenate([still, other, still]))
    assert find_wipes(small, np.arange(100) / 25) == []


def test_a_flash_or_a_single_showing_is_no_logo() -> None:
    match = _match()
    small = _small(match)
    assert find_wipes(small[:136], np.arange(136) / 25) == []
    white = small.copy()
    white[60:76] = small[40:56]
    white[136:152] = small[116:132]
    white[[30, 100]] = 255
    assert find_wipes(white, np.arange(len(white)) / 25) == []


def test_dissolves_and_what_looks_like_them() -> None:
    one, other = (moving_scene(num_frames=1, seed=seed)[0].astype(float) for seed in (5, 6))
    share_T = np.concatenate([np.zeros(5), np.linspace(0, 1, 14)[1:-1], np.ones(5)])[:, None, None, None]
    times_s = np.arange(len(share_T)) / 25
    found = find_dissolves(_small(((1 - share_T) * one + share_T * other).astype(np.uint8)), times_s, cuts=[])
    assert len(found) == 1
    assert abs(found[0][0] - 5) <= 1 and abs(found[0][1] - 16) <= 1
    pan = _small(moving_scene(num_frames=30, seed=7, pan_px=6))
    assert find_dissolves(pan, np.arange(30) / 25, cuts=[]) == []
    fade = np.linspace(0.2, 1, 30)[:, None, None, None] * one[None]  # the same picture growing brighter
    assert find_dissolves(_small(fade.astype(np.uint8)), np.arange(30) / 25, cuts=[]) == []
