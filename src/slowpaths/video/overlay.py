"""Draw heat or a skeleton over a clip, and beside it a skeleton and lines of text.

Legend: T frames, H, W pixels, J joints, C colour channels (of keypoints x, y, confidence).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import cv2
import numpy as np

from slowpaths.core.skeleton import INDEX, LIMBS

SIDE_PX = 320  # of each picture
_HEADER_PX, _SKELETON_PX, _TEXT_PX, _LINE_PX = 28, 200, 480, 17
_MOST_HEAT = 0.6  # share of the colour where heat is 1: the picture stays to be seen
_PAPER, _INK = (24, 24, 24), (235, 235, 235)
_LEFT, _RIGHT, _MIDDLE = (255, 170, 60), (90, 190, 255), (200, 200, 200)  # RGB


def heat_over(frame_HWC: np.ndarray, heat_HW: np.ndarray) -> np.ndarray:
    """Return a frame (H, W, 3), uint8, RGB, enlarged, with heat 0..1 over it: none leaves the picture as it is."""
    size = (SIDE_PX, SIDE_PX)
    picture = cv2.resize(frame_HWC, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    heat = np.clip(cv2.resize(heat_HW.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), 0, 1)
    colours = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1]
    share = _MOST_HEAT * heat[..., None]
    return np.clip(picture * (1 - share) + colours * share, 0, 255).astype(np.uint8)


def draw_skeletons(keypoints_TJC: np.ndarray, *, width: int, height: int) -> Iterator[np.ndarray]:
    """Yield each pose (T, 17, 3) as a picture (height, width, 3), all at one scale; NaN joints are left out."""
    known = keypoints_TJC[np.isfinite(keypoints_TJC[..., :2]).all(axis=-1)][:, :2]
    low, high = (known.min(axis=0), known.max(axis=0)) if len(known) else (np.zeros(2), np.ones(2))
    scale = 0.9 * min(width / max(high[0] - low[0], 1e-6), height / max(high[1] - low[1], 1e-6))
    for joints_JC in keypoints_TJC:
        paper = np.full((height, width, 3), _PAPER, dtype=np.uint8)
        points = (joints_JC[:, :2] - (low + high) / 2) * scale + (width / 2, height / 2)
        _draw_limbs(paper, points, width_px=3)
        yield paper


def skeletons_over(frames_THWC: np.ndarray, points_TJ2: np.ndarray) -> Iterator[np.ndarray]:
    """Yield each frame, uint8, RGB, with the joints at these pixels joined by lines; NaN joints are left out."""
    for frame_HWC, points_J2 in zip(frames_THWC, points_TJ2, strict=True):
        picture = np.array(frame_HWC)
        _draw_limbs(picture, points_J2, width_px=2)
        yield picture


def _draw_limbs(picture_HWC: np.ndarray, points_J2: np.ndarray, *, width_px: int) -> None:
    for one, other in LIMBS:
        ends = points_J2[[INDEX[one], INDEX[other]]]
        if np.isfinite(ends).all():
            sides = {name.partition("_")[0] for name in (one, other)}
            colour = _LEFT if sides == {"left"} else _RIGHT if sides == {"right"} else _MIDDLE
            (x1, y1), (x2, y2) = ends.round().astype(int).tolist()
            cv2.line(picture_HWC, (x1, y1), (x2, y2), colour, width_px, cv2.LINE_AA)


def draw_explanation(
    frames_THWC: np.ndarray,
    heat: Mapping[str, np.ndarray],
    *,
    keypoints_TJC: np.ndarray,
    bars: Sequence[tuple[str, float]],
    lines: Sequence[str],
) -> Iterator[np.ndarray]:
    """Yield frames that show a clip under each heat, its skeleton, bars and lines of text.

    Args:
        frames_THWC: The clip, uint8, RGB.
        heat: Title -> heat (T, H, W), 0..1.
        keypoints_TJC: The batter in each frame, (T, 17, 3), NaN where unseen.
        bars: Names and shares 0..1.
        lines: Text below the bars; what does not fit is left out.
    """
    skeletons = draw_skeletons(keypoints_TJC, width=_SKELETON_PX, height=SIDE_PX)
    said = _text_panel(bars, lines)
    titles = [*heat, "skeleton", "probabilities, votes"]
    for number, (frame_HWC, skeleton) in enumerate(zip(frames_THWC, skeletons, strict=True)):
        pictures = [heat_over(frame_HWC, heat_THW[number]) for heat_THW in heat.values()]
        columns = [
            np.concatenate([_header(title, column.shape[1]), column])
            for title, column in zip(titles, [*pictures, skeleton, said], strict=True)
        ]
        yield np.concatenate(columns, axis=1)


def _text_panel(bars: Sequence[tuple[str, float]], lines: Sequence[str]) -> np.ndarray:
    paper = np.full((SIDE_PX, _TEXT_PX, 3), _PAPER, dtype=np.uint8)
    for row, (name, share) in enumerate(bars):
        top = 4 + row * _LINE_PX
        cv2.rectangle(paper, (190, top), (190 + round(140 * share), top + _LINE_PX - 6), _RIGHT, -1)
        _write(paper, f"{name} {share:.2f}", row)
    for row, line in enumerate(lines, start=len(bars) + 1):
        _write(paper, line, row)
    return paper


def _header(title: str, width: int) -> np.ndarray:
    paper = np.full((_HEADER_PX, width, 3), _PAPER, dtype=np.uint8)
    cv2.putText(paper, title, (6, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.45, _INK, 1, cv2.LINE_AA)
    return paper


def _write(paper: np.ndarray, text: str, row: int) -> None:
    # The fonts of OpenCV know ASCII only.
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(paper, plain, (6, 14 + row * _LINE_PX), cv2.FONT_HERSHEY_SIMPLEX, 0.38, _INK, 1, cv2.LINE_AA)
