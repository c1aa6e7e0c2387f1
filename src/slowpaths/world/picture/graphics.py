"""What a broadcaster lays over or puts between the pictures: score bug, logo wipe, adverts, the crowd.

Colours are BGR, 0..255.
"""

from __future__ import annotations

import cv2
import numpy as np

from slowpaths.world.camera.match import Score
from slowpaths.world.presets import Broadcaster, Colour

_FONT = cv2.FONT_HERSHEY_DUPLEX
_OPACITY = 0.92  # of the score bug


def score_bug(broadcaster: Broadcaster, score: Score, size: tuple[int, int]) -> tuple[np.ndarray, int, int]:
    """Paint the score bug (h, w, 3), and return it with the column and line of its top left corner."""
    (width, height), scale = size, size[1] / 360.0
    main, second = broadcaster.paint
    text = f"{score.team} {score.runs}-{score.wickets}"
    if broadcaster.bug == "top_left":
        picture = np.full((max(int(46 * scale), 8), max(int(132 * scale), 16), 3), main, dtype=np.uint8)
        cv2.rectangle(picture, (0, 0), (max(int(6 * scale), 1), picture.shape[0]), second, -1)
        _text(picture, text, (14 * scale, 20 * scale), 0.52 * scale, second)
        _text(picture, f"OVERS {score.over}", (14 * scale, 38 * scale), 0.40 * scale, (255, 255, 255))
        return picture, int(20 * scale), int(16 * scale)
    strip = broadcaster.bug == "strip"
    tall = max(int((22 if strip else 34) * scale), 6)
    wide = width if strip else int(width * 0.86)
    picture = np.full((tall, wide, 3), main, dtype=np.uint8)
    cv2.rectangle(picture, (0, 0), (int(0.30 * wide), tall), tuple(0.6 * value for value in main), -1)
    line = 0.68 * tall
    _text(picture, text, (10 * scale, line), 0.50 * scale, second)
    _text(picture, f"({score.over})", (0.19 * wide, line), 0.42 * scale, (255, 255, 255))
    _text(picture, f"{score.batters[0]} *   {score.batters[1]}", (0.34 * wide, line), 0.42 * scale, (255, 255, 255))
    _text(picture, broadcaster.name.upper(), (0.80 * wide, line), 0.36 * scale, second)
    left = 0 if strip else (width - wide) // 2
    return picture, left, height - tall - (0 if strip else int(14 * scale))


def _text(picture: np.ndarray, text: str, at: tuple[float, float], size: float, colour: Colour) -> None:
    cv2.putText(picture, text, (int(at[0]), int(at[1])), _FONT, max(size, 0.18), colour, 1, cv2.LINE_AA)


def lay_over(frame: np.ndarray, bug: tuple[np.ndarray, int, int]) -> None:
    """Blend the score bug into a frame, in place."""
    picture, left, top = bug
    region = frame[top : top + picture.shape[0], left : left + picture.shape[1]]
    cv2.addWeighted(picture, _OPACITY, region, 1 - _OPACITY, 0, dst=region)


def wipe(frame: np.ndarray, broadcaster: Broadcaster, progress: float) -> None:
    """Draw the logo wipe at `progress` 0..1 over a frame, in place; at .5 it covers everything."""
    height, width = frame.shape[:2]
    main, second = broadcaster.paint
    slant = 0.35 * height
    left = (2 * progress - 1) * (width + 2 * slant)
    for inset, colour in ((0.0, second), (0.10 * width, main)):
        x1, x2 = left - 1.1 * slant + inset * 0.4, left + width + 1.1 * slant - inset * 0.4
        corners = np.array([[x1 + slant, 0], [x2 + slant, 0], [x2 - slant, height], [x1 - slant, height]])
        cv2.fillConvexPoly(frame, corners.astype(np.int32), colour, cv2.LINE_AA)
    centre = (int(left + width / 2), height // 2)
    cv2.circle(frame, centre, height // 4, second, -1, cv2.LINE_AA)
    cv2.circle(frame, centre, height // 5, main, -1, cv2.LINE_AA)
    size = height / 360.0
    cv2.putText(
        frame, broadcaster.name[:2].upper(), (centre[0] - int(30 * size), centre[1] + int(16 * size)), _FONT,
        1.5 * size, second, max(int(2 * size), 1), cv2.LINE_AA,
    )  # fmt: skip


def advert(random: np.random.Generator, size: tuple[int, int], *, num_frames: int) -> list[np.ndarray]:
    """Return the frames of a made-up advert: a product on a moving ground, a slogan."""
    width, height = size
    base, other, ink = (tuple(float(v) for v in random.uniform(20, 240, size=3)) for _ in range(3))
    words = str(random.choice(["FRESH CUT TEA", "MOTA TYRES", "BLUE KITE BANK", "ZIP MOBILE", "OAK PAINTS"]))
    frames = []
    for index in range(num_frames):
        share = index / max(num_frames - 1, 1)
        frame = np.full((height, width, 3), base, dtype=np.uint8)
        for k in range(6):
            across, down = (0.17 * k + 0.25 * share) % 1.0, 0.3 + 0.08 * np.sin(5 * share + k)
            centre = (int(width * across), int(height * down))
            cv2.circle(frame, centre, int(height * (0.10 + 0.02 * k)), other, -1, cv2.LINE_AA)
        scale = height / 360.0 * (0.9 + 0.3 * share)
        (wide, _), _ = cv2.getTextSize(words, _FONT, 1.4 * scale, 2)
        cv2.putText(frame, words, ((width - wide) // 2, int(0.78 * height)), _FONT, 1.4 * scale, ink, 2, cv2.LINE_AA)
        frames.append(frame)
    return frames


def crowd_sheet(random: np.random.Generator, size: tuple[int, int], *, fill: float) -> list[np.ndarray]:
    """Paint four pictures of a stand full of people, a little wider than the frame; shown in turn they move."""
    width, height = size
    wide, tall = int(width * 1.35), int(height * 1.25)
    unit = height / 13.0
    rows, seats = int(tall / unit) + 2, int(wide / (0.78 * unit)) + 2
    sheets = [np.full((tall, wide, 3), (78, 66, 60), dtype=np.uint8) for _ in range(4)]
    looks = random.random((rows, seats, 8))
    for row in range(rows):
        y = row * unit
        for sheet in sheets:
            cv2.rectangle(sheet, (0, int(y + 0.72 * unit)), (wide, int(y + unit)), (56, 50, 48), -1)
        for seat in range(seats):
            look = looks[row, seat]
            x = (seat + 0.5 * (row % 2)) * 0.78 * unit
            if look[0] > fill:
                continue
            grey = look[1:4].mean()
            shirt = tuple(float(v) for v in 50 + 190 * (0.55 * grey + 0.45 * look[1:4]))
            skin = tuple(float(v) for v in np.array([110, 140, 190]) * (0.45 + 0.6 * look[4]))
            for phase, sheet in enumerate(sheets):
                up = 0.10 * unit * np.sin(1.57 * phase + 6.3 * look[5]) * (look[6] > 0.4)
                body = (int(x), int(y + 0.75 * unit + up))
                cv2.ellipse(sheet, body, (int(0.30 * unit), int(0.42 * unit)), 0, 0, 360, shirt, -1, cv2.LINE_AA)
                head = (int(x), int(y + 0.24 * unit + up))
                cv2.circle(sheet, head, max(int(0.17 * unit), 1), skin, -1, cv2.LINE_AA)
                cap = shirt if look[7] > 0.6 else (30, 34, 40)
                cv2.ellipse(sheet, (head[0], head[1] - int(0.05 * unit)), (int(0.17 * unit), int(0.13 * unit)),
                            0, 180, 360, cap, -1, cv2.LINE_AA)  # fmt: skip
                if look[6] > 0.85:
                    for side in (-1, 1):
                        tip = (int(x + side * 0.3 * unit), int(y - 0.2 * unit + 2 * up))
                        cv2.line(sheet, body, tip, skin, max(int(0.09 * unit), 1), cv2.LINE_AA)
    return sheets
