"""Which shots show again what was shown before.

Legend: T frames, Z shots.

Independent hints are added as log odds: score graphics gone (play and replay are told apart by the scoreboard; IIT
Bombay delivery segmentation), pictures repeated at a steady period or movement slowed down, a play view soon after
another play view without time for a new ball, a wipe or dissolve at the shot's ends. None of them counts where nothing
was there to be repeated: a broadcast shows a ball again some seconds after it. On real clips a wipe comes as often
before live play (the replay, or the graphics, end), and held frames come from screens that were filmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from slowpaths.core.records import Shot
from slowpaths.core.views import PLAY_VIEWS
from slowpaths.video.picture_file import PictureFile

PRIOR_LOG_ODDS = -1.4  # about one play shot in five of a broadcast is a replay
# Between two balls of an over pass 25 s and more; a play view sooner than that shows the same ball again.
SOONEST_BALL_S = 15.0
LATEST_REPLAY_S = 60.0
# From the start of a live shot to its replay: the ball is bowled, hit and followed first. A play shot that follows
# sooner is the same scene after a wipe or a jump; on either half of the real clips anything from 1.3 to 5 s does.
SOONEST_REPLAY_S = 3.0
_HELD = 256  # thumbnails of a shot that are held at a time, about
_LOOKED_AT = 200  # most thumbnails of a shot in which graphics are looked for
OVERLAY_STD = 3.0  # grey levels: graphics do not change, the picture behind them does


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thumbnails:
    """Hold what every frame of a video looks like, small; a frame that repeats the one before looks like that one."""

    pictures: PictureFile  # RGB pictures of the distinct frames
    distinct_frames: np.ndarray  # which these are (D,), ascending, the first frame among them

    def of(self, first_frame: int, last_frame: int) -> np.ndarray:
        """Return the thumbnails of the frames from first to last, inclusive (T, H, W, 3), uint8."""
        rows_T = np.searchsorted(self.distinct_frames, np.arange(first_frame, last_frame + 1), side="right") - 1
        return self.pictures[rows_T[0] : rows_T[-1] + 1][rows_T - rows_T[0]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """Hold what speaks for a replay; 0 where nothing is known."""

    overlay_share: float  # share of the video's static graphics that is visible in the shot, NaN where it has none
    repeat_period: float  # share of frame steps explained by a steady period of repeats, 0..1
    transition: str  # how the shot begins
    next_transition: str  # how the next shot begins
    since_play_s: float  # time since the last play shot before it began, NaN where there was none
    is_play: bool  # whether the shot shows play
    sees_other_view: bool  # whether that earlier shot had another view


def log_odds(hints: Hints) -> float:
    """Return the log odds that a shot is a replay."""
    total = PRIOR_LOG_ODDS
    if np.isfinite(hints.overlay_share):
        total += 2.0 * (0.5 - hints.overlay_share) * 2.0
    total += 3.0 * hints.repeat_period
    total += 1.5 * (hints.transition in ("wipe", "dissolve")) + 0.7 * (hints.next_transition in ("wipe", "dissolve"))
    if hints.is_play and np.isfinite(hints.since_play_s):
        soon = hints.since_play_s < SOONEST_BALL_S
        total += (1.2 if soon else 0.0) * (1.5 if hints.sees_other_view else 0.5)
    return float(total)


def repeat_period(changes_T: np.ndarray) -> float:
    """Return how regularly a picture is shown two or three times before the next, 0..1.

    Slow motion from an ordinary camera repeats or blends every picture; an irregular repeat is a capture that dropped
    frames. Changes are means over the picture from frame to frame, grey levels.

    Example:
        >>> repeat_period(np.tile([5.0, 0.1], 20)) > 0.9
        True
        >>> repeat_period(np.full(40, 5.0))
        0.0
    """
    changes_T = np.asarray(changes_T, dtype=np.float64)
    if len(changes_T) < 12:
        return 0.0
    usual = float(np.quantile(changes_T, 0.8))
    if usual < 1.0:  # nothing moves: repeats cannot be told from a still picture
        return 0.0
    still = changes_T < 0.25 * usual
    best = 0.0
    for period in (2, 3, 4):
        for phase in range(period):
            expected = (np.arange(len(still)) + phase) % period != 0
            agreement = float((still == expected).mean())
            best = max(best, agreement)
    # Half of the frames agree by chance; a live shot has no still frames at all.
    return float(np.clip((best - 0.75) / 0.25, 0.0, 1.0)) if still.mean() > 0.3 else 0.0


def overlay_shares(thumbnails: Thumbnails, shots: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return how much of the video's static graphics each shot, first to last frame, shows (Z,), 0..1.

    Graphics are the pixels that look the same in most shots although the shots differ. It is NaN where fewer than four
    shots or no graphics are there to compare.
    """
    nothing = np.full(len(shots), np.nan)
    if len(shots) < 4:
        return nothing
    pictures = np.stack([_usual_picture(thumbnails, first, last) for first, last in shots]).astype(np.float32)
    usual = np.median(pictures, axis=0)
    close = np.abs(pictures - usual) < 2 * OVERLAY_STD
    graphics = close.mean(axis=0) >= 0.6
    if graphics.mean() < 0.005 or graphics.mean() > 0.4:
        return nothing
    return close[:, graphics].mean(axis=1)


def _usual_picture(thumbnails: Thumbnails, first: int, last: int) -> np.ndarray:
    """Return the median of thumbnails of a shot, in grey (H, W)."""
    frames = range(first, last + 1, max(5, -(-(last + 1 - first) // _LOOKED_AT)))
    looked_at = np.concatenate([thumbnails.of(frame, frame) for frame in frames])
    return cv2.cvtColor(np.median(looked_at, axis=0).astype(np.uint8), cv2.COLOR_RGB2GRAY)


def changes_of(thumbnails: Thumbnails, first: int, last: int) -> np.ndarray:
    """Return by how much each thumbnail of a shot differs from the one before it (T - 1,), grey levels.

    A part of a long shot is held at a time.
    """
    changes = [np.zeros(0)]
    for start in range(first, last, _HELD):
        frames = thumbnails.of(start, min(start + _HELD, last)).astype(np.int16)
        changes.append(np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3)))
    return np.concatenate(changes)


def mark_replays(shots: Sequence[Shot], thumbnails: Thumbnails) -> list[tuple[float, str | None]]:
    """Return for every shot of a video, its view named, the probability that it is a replay and the shot it repeats."""
    overlays = overlay_shares(thumbnails, [(shot.first_frame, shot.last_frame) for shot in shots])
    marks: list[tuple[float, str | None]] = []
    last_play: Shot | None = None
    for index, shot in enumerate(shots):
        is_play = shot.view in PLAY_VIEWS and shot.view != "closeup"
        hints = Hints(
            overlay_share=float(overlays[index]),
            repeat_period=repeat_period(changes_of(thumbnails, shot.first_frame, shot.last_frame)),
            transition=shot.transition,
            next_transition=shots[index + 1].transition if index + 1 < len(shots) else "cut",
            since_play_s=shot.span.start_s - last_play.span.start_s if last_play else np.nan,
            is_play=is_play,
            sees_other_view=last_play is not None and last_play.view != shot.view,
        )
        is_possible = is_play and SOONEST_REPLAY_S <= hints.since_play_s <= LATEST_REPLAY_S
        odds = log_odds(hints) if is_possible else -np.inf
        marks.append((float(1 / (1 + np.exp(-odds))), last_play.shot_id if last_play and odds > 0 else None))
        if is_play and odds <= 0:
            last_play = shot
    return marks
