"""Whether somebody plays another game, or is none to play: footballers and camels move, too.

A network that was trained on photographs names what it sees around a person; nothing here is learnt from clips. Names
that cricket is given as well say nothing: a batter is often called a ballplayer, or is thought to play croquet. Any
other ball, or one kind of animal, that is more likely than not is no cricket: among 95 claims in real cricket no such
name was given more than .17.

Legend: N pictures, K = 1000 names of ImageNet.
"""

from __future__ import annotations

import numpy as np

from slowpaths.core.records import PoseTrack
from slowpaths.mining.clips import crop_square
from slowpaths.mining.context import VideoContext
from slowpaths.video.picture_features import SIDE_PX, picture_names

LOOKS_S = (-0.3, 0.0, 0.3)  # about the impact: backlift, impact, follow-through
SURROUNDINGS = 1.5  # side of the square looked at over the longer side of the person's box
MORE_LIKELY_THAN_NOT = 0.5
# Among the names of ImageNet 0 to 397 are animals; the others are basketball, American football (a helmet), golf (ball
# and cart), ping-pong, ice hockey (a puck), rugby, football and volleyball.
NO_CRICKET = (*range(398), 430, 560, 574, 575, 722, 746, 768, 805, 890)


def plays_other_game(context: VideoContext, track: PoseTrack, *, impact_s: float) -> bool:
    """Return whether pictures of a person about an instant more likely show one of `NO_CRICKET` than not."""
    rows = [int(np.abs(track.pts_s - impact_s - look_s).argmin()) for look_s in LOOKS_S]
    scale = context.work_height / context.decoder.height
    frames_NHWC = context.decoder.frames(track.frames_T[rows], height=context.work_height)
    pictures = []
    for frame_HWC, (x1, y1, x2, y2) in zip(frames_NHWC, track.boxes_T4[rows] * scale, strict=True):
        centre_xy, side = np.array([(x1 + x2) / 2, (y1 + y2) / 2]), SURROUNDINGS * max(x2 - x1, y2 - y1, 1.0)
        pictures.append(crop_square(frame_HWC, centre_xy=centre_xy, side=side, side_px=SIDE_PX))
    return bool(picture_names(pictures).mean(axis=0)[list(NO_CRICKET)].max() > MORE_LIKELY_THAN_NOT)
