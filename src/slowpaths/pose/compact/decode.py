"""From maps to people: peaks of the map of heads, joints from there, put right by the joints' own heat maps.

Legend: N people, J = 17 joints, h, w cells; L cells of a window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.core.skeleton import NUM_JOINTS
from slowpaths.pose.boxes import suppress
from slowpaths.pose.compact.network import HEAT_STRIDE, PEOPLE_STRIDE

_IOU_MAX = 0.75  # batter and keeper stand in each other's way: only doubles of one person overlap more
_MAX_PEOPLE = 24
# A joint is looked for so far from where the head puts it, in heights of the person, and the nearer the better; set
# on random worlds that were neither trained on nor held out (seed 60000), where .14 and .25 or .07 and .14 do as well.
_REACH = 0.18
_SPREAD = 0.10
_MOST_CELLS = 7
_LEAST_HEAT = 0.08  # below, no peak is seen and the regression stands


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PictureMaps:
    """Hold the maps of one picture as arrays."""

    heads_hw: np.ndarray  # probability of somebody's head at stride 4
    box_4hw: np.ndarray  # middle minus cell in cells, log of width and height in cells, at stride 8
    joints_J2hw: np.ndarray  # joints minus cell, in cells (17, 2, h, w) at stride 8
    heat_Jhw: np.ndarray  # logits of the joints at stride 4


def peaks(heads_hw: np.ndarray, *, score_min: float) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of cells that no neighbour beats, best first.

    Args:
        heads_hw: Scores (h, w).
        score_min: Least score of a peak.

    Example:
        >>> rows, columns = peaks(np.array([[0.1, 0.9, 0.8, 0.1, 0.5]]), score_min=0.3)
        >>> columns.tolist()
        [1, 4]
    """
    height, width = heads_hw.shape
    padded = np.pad(heads_hw, 1, constant_values=-np.inf)
    around = np.stack([padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]).max(axis=0)
    rows, columns = np.nonzero((heads_hw >= score_min) & (heads_hw == around))
    order = np.argsort(-heads_hw[rows, columns], kind="stable")[: 2 * _MAX_PEOPLE]
    return rows[order], columns[order]


def people(maps: PictureMaps, *, score_min: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return boxes (N, 4), scores (N,) and joints (N, 17, 3) of the people in a picture, best first, in pixels.

    Args:
        maps: What the network says.
        score_min: Least score of a person.
    """
    rows, columns = peaks(maps.heads_hw, score_min=score_min)
    boxes_N4 = boxes_at(maps, rows, columns)
    scores_N = maps.heads_hw[rows, columns].astype(np.float64)
    kept = suppress(boxes_N4, scores_N, iou_max=_IOU_MAX)[:_MAX_PEOPLE]
    return boxes_N4[kept], scores_N[kept], joints_at(maps, rows[kept], columns[kept], boxes_N4[kept])


def boxes_at(maps: PictureMaps, rows_N: np.ndarray, columns_N: np.ndarray) -> np.ndarray:
    """Return the boxes (N, 4) of the people whose heads are at cells, pixels."""
    rows_N, columns_N = _answering(maps, rows_N, columns_N)
    across_N, down_N, wide_N, tall_N = maps.box_4hw[:, rows_N, columns_N].astype(np.float64)
    half_N2 = 0.5 * np.exp(np.clip(np.stack([wide_N, tall_N], axis=1), -3, 6))
    middle_N2 = np.stack([columns_N + across_N, rows_N + down_N], axis=1)
    return np.concatenate([middle_N2 - half_N2, middle_N2 + half_N2], axis=1) * PEOPLE_STRIDE


def _answering(maps: PictureMaps, rows_N: np.ndarray, columns_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the coarse cells that answer for people whose heads are at fine cells: the nearest."""
    _, height, width = maps.box_4hw.shape
    scale = HEAT_STRIDE / PEOPLE_STRIDE
    return (
        np.rint(scale * rows_N).astype(int).clip(0, height - 1),
        np.rint(scale * columns_N).astype(int).clip(0, width - 1),
    )


def joints_at(maps: PictureMaps, rows_N: np.ndarray, columns_N: np.ndarray, boxes_N4: np.ndarray) -> np.ndarray:
    """Return the joints (N, 17, 3) of the people whose heads are at cells: x, y in pixels and a confidence."""
    if not len(rows_N):
        return np.zeros((0, NUM_JOINTS, 3))
    rows_N, columns_N = _answering(maps, rows_N, columns_N)
    offsets_NJ2 = maps.joints_J2hw[:, :, rows_N, columns_N].transpose(2, 0, 1).astype(np.float64)
    cells_N12 = np.stack([columns_N, rows_N], axis=1)[:, None]
    guesses_NJ2 = (offsets_NJ2 + cells_N12) * (PEOPLE_STRIDE / HEAT_STRIDE)
    tall_N = (boxes_N4[:, 3] - boxes_N4[:, 1]) / HEAT_STRIDE
    places_NJ2, heat_NJ = _snap(maps.heat_Jhw, guesses_NJ2, tall_N)
    return np.concatenate([places_NJ2 * HEAT_STRIDE, heat_NJ[..., None]], axis=2)


def _snap(heat_Jhw: np.ndarray, guesses_NJ2: np.ndarray, tall_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return places (N, 17, 2) in cells and heat (N, 17): the best peak near each guess, where one is seen."""
    num_joints, height, width = heat_Jhw.shape
    reach = int(np.clip(np.ceil(_REACH * tall_N.max()), 2, _MOST_CELLS))
    steps = np.arange(-reach, reach + 1)
    down_L, across_L = (grid.ravel() for grid in np.meshgrid(steps, steps, indexing="ij"))
    nearest_NJ2 = np.rint(guesses_NJ2).astype(int)
    rows_NJL = nearest_NJ2[..., 1, None] + down_L
    columns_NJL = nearest_NJ2[..., 0, None] + across_L
    is_in_NJL = (rows_NJL >= 0) & (rows_NJL < height) & (columns_NJL >= 0) & (columns_NJL < width)
    joint_1J1 = np.arange(num_joints)[None, :, None]
    logits_NJL = heat_Jhw[joint_1J1, rows_NJL.clip(0, height - 1), columns_NJL.clip(0, width - 1)]
    values_NJL = np.where(is_in_NJL, 1.0 / (1.0 + np.exp(-logits_NJL.astype(np.float64))), 0.0)
    away_NJL = (columns_NJL - guesses_NJ2[..., 0, None]) ** 2 + (rows_NJL - guesses_NJ2[..., 1, None]) ** 2
    spread_N11 = np.maximum(_SPREAD * tall_N, 1.0)[:, None, None]
    best_NJ = (values_NJL * np.exp(-0.5 * away_NJL / spread_N11**2)).argmax(axis=2)
    heat_NJ = np.take_along_axis(values_NJL, best_NJ[..., None], axis=2)[..., 0]
    found_NJ2 = nearest_NJ2 + np.stack([across_L[best_NJ], down_L[best_NJ]], axis=2)
    found_NJ2 = found_NJ2 + _between(heat_Jhw, found_NJ2)
    return np.where((heat_NJ >= _LEAST_HEAT)[..., None], found_NJ2, guesses_NJ2), heat_NJ


def joints_of_one(heat_Jhw: np.ndarray) -> np.ndarray:
    """Return the joints (17, 3) of the only person in a picture, pixels and confidence: the tops of the heat maps.

    Args:
        heat_Jhw: Logits of the joints at stride 4.
    """
    num_joints, _, width = heat_Jhw.shape
    best_J = heat_Jhw.reshape(num_joints, -1).argmax(axis=1)
    cells_1J2 = np.stack([best_J % width, best_J // width], axis=1)[None]
    logits_J = np.take_along_axis(heat_Jhw.reshape(num_joints, -1), best_J[:, None], axis=1).astype(np.float64)
    places_J2 = (cells_1J2 + _between(heat_Jhw, cells_1J2))[0] * HEAT_STRIDE
    return np.concatenate([places_J2, 1.0 / (1.0 + np.exp(-logits_J))], axis=1)


def _between(heat_Jhw: np.ndarray, cells_NJ2: np.ndarray) -> np.ndarray:
    """Return where between the cells the top of a bump lies (N, 17, 2), at most a cell away.

    The log of a Gaussian is a parabola: three cells give its top (Zhang et al. 2020, "Distribution-Aware Coordinate
    Representation"). The log of the logistic function is close enough to the logit for small values.
    """
    num_joints, height, width = heat_Jhw.shape
    joints_1J = np.arange(num_joints)[None]

    def log_heat(across: int, down: int) -> np.ndarray:
        rows = (cells_NJ2[..., 1] + down).clip(0, height - 1)
        columns = (cells_NJ2[..., 0] + across).clip(0, width - 1)
        return -np.logaddexp(0.0, -heat_Jhw[joints_1J, rows, columns].astype(np.float64))

    here_NJ = log_heat(0, 0)
    shifts = []  # up to a whole cell: the cell chosen is the best near the guess, which may lie beside the top
    for low_NJ, high_NJ in ((log_heat(-1, 0), log_heat(1, 0)), (log_heat(0, -1), log_heat(0, 1))):
        bend_NJ = np.minimum(low_NJ + high_NJ - 2 * here_NJ, -1e-3)
        shifts.append(np.clip(-0.5 * (high_NJ - low_NJ) / bend_NJ, -1.0, 1.0))
    return np.stack(shifts, axis=2)
