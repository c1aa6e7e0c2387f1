"""Divide a video into shots. Between two shots lies a hard cut, or a dissolve or wipe, which is a shot of its own.

A hard cut is a change that stands out of its neighbours (the adaptive rule of PySceneDetect), all over the picture, and
that moving the camera does not explain: a whip pan changes a histogram as much, but the picture before, moved, still
resembles the picture after. Frames that repeat are passed over: every comparison is with the last distinct frame.

Legend: T frames, D distinct frames, B = 16 blocks, H, W, C = red, green, blue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from slowpaths.video import transitions
from slowpaths.video.likeness import (
    block_histograms,
    camera_explains,
    chi_square,
    hsv_difference,
    is_blend,
    smear_share,
)
from slowpaths.video.picture_file import PictureFile

Transition = Literal["start", "cut", "wipe", "dissolve"]
GRADUAL: frozenset[str] = frozenset({"wipe", "dissolve"})  # a shot that begins so is the wipe or dissolve itself

_THUMBNAIL = (64, 36)
_MATCH_WIDTH = 192  # pictures are compared under camera motion at this width or less
_REPEAT_GREY = 1.0  # no 1/16 of the width changes by a grey level: the same picture again, up to coding noise
# PySceneDetect AdaptiveDetector: adaptive_threshold 3.0, window_width 2, min_content_val 15 (scenedetect.com, docs).
ADAPTIVE_THRESHOLD = 3.0  # how many times its neighbours a change must be to be a shot boundary
WINDOW = 2
MIN_CONTENT = 15.0
# A weaker change is taken too, down to a third, where nothing else speaks against a boundary.
_MIN_CONTENT_WEAK = MIN_CONTENT / 3
_MIN_BLOCKS = 0.6  # share of 4x4 blocks whose colours change: a pan changes edges, another shot changes all
_EXPLAINED = 0.5  # a camera motion that takes away half of the change explains it
# A cut from one moving camera to another stands out less. It is believed where it stands out of what is before it, the
# colours of the blocks change, and less is explained; these are set on real clips.
_LEAST_TIMES = 1.6
_MIN_CHI = 0.05  # mean chi-square distance of the blocks
_EXPLAINED_LITTLE = 0.45
_FLASH_S = 0.25  # a picture that is back after this long was hidden by a flash
_MIN_SHOT_S = 0.09  # three frames at 30 a second: of two hard cuts closer than this the stronger one stays
_SMEARED = 0.2
_DAMAGE_S = 10.0  # the longest usual distance of key frames (x264: 250 frames): damage lasts until the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotBounds:
    """Describe a run of frames from one camera."""

    first_frame: int
    last_frame: int  # inclusive
    transition: Transition  # how the shot begins; a dissolve or wipe is a shot of its own and begins as itself


@dataclass(slots=True, kw_only=True)
class _Change:
    """Hold the change from the distinct frame before to this one, and the pictures while they may be needed."""

    frame: int
    content: float
    blocks_B: np.ndarray
    before: np.ndarray | None
    after: np.ndarray | None


@dataclass(frozen=True, slots=True)
class _Boundary:
    """Hold a change that no camera motion explains, with its pictures at matching size."""

    position: int
    content: float
    is_smeared: bool
    before: np.ndarray
    after: np.ndarray


class ShotFinder:
    """Take frames one by one and name the shots at the end; keeps about 1,200 bytes a frame, and thumbnails in a file.

    Attributes:
        thumbnails: Pictures (36, 64, 3) of the distinct frames.
    """

    def __init__(self) -> None:
        self._pts_s: list[float] = []
        self._changes: list[_Change] = []  # one a distinct frame
        self.thumbnails = PictureFile((*_THUMBNAIL[::-1], 3))
        self._small: list[np.ndarray] = []  # one a distinct frame
        self._boundaries: list[_Boundary] = []
        self._last: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        self._judged = 0

    @property
    def distinct_frames(self) -> np.ndarray:
        """Return the frames that are no repeat of the one before (D,), in order."""
        return np.array([change.frame for change in self._changes], dtype=np.int64)

    def add(self, image_HWC: np.ndarray, *, pts_s: float) -> None:
        """Take the next frame (H, W, 3), uint8, of any size (always the same), and its presentation time."""
        frame = len(self._pts_s)
        self._pts_s.append(pts_s)
        halved_HWC = _halved(image_HWC, _MATCH_WIDTH)
        grey = _at_most(cv2.cvtColor(halved_HWC, cv2.COLOR_RGB2GRAY), _MATCH_WIDTH)
        if self._last is not None:
            blocks = cv2.resize(cv2.absdiff(grey, self._last[2]), (16, 9), interpolation=cv2.INTER_AREA)
            if blocks.max() < _REPEAT_GREY:
                return
        thumbnail = cv2.resize(halved_HWC, _THUMBNAIL, interpolation=cv2.INTER_AREA)
        hsv = cv2.cvtColor(thumbnail, cv2.COLOR_RGB2HSV)
        histograms = block_histograms(cv2.cvtColor(thumbnail, cv2.COLOR_RGB2LAB))
        self.thumbnails.append(thumbnail)
        self._small.append(transitions.shrink(thumbnail))
        if self._last is None:
            change = _Change(frame=frame, content=0.0, blocks_B=np.zeros(16), before=None, after=None)
        else:
            content, blocks_B = hsv_difference(self._last[0], hsv), chi_square(self._last[1], histograms)
            change = _Change(frame=frame, content=content, blocks_B=blocks_B, before=self._last[2], after=grey)
        self._changes.append(change)
        self._last = (hsv, histograms, grey)
        if len(self._changes) > WINDOW:
            self._judge(len(self._changes) - 1 - WINDOW)

    @property
    def last_cut(self) -> int:
        """Return the frame after the newest hard cut so far, 0 before the first; a flash may prove it wrong later."""
        cuts = [boundary.position for boundary in self._boundaries[-1:] if not boundary.is_smeared]
        return self._changes[cuts[0]].frame if cuts else 0

    def shots(self) -> list[ShotBounds]:
        """Return the shots of all frames taken so far, in order; they cover every frame."""
        for position in range(self._judged, len(self._changes)):
            self._judge(position)
        if not self._pts_s:
            return []
        times_s = np.array([self._pts_s[change.frame] for change in self._changes])
        hard = self._without_returns(times_s)
        return self._split(hard, self._gradual(hard, times_s), times_s)

    def _gradual(self, hard: list[_Boundary], times_s: np.ndarray) -> list[tuple[int, int, Transition]]:
        """Return the wipes and dissolves: positions of the first and the last frame of each."""
        small_DHW = np.stack(self._small)
        cuts = [item.position for item in hard]
        wipes = transitions.find_plain_wipes(self.thumbnails, times_s)
        wipes += transitions.find_wipes(small_DHW, times_s)
        wipes += transitions.find_edge_wipes(small_DHW, times_s)
        dissolves = transitions.find_dissolves(small_DHW, times_s, cuts=cuts)
        found: list[tuple[int, int, Transition]] = []
        for spans, transition in ((wipes, "wipe"), (dissolves, "dissolve")):
            for first, last in spans:
                last = min(last, len(small_DHW) - 1)
                if all(last + 1 < start or first > end + 1 for start, end, _ in found):
                    found.append((max(first, 0), last, transition))
        return sorted(found)

    def _judge(self, position: int) -> None:
        """Decide whether a change is a shot boundary as soon as its neighbours on both sides are known."""
        self._judged = position + 1
        change = self._changes[position]
        if change.before is None or change.after is None:
            return
        before = self._changes[max(1, position - WINDOW) : position]
        after = self._changes[position + 1 : position + 1 + WINDOW]
        is_smeared = change.content >= _MIN_CONTENT_WEAK and smear_share(change.after) >= _SMEARED
        is_boundary = change.content >= _MIN_CONTENT_WEAK and self._is_boundary(change, before, after)
        if is_smeared or is_boundary:
            boundary = _Boundary(position, change.content, is_smeared, change.before, change.after)
            self._boundaries.append(boundary)
        change.before = change.after = None

    def _is_boundary(self, change: _Change, before: list[_Change], after: list[_Change]) -> bool:
        """Tell whether a change stands out of the changes on one side of it and no camera motion explains it."""
        assert change.before is not None and change.after is not None
        # A boundary often lies beside a whip pan, so one calm side is enough. Its end stands out of what follows as
        # well, but is no larger than the pan before it.
        is_largest = not before or change.content >= np.mean([other.content for other in before])
        sides = [side for side in (before, after if is_largest else []) if side]
        if any(self._stands_out(change, side, times=ADAPTIVE_THRESHOLD) for side in sides):
            most = _EXPLAINED
        elif before and change.blocks_B.mean() >= _MIN_CHI and self._stands_out(change, before, times=_LEAST_TIMES):
            most = _EXPLAINED_LITTLE
        else:
            return False
        if camera_explains(change.before, change.after) < most:
            return True
        # A frame that blends two shots resembles the one before it: then the frame after it tells.
        following = after[0].after if after else None
        if following is None or not is_blend(change.before, change.after, following):
            return False
        return camera_explains(change.before, following) < _EXPLAINED_LITTLE

    def _stands_out(self, change: _Change, side: list[_Change], *, times: float) -> bool:
        content = max(float(np.mean([other.content for other in side])), 1.0)
        blocks_B = np.maximum(np.mean([other.blocks_B for other in side], axis=0), 1e-3)
        share = float((change.blocks_B >= ADAPTIVE_THRESHOLD * blocks_B).mean())
        return change.content >= times * content and share >= _MIN_BLOCKS

    def _without_returns(self, times_s: np.ndarray) -> list[_Boundary]:
        """Drop pairs of changes after which the picture is back: a flash, or damage until the next key frame."""
        kept: list[_Boundary] = []
        damage: _Boundary | None = None

        def is_back(then: _Boundary, now: _Boundary, within_s: float) -> bool:
            is_near = times_s[now.position] - times_s[then.position] <= within_s
            return is_near and camera_explains(then.before, now.after) >= _EXPLAINED

        for boundary in self._boundaries:
            if boundary.is_smeared:
                damage = damage or boundary
                continue
            if damage is not None and times_s[boundary.position] - times_s[damage.position] > _DAMAGE_S:
                damage = None
            if damage is not None and is_back(damage, boundary, _DAMAGE_S):
                kept = [other for other in kept if other.position < damage.position]
                damage = None
            elif kept and is_back(kept[-1], boundary, _FLASH_S):
                kept.pop()
            else:
                kept.append(boundary)
        return kept

    def _split(
        self, hard: list[_Boundary], gradual: list[tuple[int, int, Transition]], times_s: np.ndarray
    ) -> list[ShotBounds]:
        """Turn transitions into shots, the stronger of two hard cuts that are too close first."""
        starts: dict[int, Transition] = {0: "start"}
        for first, last, transition in gradual:
            starts[first] = transition
            if last + 1 < len(times_s):
                starts[last + 1] = "cut"
        edges = np.array([edge for first, last, _ in gradual for edge in (first, last + 1)], dtype=np.int64)
        for item in sorted(hard, key=lambda item: (-item.content, item.position)):
            # the boundaries into, inside and out of a gradual transition belong to it
            is_inside = any(first - 1 <= item.position <= last + 2 for first, last, _ in gradual)
            others = [start for start, transition in starts.items() if start > 0 and start not in edges]
            is_apart = all(abs(times_s[item.position] - times_s[other]) >= _MIN_SHOT_S for other in others)
            if is_apart and not is_inside:
                starts[item.position] = "cut"
        frames = [self._changes[position].frame for position in sorted(starts)] + [len(self._pts_s)]
        return [
            ShotBounds(first_frame=first, last_frame=end - 1, transition=starts[position])
            for position, first, end in zip(sorted(starts), frames, frames[1:], strict=False)
        ]


def _halved(image_HWC: np.ndarray, width: int) -> np.ndarray:
    """Halve a picture as often as it stays that wide: far cheaper than the odd step that is left to do."""
    while image_HWC.shape[1] >= 2 * width and image_HWC.shape[0] % 2 == image_HWC.shape[1] % 2 == 0:
        size = (image_HWC.shape[1] // 2, image_HWC.shape[0] // 2)
        image_HWC = cv2.resize(image_HWC, size, interpolation=cv2.INTER_AREA)
    return image_HWC


def _at_most(grey: np.ndarray, width: int) -> np.ndarray:
    if grey.shape[1] <= width:
        return grey
    height = max(1, round(grey.shape[0] * width / grey.shape[1]))
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
