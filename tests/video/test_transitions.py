from __future__ import annotations

import cv2
import numpy as np
import pytest

from slowpaths.video.transitions import find_dissolves, find_edge_wipes, find_wipes, shrink
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


def _swept(before: np.ndarray, after: np.ndarray, *, angle: float) -> np.ndarray:
    """Let the next scene sweep over the picture behind a straight edge with a white line on it."""
    num, height, width = len(before), *before.shape[1:3]
    rows, columns = np.mgrid[0:height, 0:width]
    along = np.cos(angle) * columns + np.sin(angle) * rows
    frames = []
    for number in range(num):
        at = along.min() + (number + 0.5) / num * np.ptp(along)
        frame = np.where((along < at)[..., None], after[number], before[number])
        frame[np.abs(along - at) < 2] = 255
        frames.append(frame)
    return np.stack(frames)


def _soft_scene(num: int, *, seed: int) -> np.ndarray:
    """Return a scene of soft shapes whose camera moves a little."""
    keys = np.random.default_rng(seed).integers(0, 256, (5, 9, 3), dtype=np.uint8)
    wide = cv2.resize(keys, (192 + num, 108), interpolation=cv2.INTER_CUBIC).clip(0, 250)
    return np.stack([wide[:, number // 3 : number // 3 + 192] + np.uint8(number % 3) for number in range(num)])


@pytest.mark.parametrize("num", [10, 15, 22])
@pytest.mark.parametrize("angle", [0.0, 0.8, np.pi / 2, 3.6])
def test_a_scene_that_sweeps_over_another_one_is_a_wipe(num: int, angle: float) -> None:
    one, two = (_soft_scene(40 + num, seed=seed) for seed in (1, 2))
    wipe = _swept(one[40:], two[:num], angle=angle)
    video = np.concatenate([one[:40], wipe, two[num:]])
    (first, last), *others = find_edge_wipes(_small(video), np.arange(len(video)) / 25)
    assert not others
    assert abs(first - 40) <= 2 and abs(last - (39 + num)) <= 2
    assert [shot.transition for shot in find_shots(video, np.arange(len(video)) / 25)] == ["start", "wipe", "cut"]


def test_what_looks_like_a_scene_that_sweeps_over_another_one() -> None:
    one, two = (_soft_scene(60, seed=seed) for seed in (1, 2))
    whip = moving_scene(num_frames=60, seed=3, pan_px=12)
    share = np.linspace(0, 1, 15)[:, None, None, None]
    blend = np.concatenate([one[:20], ((1 - share) * one[20:35] + share * two[20:35]).astype(np.uint8), two[35:]])
    walker = one.copy()
    for number in range(60):
        walker[number, :, max(0, 6 * number - 60) : max(0, 6 * number)] = 230
    cut = np.concatenate([one[:30], two[30:]])
    swept = np.concatenate([one[:20], _swept(one[20:35], two[20:35], angle=0.8), two[35:]])
    times_s = np.arange(60) / 25
    for name, video in {"a pan": whip, "a blend": blend, "somebody close by": walker, "a cut": cut}.items():
        assert find_edge_wipes(_small(video), times_s) == [], name
    assert len(find_edge_wipes(_small(swept), times_s)) == 1
    assert find_edge_wipes(_small(one[:3]), times_s[:3]) == []
