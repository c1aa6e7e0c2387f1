"""The close look at a play shot: camera from frame to frame, people as tracks, poses and flow of the candidates.

Legend: T frames looked at, P people, J = 17 joints, C = x, y, confidence; Y, X, V as in `person_flow`. Pixels are
those of the reduced picture
inside this module; what leaves it is in full-size pixels.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from slowpaths.core.records import PoseTrack
from slowpaths.mining.context import ShotContext
from slowpaths.mining.shots.survey import overlay_mask
from slowpaths.mining.striker.person_flow import CELLS, NUM_CELL_VALUES, flow_around
from slowpaths.pose.kinematics import stabilise
from slowpaths.pose.protocol import People
from slowpaths.pose.tracks import link_people
from slowpaths.video.flow import CameraStep, camera_step

# A screen recording shows a picture twice and codes it anew: what is left of the change is a small part of what the
# frames around it change by.
_REPEAT_SHARE = 0.25
_REPEAT_WINDOW = 6
_HOLD_S = 0.3  # how far a track is carried on before its first and after its last sighting
# People overlap where it matters (batter and keeper), and a box takes the bat in or not from one look to the next.
_MAX_GAP_S = 0.6
_MAX_COST = 0.85
_JOINTS_BATCH = 16  # pictures handed to the pose backend at once
_OVERLAY_FRAMES = 16
LEAST_FRAMES = 3
"""Of so few different pictures a shot shows no movement."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackFlow:
    """Hold how the picture moves around a person, frame by frame; NaN where that was not looked at."""

    energy_T: np.ndarray  # as `person_flow.FlowAround` has it (T,)
    horizontal_T: np.ndarray  # (T,)
    cells_TYXV: np.ndarray  # (T, 5, 4, 4)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """Hold what was seen of a play shot, and its reduced pictures, so that people can be looked at more closely."""

    context: ShotContext  # the shot
    frames_T: np.ndarray  # frame indices (T,), repeated pictures left out
    pts_s: np.ndarray  # presentation times (T,), seconds
    camera_T3: np.ndarray  # camera since the first frame (T, 3), full-size pixels and log zoom
    pan_T: np.ndarray  # speed of the camera across and down (T,), picture heights per second
    inliers_T: np.ndarray  # share of points that follow the camera fit (T,)
    tracks: list[PoseTrack]  # people, with a box wherever they are seen or in between
    pictures: list[np.ndarray]  # reduced pictures (T), each (H, W, 3)
    greys: list[np.ndarray]  # the same in grey (T), each (H, W)
    steps: list[CameraStep]  # motion of the camera from each frame to the next (T - 1), reduced pixels
    scale: float  # size of the reduced pictures over the full size

    @property
    def between_s(self) -> np.ndarray:
        """Return the middle between each frame and the one before it (T,), seconds: when flow and pan are measured."""
        return np.r_[self.pts_s[:1], 0.5 * (self.pts_s[1:] + self.pts_s[:-1])]

    def joints(self, track: PoseTrack, *, every_s: float = 0.0) -> PoseTrack:
        """Return the track with joints estimated about every `every_s` seconds; in every frame where that is 0.

        Frames that have joints already are not looked at; they and frames in between keep what they had.
        """
        footage = self.context.footage
        rows = np.searchsorted(self.frames_T, track.frames_T)
        keypoints_TJC = track.keypoints_TJC.copy()
        wanted = grid(track.pts_s, every_s)
        wanted = wanted[~np.isfinite(keypoints_TJC[wanted]).any(axis=(1, 2), where=[True, True, False])]
        for start in range(0, len(wanted), _JOINTS_BATCH):
            some = wanted[start : start + _JOINTS_BATCH]
            boxes = list(track.boxes_T4[some][:, None] * self.scale)
            pictures_THWC = np.stack([self.pictures[row] for row in rows[some]])
            found = footage.pose.keypoints(pictures_THWC, boxes, at=footage.at(track.frames_T[some]))
            keypoints_TJC[some] = np.concatenate(found) / np.array([self.scale, self.scale, 1.0])
        return replace(track, keypoints_TJC=keypoints_TJC)

    def flow(self, track: PoseTrack, *, every_s: float = 0.0, known: TrackFlow | None = None) -> TrackFlow:
        """Return the flow around a person.

        What moves in another person's box and not in this one's is left out. All is as `flow_around` gives it; NaN at
        the first frame, where the box is too small to see movement in, and at frames passed over, for only about every
        `every_s` seconds are looked at. Those that are `known` are not looked at again.
        """
        energy_T, horizontal_T = np.full(len(track.pts_s), np.nan), np.full(len(track.pts_s), np.nan)
        cells_TYXV = np.full((len(track.pts_s), *CELLS, NUM_CELL_VALUES), np.nan)
        if known is not None:
            energy_T, horizontal_T, cells_TYXV = (
                known.energy_T.copy(),
                known.horizontal_T.copy(),
                known.cells_TYXV.copy(),
            )
        rows = np.searchsorted(self.frames_T, track.frames_T)
        for number in grid(track.pts_s, every_s):
            row = rows[number]
            if row == 0 or np.isfinite(energy_T[number]):
                continue
            found = flow_around(
                self.greys[row - 1],
                self.greys[row],
                step=self.steps[row - 1],
                step_s=float(self.pts_s[row] - self.pts_s[row - 1]),
                box_4=track.boxes_T4[number] * self.scale,
                boxes=[box_4 * self.scale for box_4 in _boxes_at(self.tracks, track.frames_T[number])],
            )
            energy_T[number], horizontal_T[number] = found.energy, found.horizontal
            cells_TYXV[number] = found.cells_YXV
        return TrackFlow(energy_T=energy_T, horizontal_T=horizontal_T, cells_TYXV=cells_TYXV)


def observe(context: ShotContext) -> Observation | None:
    """Find people on a grid in time, follow the camera, and link the people into tracks with dense boxes.

    Returns:
        What was seen; None where fewer than three different pictures are shown.
    """
    footage, settings = context.footage, context.footage.settings
    scale = footage.work_height / footage.decoder.height
    frames_T, pictures, greys = _read(context)
    if len(frames_T) < LEAST_FRAMES:
        return None
    pts_s = footage.decoder.pts_s[frames_T]
    rows = grid(pts_s, 1 / settings.detect_fps)
    found = footage.pose.detect(np.stack([pictures[row] for row in rows]), at=footage.at(frames_T[rows]))
    steps = _camera_steps(greys, found, rows)
    camera_T3, pan_T, inliers_T = _accumulate(steps, pts_s, greys[0].shape)
    if not settings.stabilise:
        steps = [replace(step, matrix_23=np.eye(2, 3)) for step in steps]
        camera_T3 = np.zeros_like(camera_T3)
    centre_xy = (greys[0].shape[1] / 2, greys[0].shape[0] / 2)
    sparse = link_people(
        found,
        frames_T=frames_T[rows],
        pts_s=pts_s[rows],
        camera_T3=camera_T3[rows],
        video_id=context.shot.video_id,
        shot_id=context.shot.shot_id,
        centre_xy=centre_xy,
        max_gap_s=_MAX_GAP_S,
        max_cost=_MAX_COST,
    )
    tracks = [
        _dense(track, frames_T=frames_T, pts_s=pts_s, camera_T3=camera_T3, centre_xy=centre_xy) for track in sparse
    ]
    full = 1 / scale
    return Observation(
        context=context,
        frames_T=frames_T,
        pts_s=pts_s,
        camera_T3=camera_T3 * np.array([full, full, 1.0]),
        pan_T=pan_T,
        inliers_T=inliers_T,
        tracks=[_enlarge(track, full) for track in tracks],
        pictures=pictures,
        greys=greys,
        steps=steps,
        scale=scale,
    )


def _read(context: ShotContext) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Return frame indices (T,), pictures and grey pictures of a shot, thinned out and without repeats."""
    footage = context.footage
    decoder, height = footage.decoder, footage.work_height
    indices, pictures, greys = [], [], []
    last_s = -np.inf
    for index, frame_HWC in decoder.iterate(start=context.first_frame, stop=context.last_frame + 1, height=height):
        if decoder.pts_s[index] - last_s < 0.9 / footage.settings.work_fps:
            continue
        last_s = decoder.pts_s[index]
        indices.append(index)
        pictures.append(frame_HWC)
        greys.append(cv2.cvtColor(frame_HWC, cv2.COLOR_RGB2GRAY))
    fresh = np.flatnonzero(~repeats(greys))
    frames_T = np.array(indices, dtype=np.int64)[fresh]
    return frames_T, [pictures[row] for row in fresh], [greys[row] for row in fresh]


def _camera_steps(greys: Sequence[np.ndarray], found: Sequence[People], rows: np.ndarray) -> list[CameraStep]:
    """Follow the camera from each picture to the next by what is neither a person nor a burnt-in graphic.

    People were found at some pictures, `rows`.
    """
    some = np.linspace(0, len(greys) - 1, min(len(greys), _OVERLAY_FRAMES)).round().astype(int)
    still_HW = overlay_mask([greys[row] for row in some])
    nearest = np.abs(np.arange(len(greys))[:, None] - rows[None, :]).argmin(axis=1)
    return [
        camera_step(greys[row - 1], greys[row], mask=_background(greys[row], found[nearest[row - 1]]) & ~still_HW)
        for row in range(1, len(greys))
    ]


def repeats(greys: Sequence[np.ndarray]) -> np.ndarray:
    """Return which pictures are the one before them once more (T,), bool."""
    changes_T = np.array([cv2.mean(cv2.absdiff(a, b))[0] for a, b in itertools.pairwise(greys)])
    if not len(changes_T):
        return np.zeros(len(greys), dtype=bool)
    padded = np.pad(changes_T, _REPEAT_WINDOW, constant_values=np.nan)
    around_TW = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 2 * _REPEAT_WINDOW + 1), axis=1)  # NaN last
    place_T = 0.75 * (np.isfinite(around_TW).sum(axis=1) - 1)
    below_T, rows_T = place_T.astype(int), np.arange(len(changes_T))
    above_T = np.minimum(below_T + 1, np.ceil(place_T).astype(int))
    usual_T = around_TW[rows_T, below_T] * (1 - place_T % 1) + around_TW[rows_T, above_T] * (place_T % 1)
    return np.r_[False, changes_T <= _REPEAT_SHARE * usual_T]


def grid(pts_s: np.ndarray, every_s: float) -> np.ndarray:
    """Return rows about `every_s` apart, the first and the last among them.

    Example:
        >>> grid(np.array([0.0, 0.1, 0.2, 0.35, 0.4]), 0.2).tolist()
        [0, 2, 4]
    """
    rows, next_s = [], -np.inf
    for row, time_s in enumerate(pts_s):
        if time_s >= next_s - 1e-6:
            rows.append(row)
            next_s = time_s + every_s
    return np.unique([*rows, len(pts_s) - 1])


def _background(grey: np.ndarray, people: People) -> np.ndarray:
    """Return the mask (H, W) of pixels that belong to nobody."""
    mask = np.ones(grey.shape, dtype=bool)
    for x1, y1, x2, y2 in people.boxes_N4:
        grow = 0.1 * (y2 - y1)
        mask[max(int(y1 - grow), 0) : int(y2 + grow) + 1, max(int(x1 - grow), 0) : int(x2 + grow) + 1] = False
    return mask


def _accumulate(
    steps: list[CameraStep], pts_s: np.ndarray, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chain steps into the camera since the first frame, its pan and the share of inliers."""
    centre = np.array([shape[1] / 2, shape[0] / 2, 1.0])
    whole = np.eye(3)
    camera_T3, pan_T, inliers_T = np.zeros((len(pts_s), 3)), np.full(len(pts_s), np.nan), np.ones(len(pts_s))
    for row, step in enumerate(steps, start=1):
        whole = np.vstack([step.matrix_23, [0, 0, 1]]) @ whole
        camera_T3[row, :2] = (centre - whole @ centre)[:2]
        camera_T3[row, 2] = 0.5 * np.log(max(float(np.linalg.det(whole[:2, :2])), 1e-6))
        inliers_T[row] = step.inliers
        step_s = pts_s[row] - pts_s[row - 1]
        if step_s > 0:
            pan_T[row] = np.hypot(step.dx_px, step.dy_px) / shape[0] / step_s
    return camera_T3, pan_T, inliers_T


def _dense(
    track: PoseTrack, *, frames_T: np.ndarray, pts_s: np.ndarray, camera_T3: np.ndarray, centre_xy: tuple[float, float]
) -> PoseTrack:
    """Fill in the boxes between sightings: straight lines in the stabilised picture."""
    seen = np.isfinite(track.boxes_T4).all(axis=1)
    times_s = track.pts_s[seen]
    rows = np.flatnonzero((pts_s >= times_s[0] - _HOLD_S) & (pts_s <= times_s[-1] + _HOLD_S))
    still = stabilise(track.boxes_T4[seen].reshape(-1, 2, 2), track.camera_T3[seen], centre_xy=centre_xy)
    still_T4 = np.stack([np.interp(pts_s[rows], times_s, column) for column in still.reshape(-1, 4).T], axis=1)
    camera = camera_T3[rows]
    centre = np.asarray(centre_xy)
    corners = (still_T4.reshape(-1, 2, 2) - centre) * np.exp(camera[:, None, 2:]) + centre - camera[:, None, :2]
    return PoseTrack(
        video_id=track.video_id,
        shot_id=track.shot_id,
        track_id=track.track_id,
        frames_T=frames_T[rows],
        pts_s=pts_s[rows],
        keypoints_TJC=np.concatenate([np.full((len(rows), 17, 2), np.nan), np.zeros((len(rows), 17, 1))], axis=2),
        boxes_T4=corners.reshape(-1, 4),
        camera_T3=camera,
    )


def _enlarge(track: PoseTrack, factor: float) -> PoseTrack:
    return replace(track, boxes_T4=track.boxes_T4 * factor, camera_T3=track.camera_T3 * np.array([factor, factor, 1.0]))


def _boxes_at(tracks: Sequence[PoseTrack], frame: int) -> list[np.ndarray]:
    """Return the boxes (4,) of everybody seen at a frame."""
    boxes = []
    for track in tracks:
        row = int(np.searchsorted(track.frames_T, frame))
        if row < len(track.frames_T) and track.frames_T[row] == frame:
            boxes.append(track.boxes_T4[row])
    return boxes
